/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "sources/calendars.h"
#include "sources/testsource.h"

TEST(test_list_follows_all_pages)
{
    static const struct step steps[] = {
        HTTP(
            "200 OK",
            "{\"items\":[{\"id\":\"1\"},{\"id\":\"2\"}],\"nextPageToken\":\"p 2\"}"),
        HTTP("200 OK", "{\"items\":[],\"nextPageToken\":\"p3\"}"),
        HTTP("200 OK", "{\"items\":[{\"id\":\"3\"}],\"nextSyncToken\":\"s\"}"),
    };
    struct bench *b = bench_open(SOURCE_GOOGLE, steps, COUNT(steps));
    struct calendar_list list;

    T_OK(calendars_list(t_cx(), &b->call, &list));
    bench_close(b);
    T_INT(list.n, 3);
    T_STR(list.at[2].id, S("3"));
    T_TRUE(str_contains(
        testserver_request(&b->server, 0), S("Authorization: Bearer secret")));
    T_TRUE(str_contains(testserver_request(&b->server, 1), S("&pageToken=p%202 ")));
    T_TRUE(str_contains(testserver_request(&b->server, 2), S("&pageToken=p3 ")));
}

/* A page of LIMIT_CALENDARS_BYTES: white space is what fills it. */
static struct step full_page(bool has_next)
{
    Str head = S("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    Str begin = has_next ? S("{\"items\":[{\"id\":\"1\"}],\"nextPageToken\":\"p\"")
                         : S("{\"items\":[{\"id\":\"1\"}]");
    char *p = arena_alloc(&t_cx()->mem, LIMIT_CALENDARS_BYTES);

    memset(p, ' ', LIMIT_CALENDARS_BYTES);
    memcpy(p, begin.p, begin.n);
    p[LIMIT_CALENDARS_BYTES - 1] = '}';
    return (struct step){
        str_cat(&t_cx()->mem, head, (Str){p, LIMIT_CALENDARS_BYTES}), THEN_CLOSE};
}

TEST(test_list_has_a_limit_over_all_pages)
{
    enum { PAGES = LIMIT_CALENDAR_LIST_BYTES / LIMIT_CALENDARS_BYTES };

    for (size_t more = 0; more <= 1; more++) {
        struct step steps[PAGES + 1];
        struct calendar_list list = {.n = 0};

        for (size_t i = 0; i < COUNT(steps); i++) {
            steps[i] = full_page(i + 1 < PAGES + more);
        }
        struct bench *b = bench_open(SOURCE_GOOGLE, steps, COUNT(steps));

        T_FAIL(
            more == 0 ? FAIL_NONE : FAIL_SOURCE_ERROR,
            calendars_list(t_cx(), &b->call, &list));
        bench_close(b);
        T_INT(list.n, more == 0 ? PAGES : 0);
    }
}

TEST(test_peek_has_a_limit_of_empty_pages)
{
    static const struct step empty =
        HTTP("200 OK", "{\"items\":[],\"nextPageToken\":\"p\"}");
    static const struct step full = HTTP("200 OK", "{\"items\":[{\"id\":\"1\"}]}");

    for (size_t more = 0; more <= 1; more++) {
        struct step steps[LIMIT_PEEK_PAGES + 1];

        for (size_t i = 0; i < COUNT(steps); i++) {
            steps[i] = i + 1 < LIMIT_PEEK_PAGES + more ? empty : full;
        }
        struct bench *b = bench_open(SOURCE_GOOGLE, steps, COUNT(steps));

        T_FAIL(
            more == 0 ? FAIL_NONE : FAIL_SOURCE_ERROR, calendars_peek(t_cx(), &b->call));
        bench_close(b);
        T_INT(b->server.served, LIMIT_PEEK_PAGES);
    }
}

TEST(test_list_says_how_long_to_wait)
{
    static const struct step steps[] = {
        HTTP("200 OK", "{\"items\":[{\"id\":\"1\"}],\"nextPageToken\":\"p\"}"),
        {SI("HTTP/1.1 429 Slow\r\nRetry-After: 17\r\nConnection: close\r\n\r\n"),
         THEN_CLOSE},
        HTTP("503 Away", ""),
    };
    struct bench *b = bench_open(SOURCE_GOOGLE, steps, COUNT(steps));
    struct calendar_list list = {.n = 7};

    T_FAIL(FAIL_SOURCE_RATE_LIMITED, calendars_list(t_cx(), &b->call, &list));
    T_INT(b->call.retry_after_s, 17);
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, calendars_list(t_cx(), &b->call, &list));
    T_INT(b->call.retry_after_s, -1);
    bench_close(b);
    T_INT(list.n, 7);
}

