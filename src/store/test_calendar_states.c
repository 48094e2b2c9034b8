/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_calendar_states.c - pages of calendars, and what an operator does to one.
 */
#include "base/limits.h"
#include "store/accounts.h"
#include "store/calendar_reads.h"
#include "store/calendar_states.h"
#include "store/providers.h"
#include "store/test_store.h"

#define NOW_MS INT64_C(100000000)

static int64_t add_account(struct db *db, int64_t provider, int subject)
{
    const struct account a = {
        .provider = provider,
        .mode = MODE_PROVIDER,
        .user = S("u1"),
        .source = SOURCE_MICROSOFT,
        .subject = str_int(&t_cx()->mem, subject),
        .username = S("ana@example.com"),
        .status = ACCOUNT_CONNECTED};
    int64_t id = 0;

    T_OK(account_insert(t_cx(), db, &a, &id));
    return id;
}

static int64_t add_setting(struct db *db, int64_t account, Str calendar)
{
    const struct calendar_setting s = {
        .account = account,
        .calendar_id = calendar,
        .switches = SWITCH_SOURCE,
        .time_zone = S("Europe/Berlin")};
    int64_t id = 0;

    T_OK(calendar_settings_insert(t_cx(), db, &s, &id));
    return id;
}

static struct db *db_with_providers(void)
{
    struct db *db = t_db();

    for (int64_t id = 5; id <= 6; id++) {
        T_OK(provider_add(t_cx(), db, &(struct provider){.id = id, .name = S("s")}));
    }
    db_stop_clock(db, NOW_MS);
    return db;
}

static struct calendar_state state_now(struct db *db, int64_t settings)
{
    struct calendar_state s = {0};
    int64_t now_ms;

    T_OK(calendar_states_get(t_cx(), db, settings, &s, &now_ms));
    T_INT(now_ms, NOW_MS);
    return s;
}

TEST(test_calendar_states_get)
{
    struct db *db = db_with_providers();
    int64_t account = add_account(db, 5, 1);
    int64_t id = add_setting(db, account, S("c"));
    struct calendar_state s = state_now(db, id);
    bool marked;

    T_INT(s.setting.id, id);
    T_INT(s.setting.account, account);
    T_STR(s.setting.calendar_id, S("c"));
    T_STR(s.setting.time_zone, S("Europe/Berlin"));
    T_STR(s.setting.username, S("ana@example.com"));
    T_INT(s.setting.switches, SWITCH_SOURCE);
    T_INT(s.setting.source, SOURCE_MICROSOFT);
    T_INT(s.setting.sync.state, SYNC_NEW);
    T_INT(s.provider, 5);
    T_INT(s.mode, MODE_PROVIDER);
    T_STR(s.user, S("u1"));
    T_TRUE(s.setting.is_connected && !s.has_feature);
    T_INT(s.hold_until_ms, 0);
    T_OK(provider_feature_set(t_cx(), db, 5, S(FEATURE_CALENDARS), true));
    T_OK(account_needs_reconnect(t_cx(), db, account, S("why"), 1, &marked));
    T_OK(calendar_reads_hold(t_cx(), db, account, NOW_MS + 5, 1));
    s = state_now(db, id);
    T_TRUE(!s.setting.is_connected && s.has_feature);
    T_INT(s.hold_until_ms, NOW_MS + 5);
    T_OK(provider_mark_removed(t_cx(), db, 5));
    T_TRUE(!state_now(db, id).has_feature);
    T_OK(calendar_settings_delete(t_cx(), db, id, false, 1));
    T_FAIL(FAIL_NOT_FOUND, calendar_states_get(t_cx(), db, id, &s, &(int64_t){0}));
    db_close(&db);
}

/* Every account once, those without settings too. */
TEST(test_calendar_states_list_goes_by_pages_of_accounts)
{
    struct db *db = db_with_providers();
    struct calendar_states_page page = {.last = 0};
    size_t found[3] = {0};
    int64_t before = 0;

    for (int i = 0; i <= 2 * LIMIT_STEP_ROWS; i++) {
        int64_t account = add_account(db, 5 + i % 2, i);

        if (i % 3 == 0) {
            (void)add_setting(db, account, S("a"));
            (void)add_setting(db, account, S("b"));
        }
    }
    T_OK(db_script(
        t_cx(), db, "update staff_calendar_settings set deleted_at = 1 where id = 3"));
    for (int64_t provider = 0; provider <= 6; provider += provider == 0 ? 5 : 1) {
        size_t pages = 0;

        before = 0;
        do {
            T_OK(calendar_states_list(t_cx(), db, provider, page.last, &page));
            T_INT(page.now_ms, NOW_MS);
            for (size_t i = 0; i < page.n; i++) {
                T_TRUE(page.at[i].setting.account >= before);
                T_TRUE(provider == 0 || page.at[i].provider == provider);
                before = page.at[i].setting.account;
                found[provider == 0 ? 0 : provider - 4]++;
            }
            pages++;
        } while (page.last != 0);
        T_INT(pages, provider == 0 ? 4 : provider == 5 ? 3 : 2);
    }
    T_INT(found[0], 2 * 67 - 1);
    T_INT(found[1] + found[2], found[0]);
    db_close(&db);
}

