/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leases.h - leases on names: a name has one owner until the owner drops it or its time
 * is over.
 */
#pragma once

#include "store/lease.h"

struct cx;
struct db;

/* *got: the name is the owner's now (again, when it was already). */
Res lease_take(struct cx *cx, struct db *db, Str name, struct lease *lease, bool *got)
    MUST;
Res lease_holds(struct cx *cx, struct db *db, Str name, Str owner, bool *ret) MUST;
/* Does nothing when the name is another's. */
Res lease_drop(struct cx *cx, struct db *db, Str name, Str owner) MUST;
/* Removes leases that are over, which their owners' ends left: one step of them; *more:
 * there may be others. */
Res lease_sweep(struct cx *cx, struct db *db, bool *more) MUST;
