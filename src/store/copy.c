/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.c - everything from one store to another, table by table.
 *
 * A table is read in pages behind the key of the last row, so that memory doesn't grow
 * with it. Nothing here knows what a column means.
 */
#include "store/copy.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/copy_tables.h"
#include "store/inner.h"
#include "store/nodes.h"

/* Rows of a page that is read, and of one insert: as many as a round trip carries. */
enum { PAGE_ROWS = 500, BATCH_ROWS = 25, INSERT_BYTES = 8 * 1024 };

_Static_assert(PAGE_ROWS % BATCH_ROWS == 0, "only the last page has rows left over");

/* How many rows of a table are read at once. */
static size_t copy_page_rows(const struct copy_table *t)
{
    return t->is_large ? BATCH_ROWS : PAGE_ROWS;
}

struct copying {
    const struct copy_job *job;
    struct db *from;
    struct copy_report report;
    bool is_done;
};

static struct db_value column_read(
    struct arena *mem, struct db_stmt *stmt, char type, int column)
{
    struct db_value v = type == 'i'   ? db_int(db_get_int(stmt, column))
                        : type == 't' ? db_text(db_get_text(mem, stmt, column))
                                      : db_blob(db_get_blob(mem, stmt, column));

    v.is_null = db_is_null(stmt, column);
    return v;
}

/* A table, and the insert of many of its rows. */
struct copy_route {
    const struct copy_table *table;
    const char *insert_many;
};

/* How far a table has been read. */
struct copy_place {
    struct db_value key[COPY_KEYS_MOST + 1]; /* and the rows of a page behind it */
    size_t rows;                             /* of the last page */
};

static struct copy_place copy_place_before(const struct copy_table *t)
{
    struct copy_place p = {.rows = copy_page_rows(t)};

    for (size_t i = 0; i < t->n_keys; i++) {
        p.key[i] = t->types[i] == 'i'   ? db_int(INT64_MIN)
                   : t->types[i] == 't' ? db_text(S(""))
                                        : db_blob(S(""));
    }
    p.key[t->n_keys] = db_int((int64_t)copy_page_rows(t));
    return p;
}

/* The table's own insert with places for BATCH_ROWS rows. No input is in it, and it lives
 * as long as `cx`, as a statement's text must. */
static Res copy_insert_many(struct cx *cx, const struct copy_table *t, const char **ret)
{
    struct buf b = {.mem = &cx->mem, .max = INSERT_BYTES};
    size_t n = strlen(t->types);
    Str text;

    buf_add(&b, str_from_z(t->insert));
    for (size_t i = n; i < n * BATCH_ROWS; i++) {
        buf_add(&b, i % n == 0 ? S(", ($") : S(", $"));
        buf_add_int(&b, (int64_t)i + 1);
        buf_add(&b, i % n == n - 1 ? S(")") : S(""));
    }
    buf_add_char(&b, 0);
    TRY(buf_done(cx, &b, &text));
    *ret = text.p;
    return OK;
}

/* `values` are those of all rows, one behind the other. */
static Res copy_write(
    struct cx *cx, struct db *to, const struct copy_route *route,
    const struct db_value *values, size_t rows)
{
    size_t n = strlen(route->table->types);
    size_t at = 0;

    while (at < rows) {
        bool is_many = rows - at >= BATCH_ROWS;
        size_t took = is_many ? BATCH_ROWS : 1;

        TRY(db_exec(
            cx, to, is_many ? route->insert_many : route->table->insert,
            (struct db_args){&values[at * n], took * n}, NULL));
        at += took;
    }
    return OK;
}

static Res copy_page(
    struct cx *cx, struct db *from, struct db *to, const struct copy_route *route,
    struct copy_place *at)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    const struct copy_table *t = route->table;
    size_t n = strlen(t->types);
    struct db_value *values = NEW_N(&cx->mem, struct db_value, n * copy_page_rows(t));
    size_t rows = 0;
    Res r;

    TRY(db_query(cx, from, t->select, (struct db_args){at->key, t->n_keys + 1}, &stmt));
    while (db_next(cx, stmt, &r)) {
        for (size_t i = 0; i < n; i++) {
            values[rows * n + i] = column_read(&cx->mem, stmt, t->types[i], (int)i);
        }
        rows++;
    }
    TRY(r);
    TRY(copy_write(cx, to, route, values, rows));
    for (size_t i = 0; rows > 0 && i < t->n_keys; i++) {
        at->key[i] = values[(rows - 1) * n + i];
    }
    at->rows = rows;
    return OK;
}

/* Two arenas take turns: a page begins behind a key that the other one holds. */
static Res copy_rows(
    struct cx *cx, struct db *from, struct db *to, const struct copy_table *t)
{
    struct cx pages[] = {
        {.deadline_ms = cx->deadline_ms}, {.deadline_ms = cx->deadline_ms}};
    struct copy_place at = copy_place_before(t);
    struct copy_route route = {.table = t};
    size_t turn = 0;
    Res r = copy_insert_many(cx, t, &route.insert_many);

    while (r.code == FAIL_NONE && at.rows == copy_page_rows(t)) {
        turn = 1 - turn;
        arena_reset(&pages[turn].mem);
        r = copy_page(&pages[turn], from, to, &route, &at);
    }
    if (r.code != FAIL_NONE && route.insert_many != NULL) {
        cx->why = pages[turn].why;
    }
    cx_done(&pages[0]);
    cx_done(&pages[1]);
    return r;
}