TEST(test_calendar_states_of_account)
{
    struct db *db = db_with_providers();
    int64_t first = add_account(db, 5, 1);
    int64_t second = add_account(db, 6, 2);
    int64_t id = add_setting(db, second, S("c"));
    struct calendar_states_page page;

    (void)add_setting(db, first, S("c"));
    T_OK(calendar_states_of_account(t_cx(), db, 0, second, &page));
    T_INT(page.n, 1);
    T_INT(page.at[0].setting.id, id);
    T_INT(page.last, 0);
    T_OK(calendar_states_of_account(t_cx(), db, 6, second, &page));
    T_INT(page.n, 1);
    T_OK(calendar_states_of_account(t_cx(), db, 5, second, &page));
    T_INT(page.n, 0);
    db_close(&db);
}

TEST(test_calendar_states_want_asks_for_what_rests)
{
    struct db *db = db_with_providers();
    int64_t id = add_setting(db, add_account(db, 5, 1), S("c"));

    T_OK(db_script(
        t_cx(), db,
        "update calendar_sync set state = 4, inactive_reason = 3, failures = 2,"
        " due_at = 9223372036854775807"));
    T_OK(calendar_states_want(t_cx(), db, id));
    struct calendar_sync s = state_now(db, id).setting.sync;

    T_INT(s.due_ms, SYNC_WANTED);
    T_INT(s.failures, 2);
    db_close(&db);
}

TEST(test_calendar_states_reset_keeps_the_image)
{
    struct db *db = db_with_providers();
    int64_t id = add_setting(db, add_account(db, 5, 1), S("c"));
    Str image;

    int64_t channel_due_ms = state_now(db, id).setting.sync.channel_due_ms;

    T_OK(calendar_image_put(t_cx(), db, id, 1, 7, S("image")));
    T_OK(calendar_states_reset(t_cx(), db, id));
    T_INT(state_now(db, id).setting.sync.state, SYNC_NEW);
    T_INT(state_now(db, id).setting.sync.channel_due_ms, channel_due_ms);
    T_OK(db_exec(
        t_cx(), db,
        "update calendar_sync set state = 2, cursor = $1, key_id = 7, image_digest = $1,"
        " image_version = 1, failures = 3, top = 50, synced_at = 9, channel_id = 'ch',"
        " channel_until = 200000000, channel_due_at = 190000000, due_at = 180000000",
        DB_ARGS(db_blob(S("x"))), NULL));
    T_OK(calendar_states_reset(t_cx(), db, id));
    struct calendar_sync s = state_now(db, id).setting.sync;

    T_INT(s.state, SYNC_FULL);
    T_INT(s.due_ms, SYNC_WANTED);
    T_INT(s.cursor.n + s.image_digest.n, 0);
    T_INT(s.failures + s.top + s.channel_until_ms, 0);
    T_INT(s.channel_due_ms, 1);
    T_STR(s.channel_id, S("ch")); /* to be ended at the source */
    T_INT(s.image_version, 1);
    T_INT(s.synced_ms, 9);
    T_OK(calendar_image_get(t_cx(), db, id, &image));
    T_STR(image, S("image"));
    db_close(&db);
}

TEST(test_calendar_states_end_pause)
{
    struct db *db = db_with_providers();
    int64_t account = add_account(db, 5, 1);
    int64_t paused = add_setting(db, account, S("c"));
    int64_t other = add_setting(db, account, S("d"));

    T_OK(db_exec(
        t_cx(), db,
        "update calendar_sync set state = case when settings = $1 then 4 else 2 end,"
        " due_at = 9223372036854775807",
        DB_ARGS(db_int(paused)), NULL));
    T_OK(calendar_states_end_pause(t_cx(), db, account));
    T_INT(state_now(db, paused).setting.sync.due_ms, SYNC_WANTED);
    T_INT(state_now(db, other).setting.sync.due_ms, SYNC_NEVER);
    db_close(&db);
}

TS_MAIN(
    TS(test_calendar_states_get), TS(test_calendar_states_list_goes_by_pages_of_accounts),
    TS(test_calendar_states_of_account),
    TS(test_calendar_states_want_asks_for_what_rests),
    TS(test_calendar_states_reset_keeps_the_image), TS(test_calendar_states_end_pause))
