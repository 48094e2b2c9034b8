/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_notices.c - calendars that are due since their source said so.
 */
#include "store/calendar_notices.h"

#include "base/cx.h"
#include "base/limits.h"
#include "store/calendar_sync.h"
#include "store/driver.h"

_Static_assert(SYNC_PAUSED == 4, "the statement says so");

/* The channel of the notice may be the last one, its predecessor, or its successor, which
 * notifies before its source has answered that it is made. */
static Res notice_make_due(
    struct cx *cx, struct db *db, int64_t now_ms, const struct calendar_notice *n,
    int64_t *due_ms)
{
    int64_t then_ms = (n->what & NOTICE_NOW) != 0 ? now_ms : now_ms + LIMIT_NOTICE_MS;

    return db_query_int(
        cx, db,
        "update calendar_sync set channel_heard_at = $4,"
        " noticed_at = case when noticed_at = 0 then $4 else noticed_at end,"
        " due_at = case when failures = 0 and state <> 4 and inactive_reason = 0"
        " and due_at > $5 then $5 else due_at end"
        " where settings = $1 and source = $2"
        " and $3 between channel_no - 1 and channel_no + 1"
        " and exists (select 1 from staff_calendar_settings t"
        " where t.id = $1 and t.deleted_at = 0) returning due_at",
        DB_ARGS(
            db_int(n->settings), db_int(n->source), db_int(n->channel), db_int(now_ms),
            db_int(then_ms)),
        due_ms);
}

_Static_assert(LIMIT_CHANNEL_PAUSE_MS == 600000, "the statement says so");

/* Not sooner than LIMIT_CHANNEL_PAUSE_MS after its making. */
static Res notice_change_channel(
    struct cx *cx, struct db *db, int64_t now_ms, const struct calendar_notice *n,
    int64_t *changed)
{
    return db_exec(
        cx, db,
        "update calendar_sync set channel_due_at = case"
        " when channel_due_at < $4 then channel_due_at"
        " when channel_made_at + 600000 < $4 then $4"
        " when channel_made_at + 600000 < channel_due_at then channel_made_at + 600000"
        " else channel_due_at end,"
        " channel_id = case when $5 = 1 then '' else channel_id end,"
        " resource_id = case when $5 = 1 then '' else resource_id end,"
        " channel_until = case when $5 = 1 then 0 else channel_until end"
        " where settings = $1 and source = $2 and channel_no = $3",
        DB_ARGS(
            db_int(n->settings), db_int(n->source), db_int(n->channel), db_int(now_ms),
            db_int((n->what & NOTICE_LOST) != 0)),
        changed);
}

Res calendar_notice_put(
    struct cx *cx, struct db *db, int64_t now_ms, const struct calendar_notice *n,
    int64_t *due_ms)
{
    int64_t changed = 0;

    if ((n->what & (NOTICE_RENEW | NOTICE_LOST)) != 0) {
        TRY(notice_change_channel(cx, db, now_ms, n, &changed));
    }
    if ((n->what & (NOTICE_SOON | NOTICE_NOW)) != 0) {
        return notice_make_due(cx, db, now_ms, n, due_ms);
    }
    return changed > 0 ? OK : fail(cx, FAIL_NOT_FOUND, "no calendar has the channel");
}
