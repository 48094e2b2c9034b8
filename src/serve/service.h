/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service.h - the running service, as far as serving a request needs it. app/run.c makes
 * it.
 */
#pragma once

#include "config/snapshot.h"
#include "work/chore.h"

struct service {
    int64_t began_ms; /* when this process began to be it */
    struct store *store;
    Str build; /* the labels of caldock_build_info */
    struct lanes *lanes;
    struct refusals *refusals; /* grants/refusals.h */
    struct shared *shared;     /* calendars/shared.h */
    struct notices *notices;   /* calendars/notices.h */
    struct snapshots snapshots;
    struct readiness readiness;
    struct chores chores;
};
