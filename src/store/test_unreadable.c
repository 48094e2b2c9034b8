/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_unreadable.c - rows with values that this binary doesn't know: none of them ends
 * the process, or keeps another row from being read.
 */
#include "base/limits.h"
#include "store/accounts.h"
#include "store/calendar_channels.h"
#include "store/calendar_reads.h"
#include "store/calendar_settings.h"
#include "store/facts.h"
#include "store/flows.h"
#include "store/gauges.h"
#include "store/grants.h"
#include "store/keys.h"
#include "store/nodes.h"
#include "store/overview.h"
#include "store/providers.h"
#include "store/revocations.h"
#include "store/settings.h"
#include "store/test_store.h"
#include "store/tokens.h"
#include "store/webhook_deliveries.h"

enum { NOW = 1000000 };

static void run_sql(struct db *db, const char *sql)
{
    T_OK(db_script(t_cx(), db, sql));
}

/* As if it had been written by a newer binary, or by hand. */
static void forget_checks(struct db *db)
{
    run_sql(
        db, t_is_sqlite()
                ? "drop trigger accounts_known_update;"
                  "drop trigger grants_known_update;"
                  "drop trigger grants_source_known_update;"
                  "drop trigger tokens_known_update;"
                  "drop trigger revocations_known_update;"
                  "drop trigger calendar_sync_known_update"
                : "alter table accounts drop constraint accounts_known;"
                  "alter table grants drop constraint grants_known;"
                  "alter table tokens drop constraint tokens_known;"
                  "alter table revocations drop constraint revocations_known;"
                  "alter table calendar_sync drop constraint calendar_sync_known");
}

static int64_t add_google_account(struct db *db, Str subject)
{
    const struct account a = {
        .provider = 5,
        .mode = MODE_PROVIDER,
        .source = SOURCE_GOOGLE,
        .subject = subject,
        .status = ACCOUNT_CONNECTED};
    const struct grant_record g = {.key_id = 7, .sealed = S("x"), .due_ms = NOW};
    int64_t id = 0;

    T_OK(account_insert(t_cx(), db, &a, &id));
    T_OK(grant_put(t_cx(), db, id, &g));
    db_stop_clock(db, NOW);
    return id;
}

static const struct due_page due_page = {
    .source = SOURCE_GOOGLE, .parts = 1, .limit = 10, .after = {.due_ms = INT64_MIN}};

static struct db *db_with_two_accounts(int64_t *bad, int64_t *good)
{
    struct db *db = t_db();

    T_OK(provider_add(t_cx(), db, &(struct provider){.id = 5, .name = S("studio")}));
    *bad = add_google_account(db, S("a"));
    *good = add_google_account(db, S("b"));
    return db;
}

static const char calendar_of_account_1[] =
    "insert into staff_calendar_settings (account, calendar_id, switches,"
    " reminder_minutes, time_zone, created_at) values (1, 'a', 31, 4294967295, '', 0);"
    "insert into calendar_sync (settings, account, source, state, inactive_reason, due_at)"
    " values (1, 1, 2, 4, 5, 0);"
    "insert into calendar_images (settings, version, key_id, sealed)"
    " select 1, 1, 4294967295, sealed from grants where account = 1;"
    "insert into account_work (account) values (1)";

static const char webhooks_of_provider_5[] =
    "insert into webhook_endpoints (provider, url, description, types, version, key_id,"
    " sealed, state, created_at) select 5, 'u', '', 0, 1, 4294967295, sealed, 2, 0"
    " from grants where account = 1;"
    "insert into webhook_messages (id, provider, subject, type, body, not_before,"
    " created_at) values ('m', 5, '', 't', '{}', 0, 253402300799999);"
    "insert into webhook_deliveries (message, endpoint, made_at, state, due_at)"
    " values ('m', 1, 0, 3, 0)";

static const char pushes_of_provider_5[] =
    "insert into pushed_events (provider, mode, user_id, event_id, rev, version,"
    " has_attendees, starts_at, ends_at, key_id, sealed, digest, created_at, updated_at)"
    " select 5, 2, '', 'b', 1, -1, 1, 0, 1, 4294967295, sealed, sealed, 0, 0"
    " from grants where account = 1;"
    "insert into pushed_copies (event, settings, account, source, key, generation,"
    " external_id, link, want, status, reason, want_rev, have_rev, flags, due_at, since,"
    " attempts, written_at, start_at, end_at) select 1, 1, 1, 2, sealed, 0, '', '', 3, 6,"
    " 6, 0, 0, 127, 0, 0, 0, 0, -1, -1 from grants where account = 1";

