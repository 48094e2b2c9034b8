/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_channels.c - what becomes of a channel by what its setting wants and its source
 * says.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "calendars/channels.h"
#include "calendars/notify_token.h"
#include "grants/testgrant.h"
#include "store/calendar_channels.h"
#include "store/calendar_notices.h"
#include "store/calendar_settings.h"

static struct shared *shared;

struct made {
    int64_t account;
    int64_t settings;
};

static Res add_setting(struct cx *cx, struct db *db, void *arg)
{
    struct made *m = arg;
    const struct calendar_setting s = {
        .account = m->account, .calendar_id = S("a@b"), .switches = SWITCH_SOURCE};

    return calendar_settings_insert(cx, db, &s, &m->settings);
}

/* A connected account with a calendar that blocks → the setting. The rest is the sources'
 * script. */
static struct made ground(
    struct server *server, enum source_id source, const struct step *steps, size_t n)
{
    struct made m = {.account = connected_new(source, S("A1"), CLOCK_HOUR_MS)};

    shared = shared_open();
    bed.worker.shared = shared;
    bed.settings.public_url = S("https://caldock.example");
    bed.settings.sync = (struct sync_settings){.notifications = 1};
    source_scripted(server, source, steps, n);
    T_OK(BED_WRITE(add_setting, &m));
    return m;
}

static void ground_end(struct server *server)
{
    testserver_stop(server);
    shared_close(&shared);
    bed.worker.shared = NULL;
}

static Res sync_look(struct cx *cx, struct db *db, void *arg)
{
    struct calendar_sync *s = arg;

    return calendar_sync_get(cx, db, s->settings, s);
}

static struct calendar_sync sync_of(const struct made *m)
{
    struct calendar_sync s = {.settings = m->settings};

    T_OK(store_read(t_cx(), bed.store, sync_look, &s));
    return s;
}

static Res run_script(struct cx *cx, struct db *db, void *arg)
{
    return db_script(cx, db, arg);
}

static void alter(const char *sql)
{
    char text[512];

    (void)snprintf(text, sizeof(text), "%s", sql);
    T_OK(BED_WRITE(run_script, text));
}

static void tend(enum source_id source)
{
    T_OK(channels_tend(t_cx(), &bed.work, source, 0));
}

/* Within a minute of `from_now_ms` from now. */
static bool is_about(int64_t ms, int64_t from_now_ms)
{
    int64_t off_ms = ms - clock_now_ms() - from_now_ms;

    return off_ms > -60000 && off_ms < 60000;
}

#define GOOGLE_MADE(id)                                                                  \
    HTTP(                                                                                \
        "200 OK", "{\"id\":\"" id "\",\"resourceId\":\"res\","                           \
                  "\"expiration\":\"7000000000000\"}")
#define MICROSOFT_MADE(id)                                                               \
    HTTP(                                                                                \
        "201 Created",                                                                   \
        "{\"id\":\"" id "\",\"expirationDateTime\":\"2191-10-27T23:20:00Z\"}")
#define ENDED HTTP("204 No Content", "")

#define HAS_CHANNEL                                                                      \
    "update calendar_sync set channel_id = 'old', resource_id = 'res', channel_no = 4,"  \
    " channel_until = 8000000000000, channel_due_at = 1, channel_made_at = 1,"           \
    " channel_heard_at = 1"

/* The token that is in the request. */
static struct notify_token token_sent(
    const struct server *s, size_t i, enum source_id source)
{
    Str request = testserver_request(s, i);
    const struct instance_keys *keys;
    struct notify_token t = {.settings = -1};
    size_t at = 0;

    T_OK(shared_keys(t_cx(), shared, bed.store, bed.keyring, &keys));
    while (at < request.n
           && !notify_token_check(
               t_cx(), keys, source, str_sub(request, at, at + NOTIFY_TOKEN_CHARS), &t)) {
        at++;
    }
    return t;
}

