/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_settings.c - staff calendar settings, each with its row in calendar_sync,
 * which follows its switches.
 *
 * A list begins with the owner's accounts, so that its cost doesn't grow with other
 * owners' settings.
 */
#include "store/calendar_settings.h"

#include "base/cx.h"
#include "store/accounts.h"
#include "store/calendar_sync_row.h"
#include "store/driver.h"
#include "store/push_sweeps.h"

/* Reading. */

#define SETTING_COLUMNS                                                                  \
    "s.id, s.account, s.calendar_id, s.switches, s.reminder_minutes, s.time_zone,"       \
    " s.created_at, o.source, o.subject, o.username, o.status, " SYNC_COLUMNS

enum { SETTING_SYNC_FIRST = 11 };

static Res calendar_setting_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    struct arena *mem = &cx->mem;

    *(struct calendar_setting *)ret = (struct calendar_setting){
        .id = db_get_int(stmt, 0),
        .account = db_get_int(stmt, 1),
        .calendar_id = db_get_text(mem, stmt, 2),
        .switches = (int)db_get_int(stmt, 3),
        .reminder_minutes = db_get_int(stmt, 4),
        .time_zone = db_get_text(mem, stmt, 5),
        .created_ms = db_get_int(stmt, 6),
        .source = (enum source_id)db_get_int(stmt, 7),
        .subject = db_get_text(mem, stmt, 8),
        .username = db_get_text(mem, stmt, 9),
        .is_connected = db_get_int(stmt, 10) == ACCOUNT_CONNECTED,
        .sync = calendar_sync_read(mem, stmt, SETTING_SYNC_FIRST),
    };
    return OK;
}

static const struct db_range calendar_setting_ranges[] = {
    {3, "switches", 0, SWITCHES_ALL},
    {4, "reminder_minutes", 0, UINT32_MAX},
    {6, "created_at", DB_TIME},
    {7, "source", 1, SOURCE_COUNT},
    {10, "status", ACCOUNT_CONNECTED, ACCOUNT_NEEDS_RECONNECT},
    SYNC_RANGES(SETTING_SYNC_FIRST),
};

static const struct db_row calendar_setting_row = {
    "calendar setting", sizeof(struct calendar_setting), calendar_setting_read,
    calendar_setting_ranges, COUNT(calendar_setting_ranges)};

/* Whose accounts, in each of its forms. "materialized" keeps an engine from going through
 * all settings in their order instead, for the sake of the page. */
#define SETTINGS_OF_USER                                                                 \
    "with of_owner as materialized (select id, source, subject, username, status"        \
    " from accounts where provider = $1 and mode = $2 and user_id = $3)"
#define SETTINGS_OF_MODE                                                                 \
    "with of_owner as materialized (select id, source, subject, username, status"        \
    " from accounts where provider = $1 and mode = $2)"
#define OF_ACCOUNT                                                                       \
    "with of_owner as materialized (select id, source, subject, username, status"        \
    " from accounts where id = $6 and provider = $1 and mode = $2"                       \
    " and (user_id = $3 or $7 = 1))"
#define FROM_ACCOUNTS                                                                    \
    " from of_owner o join staff_calendar_settings s on s.account = o.id"
#define SETTINGS_PAGE(of)                                                                \
    of " select " SETTING_COLUMNS FROM_ACCOUNTS                                          \
       " join calendar_sync y on y.settings = s.id"                                      \
       " where s.deleted_at = 0 order by s.id limit $4 offset $5"
#define COUNTED(of) of " select count(*)" FROM_ACCOUNTS " where s.deleted_at = 0"

static const char *calendar_settings_page_sql(const struct calendar_settings_filter *f)
{
    if (f->account != 0) {
        return SETTINGS_PAGE(OF_ACCOUNT);
    }
    return f->any_user ? SETTINGS_PAGE(SETTINGS_OF_MODE)
                       : SETTINGS_PAGE(SETTINGS_OF_USER);
}

static const char *calendar_settings_count_sql(const struct calendar_settings_filter *f)
{
    if (f->account != 0) {
        return COUNTED(OF_ACCOUNT);
    }
    return f->any_user ? COUNTED(SETTINGS_OF_MODE) : COUNTED(SETTINGS_OF_USER);
}

