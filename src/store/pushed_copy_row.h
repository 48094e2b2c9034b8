/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pushed_copy_row.h - inside store/ only: the columns of a copy, in a statement that
 * calls its table c.
 */
#pragma once

#include "base/datetime.h"
#include "store/db_rows.h"
#include "store/pushed_copies.h"

#define COPY_COLUMNS                                                                      \
    "c.id, c.event, c.settings, c.account, c.source, c.key, c.generation, c.external_id," \
    " c.link, c.want, c.status, c.reason, c.want_rev, c.have_rev, c.flags, c.due_at,"     \
    " c.since, c.attempts, c.written_at, c.start_at, c.end_at, c.sent_end_at,"            \
    " c.sent_after"

enum { COPY_COLUMN_COUNT = 23 };

/* clang-format off */
#define COPY_RANGES                                                                      \
    {4, "source", 1, SOURCE_COUNT},                                                      \
    {6, "generation", 0, INT64_MAX},                                                     \
    {9, "want", COPY_WANT_WRITTEN, COPY_WANT_NONE},                                      \
    {10, "status", COPY_PENDING, COPY_REMOVING},                                         \
    {11, "reason", COPY_REASON_NONE, COPY_SOURCE_ERROR},                                 \
    {12, "want_rev", 0, INT64_MAX},                                                      \
    {13, "have_rev", 0, INT64_MAX},                                                      \
    {14, "flags", 0, COPY_FLAGS_ALL},                                                    \
    {16, "since", DB_TIME},                                                              \
    {17, "attempts", 0, INT32_MAX},                                                      \
    {18, "written_at", DB_TIME},                                                         \
    {21, "sent_end_at", 0, DATETIME_LAST_S},                                             \
    {22, "sent_after", DB_TIME}

/* clang-format on */

/* They are the first columns of the statement. */
struct pushed_copy pushed_copy_read(struct arena *mem, struct db_stmt *stmt);
/* A row of these columns alone, as a struct pushed_copy. */
extern const struct db_row pushed_copy_row;
