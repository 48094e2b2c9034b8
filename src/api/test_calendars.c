/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_calendars.c - what a caller sees of a source's calendars, and of its errors
 * (docs/api.md §8; §9, "Reading calendars").
 */
#include "api/calendars.h"
#include "api/endpoints.h"
#include "api/errors.h"
#include "base/clock.h"
#include "grants/testgrant.h"

#define PATH "/api/v2/external_calendars/accounts/{id}/calendars"

static const struct endpoint list = {.path = SI(PATH), .status = 200};
static const struct endpoint get = {
    .path = SI(PATH "/{base64_calendar_id}"), .status = 200};

static struct http_answer answer;
static struct server server;

static struct call call_new(const struct endpoint *endpoint, int64_t id, Str second)
{
    struct call c = {
        .cx = t_cx(),
        .answer = &answer,
        .work.settings = &bed.settings,
        .work.worker = &bed.worker,
        .endpoint = endpoint,
        .args = {str_int(&t_cx()->mem, id), second},
        .who = {.provider = BED_PROVIDER, .mode = MODE_PROVIDER},
    };

    answer = (struct http_answer){0};
    bed.settings.public_url = S("https://cal.example");
    return c;
}

static struct call call_with(int64_t id, Str query)
{
    struct call c = call_new(&list, id, S(""));
    struct param *params;

    T_OK(url_query_parse(t_cx(), query, &params, &c.n_params));
    c.params = params;
    return c;
}

#define ITEM(n) "{\"id\":\"c" #n "\",\"summary\":\"N" #n "\"}"
#define SHOWN(n, base64)                                                                 \
    "{\"id\":\"c" #n "\",\"base64_id\":\"" base64 "\",\"name\":\"N" #n                   \
    "\",\"is_primary\":false,\"can_edit\":false,\"time_zone\":null,\"color\":null}"

TEST(test_list_shows_the_contract_s_fields)
{
    static const struct step step = HTTP(
        "200 OK",
        "{\"items\":[{\"id\":\"a@b?>\",\"summary\":\"<\xC5\x9Awi\xC4\x99ta> & \\\"co\\\"\","
        "\"primary\":true,\"accessRole\":\"owner\",\"timeZone\":\"Europe/Warsaw\","
        "\"backgroundColor\":\"#9FE1E7\"}]}");
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), CLOCK_HOUR_MS);
    struct call c = call_with(id, S(""));

    source_scripted(&server, SOURCE_GOOGLE, &step, 1);
    T_OK(calendars_list_run(&c));
    testserver_stop(&server);
    T_INT(answer.status, 200);
    T_STR(
        answer.body,
        S("{\"count\":1,\"next\":null,\"previous\":null,\"results\":[{\"id\":\"a@b?>\","
          "\"base64_id\":\"YUBiPz4\",\"name\":\"<\xC5\x9Awi\xC4\x99ta> & \\\"co\\\"\","
          "\"is_primary\":true,\"can_edit\":true,\"time_zone\":\"Europe/Warsaw\","
          "\"color\":\"#9fe1e7\"}]}"));
    T_TRUE(str_contains(testserver_request(&server, 0), S("Authorization: Bearer A1")));
}

TEST(test_list_is_cut_into_pages)
{
#define THREE HTTP("200 OK", "{\"items\":[" ITEM(1) "," ITEM(2) "," ITEM(3) "]}")
    static const struct step steps[] = {THREE, THREE, THREE, THREE};
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), CLOCK_HOUR_MS);

    source_scripted(&server, SOURCE_GOOGLE, steps, COUNT(steps));
    struct call c = call_with(id, S("page_size=2"));

    T_OK(calendars_list_run(&c));
    T_STR(
        answer.body,
        S("{\"count\":3,\"next\":\"https://cal.example/api/v2/external_calendars/"
          "accounts/1/calendars?page=2&page_size=2\",\"previous\":null,\"results\":[" SHOWN(
              1, "YzE") "," SHOWN(2, "YzI") "]}"));
    c = call_with(id, S("page=2&page_size=2"));
    T_OK(calendars_list_run(&c));
    T_TRUE(str_ends(answer.body, S("\"results\":[" SHOWN(3, "YzM") "]}")));
    c = call_with(id, S("page=3&page_size=2"));
    T_FAIL(FAIL_NOT_FOUND, calendars_list_run(&c));
    c = call_with(id, S("page=9223372036854775807&page_size=100"));
    T_FAIL(FAIL_NOT_FOUND, calendars_list_run(&c));
    testserver_stop(&server);
}