Res calendar_settings_list(
    struct cx *cx, struct db *db, const struct calendar_settings_filter *filter,
    int64_t offset, int64_t limit, struct calendar_settings_page *ret)
{
    const struct db_args args = DB_ARGS(
        db_int(filter->provider), db_int(filter->mode), db_text(filter->user),
        db_int(limit), db_int(offset), db_int(filter->account), db_int(filter->any_user));
    struct db_list list = {0};

    TRY(db_rows(
        cx, db, calendar_settings_page_sql(filter), args, &calendar_setting_row, &list));
    size_t seen = list.n + list.n_unreadable;
    bool is_last = seen < (size_t)limit && (seen > 0 || offset == 0);
    int64_t count = offset + (int64_t)seen;

    if (!is_last) { /* counting reads all of them, however short the page is */
        TRY(db_query_int(cx, db, calendar_settings_count_sql(filter), args, &count));
    }
    *ret = (struct calendar_settings_page){
        .at = list.at, .n = list.n, .count = count, .n_unreadable = list.n_unreadable};
    return OK;
}

Res calendar_settings_get(
    struct cx *cx, struct db *db, const struct calendar_settings_filter *filter,
    int64_t id, struct calendar_setting *ret)
{
    return db_one(
        cx, db,
        "select " SETTING_COLUMNS " from staff_calendar_settings s"
        " join accounts o on o.id = s.account join calendar_sync y on y.settings = s.id"
        " where s.id = $1 and s.deleted_at = 0 and o.provider = $2 and o.mode = $3"
        " and (o.user_id = $4 or $5 = 1) and (s.account = $6 or $6 = 0)",
        DB_ARGS(
            db_int(id), db_int(filter->provider), db_int(filter->mode),
            db_text(filter->user), db_int(filter->any_user), db_int(filter->account)),
        &calendar_setting_row, ret);
}

static Res calendar_settings_counts_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    (void)cx;
    *(struct calendar_settings_counts *)ret = (struct calendar_settings_counts){
        .of_account = db_get_int(stmt, 0),
        .of_owner = db_get_int(stmt, 1),
        .destinations = db_get_int(stmt, 2),
    };
    return OK;
}

static const struct db_row calendar_settings_counts_row = {
    "count", sizeof(struct calendar_settings_counts), calendar_settings_counts_read};

_Static_assert(SWITCH_DESTINATION == 1, "the statement below says so");

Res calendar_settings_count(
    struct cx *cx, struct db *db, int64_t account, struct calendar_settings_counts *ret)
{
    return db_one(
        cx, db,
        "select count(case when s.account = $1 then 1 end), count(*),"
        " count(case when (s.switches & 1) = 1 then 1 end) from accounts m"
        " join accounts a on a.provider = m.provider and a.mode = m.mode"
        " and a.user_id = m.user_id"
        " join staff_calendar_settings s on s.account = a.id"
        " where m.id = $1 and s.deleted_at = 0",
        DB_ARGS(db_int(account)), &calendar_settings_counts_row, ret);
}

/* The row in calendar_sync. */

static Res settings_sync_insert(
    struct cx *cx, struct db *db, int64_t id, const struct calendar_setting *s)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec_one(
        cx, db,
        "insert into calendar_sync (settings, account, source, state, due_at,"
        " channel_due_at) select $1, id, source, $3, $4, $4 from accounts where id = $2",
        DB_ARGS(
            db_int(id), db_int(s->account), db_int(SYNC_NEW),
            db_int((s->switches & SWITCHES_SYNC) != 0 ? now_ms : SYNC_NEVER)),
        FAIL_NOT_FOUND, "the account is gone");
}

/* What was read is content of a calendar. */
static Res settings_image_erase(struct cx *cx, struct db *db, int64_t id)
{
    db_scrub(db);
    TRY(db_exec(
        cx, db, "delete from calendar_images where settings = $1", DB_ARGS(db_int(id)),
        NULL));
    return db_exec(
        cx, db,
        "update calendar_sync set image_version = 0, image_digest = null, events = 0,"
        " window_from = 0, window_to = 0 where settings = $1",
        DB_ARGS(db_int(id)), NULL);
}

/* Nothing is to be read any more: what is there is erased, and a channel ended. */
static Res settings_sync_end(struct cx *cx, struct db *db, int64_t id)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(settings_image_erase(cx, db, id));
    return db_exec(
        cx, db,
        "update calendar_sync set state = $2, inactive_reason = 0, due_at = $3,"
        " key_id = 0, cursor = null, full_due_at = 0, noticed_at = 0, synced_at = 0,"
        " failures = 0, channel_due_at = case when channel_id = '' then $3 else $4 end"
        " where settings = $1",
        DB_ARGS(db_int(id), db_int(SYNC_NEW), db_int(SYNC_NEVER), db_int(now_ms)), NULL);
}

