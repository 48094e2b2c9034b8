/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "base/testing.h"
#include "net/testserver.h"
#include "sources/event_details.h"
#include "sources/event_page.h"
#include "sources/sources_private.h"

static const struct source_settings google = {
    .id = SOURCE_GOOGLE, .api_url = SI("https://www.googleapis.com/calendar/v3")};
static const struct source_settings graph = {
    .id = SOURCE_MICROSOFT, .api_url = SI("https://graph.microsoft.com/v1.0")};

static Res page_of(
    const struct source_settings *settings, Str body, struct event_details_page *ret)
{
    const struct event_api *api = source_get(settings->id)->events;
    const struct source_call call = {.settings = settings};
    const struct events_query query = {.calendar_id = S("c")};
    const struct event_asked asked = {api, &api->details_form, &call, &query};
    const struct net_reply reply = {.status = 200, .body = body, .retry_after_s = -1};
    CLEANUP(j_done) json_t *page = NULL;
    enum events_failure why;

    TRY(event_page_open(t_cx(), &asked, &reply, &page, &why));
    return event_page_details(t_cx(), &asked, page, ret);
}

/* Reads a page with one event, of which `more` is all but its id and times. */
static struct event_detail detail_of(const struct source_settings *settings, Str more)
{
    struct arena *mem = &t_cx()->mem;
    Str head = settings->id == SOURCE_GOOGLE
                   ? S("{\"items\":[{\"id\":\"1\","
                       "\"start\":{\"dateTime\":\"2026-03-02T09:00:00Z\"},"
                       "\"end\":{\"dateTime\":\"2026-03-02T10:00:00Z\"}")
                   : S("{\"value\":[{\"id\":\"1\",\"start\":"
                       "{\"dateTime\":\"2026-03-02T09:00:00\",\"timeZone\":\"UTC\"},"
                       "\"end\":{\"dateTime\":\"2026-03-02T10:00:00\",\"timeZone\":"
                       "\"UTC\"}");
    struct event_details_page page = {.n = 0};

    print_message("  %.*s\n", STR_ARG(str_sub(more, 0, 200)));
    T_OK(page_of(settings, str_cat(mem, str_cat(mem, head, more), S("}]}")), &page));
    T_INT(page.n, 1);
    return page.at[0];
}

TEST(test_google_event_has_every_member)
{
    struct event_detail d = detail_of(
        &google,
        S(",\"created\":\"2026-01-01T00:00:00.000Z\","
          "\"updated\":\"2026-01-01T01:00:00.999+01:00\",\"summary\":\"T\\u00e9\","
          "\"description\":\"<b>hot</b>\",\"location\":\"L\",\"status\":\"tentative\","
          "\"visibility\":\"public\",\"etag\":\"\\\"3\\\"\","
          "\"htmlLink\":\"https://www.google.com/calendar/event?eid=MQ\","
          "\"transparency\":\"transparent\""));

    T_STR(d.event.id, S("1"));
    T_TRUE(d.event.start == 1772442000 && d.event.end == 1772445600);
    T_INT(d.event.counts, EVENT_IF_ASKED);
    T_TRUE(d.created_s == 1767225600 && d.updated_s == 1767225600);
    T_STR(d.title, S("T\xC3\xA9"));
    T_STR(d.description, S("<b>hot</b>"));
    T_STR(d.location_name, S("L"));
    T_INT(d.status, EVENT_TENTATIVE);
    T_INT(d.visibility, EVENT_PUBLIC);
    T_STR(d.etag, S("\"3\""));
    T_STR(d.link, S("https://www.google.com/calendar/event?eid=MQ"));
    T_TRUE(d.location_address.n == 0 && d.latitude.n == 0 && d.longitude.n == 0);
}

