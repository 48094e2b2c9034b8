/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_calendar_notices.c - what a notification changes, by each kind and channel.
 */
#include "base/limits.h"
#include "store/accounts.h"
#include "store/calendar_notices.h"
#include "store/calendar_settings.h"
#include "store/providers.h"
#include "store/test_store.h"

enum { NOW = 5000000, LATER = 99000000, SETTING = 1, CHANNEL = 7 };

static void run_sql(struct db *db, const char *sql)
{
    T_OK(db_script(t_cx(), db, sql));
}

static void reset(struct db *db)
{
    run_sql(
        db, "update calendar_sync set state = 2, inactive_reason = 0, failures = 0,"
            " due_at = 99000000, noticed_at = 0, channel_no = 7, channel_id = 'c',"
            " resource_id = 'r', channel_until = 98000000, channel_due_at = 97000000,"
            " channel_made_at = 0");
}

/* A setting whose calendar was read, with a channel. */
static struct db *db_with_setting(void)
{
    struct db *db = t_db();
    const struct account a = {
        .provider = 5,
        .mode = MODE_CUSTOMER,
        .user = S("u"),
        .source = SOURCE_MICROSOFT,
        .subject = S("s"),
        .status = ACCOUNT_CONNECTED};
    struct calendar_setting s = {.calendar_id = S("c"), .switches = SWITCH_SOURCE};
    int64_t id;

    db_stop_clock(db, NOW);
    T_OK(provider_add(t_cx(), db, &(struct provider){.id = 5, .name = S("p")}));
    T_OK(account_insert(t_cx(), db, &a, &s.account));
    T_OK(calendar_settings_insert(t_cx(), db, &s, &id));
    T_INT(id, SETTING);
    reset(db);
    return db;
}

static struct calendar_sync sync_now(struct db *db)
{
    struct calendar_sync s = {0};

    T_OK(calendar_sync_get(t_cx(), db, SETTING, &s));
    return s;
}

static Res put(struct db *db, int64_t channel, unsigned what, int64_t *due_ms)
{
    const struct calendar_notice n = {SETTING, SOURCE_MICROSOFT, channel, what};

    return calendar_notice_put(t_cx(), db, NOW, &n, due_ms);
}

TEST(test_calendar_notice_put_makes_a_calendar_due)
{
    CLEANUP(db_close) struct db *db = db_with_setting();
    int64_t due_ms = -1;

    T_OK(put(db, CHANNEL, NOTICE_SOON, &due_ms));
    T_INT(due_ms, NOW + LIMIT_NOTICE_MS);
    T_INT(sync_now(db).due_ms, NOW + LIMIT_NOTICE_MS);
    T_INT(sync_now(db).noticed_ms, NOW);
    T_INT(sync_now(db).channel_heard_ms, NOW);

    T_OK(put(db, CHANNEL, NOTICE_NOW, &due_ms));
    T_INT(due_ms, NOW);
    run_sql(db, "update calendar_sync set noticed_at = 7");
    T_OK(put(db, CHANNEL, NOTICE_SOON, &due_ms)); /* never later than it was */
    T_INT(due_ms, NOW);
    T_INT(sync_now(db).noticed_ms, 7); /* the first one counts */
    T_INT(sync_now(db).channel_due_ms, 97000000);
}

TEST(test_calendar_notice_put_counts_by_three_channels)
{
    static const struct {
        int64_t channel;
        bool counts;
    } rows[] = {
        {CHANNEL - 2, false},
        {CHANNEL - 1, true},
        {CHANNEL, true},
        {CHANNEL + 1, true},
        {CHANNEL + 2, false}};

    CLEANUP(db_close) struct db *db = db_with_setting();

    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t due_ms = -1;

        reset(db);
        T_FAIL(
            rows[i].counts ? FAIL_NONE : FAIL_NOT_FOUND,
            put(db, rows[i].channel, NOTICE_SOON, &due_ms));
        T_TRUE((sync_now(db).noticed_ms == NOW) == rows[i].counts);
        T_TRUE((due_ms != -1) == rows[i].counts);
    }
}