TEST(test_what_cannot_be_asked_for_is_not_asked_for)
{
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), CLOCK_HOUR_MS);

    source_scripted(&server, SOURCE_GOOGLE, NULL, 0);
    struct call c = call_with(id, S("page=x"));

    T_FAIL(FAIL_PARAMETER_INVALID, calendars_list_run(&c));
    c = call_with(id + 1, S(""));
    T_FAIL(FAIL_NOT_FOUND, calendars_list_run(&c));
    c = call_new(&get, id + 1, S("YQ"));
    T_FAIL(FAIL_NOT_FOUND, calendars_get_run(&c));
    c = call_new(&get, id, S("YQ"));
    c.args[0] = S("01");
    T_FAIL(FAIL_NOT_FOUND, calendars_get_run(&c));
    testserver_stop(&server);
    T_INT(server.served, 0);
}

/* docs/api.md §8. */
TEST(test_get_takes_every_base64)
{
    static const struct {
        Str arg;
        Str id; /* as asked for; empty: not asked for */
    } rows[] = {
        {SI("YQ"), SI("a")},
        {SI("YQ=="), SI("a")},
        {SI("YWI"), SI("ab")},
        {SI("YWI="), SI("ab")},
        {SI("YWJj"), SI("abc")},
        {SI("Pz8-Pz8_"), SI("%3F%3F%3E%3F%3F%3F")},
        {SI("Pz8+Pz8/"), SI("%3F%3F%3E%3F%3F%3F")},
        {SI("w7w="), SI("%C3%BC")},
        {SI("YQ="), SI("")},
        {SI("YQ==="), SI("")},
        {SI("YR"), SI("")}, /* bits left over */
        {SI("Y"), SI("")},
        {SI("YWJj===="), SI("")},
        {SI("===="), SI("")},
        {SI("="), SI("")},
        {SI("Y Q"), SI("")},
        {SI("Y\xC3\xBC"), SI("")},
        {SI("Lg"), SI("")}, /* "." */
        {SI("AA"), SI("")}, /* NUL */
        {SI("_w"), SI("")}, /* no UTF-8 */
    };

    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), CLOCK_HOUR_MS);

    for (size_t i = 0; i < COUNT(rows); i++) {
        static const struct step step = HTTP("200 OK", ITEM(1));
        struct call c = call_new(&get, id, rows[i].arg);
        Str line = str_cat(&t_cx()->mem, S("/calendarList/"), rows[i].id);
        bool is_asked = rows[i].id.n > 0;

        print_message("  %.*s\n", STR_ARG(rows[i].arg));
        source_scripted(&server, SOURCE_GOOGLE, &step, 1);
        T_FAIL(is_asked ? FAIL_NONE : FAIL_NOT_FOUND, calendars_get_run(&c));
        testserver_stop(&server);
        T_INT(server.served, is_asked);
        if (is_asked) {
            T_STR(answer.body, S(SHOWN(1, "YzE")));
            T_TRUE(str_contains(
                testserver_request(&server, 0),
                str_cat(&t_cx()->mem, line, S("?fields=id,"))));
        }
    }
}

/* What a source's errors are for a caller: docs/api.md §9, "Reading calendars". */
TEST(test_errors_of_a_source_are_the_contract_s)
{
    static const struct {
        struct step step;
        int status; /* of a single calendar: a list knows no 404 */
        Str code;
        int64_t retry_after_s; /* 0: the table's */
    } rows[] = {
        /* clang-format off */
        {HTTP("403 No", "{\"error\":{\"errors\":[{\"reason\":\"forbidden\"}]}}"), 403, SI("permission_denied"), 0},
        {HTTP("404 No", ""), 404, SI("not_found"), 0},
        {HTTP("410 Gone", ""), 404, SI("not_found"), 0},
        {HTTP("403 No", "{\"error\":{\"errors\":[{\"reason\":\"quotaExceeded\"}]}}"), 502, SI("calendar_source_error"), 0},
        {HTTP("403 No", "{\"error\":{\"errors\":[{\"reason\":\"accessNotConfigured\"}]}}"), 502, SI("calendar_source_error"), 0},
        {HTTP("429 Slow\r\nRetry-After: 33", ""), 502, SI("calendar_source_error"), 33},
        {HTTP("429 Slow", ""), 502, SI("calendar_source_error"), 0},
        {HTTP("500 Oh", ""), 502, SI("calendar_source_error"), 0},
        {HTTP("503 Away\r\nRetry-After: 7", ""), 502, SI("calendar_source_error"), 7},
        {HTTP("400 Bad", ""), 502, SI("calendar_source_error"), 0},
        {HTTP("302 Go", ""), 502, SI("calendar_source_error"), 0},
        {HTTP("200 OK", "<html>"), 502, SI("calendar_source_error"), 0},
        {HTTP("200 OK", "[]"), 502, SI("calendar_source_error"), 0},
        {{SI(""), THEN_RESET}, 502, SI("calendar_source_error"), 0},
        {{SI(""), THEN_HANG}, 504, SI("calendar_source_timeout"), 0},
        /* clang-format on */
    };

    int64_t timeout_ms = bed.settings.net.timeout_ms;
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), CLOCK_HOUR_MS);

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int one = 0; one < 2; one++) {
            struct call c = one ? call_new(&get, id, S("YQ")) : call_with(id, S(""));

            print_message("  %.*s\n", STR_ARG(rows[i].step.send));
            source_scripted(&server, SOURCE_GOOGLE, &rows[i].step, 1);
            bed.settings.net.timeout_ms =
                rows[i].step.after == THEN_HANG ? 50 : timeout_ms;
            Res res = one ? calendars_get_run(&c) : calendars_list_run(&c);

            testserver_stop(&server);
            bool is_unknown = rows[i].status == 404 && !one;

            T_INT(error_row(res.code)->status, is_unknown ? 502 : rows[i].status);
            T_STR(
                error_row(res.code)->code,
                is_unknown ? S("calendar_source_error") : rows[i].code);
            T_INT(c.work.retry_after_s, rows[i].retry_after_s);
            T_INT(account_now(id).status, ACCOUNT_CONNECTED);
        }
    }
    bed.settings.net.timeout_ms = timeout_ms;
}

