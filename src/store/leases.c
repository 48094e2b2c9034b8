/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leases.c - a name that one owner at a time holds, while now < leased_until.
 */
#include "base/arena.h"
#include "base/cx.h"
#include "store/db.h"
#include "store/tasks.h"

Res lease_take(struct cx *cx, struct db *db, Str name, const struct hold *hold, bool *got)
{
    int64_t changed;

    TRY(db_exec(
        cx, db,
        "insert into leases (name, owner, leased_until) values ($1, $2, $3)"
        " on conflict (name) do update"
        " set owner = excluded.owner, leased_until = excluded.leased_until"
        " where leases.leased_until <= $4 or leases.owner = excluded.owner",
        DB_ARGS(
            db_text(name), db_text(hold->owner), db_int(hold->until_ms),
            db_int(hold->now_ms)),
        &changed));
    *got = changed > 0;
    return OK;
}

Res lease_holds(
    struct cx *cx, struct db *db, Str name, Str owner, int64_t now_ms, bool *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;

    TRY(db_query(
        cx, db,
        "select name from leases where name = $1 and owner = $2 and leased_until > $3",
        DB_ARGS(db_text(name), db_text(owner), db_int(now_ms)), &stmt));
    return db_step(cx, stmt, ret);
}

Res lease_drop(struct cx *cx, struct db *db, Str name, Str owner)
{
    return db_exec(
        cx, db, "delete from leases where name = $1 and owner = $2",
        DB_ARGS(db_text(name), db_text(owner)), NULL);
}
