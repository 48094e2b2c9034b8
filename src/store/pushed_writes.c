/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pushed_writes.c - due copies, and the write lease of their account.
 */
#include "store/pushed_writes.h"

#include "base/cx.h"
#include "base/limits.h"
#include "store/account_lease.h"
#include "store/accounts.h"
#include "store/calendar_settings.h"
#include "store/providers.h"
#include "store/pushed_copy_row.h"

/* Taking. An account that its source wants to be left alone has nothing due. */

static const char due_sql[] =
    "select c.account from pushed_copies c where c.source = $1 and c.due_at <= $2"
    " and not exists (select 1 from account_work w where w.account = c.account"
    " and (w.hold_until > $2 or " ACCOUNT_WRITE_LEASED
    ")) order by c.due_at, c.id limit 16";

_Static_assert(PUSH_DUE_MOST == 16, "as the statement says");

Res pushed_writes_due(struct cx *cx, struct db *db, enum source_id source, int64_t *ret)
{
    return account_lease_count(
        cx, db, &(struct account_list){ACCOUNT_LEASE_WRITES, due_sql, source}, ret);
}

Res pushed_writes_take(
    struct cx *cx, struct db *db, enum source_id source, int64_t part,
    struct lease *lease, struct account_work *ret)
{
    return account_lease_take(
        cx, db, &(struct account_list){ACCOUNT_LEASE_WRITES, due_sql, source},
        (size_t)part, lease, ret);
}

Res pushed_writes_renew(
    struct cx *cx, struct db *db, int64_t account, struct lease *lease)
{
    TRY(lease_begin(cx, db, lease));
    return db_exec_one(
        cx, db,
        "update account_work set write_until = $3"
        " where account = $1 and write_owner = $2",
        DB_ARGS(db_int(account), db_text(lease->owner), db_int(lease->until_ms)),
        FAIL_CONFLICT, "the lease on writing to the account was lost");
}

Res pushed_writes_drop(struct cx *cx, struct db *db, int64_t account, Str owner)
{
    return db_exec(
        cx, db,
        "update account_work set write_owner = '', write_until = 0"
        " where account = $1 and write_owner = $2",
        DB_ARGS(db_int(account), db_text(owner)), NULL);
}

/* The next copy. */

enum { JOB_FIRST = COPY_COLUMN_COUNT };

static Res push_job_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    struct arena *mem = &cx->mem;
    struct push_job job = {
        .copy = pushed_copy_read(mem, stmt),
        .calendar_id = db_get_text(mem, stmt, JOB_FIRST),
        .switches = (int)db_get_int(stmt, JOB_FIRST + 1),
        .reminder_minutes = db_get_int(stmt, JOB_FIRST + 2),
        .inactive = (enum sync_inactive)db_get_int(stmt, JOB_FIRST + 3),
        .owner =
            {
                .provider = db_get_int(stmt, JOB_FIRST + 4),
                .mode = (enum mode)db_get_int(stmt, JOB_FIRST + 5),
                .user = db_get_text(mem, stmt, JOB_FIRST + 6),
            },
        .subject = db_get_text(mem, stmt, JOB_FIRST + 7),
        .is_connected = db_get_int(stmt, JOB_FIRST + 8) == ACCOUNT_CONNECTED,
        .has_feature = db_get_int(stmt, JOB_FIRST + 9) != 0,
    };

    *(struct push_job *)ret = job;
    return OK;
}

static const struct db_range push_job_ranges[] = {
    COPY_RANGES,
    {JOB_FIRST + 1, "switches", 0, SWITCHES_ALL},
    {JOB_FIRST + 2, "reminder_minutes", 0, UINT32_MAX},
    {JOB_FIRST + 3, "inactive_reason", SYNC_ACTIVE, SYNC_TOO_LARGE},
    {JOB_FIRST + 5, "mode", MODE_CUSTOMER, MODE_PROVIDER},
    {JOB_FIRST + 8, "status", ACCOUNT_CONNECTED, ACCOUNT_NEEDS_RECONNECT},
};

static const struct db_row push_job_row = {
    "copy", sizeof(struct push_job), push_job_read, push_job_ranges,
    COUNT(push_job_ranges)};

static Res push_job_event(struct cx *cx, struct db *db, struct push_job *job)
{
    Res res = pushed_event_get_row(cx, db, job->copy.event, &job->event);

    job->has_event = res.code == FAIL_NONE;
    return res.code == FAIL_NOT_FOUND ? OK : res;
}

Res pushed_writes_next(
    struct cx *cx, struct db *db, int64_t account, Str owner, struct push_job *ret)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(db_one(
        cx, db,
        "select " COPY_COLUMNS ", s.calendar_id,"
        " case when s.deleted_at > 0 then 0 else s.switches end, s.reminder_minutes,"
        " y.inactive_reason, a.provider, a.mode, a.user_id, a.subject, a.status,"
        " (select coalesce(max(f.is_on), 0) from provider_features f"
        " join providers p on p.id = f.provider where f.provider = a.provider"
        " and f.name = '" FEATURE_CALENDARS "' and p.removed_at = 0)"
        " from pushed_copies c join staff_calendar_settings s on s.id = c.settings"
        " join calendar_sync y on y.settings = c.settings"
        " join accounts a on a.id = c.account"
        " join account_work w on w.account = c.account"
        " where c.account = $1 and c.due_at <= $2 and w.write_owner = $3"
        " and w.hold_until <= $2"
        " order by c.due_at, c.id limit 1",
        DB_ARGS(db_int(account), db_int(now_ms), db_text(owner)), &push_job_row, ret));
    ret->now_ms = now_ms;
    return push_job_event(cx, db, ret);
}

Res pushed_writes_get(
    struct cx *cx, struct db *db, Str owner, const struct push_job *job,
    struct pushed_copy *ret)
{
    int64_t leases;

    TRY(db_query_int(
        cx, db,
        "select count(*) from account_work where account = $1 and write_owner = $2",
        DB_ARGS(db_int(job->copy.account), db_text(owner)), &leases));
    if (leases == 0) {
        return fail(cx, FAIL_CONFLICT, "the lease on writing to the account was lost");
    }
    return pushed_copy_get(cx, db, job->copy.id, ret);
}

_Static_assert(SWITCH_DESTINATION == 1, "the statement below says so");

Res pushed_writes_deactivate(
    struct cx *cx, struct db *db, int64_t settings, enum sync_inactive why, bool *ret)
{
    int64_t now_ms;
    int64_t changed;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(db_exec(
        cx, db,
        "update calendar_sync set inactive_reason = $2, due_at = $3"
        " where settings = $1 and inactive_reason <> $2"
        " and exists (select 1 from staff_calendar_settings"
        " where id = $1 and deleted_at = 0 and (switches & 1) = 1)",
        DB_ARGS(db_int(settings), db_int(why), db_int(now_ms + LIMIT_INACTIVE_MS)),
        &changed));
    *ret = changed > 0;
    return OK;
}