static Res copy_last_id(
    struct cx *cx, struct db *from, struct db *to, const struct copy_table *t)
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
    struct cx *cx, struct copying *c, struct db *to, const struct copy_table *t)
{
    struct copy_count *ret = &c->report.tables[t - copy_tables];
    int64_t wanted = 0;
    int64_t got = 0;

    TRY(copy_rows(cx, c->from, to, t));
    TRY(t->gives_ids ? copy_last_id(cx, c->from, to, t) : OK);
    TRY(db_query_int(cx, c->from, t->count, DB_NONE, &wanted));
    TRY(db_query_int(cx, to, t->count, DB_NONE, &got));
    if (got != wanted) {
        return fail(
            cx, FAIL_INTERNAL, "%.*s: %lld rows have become %lld; nothing was copied",
            STR_ARG(t->name), (long long)wanted, (long long)got);
    }
    *ret = (struct copy_count){t->name, got};
    return OK;
}

static Res copy_refuse_data(struct cx *cx, struct db *to, const struct copy_table *t)
{
    int64_t rows = 0;

    if (t->clear != NULL) {
        return db_exec(cx, to, t->clear, DB_NONE, NULL);
    }
    TRY(db_query_int(cx, to, t->count, DB_NONE, &rows));
    if (rows > 0) {
        return fail(
            cx, FAIL_CONFLICT,
            "the store to copy to holds data already (%lld rows in %.*s); nothing was "
            "copied",
            (long long)rows, STR_ARG(t->name));
    }
    return OK;
}

/* Both tables are read behind the same row (sealed.c says why). */
static const char grants_sql[] =
    "select a.id, a.provider, g.sealed from accounts a join grants g on g.account = a.id"
    " where a.id > $1 and g.account > $1 order by a.id limit $2";

/* Opens one page of the grants in the copy. */
static Res copy_open_page(
    struct cx *cx, struct copying *c, struct db *to, struct copy_place *at)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    Res r;

    at->rows = 0;
    TRY(db_query(cx, to, grants_sql, DB_ARGS(at->key[0], db_int(PAGE_ROWS)), &stmt));
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

static Res copy_open_grants(struct cx *cx, struct copying *c, struct db *to)
{
    struct cx page = {.deadline_ms = cx->deadline_ms};
    struct copy_place at = {.key = {db_int(INT64_MIN)}, .rows = PAGE_ROWS};
    Res r = OK;

    while (r.code == FAIL_NONE && at.rows == PAGE_ROWS) {
        arena_reset(&page.mem);
        r = copy_open_page(&page, c, to, &at);
    }
    if (r.code != FAIL_NONE) {
        cx->why = page.why;
    }
    cx_done(&page);
    return r;
}

static Res copy_to_work(struct cx *cx, struct db *to, void *arg)
{
    struct copying *c = arg;
    Res r = migrate_schema(cx, to);

    c->report = (struct copy_report){0};
    for (size_t i = 0; i < COPY_TABLES && r.code == FAIL_NONE; i++) {
        r = copy_refuse_data(cx, to, &copy_tables[i]);
    }
    for (size_t i = 0; i < COPY_TABLES && r.code == FAIL_NONE; i++) {
        r = copy_table(cx, c, to, &copy_tables[i]);
    }
    TRY(r);
    return copy_open_grants(cx, c, to);
}

/* What a node writes after this moment would not be in the copy. */
static Res copy_refuse_live(struct cx *cx, struct db *from, const struct copy_job *job)
{
    struct node *nodes;
    size_t n;

    TRY(node_list(cx, from, &nodes, &n));
    if (n == 0 || job->is_snapshot) {
        return OK;
    }
    return fail(
        cx, FAIL_CONFLICT,
        "the node %.*s/%.*s serves from the store to copy from, and what it writes "
        "from now on would not be in the copy: stop it (one that was killed is forgotten "
        "after %d seconds), or say --snapshot; nothing was copied",
        STR_ARG(nodes[0].host), STR_ARG(nodes[0].id), LIMIT_NODE_LIVE_MS / 1000);
}

/* Runs again when the source is lost; once the target is committed there is no need. */
static Res copy_from_work(struct cx *cx, struct db *from, void *arg)
{
    struct copying *c = arg;

    if (c->is_done) {
        return OK;
    }
    c->from = from;
    TRY(migrate_check_is_done(cx, from));
    TRY(copy_refuse_live(cx, from, c->job));
    TRY(store_write(cx, c->job->to, copy_to_work, c));
    c->is_done = true;
    return OK;
}

Res store_copy(struct cx *cx, const struct copy_job *job, struct copy_report *ret)
{
    struct copying c = {.job = job};

    enum store_state state;
    Res r = store_check(cx, job->from, &state);

    if (r.code != FAIL_NONE) {
        Str why = str_cat(&cx->mem, str_from_z(cx->why.text), (Str){"", 1});

        return fail(cx, r.code, "the store to copy from: %s", why.p);
    }
    TRY(store_create(cx, job->to));
    TRY(store_read(cx, job->from, copy_from_work, &c));
    *ret = c.report;
    return OK;
}
