/* SPDX-License-Identifier: Apache-2.0 */
#include "store/accounts.h"
#include "store/calendar_settings.h"
#include "store/providers.h"
#include "store/test_store.h"

enum { NOW = 5000, SOME_TIME = 1234 };

static int64_t add_account(
    struct db *db, int64_t provider, enum mode mode, Str user, Str subject)
{
    const struct account a = {
        .provider = provider,
        .mode = mode,
        .user = user,
        .source = SOURCE_MICROSOFT,
        .subject = subject,
        .username = S("ana@example.com"),
        .status = ACCOUNT_CONNECTED};
    int64_t id = 0;

    T_OK(account_insert(t_cx(), db, &a, &id));
    return id;
}

static struct db *db_with_provider(void)
{
    struct db *db = t_db();

    for (int64_t id = 5; id <= 6; id++) {
        T_OK(provider_add(t_cx(), db, &(struct provider){.id = id, .name = S("s")}));
    }
    db_stop_clock(db, NOW);
    return db;
}

static const struct calendar_settings_filter all = {
    .provider = 5, .mode = MODE_CUSTOMER, .any_user = true};

static int64_t add_setting(struct db *db, int64_t account, Str calendar, int switches)
{
    const struct calendar_setting s = {
        .account = account,
        .calendar_id = calendar,
        .switches = switches,
        .reminder_minutes = UINT32_MAX,
        .time_zone = S("Europe/Berlin"),
        .created_ms = SOME_TIME};
    int64_t id = 0;

    T_OK(calendar_settings_insert(t_cx(), db, &s, &id));
    return id;
}

static struct calendar_setting setting_now(struct db *db, int64_t id)
{
    struct calendar_setting s = {0};

    T_OK(calendar_settings_get(t_cx(), db, &all, id, &s));
    return s;
}

static void run_sql(struct db *db, const char *sql)
{
    T_OK(db_script(t_cx(), db, sql));
}

static int64_t count_of(struct db *db, const char *sql)
{
    int64_t n = -1;

    T_OK(db_query_int(t_cx(), db, sql, DB_NONE, &n));
    return n;
}

/* As if it had been read: with image, cursor and channel, and nothing due. */
static void read_all(struct db *db)
{
    const struct db_args sealed = DB_ARGS(db_blob(S("x\0y")));

    run_sql(db, "delete from calendar_images");
    T_OK(db_exec(
        t_cx(), db,
        "insert into calendar_images (settings, version, key_id, sealed)"
        " select settings, 3, 7, $1 from calendar_sync",
        sealed, NULL));
    T_OK(db_exec(
        t_cx(), db,
        "update calendar_sync set state = 2, window_from = 1, window_to = 2,"
        " full_due_at = 3, due_at = 99000, read_at = 5, synced_at = 6, failures = 7,"
        " key_id = 8, cursor = $1, image_version = 3, image_digest = $1, events = 9,"
        " channel_id = 'c', channel_no = 2, channel_until = 88000, channel_due_at = 77000",
        sealed, NULL));
}

TEST(test_get_gives_what_was_inserted)
{
    bool marked;
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t account = add_account(db, 5, MODE_CUSTOMER, S("u1"), S("sub"));
    struct calendar_setting s;

    for (int switches = 0; switches <= SWITCHES_ALL; switches++) {
        bool is_on = (switches & SWITCHES_SYNC) != 0;
        int64_t id = add_setting(db, account, str_int(&t_cx()->mem, switches), switches);

        s = setting_now(db, id);
        T_INT(s.id, id);
        T_INT(s.account, account);
        T_STR(s.calendar_id, str_int(&t_cx()->mem, switches));
        T_INT(s.switches, switches);
        T_INT(s.sync.state, SYNC_NEW);
        T_INT(s.sync.due_ms, is_on ? NOW : SYNC_NEVER);
    }
    T_INT(s.reminder_minutes, UINT32_MAX);
    T_STR(s.time_zone, S("Europe/Berlin"));
    T_INT(s.created_ms, SOME_TIME);
    T_INT(s.source, SOURCE_MICROSOFT);
    T_STR(s.subject, S("sub"));
    T_STR(s.username, S("ana@example.com"));
    T_TRUE(s.is_connected);
    T_INT(s.sync.settings, s.id);
    T_INT(s.sync.account, account);
    T_INT(s.sync.source, SOURCE_MICROSOFT);
    T_INT(s.sync.inactive, SYNC_ACTIVE);
    T_INT(s.sync.image_version + s.sync.synced_ms + s.sync.channel_no, 0);
    T_INT(s.sync.cursor.n + s.sync.image_digest.n + s.sync.channel_id.n, 0);
    T_INT(s.sync.channel_due_ms, NOW); /* to be made */
    T_OK(account_needs_reconnect(t_cx(), db, account, S("grant_revoked"), 1, &marked));
    T_TRUE(!setting_now(db, s.id).is_connected);
}

