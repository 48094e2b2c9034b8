/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.c - small values that all nodes share.
 */
#include "base/arena.h"
#include "base/cx.h"
#include "store/db.h"
#include "store/store.h"

Res setting_get(struct cx *cx, struct db *db, Str name, Str *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    TRY(db_query(
        cx, db, "select value from settings where name = $1", DB_ARGS(db_text(name)),
        &stmt));
    TRY(db_step(cx, stmt, &row));
    if (!row) {
        return fail(cx, FAIL_NOT_FOUND, "setting %.*s", (int)name.n, name.p);
    }
    *ret = db_get_text(&cx->mem, stmt, 0);
    return OK;
}

Res setting_put(struct cx *cx, struct db *db, Str name, Str value)
{
    return db_exec(
        cx, db,
        "insert into settings (name, value) values ($1, $2)"
        " on conflict (name) do update set value = excluded.value",
        DB_ARGS(db_text(name), db_text(value)), NULL);
}
