/* SPDX-License-Identifier: Apache-2.0 */
/*
 * step.h - inside store/ only: the rows of one step of long work.
 */
#pragma once

#include "base/limits.h"
#include "store/db.h"

/* As a number, which a planner sees: for a parameter PostgreSQL reckons with a tenth of
 * the table, and may then rather read all of it. */
#define STEP_LIMIT  " limit 100"
#define SWEEP_LIMIT " limit 500"

_Static_assert(LIMIT_STEP_ROWS == 100, "as STEP_LIMIT says");
_Static_assert(LIMIT_SWEEP_ROWS == 500, "as SWEEP_LIMIT says");

struct db_list;

/* The last id of the page behind $1, where unreadable rows count, too; 0: none. `where`
 * narrows it, from " and " on. */
#define STEP_PAGE_END(table, where)                                                      \
    "select max(id) from (select id from " table " where id > $1" where                  \
    " order by id" STEP_LIMIT ") as page"

/* clang-format off */
/* For the keys of some rows: as many as one round trip carries. */
#define STEP_PLACES                                                                      \
    "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"  \
    " $19, $20, $21, $22, $23, $24, $25)"

/* clang-format on */

/* Deletes rows by their keys, an array of Str of `type`; `sql` has STEP_PLACES for them.
 * Where one statement finds the rows and deletes them, PostgreSQL reads a table that is
 * not large from end to end, and collides with everybody who writes it. */
Res step_delete(
    struct cx *cx, struct db *db, const char *sql, int type, const struct db_list *keys)
    MUST;
