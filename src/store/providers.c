/* SPDX-License-Identifier: Apache-2.0 */
/*
 * providers.c - tenants: their names, redirect patterns and feature switches.
 *
 * Patterns and features of many providers are read in one pass each, in the order of the
 * providers that they belong to.
 */
#include "store/providers.h"

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/db_rows.h"
#include "store/step.h"

bool provider_has_feature(const struct provider *p, Str name)
{
    for (size_t i = 0; i < p->n_features; i++) {
        if (str_eq(p->features[i].name, name)) {
            return p->features[i].is_on;
        }
    }
    return false;
}

/* Providers in ascending order, and the one that rows are read for. */
struct provider_parts {
    struct provider *at;
    size_t n;
    size_t reached;
    struct db_list list; /* of the parts of that one */
};

/* The provider `id`; NULL where it isn't among them. Its parts begin anew. */
static struct provider *parts_seek(struct provider_parts *all, int64_t id)
{
    while (all->reached < all->n && all->at[all->reached].id < id) {
        all->reached++;
        all->list = (struct db_list){0};
    }
    return all->reached < all->n && all->at[all->reached].id == id
               ? &all->at[all->reached]
               : NULL;
}

/* Columns: provider, pattern. */
static Res patterns_read(
    struct cx *cx, struct db *db, const char *sql, struct db_args args,
    struct provider_parts all)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    Res r;

    TRY(db_query(cx, db, sql, args, &stmt));
    while (db_next(cx, stmt, &r)) {
        struct provider *p = parts_seek(&all, db_get_int(stmt, 0));

        if (p != NULL) {
            Str *pattern = db_list_add(&cx->mem, &all.list, sizeof(Str));

            *pattern = db_get_text(&cx->mem, stmt, 1);
            p->patterns = all.list.at;
            p->n_patterns = all.list.n;
        }
    }
    return r;
}

/* Columns: provider, name, is_on. */
static Res features_read(
    struct cx *cx, struct db *db, const char *sql, struct db_args args,
    struct provider_parts all)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    Res r;

    TRY(db_query(cx, db, sql, args, &stmt));
    while (db_next(cx, stmt, &r)) {
        struct provider *p = parts_seek(&all, db_get_int(stmt, 0));

        if (p != NULL) {
            struct feature *feature =
                db_list_add(&cx->mem, &all.list, sizeof(struct feature));

            feature->name = db_get_text(&cx->mem, stmt, 1);
            feature->is_on = db_get_int(stmt, 2) != 0;
            p->features = all.list.at;
            p->n_features = all.list.n;
        }
    }
    return r;
}

static Res provider_row_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(struct provider *)ret = (struct provider){
        .id = db_get_int(stmt, 0),
        .name = db_get_text(&cx->mem, stmt, 1),
        .created_ms = db_get_int(stmt, 2),
        .removed_ms = db_get_int(stmt, 3),
    };
    return OK;
}

static const struct db_range provider_ranges[] = {
    {2, "created_at", DB_TIME}, {3, "removed_at", DB_TIME}};

static const struct db_row provider_row = {
    "provider", sizeof(struct provider), provider_row_read, provider_ranges,
    COUNT(provider_ranges)};

#define PROVIDER_COLUMNS "id, name, created_at, removed_at"

static Res provider_get_bare(
    struct cx *cx, struct db *db, int64_t id, struct provider *ret)
{
    return db_one(
        cx, db, "select " PROVIDER_COLUMNS " from providers where id = $1",
        DB_ARGS(db_int(id)), &provider_row, ret);
}

Res provider_find(struct cx *cx, struct db *db, int64_t id, struct provider *ret)
{
    struct provider p;
    const struct provider_parts one = {.at = &p, .n = 1};

    TRY(provider_get_bare(cx, db, id, &p));
    TRY(patterns_read(
        cx, db,
        "select provider, pattern from redirect_patterns where provider = $1"
        " order by pattern",
        DB_ARGS(db_int(id)), one));
    TRY(features_read(
        cx, db,
        "select provider, name, is_on from provider_features where provider = $1"
        " order by name",
        DB_ARGS(db_int(id)), one));
    *ret = p;
    return OK;
}

Res provider_get(struct cx *cx, struct db *db, int64_t id, struct provider *ret)
{
    struct provider p;

    TRY(provider_find(cx, db, id, &p));
    if (p.removed_ms != 0) {
        return fail(cx, FAIL_NOT_FOUND, "provider %lld is going", (long long)id);
    }
    *ret = p;
    return OK;
}

Res provider_list(struct cx *cx, struct db *db, int64_t after, struct provider_page *ret)
{
    struct db_list list = {0};
    int64_t last;

    TRY(db_query_int(
        cx, db, STEP_PAGE_END("providers", ""), DB_ARGS(db_int(after)), &last));
    const struct db_args args = DB_ARGS(db_int(after), db_int(last));

    TRY(db_rows(
        cx, db,
        "select " PROVIDER_COLUMNS
        " from providers where id > $1 and id <= $2 order by id",
        args, &provider_row, &list));
    const struct provider_parts all = {.at = list.at, .n = list.n};

    TRY(patterns_read(
        cx, db,
        "select provider, pattern from redirect_patterns"
        " where provider > $1 and provider <= $2 order by provider, pattern",
        args, all));
    TRY(features_read(
        cx, db,
        "select provider, name, is_on from provider_features"
        " where provider > $1 and provider <= $2 order by provider, name",
        args, all));
    *ret = (struct provider_page){list.at, list.n, last};
    return OK;
}