TEST(test_calendar_notice_put_leaves_a_pause_and_a_back_off)
{
    static const char *const rows[] = {
        "update calendar_sync set failures = 1", "update calendar_sync set state = 4",
        "update calendar_sync set inactive_reason = 3"};

    CLEANUP(db_close) struct db *db = db_with_setting();

    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t due_ms;

        reset(db);
        run_sql(db, rows[i]);
        T_OK(put(db, CHANNEL, NOTICE_NOW, &due_ms));
        T_INT(due_ms, LATER);
        T_INT(sync_now(db).noticed_ms, NOW);
    }
}

TEST(test_calendar_notice_put_ignores_what_is_gone)
{
    CLEANUP(db_close) struct db *db = db_with_setting();
    const struct calendar_notice other = {
        SETTING, SOURCE_GOOGLE, CHANNEL, NOTICE_SOON | NOTICE_LOST};
    int64_t due_ms;

    T_FAIL(FAIL_NOT_FOUND, calendar_notice_put(t_cx(), db, NOW, &other, &due_ms));
    T_STR(sync_now(db).channel_id, S("c"));
    T_OK(calendar_settings_delete(t_cx(), db, SETTING, false, NOW));
    T_FAIL(FAIL_NOT_FOUND, put(db, CHANNEL, NOTICE_SOON, &due_ms));
    T_INT(sync_now(db).due_ms, SYNC_NEVER);
    run_sql(db, "delete from staff_calendar_settings");
    T_FAIL(FAIL_NOT_FOUND, put(db, CHANNEL, NOTICE_SOON, &due_ms));
}

TEST(test_calendar_notice_put_renews_a_channel)
{
    static const struct {
        const char *sql;
        int64_t channel;
        int64_t due_ms;
    } rows[] = {
        {"update calendar_sync set channel_made_at = 0", CHANNEL, NOW},
        {"update calendar_sync set channel_made_at = 5000000", CHANNEL,
         NOW + LIMIT_CHANNEL_PAUSE_MS},
        {"update calendar_sync set channel_made_at = 4399999", CHANNEL, NOW},
        {"update calendar_sync set channel_made_at = 4400001", CHANNEL, NOW + 1},
        {"update calendar_sync set channel_due_at = 7", CHANNEL, 7},
        {"update calendar_sync set channel_made_at = 4999999, channel_due_at = 5000100",
         CHANNEL, NOW + 100},
        {"update calendar_sync set channel_made_at = 0", CHANNEL - 1, 97000000},
        {"update calendar_sync set channel_made_at = 0", CHANNEL + 1, 97000000},
    };

    CLEANUP(db_close) struct db *db = db_with_setting();

    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t due_ms = -1;

        reset(db);
        run_sql(db, rows[i].sql);
        T_FAIL(
            rows[i].channel == CHANNEL ? FAIL_NONE : FAIL_NOT_FOUND,
            put(db, rows[i].channel, NOTICE_RENEW, &due_ms));
        T_INT(due_ms, -1);
        T_INT(sync_now(db).channel_due_ms, rows[i].due_ms);
        T_INT(sync_now(db).due_ms, LATER);
        T_STR(sync_now(db).channel_id, S("c"));
    }
}

TEST(test_calendar_notice_put_forgets_a_channel_that_is_gone)
{
    CLEANUP(db_close) struct db *db = db_with_setting();
    int64_t due_ms;

    T_OK(put(db, CHANNEL - 1, NOTICE_LOST | NOTICE_NOW, &due_ms)); /* its predecessor */
    T_STR(sync_now(db).channel_id, S("c"));
    T_OK(put(db, CHANNEL, NOTICE_LOST | NOTICE_NOW, &due_ms));
    struct calendar_sync s = sync_now(db);

    T_STR(s.channel_id, S(""));
    T_STR(s.resource_id, S(""));
    T_INT(s.channel_until_ms, 0);
    T_INT(s.channel_no, CHANNEL);
    T_INT(s.channel_due_ms, NOW);
    T_INT(s.due_ms, NOW);
}

TS_MAIN(
    TS(test_calendar_notice_put_makes_a_calendar_due),
    TS(test_calendar_notice_put_counts_by_three_channels),
    TS(test_calendar_notice_put_leaves_a_pause_and_a_back_off),
    TS(test_calendar_notice_put_ignores_what_is_gone),
    TS(test_calendar_notice_put_renews_a_channel),
    TS(test_calendar_notice_put_forgets_a_channel_that_is_gone))
