/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_reads.c - due accounts, their leases and holds, what a read leaves behind.
 *
 * A claim is the due time that a read wrote when it began. A due time below it came in
 * meanwhile, and stays.
 */
#include "store/calendar_reads.h"

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/account_lease.h"
#include "store/calendar_settings.h"
#include "store/calendar_sync_row.h"
#include "store/sync_job_row.h"

/* Taking. */

static const char reads_due_sql[] =
    "select c.account from calendar_sync c where c.source = $1 and c.due_at <= $2"
    " and " SYNC_READABLE(
        "c") " and not exists (select 1 from account_work w where w.account = c.account"
             " and " ACCOUNT_LEASED ") order by c.due_at, c.settings limit 16";

_Static_assert(SYNC_DUE_MOST == 16, "as the statement says");

Res calendar_reads_due(struct cx *cx, struct db *db, enum source_id source, int64_t *ret)
{
    return account_lease_count(
        cx, db, &(struct account_list){ACCOUNT_LEASE_READS, reads_due_sql, source}, ret);
}

Res calendar_reads_take(
    struct cx *cx, struct db *db, enum source_id source, int64_t part,
    struct lease *lease, struct account_work *ret)
{
    return account_lease_take(
        cx, db, &(struct account_list){ACCOUNT_LEASE_READS, reads_due_sql, source},
        (size_t)part, lease, ret);
}

Res calendar_reads_renew(
    struct cx *cx, struct db *db, int64_t account, struct lease *lease)
{
    TRY(lease_begin(cx, db, lease));
    return db_exec_one(
        cx, db,
        "update account_work set read_until = $3 where account = $1 and read_owner = $2",
        DB_ARGS(db_int(account), db_text(lease->owner), db_int(lease->until_ms)),
        FAIL_CONFLICT, "the lease on the account's calendars was lost");
}

Res calendar_reads_drop(struct cx *cx, struct db *db, int64_t account, Str owner)
{
    return db_exec(
        cx, db,
        "update account_work set read_owner = '', read_until = 0"
        " where account = $1 and read_owner = $2",
        DB_ARGS(db_int(account), db_text(owner)), NULL);
}

/* Beginning. */

static Res calendar_job_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(struct sync_job *)ret = sync_job_read(&cx->mem, stmt);
    return OK;
}

static const struct db_range calendar_job_ranges[] = {SYNC_JOB_RANGES};

static const struct db_row calendar_job_row = {
    "calendar", sizeof(struct sync_job), calendar_job_read, calendar_job_ranges,
    COUNT(calendar_job_ranges)};

static Res calendar_job_choose(
    struct cx *cx, struct db *db, int64_t account, Str owner, int64_t now_ms,
    struct sync_job *ret)
{
    return db_one(
        cx, db,
        SYNC_JOB_SELECT
        " where y.account = $1 and y.due_at <= $2 and w.read_owner = $3"
        " and " SYNC_READABLE("y") " order by y.due_at, y.settings limit 1",
        DB_ARGS(db_int(account), db_int(now_ms), db_text(owner)), &calendar_job_row, ret);
}

Res calendar_reads_begin(
    struct cx *cx, struct db *db, int64_t account, Str owner, int64_t claim_ms,
    struct sync_job *ret)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(calendar_job_choose(cx, db, account, owner, now_ms, ret));
    ret->now_ms = now_ms;
    ret->claim_ms = now_ms + claim_ms;
    return db_exec(
        cx, db, "update calendar_sync set due_at = $2, begun_at = $3 where settings = $1",
        DB_ARGS(db_int(ret->sync.settings), db_int(ret->claim_ms), db_int(now_ms)), NULL);
}

/* Writing. */

_Static_assert(SWITCH_SOURCE == 2, "the statement below says so");
_Static_assert(LIMIT_NOTICE_MS == 2000, "the same");

/* Whoever erases an image, or gives up what a read built on, drops its digest. A notice
 * leaves the back-off of a calendar that fails alone; one that came during the read that
 * ends the failures may tell of more than that read saw. */