static Res pattern_put(struct cx *cx, struct db *db, int64_t id, Str pattern)
{
    int64_t n;

    TRY(db_exec(
        cx, db,
        "insert into redirect_patterns (provider, pattern) values ($1, $2)"
        " on conflict (provider, pattern) do nothing",
        DB_ARGS(db_int(id), db_text(pattern)), NULL));
    TRY(db_query_int(
        cx, db, "select count(*) from redirect_patterns where provider = $1",
        DB_ARGS(db_int(id)), &n));
    if (n > LIMIT_PATTERNS_PER_PROVIDER) {
        return fail(
            cx, FAIL_LIMIT, "provider %lld: at most %d redirect patterns", (long long)id,
            LIMIT_PATTERNS_PER_PROVIDER);
    }
    return OK;
}

static Res feature_put(struct cx *cx, struct db *db, int64_t id, Str name, bool is_on)
{
    return db_exec(
        cx, db,
        "insert into provider_features (provider, name, is_on) values ($1, $2, $3)"
        " on conflict (provider, name) do update set is_on = excluded.is_on",
        DB_ARGS(db_int(id), db_text(name), db_int(is_on)), NULL);
}

static Res provider_put_parts(struct cx *cx, struct db *db, const struct provider *p)
{
    Res r = OK;

    for (size_t i = 0; i < p->n_patterns && r.code == FAIL_NONE; i++) {
        r = pattern_put(cx, db, p->id, p->patterns[i]);
    }
    for (size_t i = 0; i < p->n_features && r.code == FAIL_NONE; i++) {
        r = feature_put(cx, db, p->id, p->features[i].name, p->features[i].is_on);
    }
    return r;
}

Res provider_add(struct cx *cx, struct db *db, const struct provider *p)
{
    int64_t added;

    TRY(db_exec(
        cx, db,
        "insert into providers (id, name, created_at) values ($1, $2, $3)"
        " on conflict (id) do nothing",
        DB_ARGS(db_int(p->id), db_text(p->name), db_int(p->created_ms)), &added));
    if (added == 0) {
        return fail(
            cx, FAIL_CONFLICT, "provider %lld is there already", (long long)p->id);
    }
    return provider_put_parts(cx, db, p);
}

Res provider_rename(struct cx *cx, struct db *db, int64_t id, Str name)
{
    return db_exec_one(
        cx, db, "update providers set name = $2 where id = $1",
        DB_ARGS(db_int(id), db_text(name)), FAIL_NOT_FOUND, "there is no such provider");
}

Res provider_pattern_add(struct cx *cx, struct db *db, int64_t id, Str pattern)
{
    struct provider p;

    TRY(provider_get_bare(cx, db, id, &p));
    return pattern_put(cx, db, id, pattern);
}

Res provider_pattern_remove(struct cx *cx, struct db *db, int64_t id, Str pattern)
{
    int64_t removed;

    TRY(db_exec(
        cx, db, "delete from redirect_patterns where provider = $1 and pattern = $2",
        DB_ARGS(db_int(id), db_text(pattern)), &removed));
    return removed > 0
               ? OK
               : fail(
                   cx, FAIL_NOT_FOUND, "provider %lld has no redirect pattern %.*s",
                   (long long)id, STR_ARG(pattern));
}

Res provider_feature_set(struct cx *cx, struct db *db, int64_t id, Str name, bool is_on)
{
    struct provider p;

    TRY(provider_get_bare(cx, db, id, &p));
    return feature_put(cx, db, id, name, is_on);
}

static Res provider_refuse_accounts(struct cx *cx, struct db *db, int64_t id)
{
    int64_t account;
    Res r = db_query_int(
        cx, db, "select id from accounts where provider = $1 limit 1",
        DB_ARGS(db_int(id)), &account);

    if (r.code == FAIL_NOT_FOUND) {
        return OK;
    }
    TRY(r);
    return fail(cx, FAIL_CONFLICT, "provider %lld has accounts", (long long)id);
}

Res provider_mark_removed(struct cx *cx, struct db *db, int64_t id)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec_one(
        cx, db,
        "update providers set removed_at = case when removed_at = 0 then $2"
        " else removed_at end where id = $1",
        DB_ARGS(db_int(id), db_int(now_ms)), FAIL_NOT_FOUND, "there is no such provider");
}

Res provider_remove_tokens(struct cx *cx, struct db *db, int64_t id, bool *more)
{
    int64_t removed;

    TRY(db_exec(
        cx, db,
        "delete from token_providers where provider = $1 and token in (select token"
        " from token_providers where provider = $1" STEP_LIMIT ")",
        DB_ARGS(db_int(id)), &removed));
    *more = removed == LIMIT_STEP_ROWS;
    return OK;
}

Res provider_remove(struct cx *cx, struct db *db, int64_t id)
{
    TRY(provider_refuse_accounts(cx, db, id));
    return db_exec_one(
        cx, db, "delete from providers where id = $1", DB_ARGS(db_int(id)),
        FAIL_NOT_FOUND, "there is no such provider");
}