TEST(test_get_gives_the_sync_of_the_setting)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t id = add_setting(
        db, add_account(db, 5, MODE_CUSTOMER, S(""), S("s")), S("c"), SWITCH_SOURCE);

    T_OK(db_exec(
        t_cx(), db,
        "update calendar_sync set state = 4, inactive_reason = 5, window_from = 1,"
        " window_to = 2, full_due_at = 3, due_at = 4, noticed_at = 5, read_at = 6,"
        " synced_at = 7, failures = 8, recent = 9, key_id = 10, cursor = $1,"
        " image_version = 11, image_digest = $2, events = 12, top = 13, channel_no = 14,"
        " channel_id = 'c', resource_id = 'r', channel_until = 15, channel_due_at = 16,"
        " channel_failures = 17",
        DB_ARGS(db_blob(S("x\0y")), db_blob(S("z"))), NULL));
    struct calendar_sync y = setting_now(db, id).sync;
    const int64_t got[] = {y.window_from_s,
                           y.window_to_s,
                           y.full_due_ms,
                           y.due_ms,
                           y.noticed_ms,
                           y.read_ms,
                           y.synced_ms,
                           y.failures,
                           y.recent,
                           10,
                           y.image_version,
                           y.events,
                           y.top,
                           y.channel_no,
                           y.channel_until_ms,
                           y.channel_due_ms,
                           y.channel_failures};

    for (size_t i = 0; i < COUNT(got); i++) {
        T_INT(got[i], i + 1);
    }
    T_INT(y.state, SYNC_PAUSED);
    T_INT(y.inactive, SYNC_TOO_LARGE);
    T_STR(y.cursor, S("x\0y"));
    T_STR(y.image_digest, S("z"));
    T_STR(y.channel_id, S("c"));
    T_STR(y.resource_id, S("r"));
}

TEST(test_insert_refuses_the_calendar_twice)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t account = add_account(db, 5, MODE_CUSTOMER, S("u1"), S("a"));
    int64_t other = add_account(db, 5, MODE_CUSTOMER, S("u1"), S("b"));
    struct calendar_setting s = {.account = account, .calendar_id = S("c")};
    int64_t first = add_setting(db, account, S("c"), 0);
    int64_t id = 77;

    T_FAIL(FAIL_CONFLICT, calendar_settings_insert(t_cx(), db, &s, &id));
    T_INT(id, 77);
    s.calendar_id = S("C");
    T_OK(calendar_settings_insert(t_cx(), db, &s, &id));
    s = (struct calendar_setting){.account = other, .calendar_id = S("c")};
    T_OK(calendar_settings_insert(t_cx(), db, &s, &id));
    run_sql(db, "update calendar_sync set channel_id = 'x'"); /* so that the row stays */
    T_OK(calendar_settings_delete(t_cx(), db, first, false, NOW));
    s.account = account;
    for (int i = 0; i < 2; i++) {
        T_OK(calendar_settings_insert(t_cx(), db, &s, &id));
        T_TRUE(id > first + 2); /* an id is never used again */
        T_OK(calendar_settings_delete(t_cx(), db, id, false, NOW));
    }
}

/* Two settings of two users, and one each of the business, another mode, another
 * provider. */
static void add_owners(struct db *db)
{
    int64_t b = add_account(db, 5, MODE_PROVIDER, S(""), S("1"));
    int64_t c = add_account(db, 5, MODE_CUSTOMER, S("u1"), S("2"));
    int64_t d = add_account(db, 5, MODE_CUSTOMER, S("u2"), S("3"));
    int64_t e = add_account(db, 6, MODE_CUSTOMER, S("u1"), S("4"));
    int64_t f = add_account(db, 5, MODE_CUSTOMER, S("u1"), S("5"));

    T_INT(add_setting(db, b, S("c"), 1), 1);
    T_INT(add_setting(db, c, S("c"), 1), 2);
    T_INT(add_setting(db, f, S("c"), 3), 3);
    T_INT(add_setting(db, d, S("c"), 2), 4);
    T_INT(add_setting(db, e, S("c"), 1), 5);
    T_INT(add_setting(db, c, S("d"), 2), 6);
    T_INT(add_setting(db, c, S("e"), 2), 7);
    T_OK(calendar_settings_delete(t_cx(), db, 7, false, NOW));
}

