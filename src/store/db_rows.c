/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db_rows.c - from rows to structs and lists of them.
 */
#include "store/db_rows.h"

#include <string.h>

#include "base/arena.h"
#include "base/cx.h"

enum { LIST_FIRST = 8 };

void *db_list_add(struct arena *mem, struct db_list *list, size_t size)
{
    if (list->n == list->room) {
        list->room = list->room == 0 ? LIST_FIRST : 2 * list->room;
        void *at = arena_alloc_n(mem, size, list->room);

        if (list->n > 0) {
            memcpy(at, list->at, list->n * size);
        }
        list->at = at;
    }
    return (char *)list->at + size * list->n++;
}

static Res db_int_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    (void)cx;
    *(int64_t *)ret = db_get_int(stmt, 0);
    return OK;
}

const struct db_row db_int_row = {"row", sizeof(int64_t), db_int_read};

static Res row_check(struct cx *cx, struct db_stmt *stmt, const struct db_row *row)
{
    for (size_t i = 0; i < row->n_ranges; i++) {
        const struct db_range *range = &row->ranges[i];
        int64_t v = db_get_int(stmt, range->column);

        if (v < range->low || v > range->high) {
            return fail(
                cx, FAIL_UNREADABLE,
                "store: %s %lld has %s %lld, which this caldock doesn't know", row->what,
                (long long)db_get_int(stmt, 0), range->name, (long long)v);
        }
    }
    return OK;
}

static Res row_read(
    struct cx *cx, struct db_stmt *stmt, const struct db_row *row, void *ret)
{
    TRY(row_check(cx, stmt, row));
    return row->read(cx, stmt, ret);
}

Res db_one(
    struct cx *cx, struct db *db, const char *sql, struct db_args args,
    const struct db_row *row, void *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool is_there;

    TRY(db_query(cx, db, sql, args, &stmt));
    TRY(db_step(cx, stmt, &is_there));
    if (!is_there) {
        return fail(cx, FAIL_NOT_FOUND, "there is no such %s", row->what);
    }
    return row_read(cx, stmt, row, ret);
}

Res db_rows(
    struct cx *cx, struct db *db, const char *sql, struct db_args args,
    const struct db_row *row, struct db_list *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    struct db_list list = *ret;
    Res r;

    TRY(db_query(cx, db, sql, args, &stmt));
    while (db_next(cx, stmt, &r)) {
        Res read = row_read(cx, stmt, row, db_list_add(&cx->mem, &list, row->size));

        if (read.code == FAIL_UNREADABLE) {
            list.n--;
            list.n_unreadable++;
            continue;
        }
        TRY(read);
    }
    TRY(r);
    *ret = list;
    return OK;
}
