/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db.c - a connection: its prepared statements, its transactions.
 *
 * Knows no engine: a driver (driver.h) does the work.
 */
#include "store/db.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/cx.h"
#include "store/driver.h"

struct db_stmt {
    struct db *db;
    const char *sql; /* its address is the key */
    void *handle;
    bool in_use;
};

enum { COUNTS_MOST = 8 };

/* What the transaction under way is to be counted as. */
struct db_count_one {
    enum metric m;
    metric_place place;
};

struct db {
    const struct db_driver *driver;
    void *conn;
    struct db_stmt **stmts; /* some sixty at most: looked through in order */
    size_t n;
    size_t room;
    size_t n_in_use;
    bool scrub;
    struct db_count_one counts[COUNTS_MOST];
    size_t n_counts;
    bool is_full;       /* see db_is_full */
    bool is_started;    /* see db_note_started */
    int64_t stopped_ms; /* its clock stands still there; 0: it goes on */
};

struct db_value db_int(int64_t v)
{
    return (struct db_value){.type = DB_INT, .i = v};
}

struct db_value db_text(Str s)
{
    return (struct db_value){.type = DB_TEXT, .s = s};
}

struct db_value db_blob(Str s)
{
    return (struct db_value){.type = DB_BLOB, .s = s};
}

struct db_value db_blob_or_null(Str s)
{
    return (struct db_value){.type = DB_BLOB, .s = s, .is_null = s.n == 0};
}

Res db_open(
    struct cx *cx, const struct db_driver *driver, const struct db_place *place,
    struct db **ret)
{
    void *conn;

    TRY(driver->open(cx, place, &conn));
    struct db *db = heap_alloc(sizeof(*db));

    db->driver = driver;
    db->conn = conn;
    *ret = db;
    return OK;
}

void db_close(struct db **db)
{
    struct db *d = *db;

    if (d == NULL) {
        return;
    }
    for (size_t i = 0; i < d->n; i++) {
        d->driver->finish(d->stmts[i]->handle);
        heap_free(d->stmts[i]);
    }
    d->driver->close(d->conn);
    heap_free(d->stmts);
    heap_free(d);
    *db = NULL;
}

/* Returns the result as the callers of a running service have to take it. */
static Res db_result(struct db *db, Res r)
{
    if (r.code == FAIL_UNAVAILABLE && db->driver->is_full(db->conn)) {
        db->is_full = true;
    }
    if (r.code == FAIL_CONFIG && db->is_started) {
        r.code = FAIL_UNAVAILABLE;
    }
    return r;
}

void db_note_started(struct db *db)
{
    db->is_started = true;
}

static Res db_work_and_commit(struct cx *cx, struct db *db, store_work *work, void *arg)
{
    TRY(work(cx, db, arg));
    must_be(db->n_in_use == 0);
    return db_result(db, db->driver->commit(cx, db->conn));
}

Res db_transact(struct cx *cx, struct db *db, bool write, store_work *work, void *arg)
{
    db->is_full = false;
    TRY(db_result(db, db->driver->begin(cx, db->conn, write)));
    db->scrub = false;
    db->n_counts = 0;
    Res r = db_work_and_commit(cx, db, work, arg);

    for (size_t i = 0; i < db->n_counts && r.code == FAIL_NONE; i++) {
        metric_add(db->counts[i].m, db->counts[i].place, 1);
    }
    if (r.code != FAIL_NONE) {
        db->driver->rollback(db->conn);
    } else if (db->scrub) {
        db->driver->scrub(db->conn);
    }
    return r;
}

enum db_fate db_fate(struct db *db, Res failure)
{
    return db->driver->fate(db->conn, failure);
}

bool db_is_full(const struct db *db)
{
    return db->is_full;
}

Res db_script(struct cx *cx, struct db *db, const char *sql)
{
    return db_result(db, db->driver->script(cx, db->conn, sql));
}

const struct db_driver *db_driver_of(const struct db *db)
{
    return db->driver;
}

void db_stop_clock(struct db *db, int64_t now_ms)
{
    db->stopped_ms = now_ms;
}

void db_settle(struct db *db)
{
    db->driver->scrub(db->conn);
}

/* Of a command that changes many rows at once the rest is counted at once. */
void db_count(struct db *db, enum metric m, metric_place place)
{
    if (db->n_counts == COUNTS_MOST) {
        metric_add(m, place, 1);
    } else {
        db->counts[db->n_counts++] = (struct db_count_one){m, place};
    }
}