TEST(test_microsoft_event_has_every_member)
{
    struct event_detail d = detail_of(
        &graph,
        S(",\"createdDateTime\":\"2026-01-01T00:00:00.1234567Z\","
          "\"lastModifiedDateTime\":\"2026-01-01T00:00:01+00:00\",\"subject\":\"T\","
          "\"bodyPreview\":\"hot\\r\\ntea\",\"location\":{\"displayName\":\"L\","
          "\"address\":{\"street\":\"1 Rue\\r\\nX\",\"city\":\"Paris\",\"state\":\"\","
          "\"countryOrRegion\":\"France\",\"postalCode\":\"75001\"},"
          "\"coordinates\":{\"latitude\":48.8566,\"longitude\":-2}},"
          "\"showAs\":\"tentative\",\"sensitivity\":\"normal\","
          "\"@odata.etag\":\"W/\\\"1\\\"\",\"originalStartTimeZone\":"
          "\"Romance Standard Time\",\"webLink\":\"https://outlook.office365.com/owa/\","
          "\"transactionId\":\"cdk-00112233445566778899aabbccddeeff01234567\""));

    T_STR(d.event.id, S("1"));
    T_INT(d.event.counts, EVENT_ALWAYS);
    T_INT(d.event.copy_key.n, EVENT_COPY_KEY_BYTES);
    T_TRUE(d.created_s == 1767225600 && d.updated_s == 1767225601);
    T_STR(d.title, S("T"));
    T_STR(d.description, S("hot\r\ntea"));
    T_STR(d.location_name, S("L"));
    T_STR(d.location_address, S("1 Rue  X, 75001, Paris, France"));
    T_STR(d.latitude, S("48.856600"));
    T_STR(d.longitude, S("-2.000000"));
    T_STR(d.zone, S("Europe/Paris"));
    T_INT(d.status, EVENT_TENTATIVE);
    T_INT(d.visibility, EVENT_DEFAULT);
    T_STR(d.etag, S("W/\"1\""));
    T_STR(d.link, S("https://outlook.office365.com/owa/"));
}

TEST(test_absent_members_are_empty)
{
    const struct source_settings *const both[] = {&google, &graph};

    for (size_t i = 0; i < COUNT(both); i++) {
        struct event_detail d = detail_of(both[i], S(""));

        T_TRUE(d.created_s == -1 && d.updated_s == -1);
        T_TRUE(d.title.n == 0 && d.description.n == 0 && d.location_name.n == 0);
        T_TRUE(d.location_address.n == 0 && d.latitude.n == 0 && d.longitude.n == 0);
        T_TRUE(d.zone.n == 0 && d.etag.n == 0 && d.link.n == 0);
        T_INT(d.status, EVENT_CONFIRMED);
        T_INT(d.visibility, i == 0 ? EVENT_DEFAULT : EVENT_PRIVATE);
    }
}

TEST(test_status_and_visibility_are_words)
{
    static const struct {
        const struct source_settings *source;
        Str more;
        enum event_status status;
        enum event_visibility visibility;
    } rows[] = {
        /* clang-format off */
        {&google, SI(",\"status\":\"confirmed\",\"visibility\":\"default\""), EVENT_CONFIRMED, EVENT_DEFAULT},
        {&google, SI(",\"status\":\"tentative\",\"visibility\":\"public\""), EVENT_TENTATIVE, EVENT_PUBLIC},
        {&google, SI(",\"status\":\"new\",\"visibility\":\"private\""), EVENT_STATUS_UNKNOWN, EVENT_PRIVATE},
        {&google, SI(",\"status\":null,\"visibility\":\"confidential\""), EVENT_CONFIRMED, EVENT_PRIVATE},
        {&google, SI(",\"visibility\":\"new\""), EVENT_CONFIRMED, EVENT_VISIBILITY_UNKNOWN},
        {&graph, SI(",\"showAs\":\"busy\",\"sensitivity\":\"normal\""), EVENT_CONFIRMED, EVENT_DEFAULT},
        {&graph, SI(",\"showAs\":\"tentative\",\"sensitivity\":\"personal\""), EVENT_TENTATIVE, EVENT_PRIVATE},
        {&graph, SI(",\"isCancelled\":true,\"showAs\":\"tentative\",\"sensitivity\":\"private\""), EVENT_CANCELLED, EVENT_PRIVATE},
        {&graph, SI(",\"isCancelled\":false,\"showAs\":\"new\",\"sensitivity\":\"confidential\""), EVENT_CONFIRMED, EVENT_PRIVATE},
        {&graph, SI(",\"sensitivity\":\"new\""), EVENT_CONFIRMED, EVENT_PRIVATE},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct event_detail d = detail_of(rows[i].source, rows[i].more);

        T_INT(d.status, rows[i].status);
        T_INT(d.visibility, rows[i].visibility);
    }
}

