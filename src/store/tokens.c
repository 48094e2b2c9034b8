/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokens.c - API tokens: what each may do, found by the hash of the token.
 *
 * What has expired or was revoked is kept: the caller says no to it.
 */
#include "store/tokens.h"

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/db.h"

#define COLUMNS "id, name, user_id, modes, created_at, expires_at, revoked_at"

/* Tokens in ascending order, and the providers that are read for them. */
struct tokens_found {
    struct api_token *at;
    size_t n;
};

static void read_token(struct arena *mem, struct db_stmt *stmt, struct api_token *ret)
{
    *ret = (struct api_token){
        .id = db_get_int(stmt, 0),
        .name = db_get_text(mem, stmt, 1),
        .user = db_get_text(mem, stmt, 2),
        .modes = (unsigned)db_get_int(stmt, 3),
        .created_ms = db_get_int(stmt, 4),
        .expires_ms = db_get_int(stmt, 5),
        .revoked_ms = db_get_int(stmt, 6),
    };
}

/* Columns: token, provider. Every token of the rows is among those found. */
static Res read_providers(struct cx *cx, struct db_stmt *stmt, struct tokens_found *all)
{
    size_t at = 0;
    int64_t *list = NULL; /* of the token that the rows are at */
    Res r;

    while (db_next(cx, stmt, &r)) {
        while (at < all->n && all->at[at].id != db_get_int(stmt, 0)) {
            at++;
        }
        must_be(at < all->n);
        struct api_token *t = &all->at[at];

        list = db_grow(&cx->mem, list, t->n_providers, sizeof(*list));
        list[t->n_providers++] = db_get_int(stmt, 1);
        t->providers = list;
    }
    return r;
}

static Res read_one(
    struct cx *cx, struct db *db, struct db_stmt *stmt, struct api_token *ret)
{
    CLEANUP(db_done) struct db_stmt *providers = NULL;
    struct api_token t;
    struct tokens_found one = {&t, 1};
    bool row;

    TRY(db_step(cx, stmt, &row));
    if (!row) {
        return fail(cx, FAIL_NOT_FOUND, "no such token");
    }
    read_token(&cx->mem, stmt, &t);
    TRY(db_query(
        cx, db,
        "select token, provider from token_providers where token = $1 order by provider",
        DB_ARGS(db_int(t.id)), &providers));
    TRY(read_providers(cx, providers, &one));
    *ret = t;
    return OK;
}

Res token_by_hash(struct cx *cx, struct db *db, Str hash, struct api_token *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;

    TRY(db_query(
        cx, db, "select " COLUMNS " from tokens where hash = $1", DB_ARGS(db_blob(hash)),
        &stmt));
    return read_one(cx, db, stmt, ret);
}

Res token_by_id(struct cx *cx, struct db *db, int64_t id, struct api_token *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;

    TRY(db_query(
        cx, db, "select " COLUMNS " from tokens where id = $1", DB_ARGS(db_int(id)),
        &stmt));
    return read_one(cx, db, stmt, ret);
}

static Res list_tokens(struct cx *cx, struct db *db, struct tokens_found *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    struct tokens_found all = {0};
    Res r;

    TRY(db_query(cx, db, "select " COLUMNS " from tokens order by id", NULL, 0, &stmt));
    while (db_next(cx, stmt, &r)) {
        all.at = db_grow(&cx->mem, all.at, all.n, sizeof(struct api_token));
        read_token(&cx->mem, stmt, &all.at[all.n++]);
    }
    TRY(r);
    *ret = all;
    return OK;
}

Res token_list(struct cx *cx, struct db *db, struct api_token **ret, size_t *n)
{
    CLEANUP(db_done) struct db_stmt *providers = NULL;
    struct tokens_found all;

    TRY(list_tokens(cx, db, &all));
    TRY(db_query(
        cx, db, "select token, provider from token_providers order by token, provider",
        NULL, 0, &providers));
    TRY(read_providers(cx, providers, &all));
    *ret = all.at;
    *n = all.n;
    return OK;
}

static Res insert_token(
    struct cx *cx, struct db *db, const struct api_token *t, Str hash, int64_t *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    TRY(db_query(
        cx, db,
        "insert into tokens (hash, name, user_id, modes, created_at, expires_at)"
        " values ($1, $2, $3, $4, $5, $6) returning id",
        DB_ARGS(
            db_blob(hash), db_text(t->name), db_text(t->user), db_int(t->modes),
            db_int(t->created_ms), db_int(t->expires_ms)),
        &stmt));
    TRY(db_step(cx, stmt, &row));
    must_be(row);
    *ret = db_get_int(stmt, 0);
    return OK;
}

static Res add_provider(struct cx *cx, struct db *db, int64_t token, int64_t provider)
{
    int64_t added;

    TRY(db_exec(
        cx, db,
        "insert into token_providers (token, provider)"
        " select cast($1 as bigint), id from providers where id = $2"
        " on conflict (token, provider) do nothing",
        DB_ARGS(db_int(token), db_int(provider)), &added));
    return added > 0
               ? OK
               : fail(
                   cx, FAIL_NOT_FOUND, "provider %lld isn't there", (long long)provider);
}

static Res add_providers(
    struct cx *cx, struct db *db, int64_t id, const struct api_token *t)
{
    Res r = OK;

    for (size_t i = 0; i < t->n_providers && r.code == FAIL_NONE; i++) {
        r = add_provider(cx, db, id, t->providers[i]);
    }
    return r;
}

Res token_add(
    struct cx *cx, struct db *db, const struct api_token *t, Str hash, int64_t *ret)
{
    int64_t id;

    if (t->n_providers > LIMIT_TOKEN_PROVIDERS) {
        return fail(
            cx, FAIL_LIMIT, "a token is for at most %d providers", LIMIT_TOKEN_PROVIDERS);
    }
    TRY(insert_token(cx, db, t, hash, &id));
    TRY(add_providers(cx, db, id, t));
    *ret = id;
    return OK;
}

/* The first time counts. */
Res token_revoke(struct cx *cx, struct db *db, int64_t id, int64_t now_ms)
{
    int64_t changed;

    TRY(db_exec(
        cx, db,
        "update tokens set revoked_at = case when revoked_at = 0 then $2"
        " else revoked_at end where id = $1",
        DB_ARGS(db_int(id), db_int(now_ms)), &changed));
    return changed > 0 ? OK : fail(cx, FAIL_NOT_FOUND, "token %lld", (long long)id);
}
