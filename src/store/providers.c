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
#include "store/db.h"

bool provider_has_feature(const struct provider *p, Str name)
{
    for (size_t i = 0; i < p->n_features; i++) {
        if (str_eq(p->features[i].name, name)) {
            return p->features[i].is_on;
        }
    }
    return false;
}

/* Providers in ascending order, and what is read for them. */
struct providers {
    struct provider *at;
    size_t n;
};

static struct provider *find(struct providers *all, size_t *from, int64_t id)
{
    while (*from < all->n && all->at[*from].id < id) {
        ++*from;
    }
    return *from < all->n && all->at[*from].id == id ? &all->at[*from] : NULL;
}

/* Columns: provider, pattern. */
static Res read_patterns(struct cx *cx, struct db_stmt *stmt, struct providers *all)
{
    size_t from = 0;
    Str *list = NULL; /* of the provider that the rows are at */
    Res r;

    while (db_next(cx, stmt, &r)) {
        struct provider *p = find(all, &from, db_get_int(stmt, 0));

        must_be(p != NULL);
        list = db_grow(&cx->mem, list, p->n_patterns, sizeof(*list));
        list[p->n_patterns++] = db_get_text(&cx->mem, stmt, 1);
        p->patterns = list;
    }
    return r;
}

/* Columns: provider, name, is_on. */
static Res read_features(struct cx *cx, struct db_stmt *stmt, struct providers *all)
{
    size_t from = 0;
    struct feature *list = NULL;
    Res r;

    while (db_next(cx, stmt, &r)) {
        struct provider *p = find(all, &from, db_get_int(stmt, 0));

        must_be(p != NULL);
        list = db_grow(&cx->mem, list, p->n_features, sizeof(*list));
        list[p->n_features++] = (struct feature){
            .name = db_get_text(&cx->mem, stmt, 1), .is_on = db_get_int(stmt, 2) != 0};
        p->features = list;
    }
    return r;
}

static void read_provider(struct arena *mem, struct db_stmt *stmt, struct provider *ret)
{
    *ret = (struct provider){
        .id = db_get_int(stmt, 0),
        .name = db_get_text(mem, stmt, 1),
        .created_ms = db_get_int(stmt, 2),
    };
}

static Res find_provider(struct cx *cx, struct db *db, int64_t id, struct provider *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    TRY(db_query(
        cx, db, "select id, name, created_at from providers where id = $1",
        DB_ARGS(db_int(id)), &stmt));
    TRY(db_step(cx, stmt, &row));
    if (!row) {
        return fail(cx, FAIL_NOT_FOUND, "provider %lld", (long long)id);
    }
    read_provider(&cx->mem, stmt, ret);
    return OK;
}

Res provider_get(struct cx *cx, struct db *db, int64_t id, struct provider *ret)
{
    CLEANUP(db_done) struct db_stmt *patterns = NULL;
    CLEANUP(db_done) struct db_stmt *features = NULL;
    struct provider p;
    struct providers one = {&p, 1};

    TRY(find_provider(cx, db, id, &p));
    TRY(db_query(
        cx, db,
        "select provider, pattern from redirect_patterns where provider = $1"
        " order by pattern",
        DB_ARGS(db_int(id)), &patterns));
    TRY(read_patterns(cx, patterns, &one));
    TRY(db_query(
        cx, db,
        "select provider, name, is_on from provider_features where provider = $1"
        " order by name",
        DB_ARGS(db_int(id)), &features));
    TRY(read_features(cx, features, &one));
    *ret = p;
    return OK;
}

static Res list_providers(struct cx *cx, struct db *db, struct providers *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    struct providers all = {0};
    Res r;

    TRY(db_query(
        cx, db, "select id, name, created_at from providers order by id", NULL, 0,
        &stmt));
    while (db_next(cx, stmt, &r)) {
        all.at = db_grow(&cx->mem, all.at, all.n, sizeof(struct provider));
        read_provider(&cx->mem, stmt, &all.at[all.n++]);
    }
    TRY(r);
    *ret = all;
    return OK;
}

