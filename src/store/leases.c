/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leases.c - a name that one owner at a time holds, while now < leased_until.
 */
#include "store/leases.h"

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/db_rows.h"
#include "store/lease_sql.h"
#include "store/step.h"

Res lease_take(struct cx *cx, struct db *db, Str name, struct lease *lease, bool *got)
{
    int64_t changed;

    TRY(lease_begin(cx, db, lease));

    TRY(db_exec(
        cx, db,
        "insert into leases (name, owner, leased_until) values ($1, $2, $3)"
        " on conflict (name) do update"
        " set owner = excluded.owner, leased_until = excluded.leased_until"
        " where leases.leased_until <= $4 or leases.leased_until > $5"
        " or leases.owner = excluded.owner or " LEASE_IS_ORPHANED("leases.owner", "$6"),
        DB_ARGS(
            db_text(name), db_text(lease->owner), db_int(lease->until_ms),
            db_int(lease->now_ms), db_int(lease->now_ms + LIMIT_LEASE_MOST_MS),
            db_int(lease->now_ms - LIMIT_NODE_LIVE_MS)),
        &changed));
    *got = changed > 0;
    return OK;
}

Res lease_holds(struct cx *cx, struct db *db, Str name, Str owner, bool *ret)
{
    int64_t now_ms;
    int64_t n;

    TRY(db_now_ms(cx, db, &now_ms));

    TRY(db_query_int(
        cx, db,
        "select count(*) from leases"
        " where name = $1 and owner = $2 and leased_until > $3",
        DB_ARGS(db_text(name), db_text(owner), db_int(now_ms)), &n));
    *ret = n > 0;
    return OK;
}

Res lease_drop(struct cx *cx, struct db *db, Str name, Str owner)
{
    return db_exec(
        cx, db, "delete from leases where name = $1 and owner = $2",
        DB_ARGS(db_text(name), db_text(owner)), NULL);
}

static Res lease_name_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(Str *)ret = db_get_text(&cx->mem, stmt, 0);
    return OK;
}

static const struct db_row lease_name_row = {"lease", sizeof(Str), lease_name_read};

Res lease_sweep(struct cx *cx, struct db *db, bool *more)
{
    struct db_list list = {0};
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(db_rows(
        cx, db,
        "select name from leases where leased_until <= $1"
        " order by leased_until" SWEEP_LIMIT,
        DB_ARGS(db_int(now_ms)), &lease_name_row, &list));
    *more = list.n == LIMIT_SWEEP_ROWS;
    return step_delete(
        cx, db, "delete from leases where name in " STEP_PLACES, DB_TEXT, &list);
}
