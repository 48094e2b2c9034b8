/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/testing.h"
#include "net/net.h"
#include "sources/calendar_page.h"
#include "sources/sources_private.h"

#define GOOGLE_URL                                                                       \
    "https://www.googleapis.com/calendar/v3/users/me/calendarList?maxResults=1"
#define GRAPH_URL "https://graph.microsoft.com/v1.0/me/calendars?$top=1"

/* Errors in the shapes of both APIs. */
#define GOOGLE(reason)                                                                   \
    SI("{\"error\":{\"errors\":[{\"domain\":\"d\",\"reason\":\"" reason                  \
       "\",\"message\":\"m\"}],\"code\":4,\"message\":\"m\"}}")
#define GRAPH(code)                                                                      \
    SI("{\"error\":{\"code\":\"" code "\",\"message\":\"m\",\"innerError\":{}}}")

TEST(test_errors_of_both_sources_have_a_kind)
{
    static const struct {
        const struct calendar_api *api;
        int status;
        Str body;
        enum fail at_peek, later; /* a list knows no FAIL_NOT_FOUND */
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
        {&microsoft_calendars, 401, GRAPH("UnknownError"), FAIL_NO_CALENDAR, FAIL_TOKEN_REFUSED},
        {&microsoft_calendars, 400, GRAPH("UnknownError"), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {&google_calendars, 401, GOOGLE("UnknownError"), FAIL_SOURCE_ERROR, FAIL_TOKEN_REFUSED},
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

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct net_reply reply = {.status = rows[i].status, .body = rows[i].body};
        json_t *kept = NULL;

        print_message("  %d %.*s\n", reply.status, STR_ARG(reply.body));
        T_FAIL(
            rows[i].at_peek,
            calendar_reply_read(t_cx(), rows[i].api, CALENDAR_PEEK, &reply, &kept));
        T_FAIL(
            rows[i].later == FAIL_NOT_FOUND ? FAIL_SOURCE_ERROR : rows[i].later,
            calendar_reply_read(t_cx(), rows[i].api, CALENDAR_LIST, &reply, &kept));
        T_FAIL(
            rows[i].later,
            calendar_reply_read(t_cx(), rows[i].api, CALENDAR_GET, &reply, &kept));
        T_TRUE(kept == NULL);
    }
}

TEST(test_reply_read_keeps_foreign_words_out_of_the_log)
{
    static const struct net_reply reply = {
        .status = 403, .body = GOOGLE("x y=\\\"z\\\"")};
    json_t *body = NULL;

    T_FAIL(
        FAIL_PERMISSION_DENIED,
        calendar_reply_read(t_cx(), &google_calendars, CALENDAR_LIST, &reply, &body));
    T_TRUE(!str_contains(str_from_z(t_cx()->why.text), S("x y")));
}

static Res page_peek(const struct calendar_api *api, Str first, Str text, Str *next)
{
    CLEANUP(j_done) json_t *page = NULL;
    const struct net_reply reply = {.status = 200, .body = text};

    TRY(calendar_reply_read(t_cx(), api, CALENDAR_PEEK, &reply, &page));
    return calendar_page_peek(t_cx(), api, first, page, next);
}

TEST(test_page_peek_is_content_with_one_calendar)
{
    static const struct {
        const struct calendar_api *api;
        Str body;
        enum fail want;
    } rows[] = {
        /* clang-format off */
        {&google_calendars, SI("{\"kind\":\"calendar#calendarList\",\"items\":[{\"id\":\"a@b\"}]}"), FAIL_NONE},
        {&google_calendars, SI("{\"items\":[]}"), FAIL_NO_CALENDAR},
        {&google_calendars, SI("{}"), FAIL_NO_CALENDAR},
        {&google_calendars, SI("{\"items\":null,\"nextPageToken\":null}"), FAIL_NO_CALENDAR},
        {&google_calendars, SI("\xEF\xBB\xBF{\"items\":[{\"id\":\"a@b\"}]}"), FAIL_NONE},
        {&google_calendars, SI("{\"items\":[{\"id\":7},{\"id\":\"a@b\"}]}"), FAIL_NONE},
        {&google_calendars, SI("{\"items\":[{\"id\":7},null]}"), FAIL_NO_CALENDAR},
        {&google_calendars, SI("{\"error\":{\"code\":500}}"), FAIL_SOURCE_ERROR},
        {&google_calendars, SI("{\"error\":null,\"items\":[{\"id\":\"a@b\"}]}"), FAIL_NONE},
        {&google_calendars, SI("{\"items\":{}}"), FAIL_SOURCE_ERROR},
        {&google_calendars, SI("[]"), FAIL_SOURCE_ERROR},
        {&google_calendars, SI("<html>"), FAIL_SOURCE_ERROR},
        {&google_calendars, SI(""), FAIL_SOURCE_ERROR},
        {&microsoft_calendars, SI("{\"@odata.context\":\"c\",\"value\":[{\"id\":\"AAMk\"}]}"), FAIL_NONE},
        {&microsoft_calendars, SI("{\"value\":[]}"), FAIL_NO_CALENDAR},
        {&microsoft_calendars, SI("{\"value\":[],\"@odata.nextLink\":\"\"}"), FAIL_NO_CALENDAR},
        {&microsoft_calendars, SI("{\"value\":\"\"}"), FAIL_SOURCE_ERROR},
        {&microsoft_calendars, SI("{\"value\":null}"), FAIL_NO_CALENDAR},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str next = S("kept");

        T_FAIL(rows[i].want, page_peek(rows[i].api, S(GRAPH_URL), rows[i].body, &next));
        T_STR(next, rows[i].want == FAIL_NONE ? S("") : S("kept"));
    }
}

/* SECURITY 61 */
TEST(test_pages_go_on_at_the_same_origin_only)
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
        {&google_calendars, SI(GOOGLE_URL), SI("{\"items\":[],\"nextPageToken\":7}"), FAIL_SOURCE_ERROR, SI("kept")},
        {&google_calendars, SI(GOOGLE_URL), SI("{\"items\":[],\"nextPageToken\":{}}"), FAIL_SOURCE_ERROR, SI("kept")},
        {&google_calendars, SI(GOOGLE_URL), SI("{\"nextPageToken\":false}"), FAIL_SOURCE_ERROR, SI("kept")},
        {&google_calendars, SI(GOOGLE_URL), SI("{\"nextPageToken\":\"p\"}"), FAIL_NONE, SI(GOOGLE_URL "&pageToken=p")},
        {&microsoft_calendars, SI(GRAPH_URL), SI("{\"value\":[],\"@odata.nextLink\":[\"" GRAPH_URL "\"]}"),
         FAIL_SOURCE_ERROR, SI("kept")},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(j_done) json_t *page = NULL;
        struct calendar_list list = {.n = 0};
        Str at_peek = S("kept");
        Str at_list = S("kept");

        T_OK(j_parse(t_cx(), rows[i].body, LIMIT_SOURCE_JSON_DEPTH, &page));
        T_FAIL(
            rows[i].want,
            calendar_page_peek(t_cx(), rows[i].api, rows[i].first, page, &at_peek));
        T_FAIL(
            rows[i].want, calendar_page_read(
                              t_cx(), rows[i].api, rows[i].first, page, &list, &at_list));
        T_STR(at_peek, rows[i].next);
        T_STR(at_list, rows[i].next);
    }
}