static const struct {
    struct calendar_settings_filter filter;
    int64_t want[5];
    int64_t count;
} owners[] = {
    {{5, MODE_PROVIDER, true, SI(""), 0}, {1}, 1},
    {{5, MODE_PROVIDER, false, SI(""), 0}, {1}, 1},
    {{5, MODE_PROVIDER, false, SI("u1"), 0}, {0}, 0},
    {{5, MODE_CUSTOMER, true, SI(""), 0}, {2, 3, 4, 6}, 4},
    {{5, MODE_CUSTOMER, false, SI(""), 0}, {0}, 0},
    {{5, MODE_CUSTOMER, false, SI("u1"), 0}, {2, 3, 6}, 3},
    {{5, MODE_CUSTOMER, false, SI("u2"), 0}, {4}, 1},
    {{6, MODE_CUSTOMER, false, SI("u1"), 0}, {5}, 1},
    {{7, MODE_CUSTOMER, true, SI(""), 0}, {0}, 0},
    {{5, MODE_CUSTOMER, true, SI(""), 2}, {2, 6}, 2},
    {{5, MODE_CUSTOMER, false, SI("u1"), 2}, {2, 6}, 2},
    {{5, MODE_CUSTOMER, false, SI("u1"), 3}, {0}, 0},
    {{5, MODE_CUSTOMER, true, SI(""), 3}, {4}, 1},
    {{5, MODE_CUSTOMER, true, SI(""), 1}, {0}, 0},
    {{5, MODE_CUSTOMER, true, SI(""), 4}, {0}, 0},
    {{5, MODE_CUSTOMER, true, SI(""), 99}, {0}, 0},
};

static bool is_wanted(const int64_t *want, int64_t id)
{
    while (*want != 0 && *want != id) {
        want++;
    }
    return *want != 0;
}

TEST(test_list_and_get_show_the_owner_only_his_own)
{
    CLEANUP(db_close) struct db *db = db_with_provider();

    add_owners(db);
    for (size_t i = 0; i < COUNT(owners); i++) {
        struct calendar_settings_page page;

        T_OK(calendar_settings_list(t_cx(), db, &owners[i].filter, 0, 100, &page));
        T_INT(page.n, owners[i].count);
        T_INT(page.count, owners[i].count);
        for (size_t j = 0; j < page.n; j++) {
            T_INT(page.at[j].id, owners[i].want[j]);
        }
        for (int64_t id = 1; id <= 7; id++) {
            struct calendar_setting s;
            Res r = calendar_settings_get(t_cx(), db, &owners[i].filter, id, &s);

            T_FAIL(is_wanted(owners[i].want, id) ? FAIL_NONE : FAIL_NOT_FOUND, r);
        }
    }
}

TEST(test_list_goes_page_by_page)
{
    CLEANUP(db_close) struct db *db = db_with_provider();

    static const struct {
        int64_t offset;
        int64_t limit;
        size_t n;
        int64_t first;
    } rows[] = {{0, 2, 2, 2}, {2, 2, 2, 4}, {4, 2, 0, 0}, {0, 4, 4, 2}, {3, 9, 1, 6}};

    add_owners(db);
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int64_t account = 0; account <= 2; account += 2) {
            struct calendar_settings_filter f = all;
            struct calendar_settings_page page;

            f.account = account;
            T_OK(calendar_settings_list(
                t_cx(), db, &f, rows[i].offset, rows[i].limit, &page));
            T_INT(page.count, account == 0 ? 4 : 2);
            if (account == 0) {
                T_INT(page.n, rows[i].n);
                T_TRUE(page.n == 0 || page.at[0].id == rows[i].first);
            }
        }
    }
}

TEST(test_count_counts_the_owner_of_the_account)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    struct calendar_settings_counts n;

    static const struct calendar_settings_counts rows[] = {
        {1, 1, 1}, {2, 3, 2}, {1, 1, 0}, {1, 1, 1}, {1, 3, 2}, {0, 0, 0}};

    add_owners(db);
    for (size_t i = 0; i < COUNT(rows); i++) {
        T_OK(calendar_settings_count(t_cx(), db, (int64_t)i + 1, &n));
        T_INT(n.of_account, rows[i].of_account);
        T_INT(n.of_owner, rows[i].of_owner);
        T_INT(n.destinations, rows[i].destinations);
    }
}