TEST(test_get_escapes_the_id)
{
    static const struct step steps[] = {
        HTTP("200 OK", "{\"id\":\"a/b#c@d?\",\"name\":\"N\"}"),
    };
    struct bench *b = bench_open(SOURCE_MICROSOFT, steps, COUNT(steps));
    struct calendar got;

    T_OK(calendars_get(t_cx(), &b->call, S("a/b#c@d?\xC3\xBC"), &got));
    bench_close(b);
    T_STR(got.name, S("N"));
    T_TRUE(str_starts(
        testserver_request(&b->server, 0),
        S("GET /v1.0/me/calendars/a%2Fb%23c%40d%3F%C3%BC?$select=id,")));
}

TEST(test_get_asks_for_no_id_that_a_path_cannot_carry)
{
    static char letters[LIMIT_CALENDAR_ID_BYTES + 1];
    static const Str bad[] = {
        SI(""),
        SI("."),
        SI(".."),
        SI("a\nb"),
        SI("a\x00b"),
        SI("\xFF"),
        {letters, sizeof(letters)},
    };
    struct bench *b = bench_open(SOURCE_GOOGLE, NULL, 0);
    struct calendar got = {.id = S("kept")};

    memset(letters, 'a', sizeof(letters));
    for (size_t i = 0; i < COUNT(bad); i++) {
        T_FAIL(FAIL_NOT_FOUND, calendars_get(t_cx(), &b->call, bad[i], &got));
    }
    bench_close(b);
    T_STR(got.id, S("kept"));
    T_INT(b->server.served, 0);
}

/* Microsoft's calendars have the zone of their mailbox, when it may be asked for. */
TEST(test_zone_of_the_mailbox_is_asked_for_when_it_may_be)
{
    static const struct {
        Str scope;
        struct step settings;
        enum fail want;
        Str zone;
    } rows[] = {
        {SI("User.Read Calendars.ReadWrite"), {SI(""), THEN_CLOSE}, FAIL_NONE, SI("")},
        {SI("https://graph.microsoft.com/MailboxSettings.Read"),
         HTTP("200 OK", "{\"timeZone\":\"Pacific Standard Time\"}"), FAIL_NONE,
         SI("America/Los_Angeles")},
        {SI("MailboxSettings.ReadWrite"),
         HTTP("200 OK", "{\"timeZone\":\"Europe/Paris\"}"), FAIL_NONE,
         SI("Europe/Paris")},
        {SI("MailboxSettings.Read"), HTTP("200 OK", "{}"), FAIL_NONE, SI("")},
        {SI("MailboxSettings.Read"), HTTP("403 No", ""), FAIL_NONE, SI("")},
        {SI("MailboxSettings.Read"), HTTP("404 No", ""), FAIL_NONE, SI("")},
        {SI("MailboxSettings.Read"), HTTP("401 No", ""), FAIL_TOKEN_REFUSED, SI("")},
        {SI("MailboxSettings.Read"), HTTP("429 No", ""), FAIL_SOURCE_RATE_LIMITED,
         SI("")},
        {SI("MailboxSettings.Read"), HTTP("500 No", ""), FAIL_SOURCE_UNAVAILABLE, SI("")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct step steps[] = {
            HTTP("200 OK", "{\"value\":[{\"id\":\"1\"},{\"id\":\"2\"}]}"),
            rows[i].settings,
        };
        struct bench *b = bench_open(SOURCE_MICROSOFT, steps, COUNT(steps));
        struct calendar_list list = {.n = 0};

        b->call.scope = rows[i].scope;
        T_FAIL(rows[i].want, calendars_list(t_cx(), &b->call, &list));
        bench_close(b);
        T_INT(b->server.served, i == 0 ? 1 : 2);
        for (size_t at = 0; at < list.n; at++) {
            T_STR(list.at[at].time_zone, rows[i].zone);
        }
    }
}

T_MAIN(
    T(test_list_follows_all_pages), T(test_list_has_a_limit_over_all_pages),
    T(test_peek_has_a_limit_of_empty_pages), T(test_list_says_how_long_to_wait),
    T(test_get_escapes_the_id), T(test_get_asks_for_no_id_that_a_path_cannot_carry),
    T(test_zone_of_the_mailbox_is_asked_for_when_it_may_be))
