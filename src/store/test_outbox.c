/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_outbox.c - who is told, in which words, and what becomes one message.
 */
#include "store/test_webhooks.h"

static Str body_now(struct db *db)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool is_there;

    T_OK(db_query(
        t_cx(), db, "select body, id from webhook_messages order by created_at, id",
        DB_NONE, &stmt));
    T_OK(db_step(t_cx(), stmt, &is_there));
    T_TRUE(is_there);
    Str body = db_get_text(&t_cx()->mem, stmt, 0);
    Str id = db_get_text(&t_cx()->mem, stmt, 1);
    Str head = str_cat(&t_cx()->mem, S("{\"id\":\""), id);

    T_INT(id.n, 36);
    T_TRUE(str_starts(id, S("msg_")) && str_starts(body, head));
    return str_sub(body, head.n, body.n);
}

static void put(struct db *db, struct outbox_message m)
{
    m.provider = 5;
    T_OK(outbox_put(t_cx(), db, &m));
}

TEST(test_outbox_put_says_what_concerns_a_message)
{
    static const struct {
        struct outbox_message m;
        const char *body;
    } rows[] = {
        {{.type = WEBHOOK_ACCOUNT_CONNECTED,
          .mode = MODE_CUSTOMER,
          .user = SI("u\"1"),
          .account = 7,
          .calendar_source = SI("GOOG"),
          .is_reconnect = true},
         "\",\"type\":\"account.connected\",\"timestamp\":\"2026-03-01T08:12:41Z\","
         "\"provider\":5,\"data\":{\"mode\":\"customer\",\"user\":\"u\\\"1\","
         "\"calendar_source_account\":7,\"calendar_source\":\"GOOG\","
         "\"is_reconnect\":true}}"},
        {{.type = WEBHOOK_ACCOUNT_NEEDS_RECONNECT,
          .mode = MODE_PROVIDER,
          .account = 7,
          .calendar_source = SI("MSFT"),
          .reason = SI("grant_revoked")},
         "\",\"type\":\"account.needs_reconnect\",\"timestamp\":\"2026-03-01T08:12:41Z\","
         "\"provider\":5,\"data\":{\"mode\":\"provider\",\"user\":null,"
         "\"calendar_source_account\":7,\"calendar_source\":\"MSFT\","
         "\"reason\":\"grant_revoked\"}}"},
        {{.type = WEBHOOK_ACCOUNT_DISCONNECTED,
          .mode = MODE_PROVIDER,
          .account = 7,
          .calendar_source = SI("MSFT"),
          .by = SI("operator")},
         "\",\"type\":\"account.disconnected\",\"timestamp\":\"2026-03-01T08:12:41Z\","
         "\"provider\":5,\"data\":{\"mode\":\"provider\",\"user\":null,"
         "\"calendar_source_account\":7,\"calendar_source\":\"MSFT\","
         "\"by\":\"operator\"}}"},
        {{.type = WEBHOOK_SETTINGS_INACTIVE,
          .mode = MODE_PROVIDER,
          .account = 7,
          .settings = 9,
          .reason = SI("calendar_gone")},
         "\",\"type\":\"calendar_settings.inactive\","
         "\"timestamp\":\"2026-03-01T08:12:41Z\",\"provider\":5,"
         "\"data\":{\"mode\":\"provider\",\"user\":null,\"calendar_source_account\":7,"
         "\"staff_calendar_settings\":9,\"reason\":\"calendar_gone\"}}"},
        {{.type = WEBHOOK_SETTINGS_ACTIVE,
          .mode = MODE_PROVIDER,
          .account = 7,
          .settings = 9},
         "\",\"type\":\"calendar_settings.active\",\"timestamp\":\"2026-03-01T08:12:41Z\","
         "\"provider\":5,\"data\":{\"mode\":\"provider\",\"user\":null,"
         "\"calendar_source_account\":7,\"staff_calendar_settings\":9}}"},
        {{.type = WEBHOOK_BUSY_CHANGED,
          .mode = MODE_PROVIDER,
          .account = 7,
          .settings = 9,
          .after_s = 0,
          .before_s = 3600},
         "\",\"type\":\"busy.changed\",\"timestamp\":\"2026-03-01T08:12:41Z\","
         "\"provider\":5,\"data\":{\"mode\":\"provider\",\"user\":null,"
         "\"calendar_source_account\":7,\"staff_calendar_settings\":9,"
         "\"happens_after\":\"1970-01-01T00:00:00Z\","
         "\"happens_before\":\"1970-01-01T01:00:00Z\"}}"},
        {{.type = WEBHOOK_EVENT_CHANGED,
          .mode = MODE_PROVIDER,
          .account = 7,
          .settings = 9,
          .copy = 3,
          .event_id = SI("b-1"),
          .start = 0,
          .end = 3600},
         "\",\"type\":\"pushed_event.changed\",\"timestamp\":\"2026-03-01T08:12:41Z\","
         "\"provider\":5,\"data\":{\"mode\":\"provider\",\"user\":null,"
         "\"calendar_source_account\":7,\"staff_calendar_settings\":9,"
         "\"event_id\":\"b-1\",\"is_all_day\":false,"
         "\"start\":\"1970-01-01T00:00:00Z\",\"end\":\"1970-01-01T01:00:00Z\"}}"},
        {{.type = WEBHOOK_EVENT_CHANGED,
          .mode = MODE_PROVIDER,
          .account = 7,
          .settings = 9,
          .copy = 3,
          .event_id = SI("b-1"),
          .is_all_day = true,
          .start = 1,
          .end = 3},
         "\",\"type\":\"pushed_event.changed\",\"timestamp\":\"2026-03-01T08:12:41Z\","
         "\"provider\":5,\"data\":{\"mode\":\"provider\",\"user\":null,"
         "\"calendar_source_account\":7,\"staff_calendar_settings\":9,"
         "\"event_id\":\"b-1\",\"is_all_day\":true,"
         "\"start\":\"1970-01-02\",\"end\":\"1970-01-04\"}}"},
        {{.type = WEBHOOK_EVENT_DELETED,
          .mode = MODE_PROVIDER,
          .account = 7,
          .settings = 9,
          .event_id = SI("b-1")},
         "\",\"type\":\"pushed_event.deleted\",\"timestamp\":\"2026-03-01T08:12:41Z\","
         "\"provider\":5,\"data\":{\"mode\":\"provider\",\"user\":null,"
         "\"calendar_source_account\":7,\"staff_calendar_settings\":9,"
         "\"event_id\":\"b-1\"}}"},
        {{.type = WEBHOOK_EVENT_FAILED,
          .mode = MODE_PROVIDER,
          .account = 7,
          .settings = 9,
          .reason = SI("refused"),
          .event_id = SI("b-1")},
         "\",\"type\":\"pushed_event.failed\",\"timestamp\":\"2026-03-01T08:12:41Z\","
         "\"provider\":5,\"data\":{\"mode\":\"provider\",\"user\":null,"
         "\"calendar_source_account\":7,\"staff_calendar_settings\":9,"
         "\"reason\":\"refused\",\"event_id\":\"b-1\"}}"},
    };
    CLEANUP(db_close) struct db *db = t_hooks_db();

    (void)t_endpoint(db);
    for (size_t i = 0; i < COUNT(rows); i++) {
        put(db, rows[i].m);
        T_STR(body_now(db), str_from_z(rows[i].body));
        T_OK(db_script(t_cx(), db, "delete from webhook_messages"));
    }
    T_INT(COUNT(rows), WEBHOOK_TYPES + 1); /* one of them in two forms */
}

