/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grants.c - the sealed grant of an account, written only over the version that the
 * writer has read.
 */
#include "base/arena.h"
#include "base/cx.h"
#include "store/accounts.h"
#include "store/db.h"

Res grant_get(struct cx *cx, struct db *db, int64_t account, struct grant_record *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    TRY(db_query(
        cx, db, "select version, key_id, sealed from grants where account = $1",
        DB_ARGS(db_int(account)), &stmt));
    TRY(db_step(cx, stmt, &row));
    if (!row) {
        return fail(cx, FAIL_NOT_FOUND, "account %lld has no grant", (long long)account);
    }
    *ret = (struct grant_record){
        .version = db_get_int(stmt, 0),
        .key_id = (uint32_t)db_get_int(stmt, 1),
        .sealed = db_get_blob(&cx->mem, stmt, 2),
    };
    return OK;
}

static const char first_sql[] =
    "insert into grants (account, version, key_id, sealed) values ($1, 1, $2, $3)"
    " on conflict (account) do nothing";

static const char next_sql[] =
    "update grants set version = version + 1, key_id = $2, sealed = $3"
    " where account = $1 and version = $4";

Res grant_put(struct cx *cx, struct db *db, int64_t account, const struct grant_record *g)
{
    int64_t changed;

    TRY(db_exec(
        cx, db, g->version == 0 ? first_sql : next_sql,
        DB_ARGS(
            db_int(account), db_int(g->key_id), db_blob(g->sealed), db_int(g->version)),
        &changed));
    return changed > 0
               ? OK
               : fail(
                   cx, FAIL_CONFLICT, "the grant of account %lld isn't version %lld",
                   (long long)account, (long long)g->version);
}
