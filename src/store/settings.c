/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.c - small values that all nodes share.
 */
#include "store/settings.h"

#include "base/arena.h"
#include "base/cx.h"
#include "store/db_rows.h"

static Res setting_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(Str *)ret = db_get_text(&cx->mem, stmt, 0);
    return OK;
}

static const struct db_row setting_row = {"setting", sizeof(Str), setting_read};

Res setting_get(struct cx *cx, struct db *db, Str name, Str *ret)
{
    return db_one(
        cx, db, "select value from settings where name = $1", DB_ARGS(db_text(name)),
        &setting_row, ret);
}

Res setting_put(struct cx *cx, struct db *db, Str name, Str value)
{
    return db_exec(
        cx, db,
        "insert into settings (name, value) values ($1, $2)"
        " on conflict (name) do update set value = excluded.value",
        DB_ARGS(db_text(name), db_text(value)), NULL);
}

static Res setting_sealed_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(Str *)ret = db_get_blob(&cx->mem, stmt, 0);
    return OK;
}

static const struct db_row setting_sealed_row = {
    "setting", sizeof(Str), setting_sealed_read};

Res setting_get_sealed(struct cx *cx, struct db *db, Str name, Str *ret)
{
    return db_one(
        cx, db, "select sealed from settings where name = $1 and sealed is not null",
        DB_ARGS(db_text(name)), &setting_sealed_row, ret);
}

Res setting_put_sealed(
    struct cx *cx, struct db *db, Str name, uint32_t key_id, Str sealed)
{
    return db_exec_one(
        cx, db,
        "insert into settings (name, value, key_id, sealed) values ($1, '', $2, $3)"
        " on conflict (name) do nothing",
        DB_ARGS(db_text(name), db_int(key_id), db_blob(sealed)), FAIL_CONFLICT,
        "another has made it first");
}