static Res update_switches(struct db *db, int64_t id, int switches)
{
    const struct calendar_setting s = {
        .id = id, .switches = switches, .reminder_minutes = 4, .time_zone = S("UTC")};

    return calendar_settings_update(t_cx(), db, &s);
}

TEST(test_update_changes_what_may_change)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t id = add_setting(
        db, add_account(db, 5, MODE_CUSTOMER, S(""), S("s")), S("c"), SWITCH_SOURCE);

    T_OK(update_switches(db, id, SWITCH_SOURCE | SWITCH_REMINDERS));
    struct calendar_setting s = setting_now(db, id);

    T_INT(s.switches, SWITCH_SOURCE | SWITCH_REMINDERS);
    T_INT(s.reminder_minutes, 4);
    T_STR(s.time_zone, S("UTC"));
    T_STR(s.calendar_id, S("c"));
    T_INT(s.created_ms, SOME_TIME);
    T_FAIL(FAIL_NOT_FOUND, update_switches(db, id + 1, 0));
}

/* What a change of the switches does to a calendar that was read. */
static const struct {
    const char *name;
    int before;
    int after;
    bool is_inactive;
    bool is_due;
    bool has_image;
    bool has_cursor;
} changes[] = {
    {"nothing", SWITCH_SOURCE, SWITCH_SOURCE, false, false, true, true},
    {"other switches", SWITCH_SOURCE, SWITCH_SOURCE | SWITCH_ONLY_BUSY, false, false,
     true, true},
    {"a destination, too", SWITCH_SOURCE, SWITCHES_SYNC, false, false, true, true},
    {"no destination", SWITCHES_SYNC, SWITCH_SOURCE, false, false, true, true},
    {"no source", SWITCHES_SYNC, SWITCH_DESTINATION, false, false, false, true},
    {"another kind", SWITCH_DESTINATION, SWITCH_SOURCE, false, true, true, true},
    {"a source, too", SWITCH_DESTINATION, SWITCHES_SYNC, false, true, true, true},
    {"both off", SWITCHES_SYNC, SWITCH_REMINDERS, false, false, false, false},
    {"the only one off", SWITCH_SOURCE, 0, true, false, false, false},
    {"tried again", SWITCH_SOURCE, SWITCH_SOURCE, true, true, true, true},
    {"tried again without a source", SWITCHES_SYNC, SWITCH_DESTINATION, true, true, false,
     true},
};

TEST(test_update_carries_the_sync_along)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t account = add_account(db, 5, MODE_CUSTOMER, S(""), S("s"));

    for (size_t i = 0; i < COUNT(changes); i++) {
        int64_t id = add_setting(db, account, S("c"), changes[i].before);
        bool is_off = (changes[i].after & SWITCHES_SYNC) == 0;

        print_message("  %s\n", changes[i].name);
        read_all(db);
        run_sql(
            db, changes[i].is_inactive
                    ? "update calendar_sync set state = 4, inactive_reason = 3"
                    : "update calendar_sync set state = 2");
        T_OK(update_switches(db, id, changes[i].after));
        struct calendar_sync y = setting_now(db, id).sync;

        T_INT(y.due_ms, is_off ? SYNC_NEVER : changes[i].is_due ? NOW : 99000);
        T_INT(
            y.state, is_off                   ? SYNC_NEW
                     : changes[i].is_inactive ? SYNC_PAUSED
                                              : SYNC_LIVE);
        T_INT(y.inactive != SYNC_ACTIVE, changes[i].is_inactive && !is_off);
        T_INT(y.image_version, changes[i].has_image ? 3 : 0);
        T_INT(count_of(db, "select count(*) from calendar_images"), changes[i].has_image);
        T_INT(y.cursor.n > 0, changes[i].has_cursor);
        T_INT(y.synced_ms, is_off ? 0 : 6);
        T_INT(y.channel_due_ms, is_off ? NOW : 77000);
        T_INT(y.channel_no, 2);
        run_sql(db, "delete from staff_calendar_settings");
    }
}

TEST(test_update_begins_anew_without_an_image)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t id = add_setting(
        db, add_account(db, 5, MODE_CUSTOMER, S(""), S("s")), S("c"), SWITCHES_SYNC);

    read_all(db);
    T_OK(update_switches(db, id, SWITCH_DESTINATION));
    T_INT(setting_now(db, id).sync.state, SYNC_LIVE);
    T_OK(update_switches(db, id, SWITCHES_SYNC));
    T_INT(setting_now(db, id).sync.state, SYNC_NEW);
    T_INT(setting_now(db, id).sync.due_ms, NOW);
    T_OK(update_switches(db, id, 0));
    T_INT(setting_now(db, id).sync.due_ms, SYNC_NEVER);
    T_OK(update_switches(db, id, SWITCH_REMINDERS)); /* off before and after */
    T_INT(setting_now(db, id).sync.due_ms, SYNC_NEVER);
    T_OK(update_switches(db, id, SWITCH_DESTINATION));
    T_INT(setting_now(db, id).sync.state, SYNC_NEW);
    T_INT(setting_now(db, id).sync.due_ms, NOW);
}