TEST(test_what_is_not_known_is_refused_where_it_is_written)
{
    static const char *const scripts[] = {
        "update accounts set source = 3",
        "update accounts set source = 0",
        "update accounts set status = 3",
        "update accounts set mode = 3",
        "update accounts set connected_at = -1",
        "update accounts set connected_at = 253402300800000",
        "update grants set version = 0",
        "update grants set key_id = -1",
        "update grants set key_id = 4294967296",
        "update grants set source = 3",
        "insert into accounts (provider, mode, user_id, source, subject, username, status,"
        " status_reason, status_since, connected_at)"
        " values (5, 2, '', 3, 's', 'n', 1, '', 0, 0)",
        "insert into nodes (id, host, keys, sealing, seen_at, ready)"
        " values ('a', 'h', '', 1, 1, 3)",
        "insert into nodes (id, host, keys, sealing, seen_at, began_at)"
        " values ('a', 'h', '', 1, 1, -1)",
        "update tokens set modes = 4",
        "update revocations set source = 3",
        "update providers set created_at = -1",
        "update staff_calendar_settings set switches = 32",
        "update staff_calendar_settings set reminder_minutes = 4294967296",
        "update staff_calendar_settings set created_at = -1",
        "update staff_calendar_settings set deleted_at = 253402300800000",
        "update staff_calendar_settings set keep_events = 2",
        "insert into staff_calendar_settings (account, calendar_id, switches,"
        " reminder_minutes, time_zone, created_at) values (1, 'b', -1, 0, '', 0)",
        "update calendar_sync set source = 3",
        "update calendar_sync set state = 0",
        "update calendar_sync set inactive_reason = 6",
        "update calendar_sync set noticed_at = -1",
        "update calendar_sync set read_at = -1",
        "update calendar_sync set synced_at = -1",
        "update calendar_sync set failures = -1",
        "update calendar_sync set key_id = 4294967296",
        "update calendar_sync set image_version = -1",
        "update calendar_sync set channel_no = 4294967296",
        "update calendar_sync set begun_at = -1",
        "insert into calendar_sync (settings, account, source, state, due_at, begun_at)"
        " values (9, 1, 1, 1, 1, -1)",
        "insert into calendar_sync (settings, account, source, state, due_at)"
        " values (2, 1, 1, 5, 0)",
        "update calendar_images set version = 0",
        "update calendar_images set key_id = -1",
        "update account_work set hold_until = -1",
        "update account_work set hold_step = -1",
        "update account_work set read_until = -1",
        "update account_work set write_until = -1",
        "update staff_calendar_settings set push_due = 2",
        "update staff_calendar_settings set push_after = -1",
        "update pushed_events set mode = 3",
        "update pushed_events set rev = 0",
        "update pushed_events set version = -2",
        "update pushed_events set has_attendees = 2",
        "update pushed_events set key_id = -1",
        "update pushed_events set created_at = -1",
        "update pushed_events set updated_at = -1",
        "update pushed_events set generations = -1",
        "update pushed_copies set source = 3",
        "update pushed_copies set generation = -1",
        "update pushed_copies set want = 4",
        "update pushed_copies set status = 7",
        "update pushed_copies set reason = 7",
        "update pushed_copies set want_rev = -1",
        "update pushed_copies set have_rev = -1",
        "update pushed_copies set flags = 128",
        "update pushed_copies set since = -1",
        "update pushed_copies set attempts = -1",
        "update pushed_copies set written_at = -1",
        "update pushed_copies set sent_end_at = -1",
        "update pushed_copies set sent_end_at = 253402300800",
        "update pushed_copies set sent_after = -1",
        "insert into pushed_copies (event, settings, account, source, key, generation,"
        " external_id, link, want, status, reason, want_rev, have_rev, flags, due_at,"
        " since, attempts, written_at, start_at, end_at, sent_after) select 2, 1, 1, 2,"
        " sealed, 0, '', '', 3, 6, 6, 0, 0, 127, 0, 0, 0, 0, -1, -1, -1 from grants"
        " where account = 1",
        "update webhook_endpoints set types = -1",
        "update webhook_endpoints set version = 0",
        "update webhook_endpoints set key_id = -1",
        "update webhook_endpoints set previous_until = -1",
        "update webhook_endpoints set state = 3",
        "update webhook_endpoints set reason = 4",
        "update webhook_endpoints set created_at = -1",
        "update webhook_endpoints set failing_since = -1",
        "update webhook_endpoints set failed = -1",
        "update webhook_endpoints set succeeded_at = -1",
        "update webhook_messages set not_before = -1",
        "update webhook_messages set created_at = -1",
        "update webhook_deliveries set made_at = -1",
        "update webhook_deliveries set state = 4",
        "update webhook_deliveries set attempts = -1",
        "update webhook_deliveries set until = -1",
        "update webhook_deliveries set last_at = -1",
        "update webhook_deliveries set last_ms = -1",
        "update webhook_deliveries set last_status = 1000",
    };
    int64_t bad;
    int64_t good;
    int64_t id;
    CLEANUP(db_close) struct db *db = db_with_two_accounts(&bad, &good);
    const struct api_token token = {.name = S("t"), .modes = MODE_CUSTOMER};
    const struct revocation r = {
        .source = SOURCE_GOOGLE, .subject = S("s"), .sealed = S("x")};

    T_OK(token_add(t_cx(), db, &token, S("hash"), &id));
    T_OK(revocation_insert(t_cx(), db, &r, &id));
    run_sql(db, calendar_of_account_1);
    run_sql(db, pushes_of_provider_5);
    run_sql(db, webhooks_of_provider_5);
    for (size_t i = 0; i < COUNT(scripts); i++) {
        T_FAIL(FAIL_INTERNAL, db_script(t_cx(), db, scripts[i]));
        T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("known")));
    }
    run_sql(
        db, "update accounts set connected_at = 253402300799999, source = 2, mode = 1");
}

