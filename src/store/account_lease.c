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

static Res accounts_listed(
    struct cx *cx, struct db *db, const struct account_list *of, int64_t now_ms,
    struct db_list *ret)
{
    return db_rows(
        cx, db, of->sql,
        DB_ARGS(
            db_int(of->source), db_int(now_ms), db_int(now_ms - LIMIT_NODE_LIVE_MS),
            db_int(now_ms + LIMIT_LEASE_MOST_MS)),
        &db_int_row, ret);
}

Res account_lease_count(
    struct cx *cx, struct db *db, const struct account_list *of, int64_t *ret)
{
    struct db_list list = {0};
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(accounts_listed(cx, db, of, now_ms, &list));
    *ret = (int64_t)list.n;
    return OK;
}

static Res account_take(
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

Res account_lease_take(
    struct cx *cx, struct db *db, const struct account_list *of, size_t part,
    struct lease *lease, struct account_work *ret)
{
    struct db_list list = {0};

    *ret = (struct account_work){.account = 0};
    TRY(lease_begin(cx, db, lease));
    TRY(accounts_listed(cx, db, of, lease->now_ms, &list));
    if (list.n == 0) {
        return OK;
    }
    int64_t account = ((const int64_t *)list.at)[part % list.n];

    return account_take(cx, db, of->lease, account, lease, ret);
}
