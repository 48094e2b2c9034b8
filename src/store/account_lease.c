/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_lease.c - takes a lease of an account.
 */
#include "store/account_lease.h"

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/db_rows.h"

static Res account_work_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    (void)cx;
    *(struct account_work *)ret = (struct account_work){
        .account = db_get_int(stmt, 0),
        .hold_until_ms = db_get_int(stmt, 1),
        .hold_step = db_get_int(stmt, 2),
    };
    return OK;
}

static const struct db_row account_work_row = {
    "account", sizeof(struct account_work), account_work_read};

static const char *const take_sql[] = {
    [ACCOUNT_LEASE_READS] =
        "insert into account_work as w (account, read_owner, read_until)"
        " values ($1, $5, $6)"
        " on conflict (account) do update"
        " set read_owner = excluded.read_owner, read_until = excluded.read_until"
        " where not " ACCOUNT_LEASED " returning account, hold_until, hold_step",
    [ACCOUNT_LEASE_WRITES] =
        "insert into account_work as w (account, write_owner, write_until)"
        " values ($1, $5, $6)"
        " on conflict (account) do update"
        " set write_owner = excluded.write_owner, write_until = excluded.write_until"
        " where not " ACCOUNT_WRITE_LEASED " returning account, hold_until, hold_step",
};

Res account_lease_take(
    struct cx *cx, struct db *db, enum account_lease which, int64_t account,
    const struct lease *lease, struct account_work *ret)
{
    Res res = db_one(
        cx, db, take_sql[which],
        DB_ARGS(
            db_int(account), db_int(lease->now_ms),
            db_int(lease->now_ms - LIMIT_NODE_LIVE_MS),
            db_int(lease->now_ms + LIMIT_LEASE_MOST_MS), db_text(lease->owner),
            db_int(lease->until_ms)),
        &account_work_row, ret);

    if (res.code == FAIL_NOT_FOUND) {
        *ret = (struct account_work){.account = 0};
        return OK;
    }
    return res;
}
