/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db.c - a connection: its prepared statements, its transactions.
 *
 * Knows no engine: a driver (driver.h) does the work.
 */
#include "store/db.h"

#include <string.h>

#include "base/arena.h"
#include "base/cx.h"
#include "store/driver.h"

struct db_stmt {
    struct db *db;
    const char *sql; /* its address is the key */
    void *handle;
    bool in_use;
};

struct db {
    const struct db_driver *driver;
    void *conn;
    struct db_stmt **stmts; /* some sixty at most: looked through in order */
    size_t n;
    size_t room;
    size_t n_in_use;
    bool scrub;
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

static Res work_and_commit(struct cx *cx, struct db *db, store_work *work, void *arg)
{
    TRY(work(cx, db, arg));
    must_be(db->n_in_use == 0);
    return db->driver->commit(cx, db->conn);
}

Res db_transact(struct cx *cx, struct db *db, bool write, store_work *work, void *arg)
{
    TRY(db->driver->begin(cx, db->conn, write));
    db->scrub = false;
    Res r = work_and_commit(cx, db, work, arg);

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

Res db_script(struct cx *cx, struct db *db, const char *sql)
{
    return db->driver->script(cx, db->conn, sql);
}

const struct db_driver *db_driver_of(const struct db *db)
{
    return db->driver;
}

void db_scrub(struct db *db)
{
    db->scrub = true;
}

static Res stmt_prepare(
    struct cx *cx, struct db *db, const char *sql, struct db_stmt **ret)
{
    void *handle;

    TRY(db->driver->prepare(cx, db->conn, sql, &handle));
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
    struct cx *cx, struct db *db, const char *sql, const struct db_value *args, size_t n,
    struct db_stmt **ret)
{
    struct db_stmt *s;

    TRY(stmt_find(cx, db, sql, &s));
    must_be(!s->in_use);
    TRY(db->driver->bind(cx, s->handle, args, n));
    s->in_use = true;
    db->n_in_use++;
    *ret = s;
    return OK;
}

Res db_step(struct cx *cx, struct db_stmt *stmt, bool *ret)
{
    return stmt->db->driver->step(cx, stmt->handle, ret);
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
    struct cx *cx, struct db *db, const char *sql, const struct db_value *args, size_t n,
    int64_t *changed)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    TRY(db_query(cx, db, sql, args, n, &stmt));
    TRY(db_step(cx, stmt, &row));
    must_be(!row);
    if (changed != NULL) {
        *changed = db->driver->changed(stmt->handle);
    }
    return OK;
}

Res db_query_int(
    struct cx *cx, struct db *db, const char *sql, const struct db_value *args, size_t n,
    int64_t *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    TRY(db_query(cx, db, sql, args, n, &stmt));
    TRY(db_step(cx, stmt, &row));
    must_be(row);
    *ret = db_get_int(stmt, 0);
    return OK;
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

void *db_grow(struct arena *mem, void *list, size_t n, size_t size)
{
    static const size_t first = 8;
    bool has_room = n % first != 0 || (n & (n - 1)) != 0;

    if (has_room) {
        return list;
    }
    void *p = arena_alloc_n(mem, size, n == 0 ? first : 2 * n);

    if (n > 0) {
        memcpy(p, list, n * size);
    }
    return p;
}