/* A list that is cut short would look whole: the page's calendar doesn't excuse it. */
TEST(test_page_with_a_bad_link_is_an_error_whatever_it_holds)
{
    static const struct {
        const struct calendar_api *api;
        Str body;
        enum fail want;
    } rows[] = {
        /* clang-format off */
        {&google_calendars, SI("{\"items\":[{\"id\":\"a\"}],\"nextPageToken\":7}"), FAIL_SOURCE_ERROR},
        {&google_calendars, SI("{\"items\":[{\"id\":\"a\"}],\"nextPageToken\":[]}"), FAIL_SOURCE_ERROR},
        {&google_calendars, SI("{\"items\":[{\"id\":\"a\"}],\"nextPageToken\":null}"), FAIL_NONE},
        {&google_calendars, SI("{\"items\":[{\"id\":\"a\"}],\"nextPageToken\":\"\"}"), FAIL_NONE},
        {&microsoft_calendars, SI("{\"value\":[{\"id\":\"a\"}],\"@odata.nextLink\":true}"), FAIL_SOURCE_ERROR},
        {&microsoft_calendars, SI("{\"value\":[{\"id\":\"a\"}],\"@odata.nextLink\":\"https://evil.example/\"}"), FAIL_SOURCE_ERROR},
        {&microsoft_calendars, SI("{\"value\":[{\"id\":\"a\"}],\"@odata.nextLink\":null}"), FAIL_NONE},
        {&microsoft_calendars, SI("{\"value\":[{\"id\":\"a\"}],\"@odata.nextLink\":\"" GRAPH_URL "\"}"), FAIL_NONE},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(j_done) json_t *page = NULL;
        struct calendar_list list = {.n = 0};
        Str next = S("");

        T_OK(j_parse(t_cx(), rows[i].body, LIMIT_SOURCE_JSON_DEPTH, &page));
        T_FAIL(
            rows[i].want,
            calendar_page_peek(t_cx(), rows[i].api, S(GRAPH_URL), page, &next));
        T_FAIL(
            rows[i].want,
            calendar_page_read(t_cx(), rows[i].api, S(GRAPH_URL), page, &list, &next));
    }
}

/* Reads one item as each source's page would hold it. */
static struct calendar_list list_of_item(const struct calendar_api *api, Str item)
{
    CLEANUP(j_done) json_t *page = NULL;
    struct arena *mem = &t_cx()->mem;
    struct calendar_list list = {.n = 0};
    Str next;
    const struct net_reply reply = {
        .status = 200,
        .body = str_cat(
            mem, str_cat(mem, S("{\"items\":["), item),
            str_cat(mem, S("],\"value\":["), str_cat(mem, item, S("]}")))),
    };