TEST(test_an_account_of_an_unknown_kind_is_that_account_s_failure)
{
    static const char *const scripts[] = {
        "update accounts set source = 3 where subject = 'a'",
        "update accounts set source = 1, status = 9 where subject = 'a'",
        "update accounts set status = 1, mode = 2, connected_at = -5 where subject = 'a'",
        "update accounts set connected_at = 0, status_since = 9223372036854775807"
        " where subject = 'a'",
    };
    int64_t bad;
    int64_t good;
    CLEANUP(db_close) struct db *db = db_with_two_accounts(&bad, &good);
    const struct account_filter filter = {5, MODE_PROVIDER, .any_user = true};
    struct account a = {.id = 77};

    forget_checks(db);
    for (size_t i = 0; i < COUNT(scripts); i++) {
        struct account_page page;

        run_sql(db, scripts[i]);
        T_FAIL(FAIL_UNREADABLE, account_get(t_cx(), db, bad, &a));
        T_INT(a.id, 77);
        T_OK(account_list(t_cx(), db, &filter, 0, 10, &page));
        T_INT(page.n, 1);
        T_INT(page.n_unreadable, 1);
        T_INT(page.at[0].id, good);
    }
    T_OK(account_get(t_cx(), db, good, &a));
}

TEST(test_a_token_of_an_unknown_mode_is_that_token_s_failure)
{
    CLEANUP(db_close) struct db *db = t_db();
    const struct api_token token = {.name = S("t"), .modes = MODE_CUSTOMER};
    struct token_page page;
    struct api_token got;
    int64_t id;

    T_OK(token_add(t_cx(), db, &token, S("a"), &id));
    T_OK(token_add(t_cx(), db, &token, S("b"), &id));
    forget_checks(db);
    run_sql(db, "update tokens set modes = 5 where id = 1");
    T_FAIL(FAIL_UNREADABLE, token_by_hash(t_cx(), db, S("a"), &got));
    T_OK(token_by_hash(t_cx(), db, S("b"), &got));
    T_OK(token_list(t_cx(), db, 0, &page));
    T_INT(page.n, 1);
    T_INT(page.at[0].id, id);
}

