/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "sources/events.h"
#include "sources/testsource.h"

TEST(test_page_get_reads_one_page_of_google)
{
    static const struct step steps[] = {
        HTTP(
            "200 OK", "{\"timeZone\":\"Europe/Paris\",\"items\":[{\"id\":\"1\",\"start\":"
                      "{\"date\":\"2026-03-02\"},\"end\":{\"date\":\"2026-03-03\"}}],"
                      "\"nextPageToken\":\"p 2\"}"),
        HTTP(
            "200 OK", "{\"items\":[{\"id\":\"2\",\"status\":\"cancelled\"}],"
                      "\"nextSyncToken\":\"s\"}"),
    };
    struct bench *b = bench_open(SOURCE_GOOGLE, steps, COUNT(steps));
    struct events_query query = {.calendar_id = S("a@b"), .from_s = 0, .to_s = 86400};
    struct events_page page = {.n = 0};
    enum events_failure why = EVENTS_QUOTA;

    T_OK(events_page_get(t_cx(), &b->call, &query, &page, &why));
    T_INT(page.n, 1);
    T_STR(page.at[0].id, S("1"));
    T_STR(page.zone, S("Europe/Paris"));
    query.next = page.next;
    T_OK(events_page_get(t_cx(), &b->call, &query, &page, &why));
    T_TRUE(page.n == 1 && page.at[0].is_removed);
    T_STR(page.next, S(""));
    T_STR(page.cursor, S("s"));
    bench_close(b);
    T_TRUE(str_starts(
        testserver_request(&b->server, 0), S("GET /v1.0/calendars/a%40b/events?")));
    T_TRUE(str_contains(
        testserver_request(&b->server, 0), S("Authorization: Bearer secret")));
    T_TRUE(str_contains(testserver_request(&b->server, 1), S("&pageToken=p%202 ")));
}

TEST(test_page_get_says_why_it_failed)
{
    static const struct step steps[] = {
        {SI("HTTP/1.1 429 Slow\r\nRetry-After: 17\r\nConnection: close\r\n\r\n"),
         THEN_CLOSE},
        HTTP("410 Gone", ""),
        {SI(""), THEN_RESET},
        HTTP("403 No", "{\"error\":{\"errors\":[{\"reason\":\"dailyLimitExceeded\"}]}}"),
    };
    struct bench *b = bench_open(SOURCE_GOOGLE, steps, COUNT(steps));
    const struct events_query query = {.calendar_id = S("c"), .cursor = S("s")};
    struct events_page page = {.n = 7};
    enum events_failure why = EVENTS_TOO_SLOW;

    T_FAIL(
        FAIL_SOURCE_RATE_LIMITED, events_page_get(t_cx(), &b->call, &query, &page, &why));
    T_INT(why, EVENTS_OTHER);
    T_INT(b->call.retry_after_s, 17);
    T_FAIL(FAIL_SOURCE_ERROR, events_page_get(t_cx(), &b->call, &query, &page, &why));
    T_INT(why, EVENTS_CURSOR_GONE);
    T_FAIL(
        FAIL_SOURCE_UNAVAILABLE, events_page_get(t_cx(), &b->call, &query, &page, &why));
    T_INT(why, EVENTS_OTHER);
    T_FAIL(
        FAIL_SOURCE_RATE_LIMITED, events_page_get(t_cx(), &b->call, &query, &page, &why));
    T_INT(why, EVENTS_QUOTA);
    bench_close(b);
    T_INT(page.n, 7);
}

