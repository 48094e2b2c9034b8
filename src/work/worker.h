/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h - the means of a thread that may block.
 */
#pragma once

#include "work/job.h"

struct store;
struct net;
struct lanes;
struct refusals;
struct shared;

struct worker {
    enum work_pool pool;
    struct store *store;
    struct net *net;           /* used by this worker only */
    struct lanes *lanes;       /* NULL: nothing can be parked (commands, tests) */
    struct refusals *refusals; /* grants/refusals.h; NULL: nobody counts them */
    struct shared *shared;     /* calendars/shared.h; NULL: nothing reads calendars */
};
