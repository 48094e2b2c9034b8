/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.c - small values that all nodes share, and which keys the data is sealed with.
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

/* Jumps from one key to the next along the index: the number of grants plays no part. */
static const char keys_sql[] =
    "with recursive used (key_id) as ("
    " select min(key_id) from grants"
    " union all"
    " select (select min(g.key_id) from grants g where g.key_id > used.key_id)"
    "  from used where used.key_id is not null)"
    " select key_id from used where key_id is not null"
    " union select key_id from tasks order by key_id";

Res keys_in_use(struct cx *cx, struct db *db, uint32_t **ret, size_t *n)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    uint32_t *ids = NULL;
    size_t count = 0;
    Res r;

    TRY(db_query(cx, db, keys_sql, NULL, 0, &stmt));
    while (db_next(cx, stmt, &r)) {
        ids = db_grow(&cx->mem, ids, count, sizeof(*ids));
        ids[count++] = (uint32_t)db_get_int(stmt, 0);
    }
    TRY(r);
    *ret = ids;
    *n = count;
    return OK;
}
