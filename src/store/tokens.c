/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokens.c - API tokens: what each may do, found by the hash of the token.
 *
 * Expired and revoked tokens are found too, until they are swept: the caller refuses
 * them.
 */
#include "store/tokens.h"

#include "base/arena.h"
#include "base/cx.h"
#include "base/kinds.h"
#include "base/limits.h"
#include "store/db_rows.h"
#include "store/step.h"

#define TOKEN_COLUMNS "id, name, user_id, modes, created_at, expires_at, revoked_at"

static Res token_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(struct api_token *)ret = (struct api_token){
        .id = db_get_int(stmt, 0),
        .name = db_get_text(&cx->mem, stmt, 1),
        .user = db_get_text(&cx->mem, stmt, 2),
        .modes = (unsigned)db_get_int(stmt, 3),
        .created_ms = db_get_int(stmt, 4),
        .expires_ms = db_get_int(stmt, 5),
        .revoked_ms = db_get_int(stmt, 6),
    };
    return OK;
}

static const struct db_range token_ranges[] = {
    {3, "modes", 0, MODE_CUSTOMER | MODE_PROVIDER},
    {4, "created_at", DB_TIME},
    {5, "expires_at", DB_TIME},
    {6, "revoked_at", DB_TIME},
};

static const struct db_row token_row = {
    "token", sizeof(struct api_token), token_read, token_ranges, COUNT(token_ranges)};

/* Columns: token, provider; ascending, as the tokens are. */
static Res token_providers_read(
    struct cx *cx, struct db *db, const char *sql, struct db_args args,
    struct db_list *tokens)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    struct api_token *all = tokens->at;
    struct db_list list = {0}; /* of the token that the rows are at */
    size_t at = 0;
    Res r;

    TRY(db_query(cx, db, sql, args, &stmt));
    while (db_next(cx, stmt, &r)) {
        int64_t id = db_get_int(stmt, 0);

        while (at < tokens->n && all[at].id < id) {
            at++;
            list = (struct db_list){0};
        }
        if (at < tokens->n && all[at].id == id) {
            *(int64_t *)db_list_add(&cx->mem, &list, sizeof(int64_t)) =
                db_get_int(stmt, 1);
            all[at].providers = list.at;
            all[at].n_providers = list.n;
        }
    }
    return r;
}

static Res token_find(
    struct cx *cx, struct db *db, const char *sql, struct db_args args,
    struct api_token *ret)
{
    struct api_token t;
    struct db_list one = {.at = &t, .n = 1};

    TRY(db_one(cx, db, sql, args, &token_row, &t));
    TRY(token_providers_read(
        cx, db,
        "select t.token, t.provider from token_providers t"
        " join providers p on p.id = t.provider"
        " where t.token = $1 and p.removed_at = 0 order by t.provider",
        DB_ARGS(db_int(t.id)), &one));
    *ret = t;
    return OK;
}

Res token_by_hash(struct cx *cx, struct db *db, Str hash, struct api_token *ret)
{
    return token_find(
        cx, db, "select " TOKEN_COLUMNS " from tokens where hash = $1",
        DB_ARGS(db_blob(hash)), ret);
}

Res token_by_id(struct cx *cx, struct db *db, int64_t id, struct api_token *ret)
{
    return token_find(
        cx, db, "select " TOKEN_COLUMNS " from tokens where id = $1", DB_ARGS(db_int(id)),
        ret);
}

static Res token_page_end(struct cx *cx, struct db *db, int64_t after, int64_t *ret)
{
    return db_query_int(cx, db, STEP_PAGE_END("tokens", ""), DB_ARGS(db_int(after)), ret);
}

Res token_list(struct cx *cx, struct db *db, int64_t after, struct token_page *ret)
{
    struct db_list list = {0};
    int64_t last;

    TRY(token_page_end(cx, db, after, &last));
    const struct db_args args = DB_ARGS(db_int(after), db_int(last));

    TRY(db_rows(
        cx, db,
        "select " TOKEN_COLUMNS " from tokens where id > $1 and id <= $2 order by id",
        args, &token_row, &list));
    TRY(token_providers_read(
        cx, db,
        "select token, provider from token_providers where token > $1 and token <= $2"
        " order by token, provider",
        args, &list));
    *ret = (struct token_page){list.at, list.n, last};
    return OK;
}

static Res token_insert(
    struct cx *cx, struct db *db, const struct api_token *t, Str hash, int64_t *ret)
{
    return db_query_int(
        cx, db,
        "insert into tokens (hash, name, user_id, modes, created_at, expires_at)"
        " values ($1, $2, $3, $4, $5, $6) returning id",
        DB_ARGS(
            db_blob(hash), db_text(t->name), db_text(t->user), db_int(t->modes),
            db_int(t->created_ms), db_int(t->expires_ms)),
        ret);
}

static Res token_provider_add(
    struct cx *cx, struct db *db, int64_t token, int64_t provider)
{
    int64_t added;

    TRY(db_exec(
        cx, db,
        "insert into token_providers (token, provider)"
        " select cast($1 as bigint), id from providers where id = $2 and removed_at = 0"
        " on conflict (token, provider) do nothing",
        DB_ARGS(db_int(token), db_int(provider)), &added));
    return added > 0
               ? OK
               : fail(
                   cx, FAIL_NOT_FOUND, "provider %lld isn't there", (long long)provider);
}

static Res token_providers_add(
    struct cx *cx, struct db *db, int64_t id, const struct api_token *t)
{
    Res r = OK;

    for (size_t i = 0; i < t->n_providers && r.code == FAIL_NONE; i++) {
        r = token_provider_add(cx, db, id, t->providers[i]);
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
    TRY(token_insert(cx, db, t, hash, &id));
    TRY(token_providers_add(cx, db, id, t));
    *ret = id;
    return OK;
}

/* The first time counts. */
Res token_revoke(struct cx *cx, struct db *db, int64_t id, int64_t now_ms)
{
    return db_exec_one(
        cx, db,
        "update tokens set revoked_at = case when revoked_at = 0 then $2"
        " else revoked_at end where id = $1",
        DB_ARGS(db_int(id), db_int(now_ms)), FAIL_NOT_FOUND, "there is no such token");
}

static Res token_id_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    (void)cx;
    *(int64_t *)ret = db_get_int(stmt, 0);
    return OK;
}

static const struct db_row token_id_row = {"token", sizeof(int64_t), token_id_read};

_Static_assert(
    LIMIT_TOKEN_KEPT_S > LIMIT_FLOW_KEPT_S,
    "a flow that a token started may end after the token has expired");

/* Tokens are few, and made by hand: a walk over all of them needs no index of when they
 * end, which every other change would have to keep. */
Res token_sweep(struct cx *cx, struct db *db, int64_t after, int64_t *last)
{
    struct db_list list = {0};
    int64_t now_ms;
    Res r = OK;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(token_page_end(cx, db, after, last));
    TRY(db_rows(
        cx, db,
        "select id from tokens where id > $1 and id <= $2 and"
        " (expires_at between 1 and $3 or revoked_at between 1 and $3)",
        DB_ARGS(
            db_int(after), db_int(*last),
            db_int(now_ms - (int64_t)LIMIT_TOKEN_KEPT_S * 1000)),
        &token_id_row, &list));
    for (size_t i = 0; i < list.n && r.code == FAIL_NONE; i++) {
        r = db_exec(
            cx, db, "delete from tokens where id = $1",
            DB_ARGS(db_int(((const int64_t *)list.at)[i])), NULL);
    }
    return r;
}
