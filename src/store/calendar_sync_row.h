/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_sync_row.h - inside store/ only: the columns of calendar_sync, as part of any
 * row that begins with `first` others.
 */
#pragma once

#include "base/arena.h"
#include "store/calendar_sync.h"
#include "store/db_rows.h"

/* Of a table that the statement calls y. */
#define SYNC_COLUMNS                                                                     \
    "y.settings, y.account, y.source, y.state, y.inactive_reason, y.window_from,"        \
    " y.window_to, y.full_due_at, y.due_at, y.noticed_at, y.read_at, y.synced_at,"       \
    " y.failures, y.recent, y.cursor, y.image_version, y.image_digest, y.events, y.top," \
    " y.channel_no, y.channel_id, y.resource_id, y.channel_until, y.channel_due_at,"     \
    " y.channel_failures, y.channel_made_at, y.channel_heard_at, y.failure"

/* clang-format off */
#define SYNC_RANGES(first)                                                               \
    {(first) + 2, "source", 1, SOURCE_COUNT}, {(first) + 3, "state", SYNC_NEW, SYNC_PAUSED}, \
    {(first) + 4, "inactive_reason", SYNC_ACTIVE, SYNC_TOO_LARGE},                       \
    {(first) + 9, "noticed_at", DB_TIME}, {(first) + 10, "read_at", DB_TIME},            \
    {(first) + 11, "synced_at", DB_TIME}, {(first) + 12, "failures", 0, INT32_MAX},      \
    {(first) + 15, "image_version", 0, INT64_MAX},                                       \
    {(first) + 19, "channel_no", 0, UINT32_MAX}

/* The same of the table y, for chores: what they can't read keeps nothing else waiting. */
#define SYNC_READABLE(y)                                                                 \
    y ".state between 1 and 4 and " y ".inactive_reason between 0 and 5"                 \
    " and " y ".noticed_at between 0 and 253402300799999"                                \
    " and " y ".read_at between 0 and 253402300799999"                                   \
    " and " y ".synced_at between 0 and 253402300799999"                                 \
    " and " y ".failures between 0 and 2147483647 and " y ".image_version >= 0"          \
    " and " y ".channel_no between 0 and 4294967295"

/* clang-format on */

_Static_assert(SYNC_NEW == 1 && SYNC_PAUSED == 4, "SYNC_READABLE says so");
_Static_assert(SYNC_ACTIVE == 0 && SYNC_TOO_LARGE == 5, "the same");

static inline struct calendar_sync calendar_sync_read(
    struct arena *mem, struct db_stmt *stmt, int first)
{
    return (struct calendar_sync){
        .settings = db_get_int(stmt, first),
        .account = db_get_int(stmt, first + 1),
        .source = (enum source_id)db_get_int(stmt, first + 2),
        .state = (enum sync_state)db_get_int(stmt, first + 3),
        .inactive = (enum sync_inactive)db_get_int(stmt, first + 4),
        .window_from_s = db_get_int(stmt, first + 5),
        .window_to_s = db_get_int(stmt, first + 6),
        .full_due_ms = db_get_int(stmt, first + 7),
        .due_ms = db_get_int(stmt, first + 8),
        .noticed_ms = db_get_int(stmt, first + 9),
        .read_ms = db_get_int(stmt, first + 10),
        .synced_ms = db_get_int(stmt, first + 11),
        .failures = db_get_int(stmt, first + 12),
        .recent = db_get_int(stmt, first + 13),
        .cursor = db_get_blob(mem, stmt, first + 14),
        .image_version = db_get_int(stmt, first + 15),
        .image_digest = db_get_blob(mem, stmt, first + 16),
        .events = db_get_int(stmt, first + 17),
        .top = db_get_int(stmt, first + 18),
        .channel_no = db_get_int(stmt, first + 19),
        .channel_id = db_get_text(mem, stmt, first + 20),
        .resource_id = db_get_text(mem, stmt, first + 21),
        .channel_until_ms = db_get_int(stmt, first + 22),
        .channel_due_ms = db_get_int(stmt, first + 23),
        .channel_failures = db_get_int(stmt, first + 24),
        .channel_made_ms = db_get_int(stmt, first + 25),
        .channel_heard_ms = db_get_int(stmt, first + 26),
        .failure = db_get_text(mem, stmt, first + 27),
    };
}
