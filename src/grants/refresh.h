/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refresh.h - renewing a grant's tokens, once at a time for an account, on any number of
 * nodes (docs/api.md §8, §9).
 *
 * The holder of the lease in the grant's row asks the source, stores what it answers and
 * ends the lease, all in less time than the lease lasts.
 */
#pragma once

#include "grants/record.h"
#include "store/accounts.h"
#include "store/grants.h"
#include "work/work.h"

/* One grant, as it was read. */
struct refresh {
    struct work *work;
    struct account account;
    struct grant_record record;
    struct grant grant; /* opened; after a refresh the new one */
    Str owner;          /* of the lease; empty: nobody has asked for it */
    struct lease lease;
    bool is_told;       /* the log has its result */
    bool is_kept_alive; /* nobody uses it now: disuse would end it */
};

/* *got: the lease is ours. */
Res refresh_begin(struct cx *cx, struct refresh *r, bool *got) MUST;
/* Under the lease, which it ends. FAIL_NEEDS_RECONNECT: the account is marked so from now
 * on. FAIL_CONFLICT: the lease was lost, so read the grant again. FAIL_SOURCE_…: not now,
 * with work->retry_after_s. */
Res refresh_run(struct cx *cx, struct refresh *r) MUST;
/* Opens the grant of a connected account. A grant that can't be opened marks its account:
 * FAIL_NEEDS_RECONNECT; FAIL_CONFLICT where the grant has changed since it was read. */
Res refresh_open_grant(struct cx *cx, struct refresh *r) MUST;

/* Work that waits for a refresh of the account is parked under this key. */
Str refresh_key(struct arena *mem, int64_t account);
/* Refreshes the grants that disuse would end, and those that were refused and may be
 * tried again, as long as work_goes_on. `which` says the source and the part. Logs the
 * failure of one. */
Res refresh_due(struct cx *cx, struct work *work, const struct due_page *which) MUST;