TEST(test_delete_leaves_a_channel_to_be_ended)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t account = add_account(db, 5, MODE_CUSTOMER, S(""), S("s"));

    for (int has_channel = 0; has_channel < 2; has_channel++) {
        int64_t id = add_setting(db, account, S("c"), SWITCHES_SYNC);
        struct calendar_settings_page page;

        read_all(db);
        if (!has_channel) {
            run_sql(db, "update calendar_sync set channel_id = ''");
        }
        T_OK(calendar_settings_delete(t_cx(), db, id, true, 4321));
        T_INT(count_of(db, "select count(*) from staff_calendar_settings"), has_channel);
        T_INT(
            count_of(
                db, "select count(*) from calendar_sync where channel_due_at = 5000"
                    " and due_at = 9223372036854775807 and cursor is null"),
            has_channel);
        T_INT(
            count_of(
                db, "select count(*) from staff_calendar_settings where deleted_at = 4321"
                    " and keep_events = 1"),
            has_channel);
        T_INT(count_of(db, "select count(*) from calendar_images"), 0);
        T_OK(calendar_settings_list(t_cx(), db, &all, 0, 100, &page));
        T_INT(page.count, 0);
        T_FAIL(FAIL_NOT_FOUND, update_switches(db, id, 0));
        T_FAIL(FAIL_NOT_FOUND, calendar_settings_delete(t_cx(), db, id, true, 1));
    }
}

TEST(test_settings_end_with_their_account)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t account = add_account(db, 5, MODE_CUSTOMER, S(""), S("s"));

    (void)add_setting(db, account, S("c"), SWITCHES_SYNC);
    read_all(db);
    run_sql(db, "insert into account_work (account) select id from accounts");
    T_OK(account_delete(t_cx(), db, account));
    T_INT(count_of(db, "select count(*) from staff_calendar_settings"), 0);
    T_INT(count_of(db, "select count(*) from calendar_sync"), 0);
    T_INT(count_of(db, "select count(*) from calendar_images"), 0);
    T_INT(count_of(db, "select count(*) from account_work"), 0);
}

/* A value of a newer binary costs that setting alone. */
TEST(test_list_leaves_out_what_is_unreadable)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    struct calendar_settings_page page;
    struct calendar_setting s = {.id = 77};

    add_owners(db);
    run_sql(
        db, t_is_sqlite() ? "drop trigger staff_calendar_settings_known_update;"
                            "drop trigger calendar_sync_known_update"
                          : "alter table staff_calendar_settings"
                            " drop constraint staff_calendar_settings_known;"
                            "alter table calendar_sync"
                            " drop constraint calendar_sync_known");
    run_sql(db, "update staff_calendar_settings set switches = 32 where id = 3");
    run_sql(db, "update calendar_sync set state = 5 where settings = 4");
    T_OK(calendar_settings_list(t_cx(), db, &all, 0, 100, &page));
    T_INT(page.n, 2);
    T_INT(page.n_unreadable, 2);
    T_INT(page.count, 4);
    T_FAIL(FAIL_UNREADABLE, calendar_settings_get(t_cx(), db, &all, 3, &s));
    T_FAIL(FAIL_UNREADABLE, calendar_settings_get(t_cx(), db, &all, 4, &s));
    T_INT(s.id, 77);
    T_OK(calendar_settings_get(t_cx(), db, &all, 2, &s));
}

TS_MAIN(
    TS(test_get_gives_what_was_inserted), TS(test_get_gives_the_sync_of_the_setting),
    TS(test_insert_refuses_the_calendar_twice),
    TS(test_list_and_get_show_the_owner_only_his_own), TS(test_list_goes_page_by_page),
    TS(test_count_counts_the_owner_of_the_account),
    TS(test_update_changes_what_may_change), TS(test_update_carries_the_sync_along),
    TS(test_update_begins_anew_without_an_image),
    TS(test_delete_leaves_a_channel_to_be_ended),
    TS(test_settings_end_with_their_account), TS(test_list_leaves_out_what_is_unreadable))
