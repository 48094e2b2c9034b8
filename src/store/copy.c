/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.c - everything from one store to another, table by table.
 *
 * A table is read in pages behind the key of the last row, so that memory doesn't grow
 * with it. Column for column: what the columns mean is not known here.
 */
#include "store/copy.h"

#include <string.h>

#include "base/arena.h"
#include "base/cx.h"
#include "store/driver.h"

enum { PAGE_ROWS = 500, COLUMNS_MOST = 12, KEYS_MOST = 2 };

#define PAGE " limit 500"

/* Rows of text, not of columns. */
/* clang-format off */

/* In an order that references allow. A letter of `types` is a column: an int, text, or a
 * blob; the first ones are the key that `select` goes on behind. */
static const struct table {
    Str name;
    const char *types;
    size_t n_keys;
    bool gives_ids;
    const char *count;
    const char *select;
    const char *insert;
    const char *clear; /* of what a node writes that serves nobody yet: it is no data */
} tables[COPY_TABLES] = {
    {SI("providers"),         "iti",         1, false, "select count(*) from providers",
     "select id, name, created_at from providers where id > $1 order by id" PAGE,
     "insert into providers (id, name, created_at) values ($1, $2, $3)"         },
    {SI("provider_features"), "iti",         2, false, "select count(*) from provider_features",
     "select provider, name, is_on from provider_features"
     " where (provider, name) > ($1, $2) order by provider, name" PAGE,
     "insert into provider_features (provider, name, is_on) values ($1, $2, $3)"},
    {SI("redirect_patterns"), "it",          2, false, "select count(*) from redirect_patterns",
     "select provider, pattern from redirect_patterns"
     " where (provider, pattern) > ($1, $2) order by provider, pattern" PAGE,
     "insert into redirect_patterns (provider, pattern) values ($1, $2)"        },
    {SI("tokens"),            "ibttiiii",    1, true,  "select count(*) from tokens",
     "select id, hash, name, user_id, modes, created_at, expires_at, revoked_at"
     " from tokens where id > $1 order by id" PAGE,
     "insert into tokens (id, hash, name, user_id, modes, created_at, expires_at,"
     " revoked_at) values ($1, $2, $3, $4, $5, $6, $7, $8)"                     },
    {SI("token_providers"),   "ii",          2, false, "select count(*) from token_providers",
     "select token, provider from token_providers"
     " where (token, provider) > ($1, $2) order by token, provider" PAGE,
     "insert into token_providers (token, provider) values ($1, $2)"            },
    {SI("flows"),             "btitii",      1, false, "select count(*) from flows",
     "select id, node, claimed_until, coalesce(outcome, ''), account, made_at"
     " from flows where id > $1 order by id" PAGE,
     "insert into flows (id, node, claimed_until, outcome, account, made_at)"
     " values ($1, $2, $3, nullif($4, ''), $5, $6)"                             },
    {SI("accounts"),          "iiitittitii", 1, true,  "select count(*) from accounts",
     "select id, provider, mode, user_id, source, subject, username, status,"
     " status_reason, status_since, connected_at"
     " from accounts where id > $1 order by id" PAGE,
     "insert into accounts (id, provider, mode, user_id, source, subject, username,"
     " status, status_reason, status_since, connected_at)"
     " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"                   },
    {SI("grants"),            "iiibtiiii",   1, false, "select count(*) from grants",
     "select account, version, key_id, sealed, leased_by, leased_until, failures,"
     " retry_at, due_at from grants where account > $1 order by account" PAGE,
     "insert into grants (account, version, key_id, sealed, leased_by, leased_until,"
     " failures, retry_at, due_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)" },
    {SI("tasks"),             "iitibiiiti",  1, true,  "select count(*) from tasks",
     "select id, source, subject, key_id, sealed, attempts, next_at, give_up_at, owner,"
     " leased_until from tasks where id > $1 order by id" PAGE,
     "insert into tasks (id, source, subject, key_id, sealed, attempts, next_at,"
     " give_up_at, owner, leased_until)"
     " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"                        },
    {SI("leases"),            "tti",         1, false, "select count(*) from leases",
     "select name, owner, leased_until from leases where name > $1 order by name" PAGE,
     "insert into leases (name, owner, leased_until) values ($1, $2, $3)"       },
    {SI("settings"),          "tt",          1, false, "select count(*) from settings",
     "select name, value from settings where name > $1 order by name" PAGE,
     "insert into settings (name, value) values ($1, $2)",
     "delete from settings"                                                     },
    {SI("keys"),              "iii",         1, false, "select count(*) from keys",
     "select id, flows_until, dropped_at from keys where id > $1 order by id" PAGE,
     "insert into keys (id, flows_until, dropped_at) values ($1, $2, $3)",
     "delete from keys"                                                         },
};