/* Due at once; in full, where there is no image. A channel is to be made where there is
 * none. */
static Res settings_sync_begin(struct cx *cx, struct db *db, int64_t id)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec(
        cx, db,
        "update calendar_sync set due_at = $2,"
        " state = case when image_version = 0 then $3 else state end,"
        " channel_due_at = case when channel_id = '' then $2 else channel_due_at end"
        " where settings = $1",
        DB_ARGS(db_int(id), db_int(now_ms), db_int(SYNC_NEW)), NULL);
}

/* An inactive one is tried again at once. */
static Res settings_sync_try_again(struct cx *cx, struct db *db, int64_t id)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec(
        cx, db,
        "update calendar_sync set due_at = $2 where settings = $1"
        " and inactive_reason <> 0",
        DB_ARGS(db_int(id), db_int(now_ms)), NULL);
}

static Res settings_sync_follow(
    struct cx *cx, struct db *db, int64_t id, int before, int after)
{
    int on = after & ~before;
    int off = before & ~after;

    if ((after & SWITCHES_SYNC) == 0) {
        return (before & SWITCHES_SYNC) == 0 ? OK : settings_sync_end(cx, db, id);
    }
    if ((off & SWITCH_SOURCE) != 0) { /* a destination has no image */
        TRY(settings_image_erase(cx, db, id));
    }
    if ((on & SWITCH_SOURCE) != 0 || (before & SWITCHES_SYNC) == 0) {
        return settings_sync_begin(cx, db, id);
    }
    return settings_sync_try_again(cx, db, id);
}

/* Writing. */

Res calendar_settings_insert(
    struct cx *cx, struct db *db, const struct calendar_setting *s, int64_t *ret)
{
    int64_t id = 0;
    Res r = db_query_int(
        cx, db,
        "insert into staff_calendar_settings (account, calendar_id, switches,"
        " reminder_minutes, time_zone, created_at) values ($1, $2, $3, $4, $5, $6)"
        " on conflict (account, calendar_id) where deleted_at = 0 do nothing"
        " returning id",
        DB_ARGS(
            db_int(s->account), db_text(s->calendar_id), db_int(s->switches),
            db_int(s->reminder_minutes), db_text(s->time_zone), db_int(s->created_ms)),
        &id);

    if (r.code == FAIL_NOT_FOUND) {
        return fail(cx, FAIL_CONFLICT, "the account has a setting for this calendar");
    }
    TRY(r);
    TRY(settings_sync_insert(cx, db, id, s));
    if ((s->switches & SWITCH_DESTINATION) != 0) {
        TRY(push_sweeps_want(cx, db, id));
    }
    *ret = id;
    return OK;
}

Res calendar_settings_update(
    struct cx *cx, struct db *db, const struct calendar_setting *s)
{
    int64_t before = 0;

    TRY(db_query_int(
        cx, db,
        "select switches from staff_calendar_settings where id = $1 and deleted_at = 0",
        DB_ARGS(db_int(s->id)), &before));
    TRY(db_exec(
        cx, db,
        "update staff_calendar_settings set switches = $2, reminder_minutes = $3,"
        " time_zone = $4 where id = $1",
        DB_ARGS(
            db_int(s->id), db_int(s->switches), db_int(s->reminder_minutes),
            db_text(s->time_zone)),
        NULL));
    if (((before ^ s->switches) & SWITCHES_PUSH) != 0) {
        TRY(push_sweeps_want(cx, db, s->id));
    }
    return settings_sync_follow(cx, db, s->id, (int)before, s->switches);
}

Res calendar_settings_forget(struct cx *cx, struct db *db, int64_t id)
{
    return db_exec(
        cx, db,
        "delete from staff_calendar_settings where id = $1 and deleted_at > 0"
        " and not exists (select 1 from calendar_sync"
        " where settings = $1 and channel_id <> '')"
        " and not exists (select 1 from pushed_copies where settings = $1)",
        DB_ARGS(db_int(id)), NULL);
}

Res calendar_settings_delete(
    struct cx *cx, struct db *db, int64_t id, bool keep_events, int64_t now_ms)
{
    TRY(db_exec_one(
        cx, db,
        "update staff_calendar_settings set deleted_at = $2, keep_events = $3"
        " where id = $1 and deleted_at = 0",
        DB_ARGS(db_int(id), db_int(now_ms), db_int(keep_events)), FAIL_NOT_FOUND,
        "the setting is gone"));
    TRY(settings_sync_end(cx, db, id));
    TRY(push_sweeps_want(cx, db, id));
    return calendar_settings_forget(cx, db, id);
}
