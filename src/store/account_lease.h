/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_lease.h - inside store/ only: who reads the calendars of an account and looks
 * after their channels, and who writes into them. One at a time, over all nodes.
 */
#pragma once

#include "store/calendar_reads.h"
#include "store/lease_sql.h"

/* Of a row of account_work that the statement calls w. Places: $2 now, $3 that less
 * LIMIT_NODE_LIVE_MS, $4 that and LIMIT_LEASE_MOST_MS: a lease that ends later was
 * written by a wrong clock. */
#define ACCOUNT_LEASED                                                                   \
    "(w.read_until > $2 and w.read_until <= $4 and not " LEASE_IS_ORPHANED(              \
        "w.read_owner", "$3") ")"
/* The same for writing. */
#define ACCOUNT_WRITE_LEASED                                                             \
    "(w.write_until > $2 and w.write_until <= $4 and not " LEASE_IS_ORPHANED(            \
        "w.write_owner", "$3") ")"

enum account_lease { ACCOUNT_LEASE_READS, ACCOUNT_LEASE_WRITES };

/* Accounts of a source with work that nobody is at: `sql` lists them, where $1 is the
 * source, and the other places are as above. */
struct account_list {
    enum account_lease lease;
    const char *sql;
    enum source_id source;
};

Res account_lease_count(
    struct cx *cx, struct db *db, const struct account_list *of, int64_t *ret) MUST;
/* The account at `part` of the list, which goes round. ret->account is 0 where there is
 * none, or another has taken it meanwhile. */
Res account_lease_take(
    struct cx *cx, struct db *db, const struct account_list *of, size_t part,
    struct lease *lease, struct account_work *ret) MUST;