TEST(test_channels_are_made_where_there_is_none)
{
    static const struct step steps[] = {GOOGLE_MADE("cdk-1")};
    struct server server;
    struct made m = ground(&server, SOURCE_GOOGLE, steps, COUNT(steps));

    alter("update calendar_sync set state = 2, due_at = 8000000000000");
    tend(SOURCE_GOOGLE);
    struct calendar_sync s = sync_of(&m);

    T_STR(s.channel_id, S("cdk-1"));
    T_STR(s.resource_id, S("res"));
    T_INT(s.channel_no, 1);
    T_INT(s.channel_until_ms, INT64_C(7000000000000));
    T_TRUE(s.channel_due_ms > INT64_C(7000000000000) - 37 * CLOCK_HOUR_MS);
    T_TRUE(is_about(s.channel_made_ms, 0) && is_about(s.channel_heard_ms, 0));
    T_TRUE(is_about(s.due_ms, 0)); /* one more read */
    tend(SOURCE_GOOGLE);           /* nothing is due */
    testserver_stop(&server);
    T_INT(atomic_load(&server.served), 1);
    struct notify_token t = token_sent(&server, 0, SOURCE_GOOGLE);

    T_INT(t.settings, m.settings);
    T_INT(t.channel, 1);
    T_TRUE(str_contains(
        testserver_request(&server, 0), S("\"https://caldock.example/notify/google\"")));
    T_TRUE(str_contains(testserver_request(&server, 0), S("{\"id\":\"cdk-")));
    shared_close(&shared);
}

TEST(test_channels_of_google_are_replaced_before_they_end)
{
    static const struct step steps[] = {GOOGLE_MADE("new"), ENDED};
    struct server server;
    struct made m = ground(&server, SOURCE_GOOGLE, steps, COUNT(steps));

    alter(HAS_CHANNEL);
    tend(SOURCE_GOOGLE);
    T_STR(sync_of(&m).channel_id, S("new"));
    T_INT(sync_of(&m).channel_no, 5);
    testserver_stop(&server);
    T_TRUE(str_contains(testserver_request(&server, 0), S("/events/watch ")));
    T_TRUE(str_contains(testserver_request(&server, 1), S("/channels/stop ")));
    T_TRUE(str_contains(testserver_request(&server, 1), S("{\"id\":\"old\",")));
    shared_close(&shared);
}

TEST(test_channels_of_microsoft_are_renewed)
{
    static const struct step steps[] = {
        MICROSOFT_MADE("old"), HTTP("404 Not Found", "{}"), MICROSOFT_MADE("new"),
        MICROSOFT_MADE("newer"), ENDED};
    struct server server;
    struct made m = ground(&server, SOURCE_MICROSOFT, steps, COUNT(steps));

    alter(HAS_CHANNEL);
    tend(SOURCE_MICROSOFT);
    T_STR(sync_of(&m).channel_id, S("old"));
    T_INT(sync_of(&m).channel_no, 4);
    T_INT(sync_of(&m).channel_heard_ms, 1);
    T_INT(sync_of(&m).channel_until_ms, INT64_C(7000039200000));
    alter("update calendar_sync set channel_due_at = 1, channel_made_at = 1");
    tend(SOURCE_MICROSOFT); /* it is gone: another one */
    T_STR(sync_of(&m).channel_id, S("new"));
    T_INT(sync_of(&m).channel_no, 5);

    /* One that isn't believed is replaced. */
    alter("update calendar_sync set channel_due_at = 1, channel_made_at = 1,"
          " channel_heard_at = 0");
    tend(SOURCE_MICROSOFT);
    T_STR(sync_of(&m).channel_id, S("newer"));
    T_TRUE(sync_of(&m).channel_heard_ms > 0);
    testserver_stop(&server);
    T_TRUE(
        str_contains(testserver_request(&server, 0), S("PATCH /api/subscriptions/old ")));
    T_TRUE(str_contains(testserver_request(&server, 2), S("POST /api/subscriptions ")));
    T_TRUE(str_contains(
        testserver_request(&server, 4), S("DELETE /api/subscriptions/new ")));
    shared_close(&shared);
}

TEST(test_channels_rest_after_their_making)
{
    struct server server;
    struct made m = ground(&server, SOURCE_GOOGLE, NULL, 0);

    alter(HAS_CHANNEL);
    alter("update calendar_sync set channel_made_at = 7000000000000");
    tend(SOURCE_GOOGLE);
    T_INT(sync_of(&m).channel_due_ms, INT64_C(7000000000000) + LIMIT_CHANNEL_PAUSE_MS);
    ground_end(&server);
    T_INT(atomic_load(&server.served), 0);
}

