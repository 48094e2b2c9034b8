/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db.h - inside store/ only: one SQL text, a thin driver each.
 *
 * Statements use $1 … $n, are prepared once per connection and kept; a db_stmt is reset
 * by CLEANUP(db_done). Text and blobs that a statement gives are copied into the arena.
 * After a failure that isn't FAIL_NOT_FOUND a transaction can only be given up: on
 * PostgreSQL nothing else works in it any more.
 */
#pragma once

#include "base/str.h"

struct cx;
struct db;
struct db_stmt;

/* One binding: made by the functions below, so that a call reads as its SQL does. */
struct db_value {
    enum { DB_INT, DB_TEXT, DB_BLOB } type;

    int64_t i;
    Str s;
};

struct db_value db_int(int64_t v);
struct db_value db_text(Str s);
struct db_value db_blob(Str s);

/* clang-format off */
#define DB_ARGS(...) (const struct db_value[]){__VA_ARGS__},                             \
    sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)
/* clang-format on */

/* `sql` is a literal: its address is the statement's key. */
Res db_query(
    struct cx *cx, struct db *db, const char *sql, const struct db_value *args, size_t n,
    struct db_stmt **ret) MUST;
/* true while there is a row. */
Res db_step(struct cx *cx, struct db_stmt *stmt, bool *ret) MUST;
/* The same for a loop: false after the last row, and on a failure, which is then `*r`. */
bool db_next(struct cx *cx, struct db_stmt *stmt, Res *r);
/* A statement without rows to read; *changed (may be NULL) is how many rows it touched.
 */
Res db_exec(
    struct cx *cx, struct db *db, const char *sql, const struct db_value *args, size_t n,
    int64_t *changed) MUST;
/* For a statement that gives one row with one number. */
Res db_query_int(
    struct cx *cx, struct db *db, const char *sql, const struct db_value *args, size_t n,
    int64_t *ret) MUST;
void db_done(struct db_stmt **stmt); /* accepts NULL */

int64_t db_get_int(struct db_stmt *stmt, int column); /* NULL is 0 */
bool db_is_null(struct db_stmt *stmt, int column);
Str db_get_text(struct arena *mem, struct db_stmt *stmt, int column); /* NULL is empty */
Str db_get_blob(struct arena *mem, struct db_stmt *stmt, int column);

/* A list of `n` with room for one more: the same, or a copy in twice the room. */
void *db_grow(struct arena *mem, void *list, size_t n, size_t size);