TEST(test_members_that_cannot_be_used_are_left_out)
{
    static const struct {
        const struct source_settings *source;
        Str more;
    } rows[] = {
        {&google, SI(",\"htmlLink\":\"http://www.google.com/x\"")},
        {&google, SI(",\"htmlLink\":\"javascript:alert(1)\"")},
        {&google, SI(",\"htmlLink\":\"//www.google.com/x\"")},
        {&google, SI(",\"htmlLink\":\"https://u@www.google.com/x\"")},
        {&google, SI(",\"htmlLink\":\"https://www.google.com/\\u0000\"")},
        {&google, SI(",\"htmlLink\":7,\"etag\":7,\"summary\":7,\"location\":{}")},
        {&google, SI(",\"etag\":\"a\\nb\",\"created\":\"yesterday\",\"updated\":7")},
        {&graph, SI(",\"createdDateTime\":\"0001-01-01T00:00:00Z\"")},
        {&graph, SI(",\"location\":null")},
        {&graph, SI(",\"location\":7")},
        {&graph, SI(",\"location\":{\"address\":7,\"coordinates\":7}")},
        {&graph, SI(",\"location\":{\"address\":{},\"coordinates\":{}}")},
        {&graph, SI(",\"location\":{\"address\":{\"street\":\" \",\"city\":7}}")},
        {&graph, SI(",\"location\":{\"coordinates\":{\"latitude\":1}}")},
        {&graph,
         SI(",\"location\":{\"coordinates\":{\"latitude\":1,\"longitude\":null}}")},
        {&graph,
         SI(",\"location\":{\"coordinates\":{\"latitude\":\"1\",\"longitude\":1}}")},
        {&graph,
         SI(",\"location\":{\"coordinates\":{\"latitude\":90.1,\"longitude\":1}}")},
        {&graph,
         SI(",\"location\":{\"coordinates\":{\"latitude\":1,\"longitude\":-180.1}}")},
        {&graph,
         SI(",\"location\":{\"coordinates\":{\"latitude\":1e999,\"longitude\":1}}")},
        {&graph, SI(",\"originalStartTimeZone\":\"tzone://Microsoft/Custom\"")},
        {&graph, SI(",\"originalStartTimeZone\":\"UTC\"")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct event_detail d = detail_of(rows[i].source, rows[i].more);

        T_TRUE(d.link.n == 0 && d.etag.n == 0 && d.title.n == 0 && d.zone.n == 0);
        T_TRUE(d.location_name.n == 0 && d.location_address.n == 0);
        T_TRUE(d.latitude.n == 0 && d.longitude.n == 0);
        T_TRUE(d.created_s == -1 && d.updated_s == -1);
    }
}

TEST(test_coordinates_have_six_decimals)
{
    static const struct {
        Str more;
        Str latitude, longitude;
    } rows[] = {

#define PLACE(y, x)                                                                      \
    SI(",\"location\":{\"coordinates\":{\"latitude\":" y ",\"longitude\":" x "}}")
        {PLACE("0", "0.0"), SI("0.000000"), SI("0.000000")},
        {PLACE("-0.0", "-0.0000001"), SI("0.000000"), SI("0.000000")},
        {PLACE("-0.5", "-0.000001"), SI("-0.500000"), SI("-0.000001")},
        {PLACE("90", "-180"), SI("90.000000"), SI("-180.000000")},
        {PLACE("-90", "180"), SI("-90.000000"), SI("180.000000")},
        {PLACE("47.64223987654321", "-122.1368"), SI("47.642240"), SI("-122.136800")},
        {PLACE("1.9999999", "9e-7"), SI("2.000000"), SI("0.000001")},
#undef PLACE
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct event_detail d = detail_of(&graph, rows[i].more);

        T_STR(d.latitude, rows[i].latitude);
        T_STR(d.longitude, rows[i].longitude);
    }
}

/* `head`, then so many letters, then `tail`. */
static Str filled(Str head, size_t n, Str tail)
{
    struct arena *mem = &t_cx()->mem;
    char *p = arena_alloc(mem, n);

    memset(p, 'a', n);
    return str_cat(mem, str_cat(mem, head, (Str){p, n}), tail);
}

/* A text is cut where it is too long, a mark or a link left out. */
TEST(test_members_have_limits)
{
    for (size_t more = 0; more <= 1; more++) {
        Str tail = S("\"");
        struct event_detail d = detail_of(
            &google, filled(S(",\"summary\":\""), LIMIT_EVENT_NAME_BYTES + more, tail));

        T_INT(d.title.n, LIMIT_EVENT_NAME_BYTES);
        d = detail_of(
            &google,
            filled(S(",\"description\":\""), LIMIT_EVENT_TEXT_BYTES + more, tail));
        T_INT(d.description.n, LIMIT_EVENT_TEXT_BYTES);
        d = detail_of(
            &google, filled(
                         S(",\"summary\":\""), LIMIT_EVENT_NAME_BYTES - 1 - more,
                         S("\xC3\xA9\"")));
        T_INT(d.title.n, LIMIT_EVENT_NAME_BYTES - 1 + (more == 1 ? 1 : 0));
        d = detail_of(
            &google, filled(S(",\"etag\":\""), LIMIT_EVENT_NAME_BYTES + more, tail));
        T_INT(d.etag.n, more == 0 ? LIMIT_EVENT_NAME_BYTES : 0);
        d = detail_of(
            &google, filled(
                         S(",\"htmlLink\":\"https://a/"),
                         LIMIT_EVENT_LINK_BYTES - 10 + more, tail));
        T_INT(d.link.n, more == 0 ? LIMIT_EVENT_LINK_BYTES : 0);
        d = detail_of(
            &graph, filled(
                        S(",\"location\":{\"address\":{\"city\":\"b\",\"street\":\""),
                        LIMIT_EVENT_NAME_BYTES - 3 + more, S("\"}}")));
        T_INT(d.location_address.n, LIMIT_EVENT_NAME_BYTES);
    }
}

TEST(test_zone_of_an_event_is_where_it_was_made)
{
    struct event_details_page page;

    T_OK(page_of(
        &google,
        S("{\"timeZone\":\"America/New_York\",\"items\":[{\"id\":\"1\",\"start\":"
          "{\"dateTime\":\"2026-03-02T09:00:00Z\",\"timeZone\":\"Europe/Paris\"},"
          "\"end\":{\"dateTime\":\"2026-03-02T10:00:00Z\",\"timeZone\":\"UTC\"}},"
          "{\"id\":\"2\",\"start\":{\"date\":\"2026-03-02\"},"
          "\"end\":{\"date\":\"2026-03-03\"}}]}"),
        &page));
    T_STR(page.zone, S("America/New_York"));
    T_STR(page.at[0].zone, S("Europe/Paris"));
    T_STR(page.at[1].zone, S(""));
    T_TRUE(page.at[1].event.is_all_day);
}

TEST(test_page_leaves_out_what_was_removed_and_fails_for_the_unreadable)
{
    struct event_details_page page = {.n = 7};

    T_FAIL(FAIL_SOURCE_ERROR, page_of(&google, S("{\"items\":[{\"id\":\"1\"}]}"), &page));
    T_FAIL(FAIL_SOURCE_ERROR, page_of(&graph, S("{\"value\":[{\"id\":\"1\"}]}"), &page));
    T_FAIL(FAIL_SOURCE_ERROR, page_of(&graph, S("{}"), &page));
    T_FAIL(
        FAIL_SOURCE_ERROR,
        page_of(
            &graph, S("{\"value\":[],\"@odata.nextLink\":\"https://a.example/\"}"),
            &page));
    T_INT(page.n, 7);
    T_OK(page_of(
        &google, S("{\"items\":[{\"id\":\"1\",\"status\":\"cancelled\"}]}"), &page));
    T_INT(page.n, 0);
    T_OK(page_of(
        &graph,
        S("{\"value\":[{\"isCancelled\":true},{\"id\":\"1\",\"isCancelled\":true}]}"),
        &page));
    T_INT(page.n, 1);
    T_INT(page.at[0].status, EVENT_CANCELLED);
    T_OK(page_of(&google, S("{}"), &page)); /* there is no cursor that could be missing */
    T_INT(page.n, 0);
}

/* Asking. */

static const struct net_options options = {
    .connect_timeout_ms = 60000, .timeout_ms = 60000};

#define HTTP(status, body)                                                               \
    {                                                                                    \
        SI("HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: "       \
           "close\r\n\r\n" body),                                                        \
            THEN_CLOSE                                                                   \
    }

TEST(test_details_get_asks_for_what_they_need)
{
    static const struct step steps[] = {
        HTTP("200 OK", "{\"items\":[],\"value\":[],\"nextPageToken\":\"p 2\"}"),
        HTTP("429 Slow", ""),
        HTTP("504 Slow", ""),
    };
    static const Str wants[] = {
        SI("GET /v1.0/calendars/a%40b/events?singleEvents=true&maxResults=250"
           "&maxAttendees=1&timeMin=1970-01-01T00%3A00%3A00Z"
           "&timeMax=1970-01-02T00%3A00%3A00Z&fields=timeZone,nextPageToken,items(id,"
           "status,recurringEventId,start,end,transparency,eventType,attendees(self,"
           "responseStatus),created,updated,summary,description,location,visibility,"
           "etag,htmlLink) "),
        SI("GET /v1.0/me/calendars/a%40b/calendarView"
           "?startDateTime=1970-01-01T00%3A00%3A00Z&endDateTime=1970-01-02T00%3A00%3A00Z"
           "&$top=250&$select=id,start,end,isAllDay,showAs,isCancelled,responseStatus,"
           "seriesMasterId,originalStartTimeZone,transactionId,subject,bodyPreview,"
           "location,sensitivity,webLink,createdDateTime,lastModifiedDateTime,"
           "organizer "),
    };

    for (enum source_id id = SOURCE_GOOGLE; id <= SOURCE_MICROSOFT; id++) {
        struct server *server = NEW(&t_cx()->mem, struct server);
        struct events_query query = {.calendar_id = S("a@b"), .to_s = 86400};
        struct event_details_page page = {.n = 7};
        enum events_failure why = EVENTS_QUOTA;
        bool is_google = id == SOURCE_GOOGLE;

        testserver_start(server, steps, COUNT(steps));
        const struct source_settings settings = {
            .id = id, .api_url = testserver_url(&t_cx()->mem, server, "/v1.0")};
        struct source_call call = {
            .via = {net_open(), &options}, .settings = &settings, .access_token = S("t")};

        T_OK(event_details_get(t_cx(), &call, &query, &page, &why));
        T_INT(page.n, 0);
        T_STR(page.next, is_google ? S("p 2") : S(""));
        query.next = page.next;
        T_FAIL(
            FAIL_SOURCE_RATE_LIMITED,
            event_details_get(t_cx(), &call, &query, &page, &why));
        T_INT(why, EVENTS_OTHER);
        T_FAIL(
            FAIL_SOURCE_UNAVAILABLE,
            event_details_get(t_cx(), &call, &query, &page, &why));
        T_INT(why, is_google ? EVENTS_OTHER : EVENTS_TOO_SLOW);
        net_close(&call.via.net);
        testserver_stop(server);
        T_TRUE(str_starts(testserver_request(server, 0), wants[id - SOURCE_GOOGLE]));
        T_INT(
            str_contains(testserver_request(server, 1), S("&pageToken=p%202 ")),
            is_google);
        T_INT(
            str_contains(testserver_request(server, 0), S("Prefer: IdType=")),
            !is_google);
    }
}

T_MAIN(
    T(test_google_event_has_every_member), T(test_microsoft_event_has_every_member),
    T(test_absent_members_are_empty), T(test_status_and_visibility_are_words),
    T(test_members_that_cannot_be_used_are_left_out),
    T(test_coordinates_have_six_decimals), T(test_members_have_limits),
    T(test_zone_of_an_event_is_where_it_was_made),
    T(test_page_leaves_out_what_was_removed_and_fails_for_the_unreadable),
    T(test_details_get_asks_for_what_they_need))