TEST(test_a_revocation_of_an_unknown_source_keeps_nobody_waiting)
{
    const struct revocation_line line = {SOURCE_GOOGLE, REVOCATION_OLDEST};
    struct lease lease = {.owner = S("a"), .length_ms = 60};
    static const char *const columns[] = {"source", "key_id", "attempts", "give_up_at"};
    CLEANUP(db_close) struct db *db = t_db();
    struct revocation r = {
        .source = SOURCE_GOOGLE, .subject = S("s"), .sealed = S("x"), .next_ms = 1};
    int64_t bad;
    int64_t good;
    int64_t n;

    forget_checks(db);
    db_stop_clock(db, NOW);
    for (size_t i = 0; i < COUNT(columns); i++) {
        char sql[80];

        T_OK(revocation_insert(t_cx(), db, &r, &bad));
        T_OK(revocation_insert(t_cx(), db, &r, &good));
        (void)snprintf(
            sql, sizeof(sql), "update revocations set %s = -1 where id = %lld",
            columns[i], (long long)bad);
        run_sql(db, sql);
        T_OK(revocation_take(t_cx(), db, line, &lease, &r));
        T_INT(r.id, good);
        T_FAIL(FAIL_NOT_FOUND, revocation_take(t_cx(), db, line, &lease, &r));
    }
    run_sql(db, "update revocations set source = 3 where source = -1");
    T_OK(revocation_count_unreadable(t_cx(), db, &n));
    T_INT(n, 2); /* of what a newer binary may know */
}

TEST(test_a_grant_that_is_unreadable_keeps_nobody_waiting)
{
    static const char *const scripts[] = {
        "update grants set version = 0", "update grants set version = 1, key_id = -1",
        "update grants set key_id = 1, failures = -1",
        "update grants set failures = 0, refusals = -1",
        "update grants set refusals = 0, source = 3"};
    int64_t bad;
    int64_t good;
    CLEANUP(db_close) struct db *db = db_with_two_accounts(&bad, &good);
    struct grant_record g;
    uint32_t *keys;
    struct due_grant *due;
    size_t n;

    forget_checks(db);
    for (size_t i = 0; i < COUNT(scripts); i++) {
        char sql[100];

        (void)snprintf(
            sql, sizeof(sql), "%s where account = %lld", scripts[i], (long long)bad);
        run_sql(db, sql);
        T_TRUE(
            grant_get(t_cx(), db, bad, &g).code
            == (i + 1 < COUNT(scripts) ? FAIL_UNREADABLE : FAIL_NONE));
        db_stop_clock(db, NOW);
        T_OK(grant_name_sources(t_cx(), db));
        T_OK(grant_due(t_cx(), db, &due_page, &due, &n));
        T_INT(n, 1);
        T_INT(due[0].account, good);
    }
    run_sql(db, "update grants set key_id = 4294967296 where key_id <> 7");
    T_OK(keys_in_use(t_cx(), db, &keys, &n));
    T_INT(n, 1);
    T_INT(keys[0], 7);
}

static int64_t add_source_setting(struct db *db, int64_t account, Str calendar)
{
    const struct calendar_setting s = {
        .account = account, .calendar_id = calendar, .switches = SWITCH_SOURCE};
    int64_t id = 0;

    T_OK(calendar_settings_insert(t_cx(), db, &s, &id));
    return id;
}

/* The calendar of the account that a chore takes up; 0: none is due. */
static int64_t calendar_taken(struct db *db, int64_t account, bool reads)
{
    struct lease lease = {.owner = S("w"), .length_ms = LIMIT_READ_LEASE_MS};
    struct account_work work = {0};
    struct sync_job job = {0};

    T_OK(
        reads ? calendar_reads_take(t_cx(), db, SOURCE_GOOGLE, 0, &lease, &work)
              : calendar_channels_take(
                  t_cx(), db, SOURCE_GOOGLE, CHANNELS_DUE, &lease, &work));
    if (work.account == 0) {
        return 0;
    }
    T_INT(work.account, account);
    T_OK(
        reads ? calendar_reads_begin(t_cx(), db, account, lease.owner, 1, &job)
              : calendar_channels_begin(
                  t_cx(), db, account, lease.owner, CHANNELS_DUE, &job));
    T_OK(calendar_reads_drop(t_cx(), db, account, lease.owner));
    return job.sync.settings;
}

