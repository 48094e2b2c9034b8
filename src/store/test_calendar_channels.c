/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_calendar_channels.c - due channels, who tends them, and what becomes of them.
 */
#include "base/limits.h"
#include "store/accounts.h"
#include "store/calendar_channels.h"
#include "store/calendar_settings.h"
#include "store/providers.h"
#include "store/test_store.h"

#define NOW_MS INT64_C(100000000)

static int64_t add_setting(struct db *db, enum source_id source, Str name)
{
    const struct account a = {
        .provider = 5,
        .mode = MODE_CUSTOMER,
        .user = S("u"),
        .source = source,
        .subject = name,
        .status = ACCOUNT_CONNECTED};
    struct calendar_setting s = {.calendar_id = name, .switches = SWITCH_SOURCE};
    int64_t id = 0;

    T_OK(account_insert(t_cx(), db, &a, &s.account));
    T_OK(calendar_settings_insert(t_cx(), db, &s, &id));
    return id;
}

static void run_sql(struct db *db, const char *sql)
{
    T_OK(db_script(t_cx(), db, sql));
}

static struct db *db_with_provider(void)
{
    struct db *db = t_db();

    db_stop_clock(db, NOW_MS);
    T_OK(provider_add(t_cx(), db, &(struct provider){.id = 5, .name = S("p")}));
    T_OK(provider_feature_set(t_cx(), db, 5, S(FEATURE_CALENDARS), true));
    return db;
}

static struct calendar_sync sync_now(struct db *db, int64_t settings)
{
    struct calendar_sync s = {0};

    T_OK(calendar_sync_get(t_cx(), db, settings, &s));
    return s;
}

/* The account that was taken; 0: none. */
static int64_t take(struct db *db, enum channels_due which, const char *owner)
{
    struct lease lease = {.owner = str_from_z(owner), .length_ms = LIMIT_READ_LEASE_MS};
    struct account_work work = {0};

    T_OK(calendar_channels_take(t_cx(), db, SOURCE_GOOGLE, which, &lease, &work));
    return work.account;
}

static int64_t due(struct db *db, enum channels_due which)
{
    int64_t n = -1;

    T_OK(calendar_channels_due(t_cx(), db, SOURCE_GOOGLE, which, &n));
    return n;
}

TEST(test_calendar_channels_take_who_is_due)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t a = sync_now(db, add_setting(db, SOURCE_GOOGLE, S("a"))).account;

    (void)add_setting(db, SOURCE_MICROSOFT, S("m"));
    T_INT(due(db, CHANNELS_DUE), 1);
    T_INT(due(db, CHANNELS_LIVING), 0);
    T_INT(take(db, CHANNELS_LIVING, "x"), 0);
    T_INT(take(db, CHANNELS_DUE, "x"), a);
    T_INT(take(db, CHANNELS_DUE, "y"), 0); /* x has it */
    T_OK(calendar_reads_drop(t_cx(), db, a, S("x")));
    T_OK(calendar_reads_hold(t_cx(), db, a, NOW_MS + 1, 1)); /* nobody may ask */
    T_INT(take(db, CHANNELS_DUE, "y"), 0);
    run_sql(db, "update account_work set hold_until = 0");
    T_INT(take(db, CHANNELS_DUE, "y"), a);
    T_OK(calendar_reads_drop(t_cx(), db, a, S("y")));
    run_sql(db, "update calendar_sync set channel_id = 'c', channel_due_at = 100000001");
    T_INT(take(db, CHANNELS_DUE, "y"), 0);
    T_INT(due(db, CHANNELS_LIVING), 1);
    T_INT(take(db, CHANNELS_LIVING, "y"), a);
}

static struct sync_job begin(struct db *db, int64_t account, enum channels_due which)
{
    struct sync_job job = {0};

    T_OK(calendar_channels_begin(t_cx(), db, account, S("x"), which, &job));
    return job;
}

TEST(test_calendar_channels_write)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t id = add_setting(db, SOURCE_GOOGLE, S("a"));
    int64_t a = take(db, CHANNELS_DUE, "x");
    struct sync_job job = begin(db, a, CHANNELS_DUE);

    T_INT(job.sync.settings, id);
    T_STR(job.calendar_id, S("a"));
    T_TRUE(job.is_connected && job.has_feature && !job.is_deleted);
    T_INT(sync_now(db, id).channel_due_ms, job.claim_ms);
    T_FAIL(
        FAIL_NOT_FOUND,
        calendar_channels_begin(t_cx(), db, a, S("x"), CHANNELS_DUE, &job));
    run_sql(db, "update calendar_sync set due_at = 999999999, state = 2");
    job.sync.channel_no = 1;
    job.sync.channel_id = S("c");
    job.sync.resource_id = S("r");
    job.sync.channel_until_ms = NOW_MS + 5;
    job.sync.channel_due_ms = NOW_MS + 4;
    job.sync.channel_made_ms = NOW_MS;
    job.sync.channel_heard_ms = NOW_MS;
    T_FAIL(FAIL_CONFLICT, calendar_channels_write(t_cx(), db, S("y"), &job, true));
    T_OK(calendar_channels_write(t_cx(), db, S("x"), &job, false));
    struct calendar_sync s = sync_now(db, id);

    T_INT(s.channel_no, 1);
    T_STR(s.channel_id, S("c"));
    T_STR(s.resource_id, S("r"));
    T_INT(s.channel_until_ms, NOW_MS + 5);
    T_INT(s.channel_due_ms, NOW_MS + 4);
    T_INT(s.channel_made_ms, NOW_MS);
    T_INT(s.channel_heard_ms, NOW_MS);
    T_INT(s.due_ms, 999999999);
    T_OK(calendar_channels_write(t_cx(), db, S("x"), &job, true));
    T_INT(sync_now(db, id).due_ms, NOW_MS);
    /* Due meanwhile, and heard of meanwhile. */
    run_sql(
        db, "update calendar_sync set channel_due_at = 7, channel_heard_at = 999999999");
    job.sync.channel_failures = 3;
    T_OK(calendar_channels_write(t_cx(), db, S("x"), &job, false));
    T_INT(sync_now(db, id).channel_due_ms, 7);
    T_INT(sync_now(db, id).channel_heard_ms, 999999999);
    T_INT(sync_now(db, id).channel_failures, 3);
}