TEST(test_outbox_put_delivers_to_those_that_want_it)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    int64_t other = t_endpoint_of(db, 6, 0);
    bool wants = true;

    t_tell(db); /* nobody is there */
    T_INT(t_count(db, "select count(*) from webhook_messages"), 0);
    int64_t deaf = t_endpoint_of(db, 5, INT64_C(1) << WEBHOOK_BUSY_CHANGED);

    t_tell(db); /* nobody wants it */
    T_INT(t_count(db, "select count(*) from webhook_messages"), 0);
    T_OK(outbox_wants(t_cx(), db, 5, WEBHOOK_ACCOUNT_CONNECTED, &wants));
    T_TRUE(!wants);
    int64_t chosen = t_endpoint_of(db, 5, INT64_C(1) << WEBHOOK_ACCOUNT_CONNECTED);
    int64_t all = t_endpoint(db);

    T_OK(outbox_wants(t_cx(), db, 5, WEBHOOK_ACCOUNT_CONNECTED, &wants));
    T_TRUE(wants);
    t_tell(db);
    T_INT(t_count(db, "select count(*) from webhook_messages"), 1);
    T_INT(t_count(db, "select count(*) from webhook_deliveries"), 2);
    T_TRUE(deaf < chosen && other < chosen);
    T_INT(t_count(db, "select min(endpoint) from webhook_deliveries"), chosen);
    T_INT(t_count(db, "select max(endpoint) from webhook_deliveries"), all);
    T_OK(webhook_endpoint_disable(t_cx(), db, all, WEBHOOK_BY_OPERATOR));
    t_tell(db);
    T_INT(t_count(db, "select count(*) from webhook_deliveries"), 3);
    T_OK(provider_mark_removed(t_cx(), db, 5));
    t_tell(db); /* a provider that is going is told nothing */
    T_INT(t_count(db, "select count(*) from webhook_deliveries"), 3);
}

