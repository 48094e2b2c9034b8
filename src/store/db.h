/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db.h - inside store/ only: one SQL text, a thin driver each.
 *
 * Statements use $1 … $n, are prepared once per connection and kept. Text and blobs that
 * a statement gives are copied into the arena. After a failure of the database a
 * transaction can only be given up: on PostgreSQL nothing else works in it any more.
 */
#pragma once

#include "base/str.h"

struct cx;
struct db;
struct db_stmt;

/* One binding: made by the functions below, so that a call reads as its SQL does. */
struct db_value {
    int64_t i;
    Str s;

    enum { DB_INT, DB_TEXT, DB_BLOB } type;

    bool is_null;
};

struct db_value db_int(int64_t v);
struct db_value db_text(Str s);
struct db_value db_blob(Str s);
struct db_value db_blob_or_null(Str s); /* null: empty */

struct db_args {
    const struct db_value *at;
    size_t n;
};

/* clang-format off */
#define DB_ARGS(...) (struct db_args){(const struct db_value[]){__VA_ARGS__},            \
    sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)}
#define DB_NONE (struct db_args){NULL, 0}

/* clang-format on */

/* `sql` is a literal: its address is the statement's key. */

/* The first number of the first row. FAIL_NOT_FOUND: there is none. */
Res db_query_int(
    struct cx *cx, struct db *db, const char *sql, struct db_args args, int64_t *ret)
    MUST;
/* A statement without rows to read; *changed (may be NULL) is how many rows it touched.
 */
Res db_exec(
    struct cx *cx, struct db *db, const char *sql, struct db_args args, int64_t *changed)
    MUST;
/* The same for a statement that has to touch a row: a failure of that kind when it
 * touches none, with `why` as its reason. */
Res db_exec_one(
    struct cx *cx, struct db *db, const char *sql, struct db_args args, enum fail kind,
    const char *why) MUST;

/* Returns the time of the database's clock, which decides between nodes. */
Res db_now_ms(struct cx *cx, struct db *db, int64_t *ret) MUST;

/* A statement whose rows the caller goes through: reset by CLEANUP(db_done), once under
 * way at a time. */
Res db_query(
    struct cx *cx, struct db *db, const char *sql, struct db_args args,
    struct db_stmt **ret) MUST;
/* true while there is a row. */
Res db_step(struct cx *cx, struct db_stmt *stmt, bool *ret) MUST;
/* The same for a loop: false after the last row, and on a failure, which is then `*r`. */
bool db_next(struct cx *cx, struct db_stmt *stmt, Res *r);
void db_done(struct db_stmt **stmt); /* accepts NULL */

int64_t db_get_int(struct db_stmt *stmt, int column); /* NULL is 0 */
bool db_is_null(struct db_stmt *stmt, int column);
Str db_get_text(struct arena *mem, struct db_stmt *stmt, int column); /* NULL is empty */
Str db_get_blob(struct arena *mem, struct db_stmt *stmt, int column);