Res calendar_reads_write(
    struct cx *cx, struct db *db, Str owner, const struct sync_job *job, uint32_t key_id,
    bool is_true)
{
    const struct calendar_sync *s = &job->sync;

    return db_exec_one(
        cx, db,
        "update calendar_sync set state = $4, inactive_reason = $5, window_from = $6,"
        " window_to = $7, full_due_at = $8, read_at = $9, synced_at = $10, failures = $11,"
        " recent = $12, key_id = $13, cursor = $14, image_version = $15,"
        " image_digest = $16, events = $17, top = $18, failure = $24, begun_at = 0,"
        " noticed_at = case when $21 = 0 or noticed_at = 0 then noticed_at"
        " when due_at < $19 or channel_heard_at > $9 then $9 else 0 end,"
        " due_at = case when due_at < $19 then due_at"
        " when $21 = 1 and noticed_at > 0 and channel_heard_at > $9 and $20 > $9 + 2000"
        " then $9 + 2000 else $20 end"
        " where settings = $1 and ($22 = 0 or image_digest is not null)"
        " and exists (select 1 from account_work"
        " where account = $2 and read_owner = $3)"
        " and exists (select 1 from staff_calendar_settings"
        " where id = $1 and deleted_at = 0 and (switches & 2) = $23)",
        DB_ARGS(
            db_int(s->settings), db_int(s->account), db_text(owner), db_int(s->state),
            db_int(s->inactive), db_int(s->window_from_s), db_int(s->window_to_s),
            db_int(s->full_due_ms), db_int(s->read_ms), db_int(s->synced_ms),
            db_int(s->failures), db_int(s->recent), db_int(key_id),
            db_blob_or_null(s->cursor), db_int(s->image_version),
            db_blob_or_null(s->image_digest), db_int(s->events), db_int(s->top),
            db_int(job->claim_ms), db_int(s->due_ms), db_int(is_true),
            db_int(job->had_digest), db_int(job->switches & SWITCH_SOURCE),
            db_text(s->failure)),
        FAIL_CONFLICT, "the calendar is read by another, or was changed meanwhile");
}

static Res reads_put_off(struct cx *cx, struct db *db, int64_t account, int64_t until_ms)
{
    return db_exec(
        cx, db, "update calendar_sync set due_at = $2 where account = $1 and due_at < $2",
        DB_ARGS(db_int(account), db_int(until_ms)), NULL);
}

Res calendar_reads_hold(
    struct cx *cx, struct db *db, int64_t account, int64_t until_ms, int64_t step)
{
    TRY(db_exec(
        cx, db,
        "insert into account_work as w (account, hold_until, hold_step)"
        " values ($1, $2, $3) on conflict (account) do update set hold_until ="
        " case when w.hold_until > excluded.hold_until then w.hold_until"
        " else excluded.hold_until end, hold_step ="
        " case when w.hold_step > excluded.hold_step then w.hold_step"
        " else excluded.hold_step end",
        DB_ARGS(db_int(account), db_int(until_ms), db_int(step)), NULL));
    return reads_put_off(cx, db, account, until_ms);
}

Res calendar_reads_end_hold(struct cx *cx, struct db *db, int64_t account)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec(
        cx, db,
        "update account_work set hold_until = 0, hold_step = 0"
        " where account = $1 and hold_until <= $2",
        DB_ARGS(db_int(account), db_int(now_ms)), NULL);
}

Res calendar_reads_held_until(struct cx *cx, struct db *db, int64_t account, int64_t *ret)
{
    int64_t until_ms;
    int64_t now_ms;
    Res res = db_query_int(
        cx, db, "select hold_until from account_work where account = $1",
        DB_ARGS(db_int(account)), &until_ms);

    if (res.code == FAIL_NOT_FOUND) {
        *ret = 0;
        return OK;
    }
    TRY(res);
    TRY(db_now_ms(cx, db, &now_ms));
    *ret = until_ms > now_ms ? until_ms : 0;
    return OK;
}
