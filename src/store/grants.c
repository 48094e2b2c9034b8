/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grants.c - the sealed grant of an account, written only over the version that the
 * writer has read, or under the lease that it took on that version.
 *
 * Each function is one conditional statement: it is right whatever others commit
 * meanwhile.
 */
#include "store/grants.h"

#include "base/arena.h"
#include "base/cx.h"
#include "store/db.h"

Res grant_get(struct cx *cx, struct db *db, int64_t account, struct grant_record *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    TRY(db_query(
        cx, db,
        "select version, key_id, sealed, leased_until, failures, retry_at from grants"
        " where account = $1",
        DB_ARGS(db_int(account)), &stmt));
    TRY(db_step(cx, stmt, &row));
    if (!row) {
        return fail(cx, FAIL_NOT_FOUND, "account %lld has no grant", (long long)account);
    }
    *ret = (struct grant_record){
        .version = db_get_int(stmt, 0),
        .key_id = (uint32_t)db_get_int(stmt, 1),
        .sealed = db_get_blob(&cx->mem, stmt, 2),
        .leased_until_ms = db_get_int(stmt, 3),
        .failures = db_get_int(stmt, 4),
        .retry_ms = db_get_int(stmt, 5),
    };
    return OK;
}

static const char first_sql[] =
    "insert into grants (account, version, key_id, sealed, due_at)"
    " values ($1, 1, $2, $3, $5) on conflict (account) do nothing";

static const char next_sql[] =
    "update grants set version = version + 1, key_id = $2, sealed = $3, leased_by = '',"
    " leased_until = 0, failures = 0, retry_at = 0, due_at = $5"
    " where account = $1 and version = $4";

Res grant_put(struct cx *cx, struct db *db, int64_t account, const struct grant_record *g)
{
    int64_t changed;

    TRY(db_exec(
        cx, db, g->version == 0 ? first_sql : next_sql,
        DB_ARGS(
            db_int(account), db_int(g->key_id), db_blob(g->sealed), db_int(g->version),
            db_int(g->due_ms)),
        &changed));
    return changed > 0
               ? OK
               : fail(
                   cx, FAIL_CONFLICT, "the grant of account %lld isn't version %lld",
                   (long long)account, (long long)g->version);
}

Res grant_lease(
    struct cx *cx, struct db *db, int64_t account, int64_t version,
    const struct hold *hold, bool *got)
{
    int64_t changed;

    TRY(db_exec(
        cx, db,
        "update grants set leased_by = $3, leased_until = $4"
        " where account = $1 and version = $2 and leased_until <= $5"
        " and retry_at <= $5",
        DB_ARGS(
            db_int(account), db_int(version), db_text(hold->owner),
            db_int(hold->until_ms), db_int(hold->now_ms)),
        &changed));
    *got = changed > 0;
    return OK;
}

/* What a statement that ends a lease has changed. */
static Res still_held(struct cx *cx, int64_t account, int64_t changed)
{
    if (changed == 0) {
        return fail(
            cx, FAIL_CONFLICT, "the lease on the grant of account %lld was lost",
            (long long)account);
    }
    return OK;
}

Res grant_refreshed(
    struct cx *cx, struct db *db, int64_t account, Str owner,
    const struct grant_record *g)
{
    int64_t changed;

    TRY(db_exec(
        cx, db,
        "update grants set version = version + 1, key_id = $3, sealed = $4,"
        " leased_by = '', leased_until = 0, failures = 0, retry_at = 0, due_at = $5"
        " where account = $1 and leased_by = $2",
        DB_ARGS(
            db_int(account), db_text(owner), db_int(g->key_id), db_blob(g->sealed),
            db_int(g->due_ms)),
        &changed));
    return still_held(cx, account, changed);
}

/* One that was due waits as long as any other. */
Res grant_failed(
    struct cx *cx, struct db *db, int64_t account, Str owner, int64_t retry_ms)
{
    int64_t changed;

    TRY(db_exec(
        cx, db,
        "update grants set leased_by = '', leased_until = 0, failures = failures + 1,"
        " retry_at = $3, due_at = case when due_at < $3 then $3 else due_at end"
        " where account = $1 and leased_by = $2",
        DB_ARGS(db_int(account), db_text(owner), db_int(retry_ms)), &changed));
    return still_held(cx, account, changed);
}

Res grant_ended(struct cx *cx, struct db *db, int64_t account, Str owner)
{
    int64_t changed;

    TRY(db_exec(
        cx, db,
        "update grants set leased_by = '', leased_until = 0, due_at = $3"
        " where account = $1 and leased_by = $2",
        DB_ARGS(db_int(account), db_text(owner), db_int(GRANT_NEVER)), &changed));
    return still_held(cx, account, changed);
}

Res grant_stop(struct cx *cx, struct db *db, int64_t account, int64_t version)
{
    int64_t changed;

    TRY(db_exec(
        cx, db, "update grants set due_at = $3 where account = $1 and version = $2",
        DB_ARGS(db_int(account), db_int(version), db_int(GRANT_NEVER)), &changed));
    return changed > 0 ? OK : fail(cx, FAIL_CONFLICT, "the grant is a newer one");
}

Res grant_due(
    struct cx *cx, struct db *db, int64_t now_ms, int64_t limit, int64_t **ret, size_t *n)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    int64_t *list = NULL;
    size_t count = 0;
    Res r;

    TRY(db_query(
        cx, db,
        "select account from grants where due_at <= $1 and leased_until <= $1"
        " order by due_at, account limit $2",
        DB_ARGS(db_int(now_ms), db_int(limit)), &stmt));
    while (db_next(cx, stmt, &r)) {
        list = db_grow(&cx->mem, list, count, sizeof(*list));
        list[count++] = db_get_int(stmt, 0);
    }
    TRY(r);
    *ret = list;
    *n = count;
    return OK;
}