/* clang-format on */

struct copying {
    const struct copy_job *job;
    struct db *from;
    struct copy_report report;
    bool is_done;
};

static struct db_value read_column(
    struct arena *mem, struct db_stmt *stmt, const struct table *t, int column)
{
    switch (t->types[column]) {
    case 'i':
        return db_int(db_get_int(stmt, column));
    case 't':
        return db_text(db_get_text(mem, stmt, column));
    case 'b':
        return db_blob(db_get_blob(mem, stmt, column));
    }
    must_be(false);
    return db_int(0);
}

/* Where a table has been read up to: in the beginning, before what any row has. */
struct place {
    struct db_value key[KEYS_MOST];
    size_t rows; /* of the last page */
};

static struct place place_before(const struct table *t)
{
    struct place p = {.rows = PAGE_ROWS};

    for (size_t i = 0; i < t->n_keys; i++) {
        p.key[i] = t->types[i] == 'i'   ? db_int(INT64_MIN)
                   : t->types[i] == 't' ? db_text(S(""))
                                        : db_blob(S(""));
    }
    return p;
}

static Res copy_page(
    struct cx *cx, struct db *from, struct db *to, const struct table *t,
    struct place *at)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    struct db_value row[COLUMNS_MOST];
    size_t n = strlen(t->types);
    size_t rows = 0;
    Res r;

    TRY(db_query(cx, from, t->select, at->key, t->n_keys, &stmt));
    while (db_next(cx, stmt, &r)) {
        for (size_t i = 0; i < n; i++) {
            row[i] = read_column(&cx->mem, stmt, t, (int)i);
        }
        TRY(db_exec(cx, to, t->insert, row, n, NULL));
        rows++;
    }
    TRY(r);
    if (rows > 0) {
        memcpy(at->key, row, sizeof(at->key));
    }
    at->rows = rows;
    return OK;
}

/* Two memories in turn: a page begins behind a key that is in the other's. */
static Res copy_rows(struct cx *cx, struct db *from, struct db *to, const struct table *t)
{
    struct cx pages[] = {
        {.deadline_ms = cx->deadline_ms}, {.deadline_ms = cx->deadline_ms}};
    struct place at = place_before(t);
    size_t turn = 0;
    Res r = OK;

    while (r.code == FAIL_NONE && at.rows == PAGE_ROWS) {
        turn = 1 - turn;
        arena_reset(&pages[turn].mem);
        r = copy_page(&pages[turn], from, to, t, &at);
    }
    if (r.code != FAIL_NONE) {
        cx->why = pages[turn].why;
    }
    cx_done(&pages[0]);
    cx_done(&pages[1]);
    return r;
}

static Res copy_last_id(
    struct cx *cx, struct db *from, struct db *to, const struct table *t)
{
    int64_t last = 0;

    TRY(db_query_int(
        cx, from, db_driver_of(from)->last_id, DB_ARGS(db_text(t->name)), &last));
    if (last == 0) {
        return OK;
    }
    return db_query_int(
        cx, to, db_driver_of(to)->set_last_id, DB_ARGS(db_text(t->name), db_int(last)),
        &last);
}

static Res copy_table(
    struct cx *cx, struct copying *c, struct db *to, const struct table *t)
{
    struct copy_count *ret = &c->report.tables[t - tables];
    int64_t wanted = 0;
    int64_t got = 0;