/* A page of `n` bytes: white space is what fills it. */
static struct step page_of_size(size_t n)
{
    Str head = S("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    Str begin = S("{\"nextSyncToken\":\"s\"");
    char *p = arena_alloc(&t_cx()->mem, n);

    memset(p, ' ', n);
    memcpy(p, begin.p, begin.n);
    p[n - 1] = '}';
    return (struct step){str_cat(&t_cx()->mem, head, (Str){p, n}), THEN_CLOSE};
}

TEST(test_page_get_has_a_limit)
{
    const struct step steps[] = {
        page_of_size(LIMIT_REPLY_BYTES), page_of_size(LIMIT_REPLY_BYTES + 1)};
    struct bench *b = bench_open(SOURCE_GOOGLE, steps, COUNT(steps));
    const struct events_query query = {.calendar_id = S("c"), .cursor = S("s")};
    struct events_page page;
    enum events_failure why;

    T_OK(events_page_get(t_cx(), &b->call, &query, &page, &why));
    T_FAIL(FAIL_SOURCE_ERROR, events_page_get(t_cx(), &b->call, &query, &page, &why));
    bench_close(b);
}

TEST(test_page_get_asks_for_no_id_that_a_path_cannot_carry)
{
    static char letters[LIMIT_CALENDAR_ID_BYTES + 1];
    static const Str bad[] = {
        SI(""),
        SI("."),
        SI(".."),
        SI("a\nb"),
        SI("a\0b"),
        SI("\xFF"),
        {letters, sizeof(letters)},
    };
    struct bench *b = bench_open(SOURCE_GOOGLE, NULL, 0);

    memset(letters, 'a', sizeof(letters));
    for (size_t i = 0; i < COUNT(bad); i++) {
        const struct events_query query = {.calendar_id = bad[i], .cursor = S("s")};
        struct events_page page = {.n = 7};
        enum events_failure why;
        bool gone = false;

        T_FAIL(FAIL_NOT_FOUND, events_page_get(t_cx(), &b->call, &query, &page, &why));
        T_FAIL(
            FAIL_SOURCE_ERROR,
            events_series_look(t_cx(), &b->call, bad[i], S("s"), &gone));
        T_INT(page.n, 7);
    }
    bench_close(b);
    T_INT(b->server.served, 0);
}

TEST(test_series_look_says_whether_it_stands)
{
    static const struct {
        struct step step;
        enum fail want;
        bool gone;
    } rows[] = {
        {HTTP("200 OK", "{\"id\":\"s\",\"status\":\"confirmed\"}"), FAIL_NONE, false},
        {HTTP("200 OK", "{\"id\":\"s\",\"status\":\"cancelled\"}"), FAIL_NONE, true},
        {HTTP("404 No", ""), FAIL_NONE, true},
        {HTTP("410 No", "<html>"), FAIL_NONE, true},
        {HTTP("200 OK", "{\"id\":\"s\"}"), FAIL_SOURCE_ERROR, false},
        {HTTP("200 OK", "<html>"), FAIL_SOURCE_ERROR, false},
        {HTTP("401 No", ""), FAIL_TOKEN_REFUSED, false},
        {HTTP("403 No", ""), FAIL_PERMISSION_DENIED, false},
        {HTTP("429 No", ""), FAIL_SOURCE_RATE_LIMITED, false},
        {HTTP("500 No", ""), FAIL_SOURCE_UNAVAILABLE, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bench *b = bench_open(SOURCE_GOOGLE, &rows[i].step, 1);
        bool gone = false;

        T_FAIL(
            rows[i].want,
            events_series_look(t_cx(), &b->call, S("a@b"), S("s/1"), &gone));
        bench_close(b);
        T_INT(gone, rows[i].gone);
        T_TRUE(str_starts(
            testserver_request(&b->server, 0),
            S("GET /v1.0/calendars/a%40b/events/s%2F1?fields=id,status ")));
    }
}

TEST(test_page_get_reads_pages_of_microsoft)
{
    struct arena *mem = &t_cx()->mem;
    Str head = S("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    Str event = S(
        "{\"value\":[{\"id\":\"1\",\"start\":{\"dateTime\":\"2026-03-02T09:00:00.0000000\","
        "\"timeZone\":\"UTC\"},\"end\":{\"dateTime\":\"2026-03-02T10:00:00.0000000\","
        "\"timeZone\":\"UTC\"}}],\"@odata.nextLink\":\"");
    struct events_query query = {.calendar_id = S("c"), .from_s = 0, .to_s = 86400};
    struct events_page page = {.n = 0};
    enum events_failure why;
    struct step steps[2] = {
        {S(""), THEN_CLOSE}, {str_cat(mem, head, S("{\"value\":[]}")), THEN_CLOSE}};

    struct bench *b = bench_open(SOURCE_MICROSOFT, steps, COUNT(steps));
    Str link = testserver_url(mem, &b->server, "/v1.0/me/more?$skip=1");

    steps[0].send = str_cat(mem, str_cat(mem, head, event), str_cat(mem, link, S("\"}")));
    T_OK(events_page_get(t_cx(), &b->call, &query, &page, &why));
    T_INT(page.n, 1);
    T_STR(page.next, link);
    query.next = page.next;
    T_OK(events_page_get(t_cx(), &b->call, &query, &page, &why));
    T_INT(page.n, 0);
    bench_close(b);
    T_TRUE(str_starts(
        testserver_request(&b->server, 0), S("GET /v1.0/me/calendars/c/calendarView?")));
    T_TRUE(
        str_starts(testserver_request(&b->server, 1), S("GET /v1.0/me/more?$skip=1 ")));
    for (size_t i = 0; i < 2; i++) {
        Str request = testserver_request(&b->server, i);

        T_TRUE(str_contains(request, S("\r\nPrefer: IdType=\"ImmutableId\"\r\n")));
        T_TRUE(str_contains(request, S("\r\nPrefer: outlook.timezone=\"UTC\"\r\n")));
        T_TRUE(str_contains(request, S("\r\nAccept-Encoding: gzip\r\n")));
        T_TRUE(str_contains(request, S("\r\nAuthorization: Bearer secret\r\n")));
    }
}

/* Smaller pages help Microsoft. */
TEST(test_page_get_says_when_a_source_is_too_slow)
{
    static const struct net_options short_time = {
        .connect_timeout_ms = 60000, .timeout_ms = 100};
    static const struct step steps[] = {{SI("HTTP/1.1 200 OK\r\n"), THEN_HANG}};
    const struct events_query query = {.calendar_id = S("c"), .from_s = 0, .to_s = 1};

    for (enum source_id id = SOURCE_GOOGLE; id <= SOURCE_MICROSOFT; id++) {
        struct bench *b = bench_open(id, steps, COUNT(steps));
        struct events_page page = {.n = 7};
        enum events_failure why = EVENTS_QUOTA;

        b->call.via.options = &short_time;
        T_FAIL(
            FAIL_SOURCE_TIMEOUT, events_page_get(t_cx(), &b->call, &query, &page, &why));
        T_INT(why, id == SOURCE_MICROSOFT ? EVENTS_TOO_SLOW : EVENTS_OTHER);
        bench_close(b);
        T_INT(page.n, 7);
    }
}

TEST(test_scope_suffices_if_one_of_them_reads_events)
{
    static const struct {
        enum source_id source;
        Str scope;
        bool want;
    } rows[] = {
        {SOURCE_GOOGLE, SI("openid https://www.googleapis.com/auth/calendar.events"),
         true},
        {SOURCE_GOOGLE, SI("https://www.googleapis.com/auth/calendar.readonly"), true},
        {SOURCE_GOOGLE,
         SI("openid https://www.googleapis.com/auth/calendar.calendarlist.readonly"),
         false},
        {SOURCE_GOOGLE, SI("https://www.googleapis.com/auth/calendar.freebusy"), false},
        {SOURCE_MICROSOFT, SI("openid Calendars.ReadWrite"), true},
        {SOURCE_MICROSOFT, SI("https://graph.microsoft.com/calendars.read"), true},
        {SOURCE_MICROSOFT, SI("openid User.Read"), false},
        {SOURCE_MICROSOFT, SI(""), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(events_scope_suffices(rows[i].source, rows[i].scope), rows[i].want);
    }
    for (int id = SOURCE_GOOGLE; id <= SOURCE_COUNT; id++) {
        T_TRUE(events_scope_suffices(
            (enum source_id)id, source_get((enum source_id)id)->default_scopes));
    }
}

T_MAIN(
    T(test_page_get_reads_one_page_of_google), T(test_page_get_says_why_it_failed),
    T(test_page_get_has_a_limit),
    T(test_page_get_asks_for_no_id_that_a_path_cannot_carry),
    T(test_series_look_says_whether_it_stands), T(test_page_get_reads_pages_of_microsoft),
    T(test_page_get_says_when_a_source_is_too_slow),
    T(test_scope_suffices_if_one_of_them_reads_events))
