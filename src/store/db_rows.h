/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db_rows.h - inside store/ only: rows as structs, checked as input.
 *
 * A row may come from a newer binary, a failing disk or an operator's hand (ADR 24).
 */
#pragma once

#include "base/clock.h"
#include "store/db.h"

/* The numbers that this binary knows in a column: others make a row unreadable. */
struct db_range {
    int column;
    const char *name;
    int64_t low;
    int64_t high;
};

/* The range of a key's id, and of a time. */
#define DB_KEY_ID 0, UINT32_MAX
#define DB_TIME   0, CLOCK_MOST_MS

/* How a row becomes a struct. */
struct db_row {
    const char *what; /* "account": for the reason of a failure */
    size_t size;
    Res (*read)(struct cx *cx, struct db_stmt *stmt, void *ret);
    const struct db_range *ranges; /* checked before `read` */
    size_t n_ranges;
};

/* A row whose first column is an int64_t. */
extern const struct db_row db_int_row;

/* Items of one size, one behind the other; zero-initialised is empty. */
struct db_list {
    void *at;
    size_t n;
    size_t room;
    size_t n_unreadable; /* rows that db_rows left out */
};

/* A new item at the end, zeroed. Items that are there may move. */
void *db_list_add(struct arena *mem, struct db_list *list, size_t size);

/* The first row. FAIL_NOT_FOUND: there is none. FAIL_UNREADABLE: this binary doesn't know
 * what is in it. */
Res db_one(
    struct cx *cx, struct db *db, const char *sql, struct db_args args,
    const struct db_row *row, void *ret) MUST;
/* All rows, behind what `ret` has already. Unreadable ones are left out and counted; the
 * context has the reason of the last one. */
Res db_rows(
    struct cx *cx, struct db *db, const char *sql, struct db_args args,
    const struct db_row *row, struct db_list *ret) MUST;
