/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "base/testing.h"
#include "net/testserver.h"
#include "sources/calendars.h"

#define GOOGLE_URL                                                                       \
    "https://www.googleapis.com/calendar/v3/users/me/calendarList?maxResults=1"
#define GRAPH_URL "https://graph.microsoft.com/v1.0/me/calendars?$top=1"

/* Google's and Graph's errors: reference pages of both, "Errors". */
#define GOOGLE(reason)                                                                   \
    SI("{\"error\":{\"errors\":[{\"domain\":\"d\",\"reason\":\"" reason                  \
       "\",\"message\":\"m\"}],\"code\":4,\"message\":\"m\"}}")
#define GRAPH(code)                                                                      \
    SI("{\"error\":{\"code\":\"" code "\",\"message\":\"m\",\"innerError\":{}}}")

static void test_errors_of_both_sources_have_a_kind(void **state)
{
    static const struct {
        const struct calendar_api *api;
        int status;
        Str body;
        enum fail at_look, later; /* a list knows no FAIL_NOT_FOUND */
    } rows[] = {
  /* clang-format off */
        {&google_calendars, 400, GOOGLE("badRequest"), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {&google_calendars, 400, GOOGLE("invalid"), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {&google_calendars, 400, GOOGLE("timeRangeEmpty"), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {&google_calendars, 401, GOOGLE("authError"), FAIL_SOURCE_ERROR, FAIL_TOKEN_REFUSED},
        {&google_calendars, 401, SI(""), FAIL_SOURCE_ERROR, FAIL_TOKEN_REFUSED},
        {&google_calendars, 403, GOOGLE("rateLimitExceeded"), FAIL_SOURCE_RATE_LIMITED, FAIL_SOURCE_RATE_LIMITED},
        {&google_calendars, 403, GOOGLE("userRateLimitExceeded"), FAIL_SOURCE_RATE_LIMITED, FAIL_SOURCE_RATE_LIMITED},
        {&google_calendars, 403, GOOGLE("quotaExceeded"), FAIL_SOURCE_RATE_LIMITED, FAIL_SOURCE_RATE_LIMITED},
        {&google_calendars, 403, GOOGLE("accessNotConfigured"), FAIL_SOURCE_MISCONFIGURED, FAIL_SOURCE_MISCONFIGURED},
        {&google_calendars, 403, GOOGLE("insufficientPermissions"), FAIL_MISSING_SCOPES, FAIL_PERMISSION_DENIED},
        {&google_calendars, 403, GOOGLE("notACalendarUser"), FAIL_NO_CALENDAR, FAIL_PERMISSION_DENIED},
        {&google_calendars, 403, GOOGLE("forbiddenForNonOrganizer"), FAIL_SOURCE_ERROR, FAIL_PERMISSION_DENIED},
        {&google_calendars, 403, GOOGLE("forbidden"), FAIL_SOURCE_ERROR, FAIL_PERMISSION_DENIED},
        {&google_calendars, 403, SI("<html>"), FAIL_SOURCE_ERROR, FAIL_PERMISSION_DENIED},
        {&google_calendars, 403, SI("{\"error\":\"forbidden\"}"), FAIL_SOURCE_ERROR, FAIL_PERMISSION_DENIED},
        {&google_calendars, 404, GOOGLE("notFound"), FAIL_NO_CALENDAR, FAIL_NOT_FOUND},
        {&google_calendars, 404, SI("<html>"), FAIL_SOURCE_ERROR, FAIL_NOT_FOUND},
        {&google_calendars, 409, GOOGLE("duplicate"), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {&google_calendars, 410, GOOGLE("deleted"), FAIL_SOURCE_ERROR, FAIL_NOT_FOUND},
        {&google_calendars, 410, GOOGLE("fullSyncRequired"), FAIL_SOURCE_ERROR, FAIL_NOT_FOUND},
        {&google_calendars, 412, GOOGLE("conditionNotMet"), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {&google_calendars, 429, GOOGLE("rateLimitExceeded"), FAIL_SOURCE_RATE_LIMITED, FAIL_SOURCE_RATE_LIMITED},
        {&google_calendars, 429, SI(""), FAIL_SOURCE_RATE_LIMITED, FAIL_SOURCE_RATE_LIMITED},
        {&google_calendars, 499, SI(""), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {&google_calendars, 500, GOOGLE("backendError"), FAIL_SOURCE_UNAVAILABLE, FAIL_SOURCE_UNAVAILABLE},
        {&google_calendars, 503, SI("<html>"), FAIL_SOURCE_UNAVAILABLE, FAIL_SOURCE_UNAVAILABLE},
        {&google_calendars, 302, SI(""), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {&google_calendars, 204, SI(""), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {&microsoft_calendars, 400, GRAPH("BadRequest"), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {&microsoft_calendars, 400, GRAPH("ErrorInvalidIdMalformed"), FAIL_SOURCE_ERROR, FAIL_NOT_FOUND},
        {&microsoft_calendars, 400, GRAPH("extensionError"), FAIL_NO_CALENDAR, FAIL_SOURCE_ERROR},
        {&microsoft_calendars, 401, GRAPH("InvalidAuthenticationToken"), FAIL_SOURCE_ERROR, FAIL_TOKEN_REFUSED},
        {&microsoft_calendars, 401, GRAPH("OrganizationFromTenantGuidNotFound"), FAIL_NO_CALENDAR, FAIL_TOKEN_REFUSED},
        {&microsoft_calendars, 403, GRAPH("ErrorAccessDenied"), FAIL_SOURCE_ERROR, FAIL_PERMISSION_DENIED},
        {&microsoft_calendars, 403, GRAPH("accessDenied"), FAIL_SOURCE_ERROR, FAIL_PERMISSION_DENIED},
        {&microsoft_calendars, 403, GRAPH("insufficient_claims"), FAIL_SOURCE_ERROR, FAIL_PERMISSION_DENIED},
        {&microsoft_calendars, 403, GRAPH("MailboxNotEnabledForRESTAPI"), FAIL_NO_CALENDAR, FAIL_PERMISSION_DENIED},
        {&microsoft_calendars, 403, GRAPH("ApplicationThrottled"), FAIL_SOURCE_RATE_LIMITED, FAIL_SOURCE_RATE_LIMITED},
        {&microsoft_calendars, 404, GRAPH("MailboxNotEnabledForRESTAPI"), FAIL_NO_CALENDAR, FAIL_NOT_FOUND},
        {&microsoft_calendars, 404, GRAPH("ErrorItemNotFound"), FAIL_NO_CALENDAR, FAIL_NOT_FOUND},
        {&microsoft_calendars, 404, GRAPH("itemNotFound"), FAIL_NO_CALENDAR, FAIL_NOT_FOUND},
        {&microsoft_calendars, 404, GRAPH("ResourceNotFound"), FAIL_NO_CALENDAR, FAIL_NOT_FOUND},
        {&microsoft_calendars, 404, SI("not here"), FAIL_SOURCE_ERROR, FAIL_NOT_FOUND},
        {&microsoft_calendars, 410, GRAPH("syncStateNotFound"), FAIL_SOURCE_ERROR, FAIL_NOT_FOUND},
        {&microsoft_calendars, 410, GRAPH("resyncRequired"), FAIL_SOURCE_ERROR, FAIL_NOT_FOUND},
        {&microsoft_calendars, 412, GRAPH("resourceModified"), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {&microsoft_calendars, 429, GRAPH("activityLimitReached"), FAIL_SOURCE_RATE_LIMITED, FAIL_SOURCE_RATE_LIMITED},
        {&microsoft_calendars, 429, SI(""), FAIL_SOURCE_RATE_LIMITED, FAIL_SOURCE_RATE_LIMITED},
        {&microsoft_calendars, 503, GRAPH("MailboxNotEnabledForRESTAPI"), FAIL_SOURCE_UNAVAILABLE, FAIL_SOURCE_UNAVAILABLE},
        {&microsoft_calendars, 504, SI(""), FAIL_SOURCE_UNAVAILABLE, FAIL_SOURCE_UNAVAILABLE},
        {&microsoft_calendars, 509, SI(""), FAIL_SOURCE_UNAVAILABLE, FAIL_SOURCE_UNAVAILABLE},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct net_reply reply = {.status = rows[i].status, .body = rows[i].body};
        json_t *kept = NULL;

        print_message("  %d %.*s\n", reply.status, (int)reply.body.n, reply.body.p);
        T_FAIL(
            rows[i].at_look,
            calendar_reply_read(t_cx(), rows[i].api, CALENDAR_LOOK, &reply, &kept));
        T_FAIL(
            rows[i].later == FAIL_NOT_FOUND ? FAIL_SOURCE_ERROR : rows[i].later,
            calendar_reply_read(t_cx(), rows[i].api, CALENDAR_LIST, &reply, &kept));
        T_FAIL(
            rows[i].later,
            calendar_reply_read(t_cx(), rows[i].api, CALENDAR_GET, &reply, &kept));
        T_TRUE(kept == NULL);
    }
}

static void test_reply_read_keeps_foreign_words_out_of_the_log(void **state)
{
    static const struct net_reply reply = {
        .status = 403, .body = GOOGLE("x y=\\\"z\\\"")};
    json_t *body = NULL;

    (void)state;
    T_FAIL(
        FAIL_PERMISSION_DENIED,
        calendar_reply_read(t_cx(), &google_calendars, CALENDAR_LIST, &reply, &body));
    T_TRUE(!str_contains(str_from_z(t_cx()->why.text), S("x y")));
}

static Res page_look(const struct calendar_api *api, Str first, Str text, Str *next)
{
    CLEANUP(j_done) json_t *page = NULL;
    const struct net_reply reply = {.status = 200, .body = text};

    TRY(calendar_reply_read(t_cx(), api, CALENDAR_LOOK, &reply, &page));
    return calendar_page_look(t_cx(), api, first, page, next);
}

static void test_page_look_is_content_with_one_calendar(void **state)
{
    static const struct {
        const struct calendar_api *api;
        Str body;
        enum fail want;
    } rows[] = {
  /* clang-format off */
        {&google_calendars, SI("{\"kind\":\"calendar#calendarList\",\"items\":[{\"id\":\"a@b\"}]}"), FAIL_NONE},
        {&google_calendars, SI("{\"items\":[]}"), FAIL_NO_CALENDAR},
        {&google_calendars, SI("{}"), FAIL_SOURCE_ERROR},
        {&google_calendars, SI("{\"items\":{}}"), FAIL_SOURCE_ERROR},
        {&google_calendars, SI("[]"), FAIL_SOURCE_ERROR},
        {&google_calendars, SI("<html>"), FAIL_SOURCE_ERROR},
        {&google_calendars, SI(""), FAIL_SOURCE_ERROR},
        {&microsoft_calendars, SI("{\"@odata.context\":\"c\",\"value\":[{\"id\":\"AAMk\"}]}"), FAIL_NONE},
        {&microsoft_calendars, SI("{\"value\":[]}"), FAIL_NO_CALENDAR},
        {&microsoft_calendars, SI("{\"value\":[],\"@odata.nextLink\":\"\"}"), FAIL_NO_CALENDAR},
        {&microsoft_calendars, SI("{\"items\":[{}]}"), FAIL_SOURCE_ERROR},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Str next = S("kept");

        T_FAIL(rows[i].want, page_look(rows[i].api, S(GRAPH_URL), rows[i].body, &next));
        T_STR(next, rows[i].want == FAIL_NONE ? S("") : S("kept"));
    }
}

/* oauth-security 61 */
static void test_pages_go_on_at_the_same_origin_only(void **state)
{
    static const struct {
        const struct calendar_api *api;
        Str first, body;
        enum fail want;
        Str next;
    } rows[] = {
  /* clang-format off */
        {&google_calendars, SI(GOOGLE_URL), SI("{\"items\":[],\"nextPageToken\":\"a/b=&c\"}"),
         FAIL_NONE, SI(GOOGLE_URL "&pageToken=a%2Fb%3D%26c")},
        {&microsoft_calendars, SI(GRAPH_URL),
         SI("{\"value\":[],\"@odata.nextLink\":\"https://graph.microsoft.com/v1.0/me/calendars?$skip=1&x=%2F\"}"),
         FAIL_NONE, SI("https://graph.microsoft.com/v1.0/me/calendars?$skip=1&x=%2F")},
        {&microsoft_calendars, SI(GRAPH_URL),
         SI("{\"value\":[],\"@odata.nextLink\":\"https://evil.example/v1.0/me/calendars\"}"),
         FAIL_SOURCE_ERROR, SI("kept")},
        {&microsoft_calendars, SI(GRAPH_URL),
         SI("{\"value\":[],\"@odata.nextLink\":\"https://graph.microsoft.com@evil.example/\"}"),
         FAIL_SOURCE_ERROR, SI("kept")},
        {&microsoft_calendars, SI(GRAPH_URL),
         SI("{\"value\":[],\"@odata.nextLink\":\"http://graph.microsoft.com/v1.0/x\"}"),
         FAIL_SOURCE_ERROR, SI("kept")},
        {&microsoft_calendars, SI(GRAPH_URL),
         SI("{\"value\":[],\"@odata.nextLink\":\"/v1.0/me/calendars?$skip=1\"}"),
         FAIL_SOURCE_ERROR, SI("kept")},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(j_done) json_t *page = NULL;
        struct calendar_list list = {.n = 0};
        Str at_look = S("kept");
        Str at_list = S("kept");

        T_OK(j_parse(t_cx(), rows[i].body, LIMIT_SOURCE_JSON_DEPTH, &page));
        T_FAIL(
            rows[i].want,
            calendar_page_look(t_cx(), rows[i].api, rows[i].first, page, &at_look));
        T_FAIL(
            rows[i].want, calendar_page_read(
                              t_cx(), rows[i].api, rows[i].first, page, &list, &at_list));
        T_STR(at_look, rows[i].next);
        T_STR(at_list, rows[i].next);
    }
}

static Res read_one(const struct calendar_api *api, Str item, struct calendar *ret)
{
    CLEANUP(j_done) json_t *page = NULL;
    struct calendar_list list = {.n = 0};
    Str next;
    Str text = str_cat(
        &t_cx()->mem, S("{\"items\":["),
        str_cat(
            &t_cx()->mem, item,
            str_cat(
                &t_cx()->mem, S("],\"value\":["), str_cat(&t_cx()->mem, item, S("]}")))));

    T_OK(j_parse(t_cx(), text, LIMIT_SOURCE_JSON_DEPTH, &page));
    TRY(calendar_page_read(t_cx(), api, S(GRAPH_URL), page, &list, &next));
    T_INT(list.n, 1);
    *ret = list.at[0];
    return OK;
}

static void test_items_of_both_sources_become_one_shape(void **state)
{
    static const struct {
        const struct calendar_api *api;
        Str item;
        struct calendar want;
    } rows[] = {
  /* clang-format off */
        {&google_calendars,
         SI("{\"id\":\"ada@gmail.com\",\"summary\":\"ada@gmail.com\",\"timeZone\":\"Europe/London\","
            "\"backgroundColor\":\"#9FE1E7\",\"accessRole\":\"owner\",\"primary\":true}"),
         {SI("ada@gmail.com"), SI("ada@gmail.com"), true, true, SI("Europe/London"), SI("#9fe1e7")}},
        {&google_calendars,
         SI("{\"id\":\"x#y@group.calendar.google.com\",\"summary\":\"S\",\"summaryOverride\":\"M\\u00fcnchen \\ud83c\\udf89\","
            "\"accessRole\":\"writer\"}"),
         {SI("x#y@group.calendar.google.com"), SI("M\xC3\xBCnchen \xF0\x9F\x8E\x89"), false, true, SI(""), SI("")}},
        {&google_calendars, SI("{\"id\":\"a\",\"summary\":\"S\",\"summaryOverride\":\"\",\"accessRole\":\"reader\"}"),
         {SI("a"), SI("S"), false, false, SI(""), SI("")}},
        {&google_calendars, SI("{\"id\":\"a\",\"accessRole\":\"freeBusyReader\",\"timeZone\":\"a b\",\"backgroundColor\":\"red\"}"),
         {SI("a"), SI(""), false, false, SI(""), SI("")}},
        {&google_calendars, SI("{\"id\":\"a\",\"summary\":null,\"primary\":\"true\",\"backgroundColor\":\"#9fe1eg\"}"),
         {SI("a"), SI(""), false, false, SI(""), SI("")}},
        {&microsoft_calendars,
         SI("{\"id\":\"AAMk=\",\"name\":\"Calendar\",\"color\":\"auto\",\"hexColor\":\"\",\"isDefaultCalendar\":true,\"canEdit\":true}"),
         {SI("AAMk="), SI("Calendar"), true, true, SI(""), SI("")}},
        {&microsoft_calendars, SI("{\"id\":\"b\",\"name\":\"T\",\"color\":\"lightRed\",\"hexColor\":\"#F83A22\"}"),
         {SI("b"), SI("T"), false, false, SI(""), SI("#f83a22")}},
        {&microsoft_calendars, SI("{\"id\":\"b\",\"name\":\"T\",\"color\":\"lightTeal\",\"hexColor\":\"\",\"canEdit\":false}"),
         {SI("b"), SI("T"), false, false, SI(""), SI("#4adacc")}},
        {&microsoft_calendars, SI("{\"id\":\"b\",\"color\":\"maxColor\"}"), {SI("b"), SI(""), false, false, SI(""), SI("")}},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct calendar got;

        print_message("  %.*s\n", (int)rows[i].item.n, rows[i].item.p);
        T_OK(read_one(rows[i].api, rows[i].item, &got));
        T_STR(got.id, rows[i].want.id);
        T_STR(got.name, rows[i].want.name);
        T_INT(got.is_primary, rows[i].want.is_primary);
        T_INT(got.can_edit, rows[i].want.can_edit);
        T_STR(got.time_zone, rows[i].want.time_zone);
        T_STR(got.color, rows[i].want.color);
    }
}

static Str letters(size_t n)
{
    char *p = arena_alloc(&t_cx()->mem, n + 1);

    for (size_t i = 0; i < n; i++) {
        p[i] = 'a';
    }
    return (Str){p, n};
}

static Str item_of(Str id, Str name)
{
    struct arena *mem = &t_cx()->mem;
    Str head = str_cat(mem, str_cat(mem, S("{\"id\":\""), id), S("\",\"summary\":\""));

    return str_cat(mem, str_cat(mem, head, name), S("\"}"));
}

static void test_items_without_a_usable_id_are_refused(void **state)
{
    static const Str bad[] = {
        SI("{}"), SI("{\"id\":\"\"}"), SI("{\"id\":7}"), SI("{\"id\":\"a\\nb\"}"),
        SI("[]"), SI("null"),
    };
    struct calendar got = {.id = S("kept")};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        T_FAIL(FAIL_SOURCE_ERROR, read_one(&google_calendars, bad[i], &got));
        T_STR(got.id, S("kept"));
    }
    T_FAIL(
        FAIL_SOURCE_ERROR,
        read_one(
            &google_calendars, item_of(letters(LIMIT_CALENDAR_ID_BYTES + 1), S("n")),
            &got));
    T_OK(read_one(
        &google_calendars, item_of(letters(LIMIT_CALENDAR_ID_BYTES), S("n")), &got));
    T_INT(got.id.n, LIMIT_CALENDAR_ID_BYTES);
}

static void test_long_names_are_cut_between_characters(void **state)
{
    Str most = letters(LIMIT_CALENDAR_NAME_BYTES);
    Str umlaut =
        str_cat(&t_cx()->mem, letters(LIMIT_CALENDAR_NAME_BYTES - 1), S("\xC3\xBC"));
    struct calendar got;

    (void)state;
    T_OK(read_one(&google_calendars, item_of(S("a"), most), &got));
    T_STR(got.name, most);
    T_OK(read_one(
        &google_calendars, item_of(S("a"), str_cat(&t_cx()->mem, most, S("b"))), &got));
    T_STR(got.name, most);
    T_OK(read_one(&google_calendars, item_of(S("a"), umlaut), &got));
    T_INT(got.name.n, LIMIT_CALENDAR_NAME_BYTES - 1);
}

/* With a server. */

static const struct net_options options = {
    .connect_timeout_ms = 60000, .timeout_ms = 60000};

struct bench {
    struct server server;
    struct source_settings own;
    struct source_call call;
};

static struct bench *bench_open(enum source_id id, const struct step *steps, size_t n)
{
    struct bench *b = NEW(&t_cx()->mem, struct bench);

    server_start(&b->server, steps, n);
    b->own = (struct source_settings){
        .id = id, .api_url = server_url(&t_cx()->mem, &b->server, "/v1.0")};
    b->call = (struct source_call){
        .net = net_open(),
        .options = &options,
        .own = &b->own,
        .access_token = S("secret")};
    return b;
}

static void bench_close(struct bench *b)
{
    net_close(&b->call.net);
    server_stop(&b->server);
}

#define HTTP(status, body)                                                               \
    {                                                                                    \
        SI("HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: "       \
           "close\r\n\r\n" body),                                                        \
            THEN_CLOSE                                                                   \
    }

static void test_list_follows_all_pages(void **state)
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

    (void)state;
    T_OK(source_get(SOURCE_GOOGLE)->calendars_list(t_cx(), &b->call, &list));
    bench_close(b);
    T_INT(list.n, 3);
    T_STR(list.at[2].id, S("3"));
    T_TRUE(
        str_contains(server_request(&b->server, 0), S("Authorization: Bearer secret")));
    T_TRUE(str_contains(server_request(&b->server, 1), S("&pageToken=p%202 ")));
    T_TRUE(str_contains(server_request(&b->server, 2), S("&pageToken=p3 ")));
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

static void test_list_has_a_limit_over_all_pages(void **state)
{
    enum { PAGES = LIMIT_CALENDAR_LIST_BYTES / LIMIT_CALENDARS_BYTES };

    (void)state;
    for (size_t more = 0; more <= 1; more++) {
        struct step steps[PAGES + 1];
        struct calendar_list list = {.n = 0};

        for (size_t i = 0; i < COUNT(steps); i++) {
            steps[i] = full_page(i + 1 < PAGES + more);
        }
        struct bench *b = bench_open(SOURCE_GOOGLE, steps, COUNT(steps));

        T_FAIL(
            more == 0 ? FAIL_NONE : FAIL_SOURCE_ERROR,
            source_get(SOURCE_GOOGLE)->calendars_list(t_cx(), &b->call, &list));
        bench_close(b);
        T_INT(list.n, more == 0 ? PAGES : 0);
    }
}

static void test_list_says_how_long_to_wait(void **state)
{
    static const struct step steps[] = {
        HTTP("200 OK", "{\"items\":[{\"id\":\"1\"}],\"nextPageToken\":\"p\"}"),
        {SI("HTTP/1.1 429 Slow\r\nRetry-After: 17\r\nConnection: close\r\n\r\n"),
                                                                            THEN_CLOSE},
        HTTP("503 Away", ""),
    };
    struct bench *b = bench_open(SOURCE_GOOGLE, steps, COUNT(steps));
    struct calendar_list list = {.n = 7};

    (void)state;
    T_FAIL(
        FAIL_SOURCE_RATE_LIMITED,
        source_get(SOURCE_GOOGLE)->calendars_list(t_cx(), &b->call, &list));
    T_INT(b->call.retry_after_s, 17);
    T_FAIL(
        FAIL_SOURCE_UNAVAILABLE,
        source_get(SOURCE_GOOGLE)->calendars_list(t_cx(), &b->call, &list));
    T_INT(b->call.retry_after_s, -1);
    bench_close(b);
    T_INT(list.n, 7);
}

static void test_get_escapes_the_id(void **state)
{
    static const struct step steps[] = {
        HTTP("200 OK", "{\"id\":\"a/b#c@d?\",\"name\":\"N\"}"),
    };
    struct bench *b = bench_open(SOURCE_MICROSOFT, steps, COUNT(steps));
    struct calendar got;

    (void)state;
    T_OK(source_get(SOURCE_MICROSOFT)
             ->calendar_get(t_cx(), &b->call, S("a/b#c@d?\xC3\xBC"), &got));
    bench_close(b);
    T_STR(got.name, S("N"));
    T_TRUE(str_starts(
        server_request(&b->server, 0),
        S("GET /v1.0/me/calendars/a%2Fb%23c%40d%3F%C3%BC HTTP")));
}

static void test_get_asks_for_no_id_that_a_path_cannot_carry(void **state)
{
    static const Str bad[] = {SI(""),     SI("."),      SI(".."),
                              SI("a\nb"), SI("a\x00b"), SI("\xFF")};
    struct bench *b = bench_open(SOURCE_GOOGLE, NULL, 0);
    struct calendar got = {.id = S("kept")};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        T_FAIL(
            FAIL_NOT_FOUND,
            source_get(SOURCE_GOOGLE)->calendar_get(t_cx(), &b->call, bad[i], &got));
    }
    T_FAIL(
        FAIL_NOT_FOUND,
        source_get(SOURCE_GOOGLE)
            ->calendar_get(t_cx(), &b->call, letters(LIMIT_CALENDAR_ID_BYTES + 1), &got));
    bench_close(b);
    T_STR(got.id, S("kept"));
    T_INT(b->server.served, 0);
}

/* Microsoft's calendars have the zone of their mailbox, when it may be asked for. */
static void test_zone_of_the_mailbox_is_asked_for_when_it_may_be(void **state)
{
    static const struct {
        Str scope;
        struct step settings;
        enum fail want;
        Str zone;
    } rows[] = {
        {SI("User.Read Calendars.ReadWrite"), {SI(""), THEN_CLOSE},  FAIL_NONE,                SI("")},
        { SI("https://graph.microsoft.com/MailboxSettings.Read"),
         HTTP("200 OK", "{\"timeZone\":\"Pacific Standard Time\"}"),                FAIL_NONE,
         SI("America/Los_Angeles")},
        {                                                                    SI("MailboxSettings.ReadWrite"),
         HTTP("200 OK",          "{\"timeZone\":\"Europe/Paris\"}"),                FAIL_NONE,
         SI("Europe/Paris")},
        {                                                                           SI("MailboxSettings.Read"),                      HTTP("200 OK",                 "{}"),                FAIL_NONE, SI("")},
        { SI("MailboxSettings.Read"),                      HTTP("403 No",                   ""),                FAIL_NONE, SI("")},
        { SI("MailboxSettings.Read"),                      HTTP("404 No",                   ""),                FAIL_NONE, SI("")},
        { SI("MailboxSettings.Read"),                      HTTP("401 No",                   ""),       FAIL_TOKEN_REFUSED, SI("")},
        { SI("MailboxSettings.Read"),                      HTTP("429 No",                   ""), FAIL_SOURCE_RATE_LIMITED,
         SI("")},
        {                                                                                       SI("MailboxSettings.Read"),                      HTTP("500 No",                   ""),  FAIL_SOURCE_UNAVAILABLE, SI("")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct step steps[] = {
            HTTP("200 OK", "{\"value\":[{\"id\":\"1\"},{\"id\":\"2\"}]}"),
            rows[i].settings,
        };
        struct bench *b = bench_open(SOURCE_MICROSOFT, steps, COUNT(steps));
        struct calendar_list list = {.n = 0};

        b->call.scope = rows[i].scope;
        T_FAIL(
            rows[i].want,
            source_get(SOURCE_MICROSOFT)->calendars_list(t_cx(), &b->call, &list));
        bench_close(b);
        T_INT(b->server.served, i == 0 ? 1 : 2);
        for (size_t at = 0; at < list.n; at++) {
            T_STR(list.at[at].time_zone, rows[i].zone);
        }
    }
}

T_MAIN(
    T(test_errors_of_both_sources_have_a_kind),
    T(test_reply_read_keeps_foreign_words_out_of_the_log),
    T(test_page_look_is_content_with_one_calendar),
    T(test_pages_go_on_at_the_same_origin_only),
    T(test_items_of_both_sources_become_one_shape),
    T(test_items_without_a_usable_id_are_refused),
    T(test_long_names_are_cut_between_characters), T(test_list_follows_all_pages),
    T(test_list_has_a_limit_over_all_pages), T(test_list_says_how_long_to_wait),
    T(test_get_escapes_the_id), T(test_get_asks_for_no_id_that_a_path_cannot_carry),
    T(test_zone_of_the_mailbox_is_asked_for_when_it_may_be))