TEST(test_calendar_channels_write_wakes_nothing_that_rests)
{
    static const char *const rows[] = {
        "update calendar_sync set due_at = 9223372036854775807, state = 2",
        "update calendar_sync set due_at = 200000000, state = 4",
        "update calendar_sync set due_at = 200000000, state = 2, failures = 1",
        "update calendar_sync set due_at = 200000000, failures = 0, inactive_reason = 2",
        "update calendar_sync set due_at = 1, inactive_reason = 0",
    };
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t id = add_setting(db, SOURCE_GOOGLE, S("a"));
    struct sync_job job = begin(db, take(db, CHANNELS_DUE, "x"), CHANNELS_DUE);

    for (size_t i = 0; i < COUNT(rows); i++) {
        run_sql(db, rows[i]);
        int64_t due_ms = sync_now(db, id).due_ms;

        T_OK(calendar_channels_write(t_cx(), db, S("x"), &job, true));
        T_INT(sync_now(db, id).due_ms, due_ms);
    }
}

TEST(test_calendar_channels_forget_what_is_deleted)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t id = add_setting(db, SOURCE_GOOGLE, S("a"));
    struct calendar_sync s;

    run_sql(db, "update calendar_sync set channel_id = 'c'");
    T_OK(calendar_channels_forget(t_cx(), db, id));
    (void)sync_now(db, id); /* it isn't deleted */
    T_OK(calendar_settings_delete(t_cx(), db, id, false, NOW_MS));
    T_INT(take(db, CHANNELS_DUE, "x"), sync_now(db, id).account);
    T_TRUE(begin(db, sync_now(db, id).account, CHANNELS_DUE).is_deleted);
    T_OK(calendar_channels_forget(t_cx(), db, id));
    (void)sync_now(db, id); /* its channel isn't ended */
    run_sql(db, "update calendar_sync set channel_id = ''");
    T_OK(calendar_channels_forget(t_cx(), db, id));
    T_FAIL(FAIL_NOT_FOUND, calendar_sync_get(t_cx(), db, id, &s));
}

TEST(test_calendar_channels_distrust_makes_it_due)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t id = add_setting(db, SOURCE_GOOGLE, S("a"));

    run_sql(
        db, "update calendar_sync set channel_heard_at = 5, channel_due_at = 200000000");
    T_OK(calendar_channels_distrust(t_cx(), db, id, NOW_MS));
    T_INT(sync_now(db, id).channel_heard_ms, 5); /* it has none */
    run_sql(db, "update calendar_sync set channel_id = 'c'");
    T_OK(calendar_channels_distrust(t_cx(), db, id, NOW_MS));
    T_INT(sync_now(db, id).channel_heard_ms, 0);
    T_INT(sync_now(db, id).channel_due_ms, NOW_MS);
    T_OK(calendar_channels_distrust(t_cx(), db, id, NOW_MS + 1));
    T_INT(sync_now(db, id).channel_due_ms, NOW_MS);
}

TEST(test_calendar_channels_refusals_are_of_one_source)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t until_ms = -1;
    Str why;

    T_OK(calendar_channels_refusal(t_cx(), db, SOURCE_GOOGLE, &until_ms, &why));
    T_INT(until_ms, 0);
    T_OK(calendar_channels_refuse(t_cx(), db, SOURCE_GOOGLE, 77, S("401 it says no")));
    T_OK(calendar_channels_refusal(t_cx(), db, SOURCE_GOOGLE, &until_ms, &why));
    T_INT(until_ms, 77);
    T_STR(why, S("401 it says no"));
    T_OK(calendar_channels_refusal(t_cx(), db, SOURCE_MICROSOFT, &until_ms, &why));
    T_INT(until_ms, 0);
    T_OK(setting_put(t_cx(), db, S("channels_refused_google"), S("soon")));
    T_OK(calendar_channels_refusal(t_cx(), db, SOURCE_GOOGLE, &until_ms, &why));
    T_INT(until_ms, 0);
}

TS_MAIN(
    TS(test_calendar_channels_take_who_is_due), TS(test_calendar_channels_write),
    TS(test_calendar_channels_write_wakes_nothing_that_rests),
    TS(test_calendar_channels_forget_what_is_deleted),
    TS(test_calendar_channels_distrust_makes_it_due),
    TS(test_calendar_channels_refusals_are_of_one_source))
