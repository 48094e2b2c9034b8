/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_states.c - pages of calendars, account by account, and the two things that an
 * operator does to one.
 *
 * A page is the calendars of some accounts, since every table here has an index that
 * begins with the account, and an account has few of them.
 */
#include "store/calendar_states.h"

#include "base/cx.h"
#include "store/accounts.h"
#include "store/calendar_sync_row.h"
#include "store/providers.h"
#include "store/step.h"

#define STATE_COLUMNS                                                                    \
    "s.id, s.account, s.calendar_id, s.switches, s.time_zone, s.created_at, o.provider," \
    " o.mode, o.user_id, o.username, o.status,"                                          \
    " (select coalesce(max(w.hold_until), 0) from account_work w"                        \
    " where w.account = s.account),"                                                     \
    " (select coalesce(max(f.is_on), 0) from provider_features f join providers p"       \
    " on p.id = f.provider where f.provider = o.provider"                                \
    " and f.name = '" FEATURE_CALENDARS "' and p.removed_at = 0), " SYNC_COLUMNS

enum { STATE_SYNC_FIRST = 13 };

static Res calendar_state_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    struct arena *mem = &cx->mem;
    struct calendar_sync sync = calendar_sync_read(mem, stmt, STATE_SYNC_FIRST);

    *(struct calendar_state *)ret = (struct calendar_state){
        .setting =
            {
                .id = db_get_int(stmt, 0),
                .account = db_get_int(stmt, 1),
                .calendar_id = db_get_text(mem, stmt, 2),
                .switches = (int)db_get_int(stmt, 3),
                .time_zone = db_get_text(mem, stmt, 4),
                .created_ms = db_get_int(stmt, 5),
                .source = sync.source,
                .username = db_get_text(mem, stmt, 9),
                .is_connected = db_get_int(stmt, 10) == ACCOUNT_CONNECTED,
                .sync = sync,
            },
        .provider = db_get_int(stmt, 6),
        .mode = (enum mode)db_get_int(stmt, 7),
        .user = db_get_text(mem, stmt, 8),
        .hold_until_ms = db_get_int(stmt, 11),
        .has_feature = db_get_int(stmt, 12) != 0,
    };
    return OK;
}

static const struct db_range calendar_state_ranges[] = {
    {3, "switches", 0, SWITCHES_ALL},
    {5, "created_at", DB_TIME},
    {7, "mode", MODE_CUSTOMER, MODE_PROVIDER},
    {10, "status", ACCOUNT_CONNECTED, ACCOUNT_NEEDS_RECONNECT},
    {11, "hold_until", DB_TIME},
    SYNC_RANGES(STATE_SYNC_FIRST),
};

static const struct db_row calendar_state_row = {
    "calendar", sizeof(struct calendar_state), calendar_state_read, calendar_state_ranges,
    COUNT(calendar_state_ranges)};

#define ROWS                                                                             \
    "select " STATE_COLUMNS " from accounts o"                                           \
    " join staff_calendar_settings s on s.account = o.id"                                \
    " join calendar_sync y on y.settings = s.id"

/* Where all accounts of a range count, the range holds for each table of the join. */
#define PAGE_OF_ALL                                                                      \
    ROWS " where o.id > $1 and o.id <= $2 and s.account > $1 and s.account <= $2"        \
         " and y.account > $1 and y.account <= $2 and s.deleted_at = 0"                  \
         " order by s.account, s.id"
#define PAGE_OF_PROVIDER                                                                 \
    ROWS " where o.id > $1 and o.id <= $2 and o.provider = $3 and s.deleted_at = 0"      \
         " order by s.account, s.id"

static Res calendar_states_between(
    struct cx *cx, struct db *db, int64_t provider, int64_t after, int64_t last,
    struct calendar_states_page *ret)
{
    struct db_list list = {0};
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(db_rows(
        cx, db, provider == 0 ? PAGE_OF_ALL : PAGE_OF_PROVIDER,
        DB_ARGS(db_int(after), db_int(last), db_int(provider)), &calendar_state_row,
        &list));
    *ret = (struct calendar_states_page){
        .at = list.at, .n = list.n, .n_unreadable = list.n_unreadable, .now_ms = now_ms};
    return OK;
}

Res calendar_states_list(
    struct cx *cx, struct db *db, int64_t provider, int64_t after,
    struct calendar_states_page *ret)
{
    int64_t last = 0;

    TRY(db_query_int(
        cx, db,
        provider == 0 ? STEP_PAGE_END("accounts", "")
                      : STEP_PAGE_END("accounts", " and provider = $2"),
        DB_ARGS(db_int(after), db_int(provider)), &last));
    TRY(calendar_states_between(cx, db, provider, after, last, ret));
    ret->last = last;
    return OK;
}

Res calendar_states_of_account(
    struct cx *cx, struct db *db, int64_t provider, int64_t account,
    struct calendar_states_page *ret)
{
    return calendar_states_between(cx, db, provider, account - 1, account, ret);
}

Res calendar_states_get(
    struct cx *cx, struct db *db, int64_t settings, struct calendar_state *ret,
    int64_t *now_ms)
{
    TRY(db_now_ms(cx, db, now_ms));
    return db_one(
        cx, db, ROWS " where s.id = $1 and s.deleted_at = 0", DB_ARGS(db_int(settings)),
        &calendar_state_row, ret);
}

Res calendar_states_want(struct cx *cx, struct db *db, int64_t settings)
{
    return db_exec(
        cx, db, "update calendar_sync set due_at = 1 where settings = $1",
        DB_ARGS(db_int(settings)), NULL);
}

/* calendar_reads_write says what a digest that is gone means to a read. */
Res calendar_states_reset(struct cx *cx, struct db *db, int64_t settings)
{
    return db_exec(
        cx, db,
        "update calendar_sync set due_at = 1, cursor = null, key_id = 0,"
        " image_digest = null, failures = 0, top = 0,"
        " state = case when state = 2 then 3 else state end, channel_until = 0,"
        " channel_failures = 0,"
        " channel_due_at = case when channel_id = '' then channel_due_at else 1 end"
        " where settings = $1",
        DB_ARGS(db_int(settings)), NULL);
}

_Static_assert(SYNC_LIVE == 2 && SYNC_FULL == 3 && SYNC_PAUSED == 4, "as said here");

Res calendar_states_end_pause(struct cx *cx, struct db *db, int64_t account)
{
    return db_exec(
        cx, db,
        "update calendar_sync set due_at = 1,"
        " channel_due_at = case when channel_id = '' then 1 else channel_due_at end"
        " where account = $1 and state = 4",
        DB_ARGS(db_int(account)), NULL);
}