TEST(test_channels_end_where_nothing_is_wanted)
{
    static const struct {
        const char *sql;
        bool is_wanted_later;
        bool is_gone;
    } rows[] = {
        {"update staff_calendar_settings set switches = 0", false, false},
        {"update staff_calendar_settings set deleted_at = 5", false, true},
        {"select 1", true, false},
    };
    static const struct step steps[] = {ENDED};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct server server;
        struct made m = ground(&server, SOURCE_GOOGLE, steps, COUNT(steps));
        struct calendar_sync s = {.settings = m.settings};

        alter(HAS_CHANNEL);
        alter(rows[i].sql);
        bed.settings.sync.notifications = rows[i].is_wanted_later ? 0 : 1;
        tend(SOURCE_GOOGLE);
        tend(SOURCE_GOOGLE);
        Res res = store_read(t_cx(), bed.store, sync_look, &s);

        T_TRUE((res.code == FAIL_NOT_FOUND) == rows[i].is_gone);
        T_INT(s.channel_id.n, 0);
        T_TRUE(rows[i].is_gone || s.channel_no == 4);
        T_TRUE(
            rows[i].is_gone
            || (s.channel_due_ms == SYNC_NEVER) != rows[i].is_wanted_later);
        testserver_stop(&server);
        T_INT(atomic_load(&server.served), 1);
        T_TRUE(str_contains(testserver_request(&server, 0), S("/channels/stop ")));
        shared_close(&shared);
        disconnected(m.account);
    }
}

/* Best effort: the source's answer doesn't matter, and an account that is lost isn't
 * asked for. */
TEST(test_channels_end_whatever_the_source_says)
{
    static const struct step steps[] = {HTTP("500 No", "")};
    struct server server;
    struct made m = ground(&server, SOURCE_GOOGLE, steps, COUNT(steps));

    alter(HAS_CHANNEL);
    alter("update staff_calendar_settings set switches = 0");
    tend(SOURCE_GOOGLE);
    T_INT(sync_of(&m).channel_id.n, 0);
    alter(HAS_CHANNEL);
    alter("update accounts set status = 2");
    tend(SOURCE_GOOGLE);
    T_INT(sync_of(&m).channel_id.n, 0);
    ground_end(&server);
    T_INT(atomic_load(&server.served), 1);
}

TEST(test_channels_wait_while_an_account_is_paused)
{
    static const char *const rows[] = {
        "update accounts set status = 2",
        "update accounts set status = 1; update provider_features set is_on = 0",
        "update provider_features set is_on = 1; update calendar_sync set"
        " inactive_reason = 3",
    };
    struct server server;
    struct made m = ground(&server, SOURCE_GOOGLE, NULL, 0);

    for (size_t i = 0; i < COUNT(rows); i++) {
        alter(HAS_CHANNEL);
        alter(rows[i]);
        tend(SOURCE_GOOGLE);
        T_TRUE(is_about(sync_of(&m).channel_due_ms, CLOCK_HOUR_MS));
        T_STR(sync_of(&m).channel_id, S("old"));
    }
    ground_end(&server);
    T_INT(atomic_load(&server.served), 0);
}

/* Nobody notifies: it is polled from now on. */
TEST(test_channels_that_are_gone_count_no_more)
{
    static const struct step steps[] = {HTTP("404 Not Found", "{}"), HTTP("500 No", "")};
    struct server server;
    struct made m = ground(&server, SOURCE_MICROSOFT, steps, COUNT(steps));

    alter(HAS_CHANNEL ", due_at = 8000000000000");
    tend(SOURCE_MICROSOFT);
    struct calendar_sync s = sync_of(&m);

    T_STR(s.channel_id, S(""));
    T_INT(s.channel_until_ms, 0);
    T_INT(s.channel_failures, 1);
    T_TRUE(is_about(s.due_ms, 0));
    ground_end(&server);
}

#define REASON(reason) "{\"error\":{\"errors\":[{\"reason\":\"" reason "\"}]}}"

