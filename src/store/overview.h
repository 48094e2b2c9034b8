/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overview.h - how a whole store stands, in numbers: for an operator who looks.
 *
 * Nothing here reads more than an index of the accounts, the flows of one hour, and
 * OVERVIEW_MOST of what waits, however large the store is.
 */
#pragma once

#include "store/accounts.h"
#include "store/nodes.h"

enum {
    OVERVIEW_MOST = 10000, /* what waits is counted so far */
    OVERVIEW_OUTCOMES = 32,
};

/* What chores have to do. */
enum overview_work {
    WORK_REVOCATIONS,
    WORK_REFRESHES,
    WORK_SYNCS,
    WORK_PUSHES,
    WORK_WEBHOOKS,
    WORK_COUNT
};

struct overview_accounts {
    int64_t n;
    int64_t lately; /* of these, how many came to their status in the last 24 hours */
};

/* How many flows of the last hour ended so. Empty: their callback is still at work. */
struct overview_flows {
    Str outcome;
    int64_t n;
};

struct overview_waiting {
    int64_t n;         /* OVERVIEW_MOST + 1: there are more than OVERVIEW_MOST */
    int64_t oldest_ms; /* since when the oldest of them waits; 0: unknown, or none does */
};

struct overview {
    int64_t now_ms; /* by the database's clock */
    struct node *nodes;
    size_t n_nodes;
    struct overview_accounts accounts[SOURCE_COUNT][2]; /* by source and status, less 1 */
    struct overview_flows *flows;                       /* the most frequent first */
    size_t n_flows;
    struct overview_waiting waiting[WORK_COUNT];
    bool refuses_channels[SOURCE_COUNT]; /* the source doesn't notify this service */
};

/* A revocation waits from the day on that it was made, all else since it is due. */
Res overview_read(struct cx *cx, struct db *db, struct overview *ret) MUST;
