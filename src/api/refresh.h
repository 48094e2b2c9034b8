/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refresh.h - a grant's tokens made new, by one at a time for an account, on any number
 * of nodes (contract §8, §9; design "Keeping grants").
 *
 * Who has the lease in the grant's row asks the source, stores what it answers, and ends
 * the lease, all in less time than it lasts.
 */
#pragma once

#include "api/call.h"
#include "oauth/grant.h"
#include "store/accounts.h"
#include "store/grants.h"

/* One grant, as it was read. */
struct refresh {
    const struct settings *settings;
    struct worker *worker;
    struct account account;
    struct grant_record record;
    struct grant grant; /* opened; after a refresh the new one */
    Str owner;          /* of the lease, alone; empty: never asked for */

    bool is_lost;          /* another has the grant now: look again */
    int64_t retry_after_s; /* after a failure; 0: not said */
};

/* *got: the lease is ours. */
Res refresh_begin(struct cx *cx, struct refresh *r, bool *got) MUST;
/* Under the lease, which it ends. FAIL_CONFLICT: the account has to be connected again
 * and says so from now on, or is_lost. FAIL_SOURCE_…: not now. */
Res refresh_run(struct cx *cx, struct refresh *r) MUST;
/* The account has to be connected again, without a lease: as above. */
Res refresh_give_up(struct cx *cx, struct refresh *r, Str reason) MUST;

/* Why a grant can't be opened, as a status_reason. */
#define REASON_UNREADABLE S("grant_unreadable")

/* What waits for a refresh of the account is parked under this. */
Str refresh_key(struct arena *mem, int64_t account);
/* How long to wait after so many failures in a row (at least 1), when the source says
 * `told_s` (-1: nothing). */
int64_t refresh_delay_ms(int64_t failures, int64_t told_s);
/* When a grant of that source has to be used at the latest, so that it lives on. */
int64_t refresh_due_ms(const struct source *source, int64_t now_ms);
/* Some of the grants that are due. A failure of one is logged. */
Res refresh_due(struct cx *cx, struct worker *w, const struct settings *settings) MUST;