    TRY(copy_rows(cx, c->from, to, t));
    TRY(t->gives_ids ? copy_last_id(cx, c->from, to, t) : OK);
    TRY(db_query_int(cx, c->from, t->count, NULL, 0, &wanted));
    TRY(db_query_int(cx, to, t->count, NULL, 0, &got));
    if (got != wanted) {
        return fail(
            cx, FAIL_INTERNAL, "%.*s: %lld rows have become %lld; nothing was copied",
            (int)t->name.n, t->name.p, (long long)wanted, (long long)got);
    }
    *ret = (struct copy_count){t->name, got};
    return OK;
}

static Res refuse_data(struct cx *cx, struct db *to, const struct table *t)
{
    int64_t rows = 0;

    if (t->clear != NULL) {
        return db_exec(cx, to, t->clear, NULL, 0, NULL);
    }
    TRY(db_query_int(cx, to, t->count, NULL, 0, &rows));
    if (rows > 0) {
        return fail(
            cx, FAIL_CONFLICT,
            "the store to copy to holds data already (%lld rows in %.*s); nothing was "
            "copied",
            (long long)rows, (int)t->name.n, t->name.p);
    }
    return OK;
}

static const char grants_sql[] =
    "select a.id, a.provider, g.sealed from accounts a join grants g on g.account = a.id"
    " where a.id > $1 order by a.id" PAGE;

/* One page of them, as they are in the copy. */
static Res open_page(struct cx *cx, struct copying *c, struct db *to, struct place *at)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    Res r;

    at->rows = 0;
    TRY(db_query(cx, to, grants_sql, at->key, 1, &stmt));
    while (db_next(cx, stmt, &r)) {
        int64_t id = db_get_int(stmt, 0);

        if (c->job
                ->open_grant(
                    cx, c->job->arg, db_get_int(stmt, 1), id,
                    db_get_blob(&cx->mem, stmt, 2))
                .code
            != FAIL_NONE) {
            return fail(
                cx, FAIL_CONFIG,
                "the grant of account %lld doesn't open: is the key file the one it was "
                "sealed with? Nothing was copied",
                (long long)id);
        }
        at->key[0] = db_int(id);
        at->rows++;
    }
    c->report.opened += (int64_t)at->rows;
    return r;
}

static Res open_grants(struct cx *cx, struct copying *c, struct db *to)
{
    struct cx page = {.deadline_ms = cx->deadline_ms};
    struct place at = {.key = {db_int(INT64_MIN)}, .rows = PAGE_ROWS};
    Res r = OK;

    while (r.code == FAIL_NONE && at.rows == PAGE_ROWS) {
        arena_reset(&page.mem);
        r = open_page(&page, c, to, &at);
    }
    if (r.code != FAIL_NONE) {
        cx->why = page.why;
    }
    cx_done(&page);
    return r;
}

static Res write_all(struct cx *cx, struct db *to, void *arg)
{
    struct copying *c = arg;
    Res r = schema_migrate(cx, to);

    c->report = (struct copy_report){0};
    for (size_t i = 0; i < COUNT(tables) && r.code == FAIL_NONE; i++) {
        r = refuse_data(cx, to, &tables[i]);
    }
    for (size_t i = 0; i < COUNT(tables) && r.code == FAIL_NONE; i++) {
        r = copy_table(cx, c, to, &tables[i]);
    }
    TRY(r);
    return open_grants(cx, c, to);
}

/* Once it is written, a source that is lost does no harm any more. */
static Res read_all(struct cx *cx, struct db *from, void *arg)
{
    struct copying *c = arg;

    if (c->is_done) {
        return OK;
    }
    c->from = from;
    TRY(store_write(cx, c->job->to, write_all, c));
    c->is_done = true;
    return OK;
}

Res store_copy(struct cx *cx, const struct copy_job *job, struct copy_report *ret)
{
    struct copying c = {.job = job};

    Res r = store_check(cx, job->from);

    if (r.code != FAIL_NONE) {
        Str why = str_cat(&cx->mem, str_from_z(cx->why.text), (Str){"", 1});

        return fail(cx, r.code, "the store to copy from: %s", why.p);
    }
    TRY(store_create(cx, job->to));
    TRY(store_read(cx, job->from, read_all, &c));
    *ret = c.report;
    return OK;
}