TEST(test_a_calendar_that_is_unreadable_keeps_nobody_waiting)
{
    static const char *const values[] = {
        "state = 5",      "inactive_reason = 6", "noticed_at = -1",    "read_at = -1",
        "synced_at = -1", "failures = -1",       "image_version = -1", "channel_no = -1"};
    int64_t account;
    int64_t other;
    CLEANUP(db_close) struct db *db = db_with_two_accounts(&account, &other);
    int64_t bad = add_source_setting(db, account, S("bad"));
    int64_t good = add_source_setting(db, account, S("good"));
    char sql[200];

    forget_checks(db);
    for (size_t i = 0; i < 2 * COUNT(values); i++) {
        bool reads = i % 2 == 0;

        run_sql(
            db, "update calendar_sync set state = 1, inactive_reason = 0, noticed_at = 0,"
                " read_at = 0, synced_at = 0, failures = 0, image_version = 0,"
                " channel_no = 0, due_at = 2, channel_due_at = 2");
        (void)snprintf(
            sql, sizeof(sql),
            "update calendar_sync set due_at = 1, channel_due_at = 1, %s"
            " where settings = %lld",
            values[i / 2], (long long)bad);
        run_sql(db, sql);
        T_INT(calendar_taken(db, account, reads), good);
        run_sql(
            db, "update calendar_sync set due_at = 9000000, channel_due_at = 9000000");
        (void)snprintf(
            sql, sizeof(sql),
            "update calendar_sync set due_at = 1, channel_due_at = 1 where settings = %lld",
            (long long)bad);
        run_sql(db, sql);
        T_INT(calendar_taken(db, account, reads), 0);
    }
}

TEST(test_a_grant_can_be_put_off)
{
    int64_t first;
    int64_t second;
    CLEANUP(db_close) struct db *db = db_with_two_accounts(&first, &second);
    struct due_grant *due;
    size_t n;

    db_stop_clock(db, NOW);
    T_OK(grant_postpone(t_cx(), db, first, 60));
    T_OK(grant_postpone(t_cx(), db, first, 1)); /* never to an earlier time */
    db_stop_clock(db, NOW + 59);
    T_OK(grant_due(t_cx(), db, &due_page, &due, &n));
    T_INT(n, 1);
    T_INT(due[0].account, second);
    db_stop_clock(db, NOW + 60);
    T_OK(grant_due(t_cx(), db, &due_page, &due, &n));
    T_INT(n, 2);
}

TEST(test_an_outcome_that_is_no_word_is_unreadable)
{
    struct lease lease = {.owner = S("a"), .length_ms = 60};

    static const struct {
        const char *outcome;
        enum fail want;
    } rows[] = {
        {"a_new_code", FAIL_NONE},
        {"success&account=9", FAIL_UNREADABLE},
        {"Success", FAIL_UNREADABLE},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", FAIL_NONE},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         FAIL_UNREADABLE},
    };
    CLEANUP(db_close) struct db *db = t_db();

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str id = str_int(&t_cx()->mem, (int64_t)i);
        struct flow_record r;

        T_OK(flow_claim(t_cx(), db, id, &lease, &r));
        T_OK(flow_finish(t_cx(), db, id, S("a"), str_from_z(rows[i].outcome), 0));
        T_FAIL(rows[i].want, flow_read(t_cx(), db, id, &r));
    }
}

TEST(test_a_refusal_that_is_not_ours_refuses_nothing)
{
    static const struct {
        Str text;
        int64_t until_ms;
    } rows[] = {
        {SI(""), 0}, {SI("soon because"), 0}, {SI("12"), 12}, {SI("12 because"), 12}};
    CLEANUP(db_close) struct db *db = t_db();

    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t until_ms = -1;
        Str why;

        T_OK(setting_put(t_cx(), db, S("channels_refused_google"), rows[i].text));
        T_OK(calendar_channels_refusal(t_cx(), db, SOURCE_GOOGLE, &until_ms, &why));
        T_INT(until_ms, rows[i].until_ms);
    }
}

/* A node is only counted among those that have a key when it says so in words of ours. */
TEST(test_keys_of_a_node_end_at_what_is_no_key)
{
    static const uint32_t keys[] = {1, 2};
    CLEANUP(db_close) struct db *db = t_db();
    struct node *nodes;
    size_t n;

    T_OK(node_write(
        t_cx(), db,
        &(struct node){.id = S("a"), .host = S("h"), .keys = keys, .n_keys = 2}));
    run_sql(db, "update nodes set keys = '00000001 what 00000002'");
    T_OK(node_list(t_cx(), db, &nodes, &n));
    T_INT(n, 1);
    T_INT(nodes[0].n_keys, 1);
    T_INT(nodes[0].keys[0], 1);
}

TEST(test_a_sealing_key_that_is_no_key_is_told)
{
    CLEANUP(db_close) struct db *db = t_db();
    uint32_t id;

    T_OK(setting_put(t_cx(), db, S("sealing_key"), S("what")));
    T_FAIL(FAIL_CONFIG, key_sealing(t_cx(), db, &id));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("sealing_key")));
}

static Res count_key(struct db *db)
{
    struct key_use use;

    return key_use_get(t_cx(), db, 7, &use);
}