static void put_busy(struct db *db, int64_t settings, int64_t after_s, int64_t before_s)
{
    put(db, (struct outbox_message){
                .type = WEBHOOK_BUSY_CHANGED,
                .mode = MODE_PROVIDER,
                .settings = settings,
                .after_s = after_s,
                .before_s = before_s});
}

#define MESSAGES "select count(*) from webhook_messages"

TEST(test_outbox_put_joins_busy_changes_of_a_setting)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();

    (void)t_endpoint(db);
    put_busy(db, 9, 3600, 7200);
    T_INT(t_count(db, "select due_at from webhook_deliveries"), NOW_MS + 10000);
    db_stop_clock(db, NOW_MS + 9999);
    put_busy(db, 9, 7200, 10800);
    put_busy(db, 9, 0, 60);
    T_INT(t_count(db, MESSAGES), 1);
    T_INT(t_count(db, "select due_at from webhook_deliveries"), NOW_MS + 10000);
    Str body = body_now(db);

    T_TRUE(str_contains(body, S("\"timestamp\":\"2026-03-01T08:12:50Z\"")));
    T_TRUE(str_contains(body, S("\"happens_after\":\"1970-01-01T00:00:00Z\"")));
    T_TRUE(str_contains(body, S("\"happens_before\":\"1970-01-01T03:00:00Z\"")));
    put_busy(db, 10, 0, 60); /* another setting's */
    T_INT(t_count(db, MESSAGES), 2);
    db_stop_clock(db, NOW_MS + 10000);
    put_busy(db, 9, 0, 60); /* too late */
    T_INT(t_count(db, MESSAGES), 3);
}

/* Whatever the clocks say. */
TEST(test_outbox_put_joins_nothing_with_what_is_under_way)
{
    static const char *const begun[] = {
        "update webhook_deliveries set owner = 'n'",
        "update webhook_deliveries set owner = '', attempts = 1",
        "update webhook_deliveries set attempts = 0, state = 3",
    };
    CLEANUP(db_close) struct db *db = t_hooks_db();

    (void)t_endpoint(db);
    for (size_t i = 0; i < COUNT(begun); i++) {
        put_busy(db, 9, 0, 60);
        T_OK(db_script(t_cx(), db, begun[i]));
        put_busy(db, 9, 0, 120);
        T_INT(t_count(db, MESSAGES), 2);
        T_OK(db_script(t_cx(), db, "delete from webhook_messages"));
    }
}

TEST(test_outbox_put_joins_for_endpoints_that_come_later)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();

    (void)t_endpoint(db);
    put_busy(db, 9, 0, 60);
    (void)t_endpoint(db);
    put_busy(db, 9, 60, 120);
    T_INT(t_count(db, MESSAGES), 1);
    T_INT(t_count(db, "select count(*) from webhook_deliveries"), 2);
}

TEST(test_outbox_ping_is_not_stored)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    Str id;
    Str body;

    T_OK(outbox_ping(t_cx(), 5, &id, &body));
    T_TRUE(str_starts(id, S("msg_")) && str_contains(body, id));
    T_TRUE(str_contains(body, S("\"type\":\"webhook.ping\"")));
    T_TRUE(str_ends(body, S(",\"provider\":5,\"data\":{}}")));
    T_INT(t_count(db, MESSAGES), 0);
}

TS_MAIN(
    TS(test_outbox_put_says_what_concerns_a_message),
    TS(test_outbox_put_delivers_to_those_that_want_it),
    TS(test_outbox_put_joins_busy_changes_of_a_setting),
    TS(test_outbox_put_joins_nothing_with_what_is_under_way),
    TS(test_outbox_put_joins_for_endpoints_that_come_later),
    TS(test_outbox_ping_is_not_stored))