Res provider_list(struct cx *cx, struct db *db, struct provider **ret, size_t *n)
{
    CLEANUP(db_done) struct db_stmt *patterns = NULL;
    CLEANUP(db_done) struct db_stmt *features = NULL;
    struct providers all;

    TRY(list_providers(cx, db, &all));
    TRY(db_query(
        cx, db,
        "select provider, pattern from redirect_patterns order by provider, pattern",
        NULL, 0, &patterns));
    TRY(read_patterns(cx, patterns, &all));
    TRY(db_query(
        cx, db,
        "select provider, name, is_on from provider_features order by provider, name",
        NULL, 0, &features));
    TRY(read_features(cx, features, &all));
    *ret = all.at;
    *n = all.n;
    return OK;
}

static Res count_patterns(struct cx *cx, struct db *db, int64_t id, int64_t *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    TRY(db_query(
        cx, db, "select count(*) from redirect_patterns where provider = $1",
        DB_ARGS(db_int(id)), &stmt));
    TRY(db_step(cx, stmt, &row));
    *ret = db_get_int(stmt, 0);
    return OK;
}

static Res put_pattern(struct cx *cx, struct db *db, int64_t id, Str pattern)
{
    int64_t n;

    TRY(db_exec(
        cx, db,
        "insert into redirect_patterns (provider, pattern) values ($1, $2)"
        " on conflict (provider, pattern) do nothing",
        DB_ARGS(db_int(id), db_text(pattern)), NULL));
    TRY(count_patterns(cx, db, id, &n));
    if (n > LIMIT_PATTERNS_PER_PROVIDER) {
        return fail(
            cx, FAIL_LIMIT, "provider %lld: at most %d redirect patterns", (long long)id,
            LIMIT_PATTERNS_PER_PROVIDER);
    }
    return OK;
}

static Res put_feature(struct cx *cx, struct db *db, int64_t id, Str name, bool is_on)
{
    return db_exec(
        cx, db,
        "insert into provider_features (provider, name, is_on) values ($1, $2, $3)"
        " on conflict (provider, name) do update set is_on = excluded.is_on",
        DB_ARGS(db_int(id), db_text(name), db_int(is_on)), NULL);
}

static Res put_parts(struct cx *cx, struct db *db, const struct provider *p)
{
    Res r = OK;

    for (size_t i = 0; i < p->n_patterns && r.code == FAIL_NONE; i++) {
        r = put_pattern(cx, db, p->id, p->patterns[i]);
    }
    for (size_t i = 0; i < p->n_features && r.code == FAIL_NONE; i++) {
        r = put_feature(cx, db, p->id, p->features[i].name, p->features[i].is_on);
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
    return put_parts(cx, db, p);
}

Res provider_rename(struct cx *cx, struct db *db, int64_t id, Str name)
{
    int64_t changed;

    TRY(db_exec(
        cx, db, "update providers set name = $2 where id = $1",
        DB_ARGS(db_int(id), db_text(name)), &changed));
    return changed > 0 ? OK : fail(cx, FAIL_NOT_FOUND, "provider %lld", (long long)id);
}

Res provider_pattern_add(struct cx *cx, struct db *db, int64_t id, Str pattern)
{
    struct provider p;

    TRY(find_provider(cx, db, id, &p));
    return put_pattern(cx, db, id, pattern);
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
                   (long long)id, (int)pattern.n, pattern.p);
}

Res provider_feature_set(struct cx *cx, struct db *db, int64_t id, Str name, bool is_on)
{
    struct provider p;

    TRY(find_provider(cx, db, id, &p));
    return put_feature(cx, db, id, name, is_on);
}

static Res refuse_accounts(struct cx *cx, struct db *db, int64_t id)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    TRY(db_query(
        cx, db, "select id from accounts where provider = $1 limit 1",
        DB_ARGS(db_int(id)), &stmt));
    TRY(db_step(cx, stmt, &row));
    return row ? fail(cx, FAIL_CONFLICT, "provider %lld has accounts", (long long)id)
               : OK;
}

Res provider_remove(struct cx *cx, struct db *db, int64_t id)
{
    int64_t removed;

    TRY(refuse_accounts(cx, db, id));
    TRY(db_exec(
        cx, db, "delete from providers where id = $1", DB_ARGS(db_int(id)), &removed));
    return removed > 0 ? OK : fail(cx, FAIL_NOT_FOUND, "provider %lld", (long long)id);
}