void db_scrub(struct db *db)
{
    db->scrub = true;
}

static Res stmt_prepare(
    struct cx *cx, struct db *db, const char *sql, struct db_stmt **ret)
{
    void *handle;

    TRY(db_result(db, db->driver->prepare(cx, db->conn, sql, &handle)));
    struct db_stmt *s = heap_alloc(sizeof(*s));

    *s = (struct db_stmt){.db = db, .sql = sql, .handle = handle};
    if (db->n == db->room) {
        db->room = db->room == 0 ? 16 : db->room * 2;
        db->stmts = heap_realloc(db->stmts, db->room * sizeof(struct db_stmt *));
    }
    db->stmts[db->n++] = s;
    *ret = s;
    return OK;
}

static Res stmt_find(struct cx *cx, struct db *db, const char *sql, struct db_stmt **ret)
{
    for (size_t i = 0; i < db->n; i++) {
        if (db->stmts[i]->sql == sql) {
            *ret = db->stmts[i];
            return OK;
        }
    }
    return stmt_prepare(cx, db, sql, ret);
}

Res db_query(
    struct cx *cx, struct db *db, const char *sql, struct db_args args,
    struct db_stmt **ret)
{
    struct db_stmt *s;

    TRY(stmt_find(cx, db, sql, &s));
    must_be(!s->in_use);
    TRY(db_result(db, db->driver->bind(cx, s->handle, args)));
    s->in_use = true;
    db->n_in_use++;
    *ret = s;
    return OK;
}

Res db_step(struct cx *cx, struct db_stmt *stmt, bool *ret)
{
    return db_result(stmt->db, stmt->db->driver->step(cx, stmt->handle, ret));
}

bool db_next(struct cx *cx, struct db_stmt *stmt, Res *r)
{
    bool row;

    *r = db_step(cx, stmt, &row);
    return r->code == FAIL_NONE && row;
}

void db_done(struct db_stmt **stmt)
{
    struct db_stmt *s = *stmt;

    if (s != NULL) {
        s->db->driver->reset(s->handle);
        s->in_use = false;
        s->db->n_in_use--;
        *stmt = NULL;
    }
}

Res db_exec(
    struct cx *cx, struct db *db, const char *sql, struct db_args args, int64_t *changed)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    TRY(db_query(cx, db, sql, args, &stmt));
    TRY(db_step(cx, stmt, &row));
    must_be(!row);
    if (changed != NULL) {
        *changed = db->driver->changed(stmt->handle);
    }
    return OK;
}

Res db_exec_one(
    struct cx *cx, struct db *db, const char *sql, struct db_args args, enum fail kind,
    const char *why)
{
    int64_t changed;

    TRY(db_exec(cx, db, sql, args, &changed));
    return changed > 0 ? OK : fail(cx, kind, "%s", why);
}

Res db_query_int(
    struct cx *cx, struct db *db, const char *sql, struct db_args args, int64_t *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool is_there;

    TRY(db_query(cx, db, sql, args, &stmt));
    TRY(db_step(cx, stmt, &is_there));
    if (!is_there) {
        return fail(cx, FAIL_NOT_FOUND, "there is no such row");
    }
    *ret = db_get_int(stmt, 0);
    return OK;
}

Res db_now_ms(struct cx *cx, struct db *db, int64_t *ret)
{
    if (db->stopped_ms != 0 || db->driver->now_ms == NULL) {
        *ret = db->stopped_ms != 0 ? db->stopped_ms : clock_now_ms();
        return OK;
    }
    return db_query_int(cx, db, db->driver->now_ms, DB_NONE, ret);
}

int64_t db_get_int(struct db_stmt *stmt, int column)
{
    return stmt->db->driver->get_int(stmt->handle, column);
}

bool db_is_null(struct db_stmt *stmt, int column)
{
    return stmt->db->driver->is_null(stmt->handle, column);
}

Str db_get_text(struct arena *mem, struct db_stmt *stmt, int column)
{
    return str_dup(mem, stmt->db->driver->get_bytes(stmt->handle, column));
}

Str db_get_blob(struct arena *mem, struct db_stmt *stmt, int column)
{
    return str_dup(mem, stmt->db->driver->get_bytes(stmt->handle, column));
}