    T_OK(calendar_reply_read(t_cx(), api, CALENDAR_LIST, &reply, &page));
    T_OK(calendar_page_read(t_cx(), api, S(GRAPH_URL), page, &list, &next));
    T_INT(list.n + list.left_out, 1);
    return list;
}

static struct calendar item_from_page(const struct calendar_api *api, Str item)
{
    struct calendar_list list = list_of_item(api, item);

    T_INT(list.n, 1);
    return list.at[0];
}

TEST(test_items_of_both_sources_become_one_shape)
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

    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("  %.*s\n", STR_ARG(rows[i].item));
        struct calendar got = item_from_page(rows[i].api, rows[i].item);

        T_STR(got.id, rows[i].want.id);
        T_STR(got.name, rows[i].want.name);
        T_INT(got.is_primary, rows[i].want.is_primary);
        T_INT(got.can_edit, rows[i].want.can_edit);
        T_STR(got.time_zone, rows[i].want.time_zone);
        T_STR(got.color, rows[i].want.color);
    }
}

static Str text_of_letters(size_t n)
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

TEST(test_items_without_a_usable_id_are_left_out)
{
    static const Str bad[] = {
        SI("{}"),
        SI("{\"id\":\"\"}"),
        SI("{\"id\":7}"),
        SI("{\"id\":null}"),
        SI("{\"id\":\"a\\nb\"}"),
        SI("{\"id\":\"a\\u0000b\"}"),
        SI("{\"id\":\"\\ud83d\"}"),
        SI("[]"),
        SI("null"),
        SI("7"),
    };

    for (size_t i = 0; i < COUNT(bad); i++) {
        print_message("  %.*s\n", STR_ARG(bad[i]));
        T_INT(list_of_item(&google_calendars, bad[i]).left_out, 1);
        T_INT(list_of_item(&microsoft_calendars, bad[i]).left_out, 1);
    }
    T_INT(
        list_of_item(
            &google_calendars,
            item_of(text_of_letters(LIMIT_CALENDAR_ID_BYTES + 1), S("n")))
            .left_out,
        1);
    struct calendar got = item_from_page(
        &google_calendars, item_of(text_of_letters(LIMIT_CALENDAR_ID_BYTES), S("n")));

    T_INT(got.id.n, LIMIT_CALENDAR_ID_BYTES);
}

TEST(test_page_stands_beside_an_item_that_is_left_out)
{
    CLEANUP(j_done) json_t *page = NULL;
    struct calendar_list list = {.n = 0};
    Str next;

    T_OK(j_parse(
        t_cx(), S("{\"items\":[{\"id\":\"1\"},{\"id\":[]},{\"id\":\"2\"},{}]}"),
        LIMIT_SOURCE_JSON_DEPTH, &page));
    T_OK(
        calendar_page_read(t_cx(), &google_calendars, S(GOOGLE_URL), page, &list, &next));
    T_INT(list.n, 2);
    T_INT(list.left_out, 2);
    T_STR(list.at[0].id, S("1"));
    T_STR(list.at[1].id, S("2"));
}

TEST(test_one_bad_text_does_not_cost_the_list)
{
    static const struct {
        Str name;
        Str want;
    } rows[] = {
        {SI("a\\u0000-b"), SI("a\xEF\xBF\xBD-b")},
        {SI("Team \\ud83d"), SI("Team \xEF\xBF\xBD")},
        {SI("\xFF"), SI("\xEF\xBF\xBD")},
        {SI("x\",\"etag\":1e999,\"y\":\""), SI("x")},
        {SI("x\",\"description\":\"\\udc00"), SI("x")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("  %.*s\n", STR_ARG(rows[i].name));
        T_STR(
            item_from_page(&google_calendars, item_of(S("a"), rows[i].name)).name,
            rows[i].want);
    }
}

TEST(test_long_names_are_cut_between_characters)
{
    Str most = text_of_letters(LIMIT_CALENDAR_NAME_BYTES);
    struct arena *mem = &t_cx()->mem;

    const struct {
        Str name;
        Str want;
    } rows[] = {
        /* clang-format off */
        {most, most},
        {str_cat(mem, most, S("b")), most},
        {str_cat(mem, text_of_letters(most.n - 1), S("\xC3\xBC")), str_sub(most, 0, most.n - 1)},
        {str_cat(mem, text_of_letters(most.n - 3), S("\xF0\x9F\x8E\x89")), str_sub(most, 0, most.n - 3)},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_STR(
            item_from_page(&google_calendars, item_of(S("a"), rows[i].name)).name,
            rows[i].want);
    }
}

T_MAIN(
    T(test_errors_of_both_sources_have_a_kind),
    T(test_reply_read_keeps_foreign_words_out_of_the_log),
    T(test_page_peek_is_content_with_one_calendar),
    T(test_pages_go_on_at_the_same_origin_only),
    T(test_items_of_both_sources_become_one_shape),
    T(test_page_with_a_bad_link_is_an_error_whatever_it_holds),
    T(test_items_without_a_usable_id_are_left_out),
    T(test_page_stands_beside_an_item_that_is_left_out),
    T(test_one_bad_text_does_not_cost_the_list),
    T(test_long_names_are_cut_between_characters))
