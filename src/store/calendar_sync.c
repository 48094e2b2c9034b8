/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_sync.c - the state of each calendar, what makes it due, and its image.
 */
#include "store/calendar_sync.h"

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/account_lease.h"
#include "store/calendar_sync_row.h"

static Res sync_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(struct calendar_sync *)ret = calendar_sync_read(&cx->mem, stmt, 0);
    return OK;
}

static const struct db_range sync_ranges[] = {SYNC_RANGES(0)};

static const struct db_row sync_row = {
    "calendar", sizeof(struct calendar_sync), sync_read, sync_ranges, COUNT(sync_ranges)};

Res calendar_sync_get(
    struct cx *cx, struct db *db, int64_t settings, struct calendar_sync *ret)
{
    return db_one(
        cx, db, "select " SYNC_COLUMNS " from calendar_sync y where y.settings = $1",
        DB_ARGS(db_int(settings)), &sync_row, ret);
}

/* Making due. */

/* begun_at alone would be believed for ever where a node died in the midst of a read. */
Res calendar_sync_want(struct cx *cx, struct db *db, int64_t settings, int64_t since_ms)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec(
        cx, db,
        "update calendar_sync set due_at = 1"
        " where settings = $1 and state <> 4 and inactive_reason = 0 and read_at < $5"
        " and not (begun_at >= $5 and exists (select 1 from account_work w"
        " where w.account = calendar_sync.account and " ACCOUNT_LEASED "))",
        DB_ARGS(
            db_int(settings), db_int(now_ms), db_int(now_ms - LIMIT_NODE_LIVE_MS),
            db_int(now_ms + LIMIT_LEASE_MOST_MS), db_int(since_ms)),
        NULL);
}

Res calendar_sync_spoil(struct cx *cx, struct db *db, int64_t settings)
{
    return db_exec(
        cx, db,
        "update calendar_sync set cursor = null, key_id = 0, image_digest = null,"
        " due_at = case when state <> 4 and inactive_reason = 0 then 1 else due_at end"
        " where settings = $1",
        DB_ARGS(db_int(settings)), NULL);
}

Res calendar_sync_wake_account(struct cx *cx, struct db *db, int64_t account)
{
    return db_exec(
        cx, db,
        "update calendar_sync set due_at = 1, failures = 0,"
        " channel_due_at = case when channel_id = '' then 1 else channel_due_at end"
        " where account = $1 and settings in (select id from staff_calendar_settings"
        " where account = $1 and deleted_at = 0)",
        DB_ARGS(db_int(account)), NULL);
}

Res calendar_sync_count(struct cx *cx, struct db *db, enum source_id source, int64_t *ret)
{
    return db_query_int(
        cx, db, "select count(*) from calendar_sync where source = $1",
        DB_ARGS(db_int(source)), ret);
}

Res calendar_sync_now(struct cx *cx, struct db *db, int64_t *ret)
{
    return db_now_ms(cx, db, ret);
}

/* Images. */

static Res image_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(Str *)ret = db_get_blob(&cx->mem, stmt, 0);
    return OK;
}

static const struct db_row image_row = {"image", sizeof(Str), image_read};

Res calendar_image_get(struct cx *cx, struct db *db, int64_t settings, Str *ret)
{
    return db_one(
        cx, db, "select sealed from calendar_images where settings = $1",
        DB_ARGS(db_int(settings)), &image_row, ret);
}

Res calendar_image_put(
    struct cx *cx, struct db *db, int64_t settings, int64_t version, uint32_t key_id,
    Str sealed)
{
    return db_exec(
        cx, db,
        "insert into calendar_images (settings, version, key_id, sealed)"
        " values ($1, $2, $3, $4)"
        " on conflict (settings) do update set version = excluded.version,"
        " key_id = excluded.key_id, sealed = excluded.sealed",
        DB_ARGS(db_int(settings), db_int(version), db_int(key_id), db_blob(sealed)),
        NULL);
}