static Res list_keys(struct db *db)
{
    uint32_t *ids;
    size_t n;

    return keys_in_use(t_cx(), db, &ids, &n);
}

static Res list_nodes(struct db *db)
{
    struct node *nodes;
    size_t n;

    return node_list(t_cx(), db, &nodes, &n);
}

static Res list_providers(struct db *db)
{
    struct provider_page page;

    return provider_list(t_cx(), db, 0, &page);
}

static Res list_tokens(struct db *db)
{
    struct token_page page;

    return token_list(t_cx(), db, 0, &page);
}

static Res look_at_deliveries(struct db *db)
{
    bool is_due;
    bool is_orphaned;

    return webhook_deliveries_look(t_cx(), db, &is_due, &is_orphaned);
}

static Res list_due_deliveries(struct db *db)
{
    struct webhook_due *due;
    size_t n;

    return webhook_deliveries_due(t_cx(), db, 4, &due, &n);
}

static Res time_deliveries(struct db *db)
{
    int64_t ms;

    return webhook_deliveries_lag(t_cx(), db, &ms);
}

static Res read_gauges(struct db *db)
{
    return gauges_read(t_cx(), db);
}

static Res read_overview(struct db *db)
{
    struct overview o;

    return overview_read(t_cx(), db, &o);
}

static Res read_facts(struct db *db)
{
    struct store_facts f;

    return store_facts_read(t_cx(), db, &f);
}

/* What can't be read is never taken for nothing: a key would be dropped that is used. */
TEST(test_what_a_table_lacks_is_no_empty_answer)
{
    static const struct {
        const char *table;
        Res (*ask)(struct db *db);
    } rows[] = {
        {"keys", count_key},
        {"grants", count_key},
        {"revocations", count_key},
        {"calendar_images", count_key},
        {"webhook_endpoints", count_key},
        {"pushed_events", count_key},
        {"grants", list_keys},
        {"settings", list_keys},
        {"nodes", list_nodes},
        {"providers", list_providers},
        {"redirect_patterns", list_providers},
        {"provider_features", list_providers},
        {"tokens", list_tokens},
        {"token_providers", list_tokens},
        {"webhook_deliveries", look_at_deliveries},
        {"webhook_deliveries", list_due_deliveries},
        {"webhook_deliveries", time_deliveries},
        {"accounts", read_gauges},
        {"account_work", read_gauges},
        {"calendar_sync", read_gauges},
        {"grants", read_gauges},
        {"nodes", read_gauges},
        {"pushed_copies", read_gauges},
        {"revocations", read_gauges},
        {"schema_version", read_gauges},
        {"webhook_deliveries", read_gauges},
        {"webhook_endpoints", read_gauges},
        {"accounts", read_overview},
        {"account_work", read_overview},
        {"calendar_sync", read_overview},
        {"flows", read_overview},
        {"grants", read_overview},
        {"nodes", read_overview},
        {"pushed_copies", read_overview},
        {"revocations", read_overview},
        {"webhook_deliveries", read_overview},
        {"schema_version", read_facts},
    };

    CLEANUP(db_close) struct db *db = t_db();
    char sql[128];

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_OK(rows[i].ask(db));
        (void)snprintf(
            sql, sizeof(sql), "alter table %s rename to elsewhere", rows[i].table);
        run_sql(db, sql);
        T_TRUE(rows[i].ask(db).code != FAIL_NONE);
        (void)snprintf(
            sql, sizeof(sql), "alter table elsewhere rename to %s", rows[i].table);
        run_sql(db, sql);
    }
}

TS_MAIN(
    TS(test_what_is_not_known_is_refused_where_it_is_written),
    TS(test_an_account_of_an_unknown_kind_is_that_account_s_failure),
    TS(test_a_token_of_an_unknown_mode_is_that_token_s_failure),
    TS(test_a_revocation_of_an_unknown_source_keeps_nobody_waiting),
    TS(test_a_grant_that_is_unreadable_keeps_nobody_waiting),
    TS(test_a_calendar_that_is_unreadable_keeps_nobody_waiting),
    TS(test_a_grant_can_be_put_off), TS(test_an_outcome_that_is_no_word_is_unreadable),
    TS(test_a_refusal_that_is_not_ours_refuses_nothing),
    TS(test_keys_of_a_node_end_at_what_is_no_key),
    TS(test_a_sealing_key_that_is_no_key_is_told),
    TS(test_what_a_table_lacks_is_no_empty_answer))
