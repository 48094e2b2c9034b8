/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease.h - a claim on time: its owner has something alone until the lease is over.
 * Flows, grants, revocations and names (leases.h) are claimed so.
 *
 * The database's clock decides between nodes. Its owner looks at lease_left_ms again
 * directly before each effect outside the database, since a process may have slept, or
 * its machine been moved, between taking the lease and using it.
 */
#pragma once

#include "base/str.h"

struct cx;
struct db;

struct lease {
    Str owner; /* unique among all claims on all nodes */
    int64_t length_ms;

    /* Filled when it is taken. */
    int64_t now_ms;        /* by the database's clock */
    int64_t until_ms;      /* the same */
    int64_t local_boot_ms; /* when it ends, by this machine's clocks */
    int64_t local_now_ms;
};

/* Begins a lease that the caller writes down in this transaction. */
Res lease_begin(struct cx *cx, struct db *db, struct lease *lease) MUST;
/* How much of it is certainly left; 0: nothing, or it was never taken. */
int64_t lease_left_ms(const struct lease *lease);