TEST(test_channels_that_a_source_does_not_give)
{
    static const struct step steps[] = {
        HTTP("400 No", REASON("pushNotSupportedForRequestedResource")),
        HTTP("500 No", ""),
        HTTP("500 No", ""),
        {SI("HTTP/1.1 429 No\r\nRetry-After: 1800\r\nConnection: close\r\n\r\n"),
         THEN_CLOSE},
    };
    struct server server;
    struct made m = ground(&server, SOURCE_GOOGLE, steps, COUNT(steps));

    tend(SOURCE_GOOGLE);
    T_TRUE(is_about(sync_of(&m).channel_due_ms, 7 * CLOCK_DAY_MS));
    T_INT(sync_of(&m).channel_failures, 0);
    alter("update calendar_sync set channel_due_at = 1");
    tend(SOURCE_GOOGLE);
    T_INT(sync_of(&m).channel_failures, 1);
    T_TRUE(is_about(sync_of(&m).channel_due_ms, 30000));
    alter("update calendar_sync set channel_due_at = 1");
    tend(SOURCE_GOOGLE);
    T_INT(sync_of(&m).channel_failures, 2);
    alter("update calendar_sync set channel_due_at = 1");
    tend(SOURCE_GOOGLE);
    T_TRUE(is_about(sync_of(&m).channel_due_ms, CLOCK_HOUR_MS / 2));
    alter("update calendar_sync set channel_due_at = 1");
    tend(SOURCE_GOOGLE); /* the account is held */
    T_INT(sync_of(&m).channel_due_ms, 1);
    ground_end(&server);
    T_INT(atomic_load(&server.served), 4);
}

static Res refusal_look(struct cx *cx, struct db *db, void *arg)
{
    Str why;

    TRY(calendar_channels_refusal(cx, db, SOURCE_GOOGLE, arg, &why));
    T_TRUE(str_contains(why, S("webhookUrlUnauthorized")));
    return OK;
}

TEST(test_channels_that_a_source_gives_nobody)
{
    static const struct step steps[] = {
        HTTP("401 No", REASON("push.webhookUrlUnauthorized")), GOOGLE_MADE("cdk-1")};
    struct server server;
    struct made m = ground(&server, SOURCE_GOOGLE, steps, COUNT(steps));
    int64_t until_ms;

    tend(SOURCE_GOOGLE);
    T_OK(store_read(t_cx(), bed.store, refusal_look, &until_ms));
    T_TRUE(is_about(until_ms, CLOCK_DAY_MS));
    alter("update calendar_sync set channel_due_at = 1");
    tend(SOURCE_GOOGLE); /* nobody is asked for a day */
    T_INT(sync_of(&m).channel_id.n, 0);
    alter("update settings set value = '1 x' where name = 'channels_refused_google'");
    tend(SOURCE_GOOGLE);
    T_STR(sync_of(&m).channel_id, S("cdk-1"));
    ground_end(&server);
}

TEST(test_channels_have_their_turns)
{
    struct shared *s = shared_open();
    int64_t first_ms = shared_channel_turn_ms(s);
    int64_t last_ms = first_ms;

    for (int i = 0; i < LIMIT_CHANNELS_PER_S; i++) {
        last_ms = shared_channel_turn_ms(s);
    }
    T_TRUE(last_ms >= first_ms + 1000 && last_ms < first_ms + 2000);
    shared_close(&s);
}

TEST(test_channels_are_wanted_where_sources_reach)
{
    static const struct {
        Str url;
        int notifications;
        bool want;
    } rows[] = {
        {SI("https://caldock.example"), 1, true},
        {SI("https://caldock.example:8443/caldock"), 1, true},
        {SI("https://caldock.example"), 0, false},
        {SI("http://caldock.example"), 1, false},
        {SI("http://127.0.0.1:8080"), 1, false},
        {SI("https://127.0.0.1"), 1, false},
        {SI("https://localhost"), 1, false},
        {SI("https://[::1]:8443"), 1, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct settings s = {
            .public_url = rows[i].url, .sync.notifications = rows[i].notifications};

        T_TRUE(channels_are_wanted(&s) == rows[i].want);
    }
}

T_MAIN(
    T_BED(test_channels_are_made_where_there_is_none),
    T_BED(test_channels_of_google_are_replaced_before_they_end),
    T_BED(test_channels_of_microsoft_are_renewed),
    T_BED(test_channels_rest_after_their_making),
    T_BED(test_channels_end_where_nothing_is_wanted),
    T_BED(test_channels_end_whatever_the_source_says),
    T_BED(test_channels_wait_while_an_account_is_paused),
    T_BED(test_channels_that_are_gone_count_no_more),
    T_BED(test_channels_that_a_source_does_not_give),
    T_BED(test_channels_that_a_source_gives_nobody), T(test_channels_have_their_turns),
    T(test_channels_are_wanted_where_sources_reach))
