/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_channels.c - due channels, and what becomes of them.
 */
#include "store/calendar_channels.h"

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/account_lease.h"
#include "store/calendar_settings.h"
#include "store/settings.h"
#include "store/sync_job_row.h"

/* Taking. */

#define NOT_NOW                                                                          \
    " and not exists (select 1 from account_work w where w.account = c.account"          \
    " and (w.hold_until > $2 or " ACCOUNT_LEASED "))"

static const char channels_due_sql[] =
    "select c.account from calendar_sync c where c.source = $1"
    " and c.channel_due_at <= $2 and " SYNC_READABLE("c") NOT_NOW
    " order by c.channel_due_at, c.settings"
    " limit 16";

static const char channels_living_sql[] =
    "select c.account from calendar_sync c where c.source = $1 and c.channel_id <> ''"
    " and " SYNC_READABLE("c") NOT_NOW " order by c.settings limit 16";

static const char *channels_sql(enum channels_due which)
{
    return which == CHANNELS_DUE ? channels_due_sql : channels_living_sql;
}

Res calendar_channels_due(
    struct cx *cx, struct db *db, enum source_id source, enum channels_due which,
    int64_t *ret)
{
    return account_lease_count(
        cx, db, &(struct account_list){ACCOUNT_LEASE_READS, channels_sql(which), source},
        ret);
}

Res calendar_channels_take(
    struct cx *cx, struct db *db, enum source_id source, enum channels_due which,
    struct lease *lease, struct account_work *ret)
{
    /* An owner is a random text: so workers begin at different accounts. */
    size_t part = (unsigned char)lease->owner.p[lease->owner.n - 1];

    return account_lease_take(
        cx, db, &(struct account_list){ACCOUNT_LEASE_READS, channels_sql(which), source},
        part, lease, ret);
}

/* Beginning. */

static Res channel_job_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(struct sync_job *)ret = sync_job_read(&cx->mem, stmt);
    return OK;
}

static const struct db_range channel_job_ranges[] = {SYNC_JOB_RANGES};

static const struct db_row channel_job_row = {
    "calendar", sizeof(struct sync_job), channel_job_read, channel_job_ranges,
    COUNT(channel_job_ranges)};

static const char due_job_sql[] = SYNC_JOB_SELECT
    " where y.account = $1 and y.channel_due_at <= $2 and w.read_owner = $3"
    " and " SYNC_READABLE("y") " order by y.channel_due_at, y.settings limit 1";

static const char living_job_sql[] = SYNC_JOB_SELECT
    " where y.account = $1 and y.channel_id <> '' and $2 > 0 and w.read_owner = $3"
    " and " SYNC_READABLE("y") " order by y.settings limit 1";

Res calendar_channels_begin(
    struct cx *cx, struct db *db, int64_t account, Str owner, enum channels_due which,
    struct sync_job *ret)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(db_one(
        cx, db, which == CHANNELS_DUE ? due_job_sql : living_job_sql,
        DB_ARGS(db_int(account), db_int(now_ms), db_text(owner)), &channel_job_row, ret));
    ret->now_ms = now_ms;
    ret->claim_ms = now_ms + LIMIT_READ_LEASE_MS;
    return db_exec(
        cx, db, "update calendar_sync set channel_due_at = $2 where settings = $1",
        DB_ARGS(db_int(ret->sync.settings), db_int(ret->claim_ms)), NULL);
}

/* Writing. */

Res calendar_channels_write(
    struct cx *cx, struct db *db, Str owner, const struct sync_job *job, bool reads)
{
    const struct calendar_sync *s = &job->sync;

    return db_exec_one(
        cx, db,
        "update calendar_sync set channel_no = $4, channel_id = $5, resource_id = $6,"
        " channel_until = $7, channel_failures = $8, channel_made_at = $9,"
        " channel_heard_at = case when $10 > channel_heard_at then $10"
        " else channel_heard_at end,"
        " channel_due_at = case when channel_due_at < $11 then channel_due_at else $12"
        " end,"
        " due_at = case when $13 = 1 and failures = 0 and state <> 4"
        " and inactive_reason = 0 and noticed_at = 0"
        " and due_at > $14 and due_at < 9223372036854775807"
        " then $14 else due_at end"
        " where settings = $1 and exists (select 1 from account_work"
        " where account = $2 and read_owner = $3)",
        DB_ARGS(
            db_int(s->settings), db_int(s->account), db_text(owner),
            db_int(s->channel_no), db_text(s->channel_id), db_text(s->resource_id),
            db_int(s->channel_until_ms), db_int(s->channel_failures),
            db_int(s->channel_made_ms), db_int(s->channel_heard_ms),
            db_int(job->claim_ms), db_int(s->channel_due_ms), db_int(reads),
            db_int(job->now_ms)),
        FAIL_CONFLICT, "the lease on the account's channels was lost");
}

Res calendar_channels_forget(struct cx *cx, struct db *db, int64_t settings)
{
    return calendar_settings_forget(cx, db, settings);
}

Res calendar_channels_distrust(
    struct cx *cx, struct db *db, int64_t settings, int64_t now_ms)
{
    return db_exec(
        cx, db,
        "update calendar_sync set channel_heard_at = 0, channel_due_at = case"
        " when channel_due_at > $2 then $2 else channel_due_at end"
        " where settings = $1 and channel_id <> ''",
        DB_ARGS(db_int(settings), db_int(now_ms)), NULL);
}

/* Refusals: "UNTIL WHY" in `settings`. */

static Str refusal_name(enum source_id source)
{
    static const Str names[SOURCE_COUNT] = {
        SI("channels_refused_google"), SI("channels_refused_microsoft")};

    return names[source - 1];
}

Res calendar_channels_refusal(
    struct cx *cx, struct db *db, enum source_id source, int64_t *until_ms, Str *why)
{
    Str text;
    Str until;
    Res res = setting_get(cx, db, refusal_name(source), &text);

    *until_ms = 0;
    *why = S("");
    if (res.code == FAIL_NOT_FOUND) {
        return OK;
    }
    TRY(res);
    if (!str_next_word(&text, S(" "), &until) || !str_to_int(until, until_ms)) {
        *until_ms = 0; /* not ours: as if it weren't there */
    }
    *why = str_trim(text);
    return OK;
}

Res calendar_channels_refuse(
    struct cx *cx, struct db *db, enum source_id source, int64_t until_ms, Str why)
{
    Str text = str_cat(&cx->mem, str_int(&cx->mem, until_ms), S(" "));

    return setting_put(cx, db, refusal_name(source), str_cat(&cx->mem, text, why));
}