TEST(test_a_refused_token_is_replaced_once)
{
    static const struct {
        struct step steps[4];
        size_t served;
        enum fail want;
        enum account_status status;
    } rows[] = {
        /* clang-format off */
        {{HTTP("401 No", ""), TOKENS(""), HTTP("200 OK", "{\"items\":[" ITEM(1) "]}")}, 3, FAIL_NONE, ACCOUNT_CONNECTED},
        {{HTTP("401 No", ""), TOKENS(""), HTTP("401 No", ""), TOKENS("")}, 3, FAIL_SOURCE_ERROR, ACCOUNT_CONNECTED},
        {{HTTP("401 No", ""), HTTP("503 Away", "")}, 2, FAIL_SOURCE_UNAVAILABLE, ACCOUNT_CONNECTED},
        {{HTTP("401 No", ""), REFUSED("invalid_grant")}, 2, FAIL_NEEDS_RECONNECT, ACCOUNT_NEEDS_RECONNECT},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), CLOCK_HOUR_MS);
        struct call c = call_with(id, S(""));

        source_scripted(&server, SOURCE_GOOGLE, rows[i].steps, COUNT(rows[i].steps));
        T_FAIL(rows[i].want, calendars_list_run(&c));
        testserver_stop(&server);
        T_INT(server.served, rows[i].served);
        T_INT(account_now(id).status, rows[i].status);
        if (rows[i].want == FAIL_NONE) {
            T_TRUE(str_contains(
                testserver_request(&server, 2), S("Authorization: Bearer A2")));
        }
        disconnected(id);
    }
}

TEST(test_a_parked_call_goes_on_where_it_was)
{
    static const struct step step =
        HTTP("200 OK", "{\"items\":[" ITEM(1) "," ITEM(2) "]}");
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    struct call listing = call_with(id, S("page_size=1"));
    struct call one = call_new(&get, id, S("YQ"));

    leased_by_another(id, CLOCK_HOUR_MS);
    T_OK(calendars_list_run(&listing));
    T_OK(calendars_get_run(&one));
    T_TRUE(listing.work.is_parked && one.work.is_parked);
    T_INT(answer.status, 0);
    granted_anew(id, S("A9"), CLOCK_HOUR_MS);
    source_scripted(&server, SOURCE_GOOGLE, &step, 1);
    T_OK(calendars_list_run(&listing));
    testserver_stop(&server);
    T_TRUE(!listing.work.is_parked);
    T_INT(answer.status, 200);
    T_TRUE(str_starts(answer.body, S("{\"count\":2,\"next\":\"https")));
    T_TRUE(str_contains(testserver_request(&server, 0), S("Authorization: Bearer A9")));
}

T_MAIN(
    T_BED(test_list_shows_the_contract_s_fields), T_BED(test_list_is_cut_into_pages),
    T_BED(test_what_cannot_be_asked_for_is_not_asked_for),
    T_BED(test_get_takes_every_base64), T_BED(test_errors_of_a_source_are_the_contract_s),
    T_BED(test_a_refused_token_is_replaced_once),
    T_BED(test_a_parked_call_goes_on_where_it_was))
