/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/testing.h"
#include "net/net.h"
#include "sources/event_page.h"
#include "sources/sources_private.h"

static const struct source_settings google = {
    .id = SOURCE_GOOGLE, .api_url = SI("https://www.googleapis.com/calendar/v3")};

static const struct source_call google_call = {.settings = &google};

/* What a page of this list says. */
struct side {
    const struct event_api *api;
    const struct source_call *call;
    const char *head; /* before the items */
    const char *tail;
};

static const struct side at_google = {
    &google_events, &google_call, "{\"items\":[", "],\"nextSyncToken\":\"s\"}"};

static const struct events_query first_page = {.calendar_id = SI("c")};

static Res page_of(
    const struct side *side, const struct events_query *query, Str body,
    struct events_page *ret)
{
    const struct event_asked asked = {side->api, &side->api->form, side->call, query};
    const struct net_reply reply = {.status = 200, .body = body, .retry_after_s = -1};
    CLEANUP(j_done) json_t *page = NULL;
    enum events_failure why;

    TRY(event_page_open(t_cx(), &asked, &reply, &page, &why));
    return event_page_read(t_cx(), &asked, page, ret);
}

static Res items_of(const struct side *side, Str items, struct events_page *ret)
{
    struct arena *mem = &t_cx()->mem;
    Str head = str_cat(mem, str_from_z(side->head), items);

    return page_of(side, &first_page, str_cat(mem, head, str_from_z(side->tail)), ret);
}

/* Reads a page with one item. */
static struct event_item item_of(const struct side *side, Str item)
{
    struct events_page page = {.n = 0};

    print_message("  %.*s\n", STR_ARG(item));
    T_OK(items_of(side, item, &page));
    T_INT(page.n, 1);
    return page.at[0];
}

#define G_TIMES                                                                          \
    "\"start\":{\"dateTime\":\"2026-03-02T09:00:00Z\"},"                                 \
    "\"end\":{\"dateTime\":\"2026-03-02T10:00:00Z\"}"
#define G(more) SI("{\"id\":\"1\"," G_TIMES more "}")

TEST(test_google_events_count_by_the_rules)
{
    static const struct {
        Str item;
        enum event_counts want;
    } rows[] = {
        /* clang-format off */
        {G(""), EVENT_ALWAYS},
        {G(",\"status\":\"confirmed\""), EVENT_ALWAYS},
        {G(",\"status\":\"tentative\""), EVENT_ALWAYS},
        {G(",\"status\":\"cancelled\""), EVENT_NEVER},
        {G(",\"status\":\"Cancelled\""), EVENT_ALWAYS},
        {G(",\"status\":\"new\""), EVENT_ALWAYS},
        {G(",\"status\":7"), EVENT_ALWAYS},
        {G(",\"attendees\":[{\"self\":true,\"responseStatus\":\"declined\"}]"), EVENT_NEVER},
        {G(",\"attendees\":[{\"responseStatus\":\"declined\"},{\"self\":true,\"responseStatus\":\"accepted\"}]"), EVENT_ALWAYS},
        {G(",\"attendees\":[{\"responseStatus\":\"accepted\"},{\"self\":true,\"responseStatus\":\"declined\"}]"), EVENT_NEVER},
        {G(",\"attendees\":[{\"self\":false,\"responseStatus\":\"declined\"}]"), EVENT_ALWAYS},
        {G(",\"attendees\":[{\"responseStatus\":\"declined\"}]"), EVENT_ALWAYS},
        {G(",\"attendees\":[{\"self\":true,\"responseStatus\":\"needsAction\"}]"), EVENT_ALWAYS},
        {G(",\"attendees\":[{\"self\":true,\"responseStatus\":\"tentative\"}]"), EVENT_ALWAYS},
        {G(",\"attendees\":[{\"self\":true}]"), EVENT_ALWAYS},
        {G(",\"attendees\":[]"), EVENT_ALWAYS},
        {G(",\"attendees\":[7]"), EVENT_ALWAYS},
        {G(",\"attendees\":7"), EVENT_ALWAYS},
        {G(",\"eventType\":\"default\""), EVENT_ALWAYS},
        {G(",\"eventType\":\"workingLocation\""), EVENT_NEVER},
        {G(",\"eventType\":\"birthday\""), EVENT_NEVER},
        {G(",\"eventType\":\"outOfOffice\""), EVENT_ALWAYS},
        {G(",\"eventType\":\"focusTime\""), EVENT_ALWAYS},
        {G(",\"eventType\":\"fromGmail\""), EVENT_ALWAYS},
        {G(",\"eventType\":\"somethingNew\""), EVENT_ALWAYS},
        {G(",\"visibility\":\"private\""), EVENT_ALWAYS},
        {G(",\"transparency\":\"opaque\""), EVENT_ALWAYS},
        {G(",\"transparency\":null"), EVENT_ALWAYS},
        {G(",\"transparency\":\"somethingNew\""), EVENT_ALWAYS},
        {G(",\"transparency\":\"transparent\""), EVENT_IF_ASKED},
        {G(",\"transparency\":\"transparent\",\"eventType\":\"birthday\""), EVENT_NEVER},
        {G(",\"transparency\":\"transparent\",\"attendees\":[{\"self\":true,\"responseStatus\":\"declined\"}]"), EVENT_NEVER},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(item_of(&at_google, rows[i].item).counts, rows[i].want);
    }
}

enum { NINE = 1772442000, DAY = 20514 }; /* 2026-03-02T09:00:00Z; that day */

#define G_WHEN(start, end) SI("{\"id\":\"1\",\"start\":{" start "},\"end\":{" end "}}")
#define AT(time)           "\"dateTime\":\"" time "\""
#define IN(time, zone)     AT(time) ",\"timeZone\":\"" zone "\""
#define ON(date)           "\"date\":\"" date "\""

/* Starts are rounded down, ends up; and what is not behind its start counts never. */
TEST(test_google_times_are_instants)
{
    static const struct {
        Str item;
        int64_t start, end;
        enum event_counts counts;
    } rows[] = {
        /* clang-format off */
        {G_WHEN(AT("2026-03-02T09:00:00Z"), AT("2026-03-02T10:00:00Z")), NINE, NINE + 3600, EVENT_ALWAYS},
        {G_WHEN(AT("2026-03-02T10:00:00+01:00"), AT("2026-03-02T04:00:00-06:00")), NINE, NINE + 3600, EVENT_ALWAYS},
        {G_WHEN(IN("2026-03-02T10:00:00+01:00", "Europe/Atlantis"), IN("2026-03-02T10:00:00Z", "Europe/Paris")), NINE, NINE + 3600, EVENT_ALWAYS},
        {G_WHEN(AT("2026-03-02T09:00:00.999Z"), AT("2026-03-02T10:00:00.001Z")), NINE, NINE + 3601, EVENT_ALWAYS},
        {G_WHEN(AT("2026-03-02T09:00:00.1Z"), AT("2026-03-02T09:00:00.2Z")), NINE, NINE + 1, EVENT_ALWAYS},
        {G_WHEN(AT("2026-03-02T09:00:00.1Z"), AT("2026-03-02T09:00:00.1Z")), NINE, NINE + 1, EVENT_NEVER},
        {G_WHEN(AT("2026-03-02T09:00:00Z"), AT("2026-03-02T09:00:00Z")), NINE, NINE, EVENT_NEVER},
        {G_WHEN(AT("2026-03-02T09:00:00Z"), AT("2026-03-02T08:00:00Z")), NINE, NINE - 3600, EVENT_NEVER},
        {G_WHEN(AT("2026-03-02T09:00:00Z"), AT("2026-03-02T10:00:00Z") ",\"date\":null"), NINE, NINE + 3600, EVENT_ALWAYS},
        /* a time without an offset: in the zone beside it */
        {G_WHEN(IN("2026-03-02T10:00:00", "Europe/Paris"), IN("2026-03-02T05:00:00", "America/New_York")), NINE, NINE + 3600, EVENT_ALWAYS},
        {G_WHEN(IN("2026-03-02T09:00:00", "UTC"), IN("2026-03-02T10:00:00", "Etc/UTC")), NINE, NINE + 3600, EVENT_ALWAYS},
        {G_WHEN(IN("2026-03-02T09:00:00", "GMT"), IN("2026-03-02T10:00:00.5", "UTC")), NINE, NINE + 3601, EVENT_ALWAYS},
        /* 2026-03-29: clocks skip 02:00 to 03:00; 2026-10-25: they show it twice */
        {G_WHEN(IN("2026-03-29T02:30:00", "Europe/Berlin"), IN("2026-03-29T03:30:00", "Europe/Berlin")), 1774744200, 1774747800, EVENT_ALWAYS},
        {G_WHEN(IN("2026-03-29T01:30:00", "Europe/Berlin"), IN("2026-03-29T02:30:00", "Europe/Berlin")), 1774744200, 1774747800, EVENT_ALWAYS},
        {G_WHEN(IN("2026-10-25T02:15:00", "Europe/Berlin"), IN("2026-10-25T02:45:00", "Europe/Berlin")), 1792887300, 1792892700, EVENT_ALWAYS},
        {G_WHEN(AT("9999-12-31T23:59:59.1Z"), AT("9999-12-31T23:59:59.9Z")), INT64_C(253402300799), INT64_C(253402300799), EVENT_NEVER},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct event_item got = item_of(&at_google, rows[i].item);

        T_TRUE(!got.is_all_day);
        T_TRUE(got.start == rows[i].start && got.end == rows[i].end);
        T_INT(got.counts, rows[i].counts);
    }
}

TEST(test_google_dates_are_days)
{
    static const struct {
        Str item;
        int64_t days;
        enum event_counts counts;
    } rows[] = {
        {G_WHEN(ON("2026-03-02"), ON("2026-03-03")), 1, EVENT_ALWAYS},
        {G_WHEN(ON("2026-03-02"), ON("2026-03-09")), 7, EVENT_ALWAYS},
        {G_WHEN(ON("2026-03-02"), ON("2026-03-02")), 0, EVENT_NEVER},
        {G_WHEN(ON("2026-03-02"), ON("2026-03-01")), -1, EVENT_NEVER},
        {G_WHEN(
             ON("2026-03-02") ",\"dateTime\":null,\"timeZone\":\"Europe/Paris\"",
             ON("2026-03-03")),
         1, EVENT_ALWAYS},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct event_item got = item_of(&at_google, rows[i].item);

        T_TRUE(got.is_all_day);
        T_INT(got.start, DAY);
        T_INT(got.end - got.start, rows[i].days);
        T_INT(got.counts, rows[i].counts);
        T_STR(got.zone, S(""));
    }
}

/* Leaving it out would free time. */
TEST(test_google_event_that_cannot_be_read_fails_the_page)
{
    static const Str rows[] = {
        /* clang-format off */
        SI("{}"),
        SI("7"),
        SI("null"),
        SI("{" G_TIMES "}"),
        SI("{\"id\":\"\"," G_TIMES "}"),
        SI("{\"id\":7," G_TIMES "}"),
        SI("{\"id\":\"a\\u0000b\"," G_TIMES "}"),
        SI("{\"id\":\"a\\nb\"," G_TIMES "}"),
        SI("{\"id\":\"1\"}"),
        SI("{\"id\":\"1\",\"start\":{" AT("2026-03-02T09:00:00Z") "}}"),
        SI("{\"id\":\"1\",\"end\":{" AT("2026-03-02T09:00:00Z") "}}"),
        SI("{\"id\":\"1\",\"start\":7,\"end\":7}"),
        SI("{\"id\":\"1\",\"recurringEventId\":\"a\\nb\"," G_TIMES "}"),
        G_WHEN(AT("2026-03-02T09:00:00Z"), ""),
        G_WHEN(ON("2026-03-02"), ""),
        G_WHEN(ON("2026-03-02"), AT("2026-03-03T00:00:00Z")),
        G_WHEN(AT("2026-03-02T00:00:00Z"), ON("2026-03-03")),
        G_WHEN(ON("2026-03-02"), ON("2026-02-29")),
        G_WHEN(ON("2026-03-02T00:00:00Z"), ON("2026-03-03T00:00:00Z")),
        G_WHEN(AT("2026-03-02"), AT("2026-03-03")),
        G_WHEN(AT("2026-03-02T09:00Z"), AT("2026-03-02T10:00Z")),
        G_WHEN(AT("1969-12-31T23:00:00Z"), AT("2026-03-02T10:00:00Z")),
        G_WHEN(AT("2026-03-02T09:00:00"), AT("2026-03-02T10:00:00")),
        G_WHEN(IN("2026-03-02T09:00:00", ""), IN("2026-03-02T10:00:00", "")),
        G_WHEN(IN("2026-03-02T09:00:00", "Europe/Atlantis"), AT("2026-03-02T10:00:00Z")),
        G_WHEN(IN("2026-03-02T09:00:00", "../../etc/passwd"), AT("2026-03-02T10:00:00Z")),
        G_WHEN(IN("1970-01-01T00:30:00", "Europe/Paris"), AT("2026-03-02T10:00:00Z")),
        G_WHEN(AT("2026-03-02T09:00:00Z"), IN("9999-12-31T23:30:00", "America/New_York")),
        /* clang-format on */
    };
    struct events_page page = {.n = 7};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena *mem = &t_cx()->mem;

        print_message("  %.*s\n", STR_ARG(rows[i]));
        T_FAIL(FAIL_SOURCE_ERROR, items_of(&at_google, rows[i], &page));
        T_FAIL(
            FAIL_SOURCE_ERROR,
            items_of(
                &at_google, str_cat(mem, S("{\"id\":\"0\"," G_TIMES "},"), rows[i]),
                &page));
        T_INT(page.n, 7);
    }
}

TEST(test_google_removed_event_needs_its_id_alone)
{
    static const struct {
        Str item;
        Str series;
    } rows[] = {
        {SI("{\"id\":\"abc\",\"status\":\"cancelled\"}"), SI("")},
        {SI("{\"id\":\"abc\",\"status\":\"cancelled\",\"start\":{},\"end\":7}"), SI("")},
        {SI("{\"id\":\"abc_20260302T090000Z\",\"status\":\"cancelled\","
            "\"recurringEventId\":\"xyz\"}"),
         SI("xyz")},
        {SI("{\"id\":\"abc_20260302T090000Z\",\"status\":\"cancelled\"}"), SI("abc")},
        {SI("{\"id\":\"abc_20260302\",\"status\":\"cancelled\"}"), SI("abc")},
        {SI("{\"id\":\"a_R20260302T090000_20260309T090000Z\",\"status\":\"cancelled\"}"),
         SI("a_R20260302T090000")},
        {SI("{\"id\":\"a_R20260302T090000\",\"status\":\"cancelled\"}"), SI("")},
        {SI("{\"id\":\"abc_2026030\",\"status\":\"cancelled\"}"), SI("")},
        {SI("{\"id\":\"abc_20260302T090000\",\"status\":\"cancelled\"}"), SI("")},
        {SI("{\"id\":\"abc_20260302T09000xZ\",\"status\":\"cancelled\"}"), SI("")},
        {SI("{\"id\":\"_20260302\",\"status\":\"cancelled\"}"), SI("")},
        {SI("{\"id\":\"20260302\",\"status\":\"cancelled\"}"), SI("")},
    };
    struct events_page page = {.n = 7};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct event_item got = item_of(&at_google, rows[i].item);

        T_TRUE(got.is_removed);
        T_TRUE(got.start == 0 && got.end == 0);
        T_INT(got.counts, EVENT_NEVER);
        T_STR(got.series, rows[i].series);
    }
    T_OK(items_of(
        &at_google, S("{\"status\":\"cancelled\"},{\"id\":\"1\"," G_TIMES "}"), &page));
    T_INT(page.n, 1);
    T_STR(page.at[0].id, S("1"));
}

TEST(test_event_ids_have_a_limit)
{
    char letters[LIMIT_EVENT_ID_BYTES + 1];
    struct arena *mem = &t_cx()->mem;

    memset(letters, 'a', sizeof(letters));
    for (size_t more = 0; more <= 1; more++) {
        Str id = {letters, LIMIT_EVENT_ID_BYTES + more};
        Str event = str_cat(mem, str_cat(mem, S("{\"id\":\""), id), S("\"," G_TIMES "}"));
        Str instance = str_cat(
            mem, str_cat(mem, S("{\"id\":\"1\",\"recurringEventId\":\""), id),
            S("\"," G_TIMES "}"));
        struct events_page page = {.n = 0};

        T_FAIL(
            more == 0 ? FAIL_NONE : FAIL_SOURCE_ERROR,
            items_of(&at_google, event, &page));
        T_FAIL(
            more == 0 ? FAIL_NONE : FAIL_SOURCE_ERROR,
            items_of(&at_google, instance, &page));
    }
}

TEST(test_zones_of_a_page_have_a_limit)
{
    for (int more = 0; more <= 1; more++) {
        struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_REPLY_BYTES};
        struct events_page page = {.n = 0};

        for (int i = 0; i < 2 * (LIMIT_EVENT_ZONES + more); i++) {
            static const char *const names[] = {
                "Africa/Abidjan",       "Africa/Accra",      "Africa/Algiers",
                "Africa/Bissau",        "Africa/Cairo",      "Africa/Casablanca",
                "Africa/Ceuta",         "Africa/Dakar",      "Africa/El_Aaiun",
                "Africa/Johannesburg",  "Africa/Juba",       "Africa/Khartoum",
                "Africa/Lagos",         "Africa/Maputo",     "Africa/Monrovia",
                "Africa/Nairobi",       "Africa/Ndjamena",   "Africa/Sao_Tome",
                "Africa/Tripoli",       "Africa/Tunis",      "Africa/Windhoek",
                "America/Adak",         "America/Anchorage", "America/Aruba",
                "America/Asuncion",     "America/Bahia",     "America/Barbados",
                "America/Belem",        "America/Belize",    "America/Bogota",
                "America/Boise",        "America/Cancun",    "America/Caracas",
                "America/Cayenne",      "America/Chicago",   "America/Cuiaba",
                "America/Danmarkshavn", "America/Dawson",    "America/Denver",
                "America/Detroit",      "America/Edmonton",  "America/Eirunepe",
                "America/Fortaleza",    "America/Glace_Bay", "America/Goose_Bay",
                "America/Guatemala",    "America/Guayaquil", "America/Guyana",
                "America/Halifax",      "America/Havana",    "America/Hermosillo",
                "America/Inuvik",       "America/Iqaluit",   "America/Jamaica",
                "America/Juneau",       "America/La_Paz",    "America/Lima",
                "America/Los_Angeles",  "America/Maceio",    "America/Managua",
                "America/Manaus",       "America/Matamoros", "America/Mazatlan",
                "America/Menominee",    "America/Merida",
            };

            _Static_assert(COUNT(names) == LIMIT_EVENT_ZONES + 1, "one past the limit");
            Str zone = str_from_z(names[i / 2]); /* each twice */

            buf_add(&b, i == 0 ? S("") : S(","));
            buf_add(
                &b,
                S("{\"id\":\"1\",\"end\":{" AT(
                    "2026-03-02T10:00:00Z") "},"
                                            "\"start\":{" AT(
                                                "2026-03-02T09:00:00") ",\"timeZone\":\""));
            buf_add(&b, zone);
            buf_add(&b, S("\"}}"));
        }
        T_FAIL(
            more == 0 ? FAIL_NONE : FAIL_SOURCE_ERROR,
            items_of(&at_google, buf_text(&b), &page));
    }
}

#define DIGITS32 "0123456789abcdefghijklmnopqrstuv"

TEST(test_google_copies_have_a_key)
{
    static const struct {
        Str id;
        bool is_copy;
    } rows[] = {
        {SI("cdk" DIGITS32), true},
        {SI("cdk" DIGITS32 "0"), false},
        {SI("cdk0123456789abcdefghijklmnopqrstu"), false},
        {SI("cdk0123456789abcdefghijklmnopqrstuw"), false},
        {SI("cdk0123456789ABCDEFGHIJKLMNOPQRSTUV"), false},
        {SI("CDK" DIGITS32), false},
        {SI("abc" DIGITS32), false},
        {SI("cdk"), false},
        {SI("cd"), false},
        {SI("cdk" DIGITS32 "_20260302"), false},
    };

    static const char key[] = "\x00\x44\x32\x14\xC7\x42\x54\xB6\x35\xCF"
                              "\x84\x65\x3A\x56\xD7\xC6\x75\xBE\x77\xDF";

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena *mem = &t_cx()->mem;
        Str item = str_cat(mem, S("{\"id\":\""), rows[i].id);
        struct event_item got =
            item_of(&at_google, str_cat(mem, item, S("\"," G_TIMES "}")));

        T_STR(got.copy_key, rows[i].is_copy ? ((Str){key, sizeof(key) - 1}) : S(""));
        T_INT(got.counts, EVENT_ALWAYS); /* whose copy it is, others know */
    }
    struct event_item gone =
        item_of(&at_google, S("{\"id\":\"cdk" DIGITS32 "\",\"status\":\"cancelled\"}"));

    T_TRUE(gone.is_removed);
    T_STR(gone.copy_key, ((Str){key, sizeof(key) - 1}));
}

TEST(test_google_pages_lead_on_or_end)
{
    static const struct {
        Str body;
        enum fail want;
        Str next, cursor;
    } rows[] = {
        /* clang-format off */
        {SI("{\"items\":[],\"nextPageToken\":\"p\"}"), FAIL_NONE, SI("p"), SI("")},
        {SI("{\"items\":[],\"nextSyncToken\":\"s\"}"), FAIL_NONE, SI(""), SI("s")},
        {SI("{\"nextPageToken\":\"p\"}"), FAIL_NONE, SI("p"), SI("")},
        {SI("{\"nextSyncToken\":\"s\"}"), FAIL_NONE, SI(""), SI("s")},
        {SI("{\"items\":null,\"nextSyncToken\":\"s\"}"), FAIL_NONE, SI(""), SI("s")},
        {SI("{\"nextPageToken\":\"p\",\"nextSyncToken\":\"s\"}"), FAIL_NONE, SI("p"), SI("")},
        {SI("{\"nextPageToken\":\"\",\"nextSyncToken\":\"s\"}"), FAIL_NONE, SI(""), SI("s")},
        {SI("{\"nextPageToken\":null,\"nextSyncToken\":\"s\"}"), FAIL_NONE, SI(""), SI("s")},
        {SI("{\"items\":[]}"), FAIL_SOURCE_ERROR, SI(""), SI("")},
        {SI("{\"items\":[],\"nextSyncToken\":\"\"}"), FAIL_SOURCE_ERROR, SI(""), SI("")},
        {SI("{\"items\":[],\"nextSyncToken\":7}"), FAIL_SOURCE_ERROR, SI(""), SI("")},
        {SI("{\"items\":[],\"nextPageToken\":7,\"nextSyncToken\":\"s\"}"), FAIL_SOURCE_ERROR, SI(""), SI("")},
        {SI("{\"items\":{},\"nextSyncToken\":\"s\"}"), FAIL_SOURCE_ERROR, SI(""), SI("")},
        {SI("{\"items\":\"\",\"nextSyncToken\":\"s\"}"), FAIL_SOURCE_ERROR, SI(""), SI("")},
        {SI("{\"error\":{},\"items\":[],\"nextSyncToken\":\"s\"}"), FAIL_SOURCE_ERROR, SI(""), SI("")},
        {SI("{}"), FAIL_SOURCE_ERROR, SI(""), SI("")},
        {SI("[]"), FAIL_SOURCE_ERROR, SI(""), SI("")},
        {SI("<html>"), FAIL_SOURCE_ERROR, SI(""), SI("")},
        {SI(""), FAIL_SOURCE_ERROR, SI(""), SI("")},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct events_page page = {.next = S("kept")};

        print_message("  %.*s\n", STR_ARG(rows[i].body));
        T_FAIL(rows[i].want, page_of(&at_google, &first_page, rows[i].body, &page));
        T_STR(page.next, rows[i].want == FAIL_NONE ? rows[i].next : S("kept"));
        T_STR(page.cursor, rows[i].cursor);
    }
}

TEST(test_cursors_and_page_tokens_have_a_limit)
{
    static const Str names[] = {SI("{\"nextPageToken\":\""), SI("{\"nextSyncToken\":\"")};
    char letters[LIMIT_EVENT_CURSOR_BYTES + 1];

    memset(letters, 'a', sizeof(letters));
    for (size_t i = 0; i < 2 * COUNT(names); i++) {
        struct arena *mem = &t_cx()->mem;
        Str text = {letters, LIMIT_EVENT_CURSOR_BYTES + i % 2};
        Str body = str_cat(mem, str_cat(mem, names[i / 2], text), S("\"}"));
        struct events_page page;

        T_FAIL(
            i % 2 == 0 ? FAIL_NONE : FAIL_SOURCE_ERROR,
            page_of(&at_google, &first_page, body, &page));
    }
}

TEST(test_google_page_names_the_calendars_zone)
{
    static const struct {
        Str body;
        Str zone;
    } rows[] = {
        {SI("{\"timeZone\":\"Europe/Paris\",\"nextPageToken\":\"p\"}"),
         SI("Europe/Paris")},
        {SI("{\"timeZone\":\"UTC\",\"nextPageToken\":\"p\"}"), SI("UTC")},
        {SI("{\"timeZone\":\"../x\",\"nextPageToken\":\"p\"}"), SI("")},
        {SI("{\"timeZone\":7,\"nextPageToken\":\"p\"}"), SI("")},
        {SI("{\"nextPageToken\":\"p\"}"), SI("")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct events_page page;

        T_OK(page_of(&at_google, &first_page, rows[i].body, &page));
        T_STR(page.zone, rows[i].zone);
    }
}

/* Errors. */

struct answer {
    int status;
    Str body;
    int64_t retry_after_s;
};

static void error_is(
    const struct side *side, const struct events_query *query,
    const struct answer *answer, enum fail kind, enum events_failure why)
{
    const struct event_asked asked = {side->api, &side->api->form, side->call, query};
    const struct net_reply reply = {
        .status = answer->status,
        .body = answer->body,
        .retry_after_s = answer->retry_after_s};
    enum events_failure got = EVENTS_TOO_SLOW;
    json_t *kept = NULL;

    print_message("  %d %.*s\n", reply.status, STR_ARG(reply.body));
    T_FAIL(kind, event_page_open(t_cx(), &asked, &reply, &kept, &got));
    T_INT(got, why);
    T_TRUE(kept == NULL);
}

#define GOOGLE(reason)                                                                   \
    SI("{\"error\":{\"errors\":[{\"domain\":\"d\",\"reason\":\"" reason                  \
       "\",\"message\":\"m\"}],\"code\":4,\"message\":\"m\"}}")

TEST(test_google_errors_have_a_kind)
{
    static const struct events_query full = {.calendar_id = SI("c")};
    static const struct events_query more = {.calendar_id = SI("c"), .cursor = SI("s")};
    static const struct events_query next = {
        .calendar_id = SI("c"), .cursor = SI("s"), .next = SI("p")};

    static const struct {
        const struct events_query *query;
        int status;
        Str body;
        enum fail kind;
        enum events_failure why;
    } rows[] = {
        /* clang-format off */
        {&full, 400, GOOGLE("invalid"), FAIL_SOURCE_ERROR, EVENTS_OTHER},
        {&more, 400, GOOGLE("invalid"), FAIL_SOURCE_ERROR, EVENTS_CURSOR_GONE},
        {&next, 400, GOOGLE("invalid"), FAIL_SOURCE_ERROR, EVENTS_PAGE_REFUSED},
        {&full, 401, GOOGLE("authError"), FAIL_TOKEN_REFUSED, EVENTS_OTHER},
        {&full, 403, GOOGLE("rateLimitExceeded"), FAIL_SOURCE_RATE_LIMITED, EVENTS_OTHER},
        {&full, 403, GOOGLE("userRateLimitExceeded"), FAIL_SOURCE_RATE_LIMITED, EVENTS_OTHER},
        {&full, 403, GOOGLE("quotaExceeded"), FAIL_SOURCE_RATE_LIMITED, EVENTS_QUOTA},
        {&full, 403, GOOGLE("calendarUsageLimitsExceeded"), FAIL_SOURCE_RATE_LIMITED, EVENTS_QUOTA},
        {&full, 403, GOOGLE("dailyLimitExceeded"), FAIL_SOURCE_RATE_LIMITED, EVENTS_QUOTA},
        {&full, 403, GOOGLE("insufficientPermissions"), FAIL_MISSING_SCOPES, EVENTS_OTHER},
        {&full, 403, GOOGLE("accessNotConfigured"), FAIL_SOURCE_MISCONFIGURED, EVENTS_OTHER},
        {&full, 403, GOOGLE("forbidden"), FAIL_PERMISSION_DENIED, EVENTS_OTHER},
        {&full, 403, SI("<html>"), FAIL_PERMISSION_DENIED, EVENTS_OTHER},
        {&full, 404, GOOGLE("notFound"), FAIL_NOT_FOUND, EVENTS_OTHER},
        {&more, 404, SI(""), FAIL_NOT_FOUND, EVENTS_OTHER},
        {&more, 410, GOOGLE("fullSyncRequired"), FAIL_SOURCE_ERROR, EVENTS_CURSOR_GONE},
        {&full, 410, GOOGLE("updatedMinTooLongAgo"), FAIL_SOURCE_ERROR, EVENTS_CURSOR_GONE},
        {&next, 410, SI(""), FAIL_SOURCE_ERROR, EVENTS_CURSOR_GONE},
        {&full, 429, GOOGLE("rateLimitExceeded"), FAIL_SOURCE_RATE_LIMITED, EVENTS_OTHER},
        {&full, 429, SI(""), FAIL_SOURCE_RATE_LIMITED, EVENTS_OTHER},
        {&full, 500, GOOGLE("backendError"), FAIL_SOURCE_UNAVAILABLE, EVENTS_OTHER},
        {&full, 503, SI(""), FAIL_SOURCE_UNAVAILABLE, EVENTS_OTHER},
        {&full, 504, SI(""), FAIL_SOURCE_UNAVAILABLE, EVENTS_OTHER},
        {&full, 200, GOOGLE("rateLimitExceeded"), FAIL_SOURCE_ERROR, EVENTS_OTHER},
        {&full, 204, SI(""), FAIL_SOURCE_ERROR, EVENTS_OTHER},
        {&full, 302, SI(""), FAIL_SOURCE_ERROR, EVENTS_OTHER},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        error_is(
            &at_google, rows[i].query, &(struct answer){rows[i].status, rows[i].body, 17},
            rows[i].kind, rows[i].why);
    }
}

TEST(test_errors_keep_foreign_words_out_of_the_log)
{
    error_is(
        &at_google, &first_page, &(struct answer){403, GOOGLE("x y=\\\"z\\\""), -1},
        FAIL_PERMISSION_DENIED, EVENTS_OTHER);
    T_TRUE(!str_contains(str_from_z(t_cx()->why.text), S("x y")));
    error_is(
        &at_google, &first_page, &(struct answer){403, GOOGLE("forbidden"), -1},
        FAIL_PERMISSION_DENIED, EVENTS_OTHER);
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("403 forbidden")));
}

/* Requests. */

#define GOOGLE_FIELDS                                                                    \
    "&fields=timeZone,nextPageToken,nextSyncToken,items(id,status,recurringEventId,"     \
    "start,end,transparency,eventType,attendees(self,responseStatus))"

TEST(test_google_is_asked_for_a_window_or_a_change)
{
    static const struct {
        struct events_query query;
        Str want;
    } rows[] = {
        {{.calendar_id = SI("a@b/c#"), .from_s = NINE, .to_s = NINE + 3600, .top = 50},
         SI("/calendars/a%40b%2Fc%23/events?singleEvents=true&maxResults=500"
            "&maxAttendees=1&timeMin=2026-03-02T09%3A00%3A00Z"
            "&timeMax=2026-03-02T10%3A00%3A00Z" GOOGLE_FIELDS)},
        {{.calendar_id = SI("c"), .from_s = 0, .to_s = 1, .next = SI("p 2&")},
         SI("/calendars/c/events?singleEvents=true&maxResults=500&maxAttendees=1"
            "&timeMin=1970-01-01T00%3A00%3A00Z&timeMax=1970-01-01T00%3A00%3A01Z" GOOGLE_FIELDS
            "&pageToken=p%202%26")},
        {{.calendar_id = SI("c"), .from_s = 5, .to_s = 6, .cursor = SI("s=")},
         SI("/calendars/c/events?singleEvents=true&maxResults=500&maxAttendees=1"
            "&syncToken=s%3D" GOOGLE_FIELDS)},
        {{.calendar_id = SI("c"), .cursor = SI("s"), .next = SI("p")},
         SI("/calendars/c/events?singleEvents=true&maxResults=500&maxAttendees=1"
            "&syncToken=s" GOOGLE_FIELDS "&pageToken=p")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct event_asked asked = {
            &google_events, &google_events.form, &google_call, &rows[i].query};
        Str url = S("");

        T_OK(event_page_url(t_cx(), &asked, &url));
        T_STR(url, str_cat(&t_cx()->mem, google.api_url, rows[i].want));
    }
}

/* Microsoft. */

static const struct source_settings graph = {
    .id = SOURCE_MICROSOFT, .api_url = SI("https://graph.microsoft.com/v1.0")};

static const struct source_call graph_call = {
    .settings = &graph,
    .scope = SI("User.Read https://graph.microsoft.com/calendars.readwrite")};

static const struct side at_graph = {
    &microsoft_events, &graph_call, "{\"value\":[", "]}"};

#define M_WHEN(start, end, more)                                                         \
    SI("{\"id\":\"1\",\"start\":{" start "},\"end\":{" end "}" more "}")
#define M(more)                                                                          \
    M_WHEN(                                                                              \
        IN("2026-03-02T09:00:00.0000000", "UTC"),                                        \
        IN("2026-03-02T10:00:00.0000000", "UTC"), more)

TEST(test_microsoft_events_count_by_the_rules)
{
    static const struct {
        Str item;
        enum event_counts want;
    } rows[] = {
        /* clang-format off */
        {M(""), EVENT_ALWAYS},
        {M(",\"isCancelled\":true"), EVENT_NEVER},
        {M(",\"isCancelled\":false"), EVENT_ALWAYS},
        {M(",\"isCancelled\":null"), EVENT_ALWAYS},
        {M(",\"isCancelled\":\"yes\""), EVENT_ALWAYS},
        {M(",\"responseStatus\":{\"response\":\"declined\"}"), EVENT_NEVER},
        {M(",\"responseStatus\":{\"response\":\"none\"}"), EVENT_ALWAYS},
        {M(",\"responseStatus\":{\"response\":\"organizer\"}"), EVENT_ALWAYS},
        {M(",\"responseStatus\":{\"response\":\"tentativelyAccepted\"}"), EVENT_ALWAYS},
        {M(",\"responseStatus\":{\"response\":\"accepted\"}"), EVENT_ALWAYS},
        {M(",\"responseStatus\":{\"response\":\"notResponded\"}"), EVENT_ALWAYS},
        {M(",\"responseStatus\":{\"response\":null}"), EVENT_ALWAYS},
        {M(",\"responseStatus\":null"), EVENT_ALWAYS},
        {M(",\"responseStatus\":7"), EVENT_ALWAYS},
        {M(",\"showAs\":\"free\""), EVENT_IF_ASKED},
        {M(",\"showAs\":\"workingElsewhere\""), EVENT_IF_ASKED},
        {M(",\"showAs\":\"busy\""), EVENT_ALWAYS},
        {M(",\"showAs\":\"oof\""), EVENT_ALWAYS},
        {M(",\"showAs\":\"tentative\""), EVENT_ALWAYS},
        {M(",\"showAs\":\"unknown\""), EVENT_ALWAYS},
        {M(",\"showAs\":\"somethingNew\""), EVENT_ALWAYS},
        {M(",\"showAs\":null"), EVENT_ALWAYS},
        {M(",\"showAs\":7"), EVENT_ALWAYS},
        {M(",\"sensitivity\":\"private\""), EVENT_ALWAYS},
        {M(",\"sensitivity\":\"confidential\""), EVENT_ALWAYS},
        {M(",\"showAs\":\"free\",\"isCancelled\":true"), EVENT_NEVER},
        {M(",\"showAs\":\"free\",\"responseStatus\":{\"response\":\"declined\"}"), EVENT_NEVER},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct event_item got = item_of(&at_graph, rows[i].item);

        T_INT(got.counts, rows[i].want);
        T_TRUE(!got.is_removed && !got.is_all_day);
        T_TRUE(got.start == NINE && got.end == NINE + 3600);
    }
}

TEST(test_microsoft_times_are_in_the_zone_beside_them)
{
    static const struct {
        Str item;
        int64_t start, end;
        enum event_counts counts;
    } rows[] = {
        /* clang-format off */
        {M_WHEN(IN("2026-03-02T09:00:00.0000001", "UTC"), IN("2026-03-02T09:59:59.9999999", "UTC"), ""), NINE, NINE + 3600, EVENT_ALWAYS},
        {M_WHEN(IN("2026-03-02T09:00:00", "UTC"), IN("2026-03-02T10:00:00", "UTC"), ""), NINE, NINE + 3600, EVENT_ALWAYS},
        {M_WHEN(IN("2026-03-02T01:00:00.0000000", "Pacific Standard Time"), IN("2026-03-02T11:00:00.0000000", "Europe/Paris"), ""), NINE, NINE + 3600, EVENT_ALWAYS},
        {M_WHEN(AT("2026-03-02T09:00:00Z"), AT("2026-03-02T11:00:00.0000000+01:00"), ""), NINE, NINE + 3600, EVENT_ALWAYS},
        {M_WHEN(IN("2026-10-25T02:15:00", "W. Europe Standard Time"), IN("2026-10-25T02:45:00", "W. Europe Standard Time"), ""), 1792887300, 1792892700, EVENT_ALWAYS},
        {M_WHEN(IN("2026-03-02T09:00:00.5", "UTC"), IN("2026-03-02T09:00:00.5", "UTC"), ""), NINE, NINE + 1, EVENT_NEVER},
        {M_WHEN(IN("2026-03-02T09:00:00", "UTC"), IN("2026-03-02T08:00:00", "UTC"), ""), NINE, NINE - 3600, EVENT_NEVER},
        /* midnight to midnight is no whole day by itself */
        {M_WHEN(IN("2026-03-02T00:00:00", "UTC"), IN("2026-03-03T00:00:00", "UTC"), ""), NINE - 32400, NINE + 54000, EVENT_ALWAYS},
        {M_WHEN(IN("2026-03-02T00:00:00", "UTC"), IN("2026-03-03T00:00:00", "UTC"), ",\"isAllDay\":\"true\""), NINE - 32400, NINE + 54000, EVENT_ALWAYS},
        /* and a whole day that is none keeps its times */
        {M_WHEN(IN("2026-03-02T09:00:00", "UTC"), IN("2026-03-03T09:00:00", "UTC"), ",\"isAllDay\":true"), NINE, NINE + 86400, EVENT_ALWAYS},
        {M_WHEN(IN("2026-03-02T00:00:00", "UTC"), IN("2026-03-03T00:00:00.1", "UTC"), ",\"isAllDay\":true"), NINE - 32400, NINE + 54001, EVENT_ALWAYS},
        /* a cancelled event needs none */
        {M_WHEN("", "", ",\"isCancelled\":true"), 0, 0, EVENT_NEVER},
        {M_WHEN(IN("2026-03-02T09:00:00", "UTC"), "", ",\"isCancelled\":true"), 0, 0, EVENT_NEVER},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct event_item got = item_of(&at_graph, rows[i].item);

        T_TRUE(!got.is_all_day);
        T_TRUE(got.start == rows[i].start && got.end == rows[i].end);
        T_INT(got.counts, rows[i].counts);
    }
}

#define M_DAYS(end, zone)                                                                \
    M_WHEN(                                                                              \
        IN("2026-03-02T00:00:00.0000000", "UTC"), IN(end "T00:00:00.0000000", "UTC"),    \
        ",\"isAllDay\":true,\"originalStartTimeZone\":" zone)

TEST(test_microsoft_days_have_the_zone_of_the_person)
{
    static const struct {
        Str item;
        int64_t days;
        Str zone;
        enum event_counts counts;
    } rows[] = {
        /* clang-format off */
        {M_DAYS("2026-03-03", "\"Pacific Standard Time\""), 1, SI("America/Los_Angeles"), EVENT_ALWAYS},
        {M_DAYS("2026-03-04", "\"Europe/Paris\""), 2, SI("Europe/Paris"), EVENT_ALWAYS},
        {M_DAYS("2026-03-03", "\"UTC\""), 1, SI(""), EVENT_ALWAYS},
        {M_DAYS("2026-03-03", "\"Etc/UTC\""), 1, SI(""), EVENT_ALWAYS},
        {M_DAYS("2026-03-03", "\"Etc/GMT\""), 1, SI(""), EVENT_ALWAYS},
        {M_DAYS("2026-03-03", "\"UTC+12\""), 1, SI("Etc/GMT-12"), EVENT_ALWAYS},
        {M_DAYS("2026-03-03", "\"tzone://Microsoft/Custom\""), 1, SI(""), EVENT_ALWAYS},
        {M_DAYS("2026-03-03", "\"tzone://Microsoft/Utc\""), 1, SI(""), EVENT_ALWAYS},
        {M_DAYS("2026-03-03", "\"Customized Time Zone\""), 1, SI(""), EVENT_ALWAYS},
        {M_DAYS("2026-03-03", "\"../../etc/passwd\""), 1, SI(""), EVENT_ALWAYS},
        {M_DAYS("2026-03-03", "\"\""), 1, SI(""), EVENT_ALWAYS},
        {M_DAYS("2026-03-03", "null"), 1, SI(""), EVENT_ALWAYS},
        {M_DAYS("2026-03-03", "7"), 1, SI(""), EVENT_ALWAYS},
        {M_DAYS("2026-03-02", "null"), 0, SI(""), EVENT_NEVER},
        {M_DAYS("2026-03-01", "null"), -1, SI(""), EVENT_NEVER},
        {M_WHEN(IN("2026-03-02T00:00:00", "UTC"), IN("2026-03-03T00:00:00.", "UTC"), ",\"isAllDay\":true"), 1, SI(""), EVENT_ALWAYS},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct event_item got = item_of(&at_graph, rows[i].item);

        T_TRUE(got.is_all_day);
        T_INT(got.start, DAY);
        T_INT(got.end - got.start, rows[i].days);
        T_STR(got.zone, rows[i].zone);
        T_INT(got.counts, rows[i].counts);
    }
}

TEST(test_microsoft_event_that_cannot_be_read_fails_the_page)
{
    static const Str rows[] = {
        /* clang-format off */
        SI("{}"),
        SI("7"),
        SI("{\"id\":null,\"start\":{},\"end\":{}}"),
        SI("{\"id\":\"1\"}"),
        SI("{\"id\":\"1\",\"isCancelled\":false}"),
        SI("{\"id\":\"1\",\"@removed\":{\"reason\":\"deleted\"}}"),
        M_WHEN(IN("2026-03-02T09:00:00", "UTC"), "", ""),
        M_WHEN("", IN("2026-03-02T09:00:00", "UTC"), ""),
        M_WHEN(IN("", "UTC"), IN("2026-03-02T09:00:00", "UTC"), ""),
        M_WHEN(AT("2026-03-02T09:00:00"), AT("2026-03-02T10:00:00"), ""),
        M_WHEN(IN("2026-03-02T09:00:00", "tzone://Microsoft/Custom"), IN("2026-03-02T10:00:00", "UTC"), ""),
        M_WHEN(IN("2026-03-02T09:00:00", "Atlantis Standard Time"), IN("2026-03-02T10:00:00", "UTC"), ""),
        M_WHEN(IN("2026-03-02T09:00:00.0000000000", "UTC"), IN("2026-03-02T10:00:00", "UTC"), ""),
        M_WHEN(IN("0001-01-01T00:00:00", "UTC"), IN("2026-03-02T10:00:00", "UTC"), ""),
        M_WHEN(IN("2026-02-30T00:00:00", "UTC"), IN("2026-03-03T00:00:00", "UTC"), ",\"isAllDay\":true"),
        /* clang-format on */
    };
    struct events_page page = {.n = 7};

    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("  %.*s\n", STR_ARG(rows[i]));
        T_FAIL(FAIL_SOURCE_ERROR, items_of(&at_graph, rows[i], &page));
        T_INT(page.n, 7);
    }
    T_OK(items_of(&at_graph, S("{\"isCancelled\":true}"), &page));
    T_INT(page.n, 0);
}

#define HEX40 "00112233445566778899aabbccddeeff01234567"

TEST(test_microsoft_copies_have_a_key)
{
    static const struct {
        Str item;
        bool is_copy;
    } rows[] = {
        {M(",\"transactionId\":\"cdk-" HEX40 "\""), true},
        {M(",\"transactionId\":\"cdk-00112233445566778899AABBCCDDEEFF01234567\""), true},
        {M(",\"transactionId\":\"cdk-" HEX40 "0\""), false},
        {M(",\"transactionId\":\"cdk-00112233445566778899aabbccddeeff0123456\""), false},
        {M(",\"transactionId\":\"cdk-g0112233445566778899aabbccddeeff01234567\""), false},
        {M(",\"transactionId\":\"cdk" HEX40 "0\""), false},
        {M(",\"transactionId\":\"" HEX40 "\""), false},
        {M(",\"transactionId\":\"cdk-\""), false},
        {M(",\"transactionId\":\"\""), false},
        {M(",\"transactionId\":null"), false},
        {M(""), false},
        {SI("{\"id\":\"cdk-" HEX40 "\"," G_TIMES "}"), false},
    };

    static const char key[] = "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99"
                              "\xAA\xBB\xCC\xDD\xEE\xFF\x01\x23\x45\x67";

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct event_item got = item_of(&at_graph, rows[i].item);

        T_STR(got.copy_key, rows[i].is_copy ? ((Str){key, sizeof(key) - 1}) : S(""));
        T_INT(got.counts, EVENT_ALWAYS);
    }
}

TEST(test_microsoft_series_is_the_master)
{
    T_STR(item_of(&at_graph, (Str)M(",\"seriesMasterId\":\"m\"")).series, S("m"));
    T_STR(item_of(&at_graph, (Str)M(",\"seriesMasterId\":null")).series, S(""));
}

#define GRAPH_LINK(link) SI("{\"value\":[],\"@odata.nextLink\":\"" link "\"}")

/* SECURITY 61: the access token goes with it. */
TEST(test_microsoft_pages_lead_on_below_the_api)
{
    static const struct {
        Str body;
        enum fail want;
        Str next;
    } rows[] = {
        /* clang-format off */
        {SI("{\"value\":[]}"), FAIL_NONE, SI("")},
        {SI("{\"value\":[],\"@odata.nextLink\":null}"), FAIL_NONE, SI("")},
        {GRAPH_LINK(""), FAIL_NONE, SI("")},
        {GRAPH_LINK("https://graph.microsoft.com/v1.0/me/calendars/A%2Fb=/calendarView?$skip=5"),
         FAIL_NONE, SI("https://graph.microsoft.com/v1.0/me/calendars/A%2Fb=/calendarView?$skip=5")},
        {GRAPH_LINK("https://graph.microsoft.com:443/v1.0/x"), FAIL_NONE, SI("https://graph.microsoft.com:443/v1.0/x")},
        {GRAPH_LINK("https://graph.microsoft.com/beta/x"), FAIL_SOURCE_ERROR, SI("")},
        {GRAPH_LINK("https://graph.microsoft.com/v1.0/../beta/x"), FAIL_SOURCE_ERROR, SI("")},
        {GRAPH_LINK("https://graph.microsoft.com/v1.0/%2e%2e/beta/x"), FAIL_SOURCE_ERROR, SI("")},
        {GRAPH_LINK("https://graph.microsoft.com/v1.0x"), FAIL_SOURCE_ERROR, SI("")},
        {GRAPH_LINK("https://graph.microsoft.com.evil.example/v1.0/x"), FAIL_SOURCE_ERROR, SI("")},
        {GRAPH_LINK("https://graph.microsoft.com@evil.example/v1.0/x"), FAIL_SOURCE_ERROR, SI("")},
        {GRAPH_LINK("http://graph.microsoft.com/v1.0/x"), FAIL_SOURCE_ERROR, SI("")},
        {GRAPH_LINK("/v1.0/me"), FAIL_SOURCE_ERROR, SI("")},
        {SI("{\"value\":[],\"@odata.nextLink\":7}"), FAIL_SOURCE_ERROR, SI("")},
        {SI("{\"@odata.nextLink\":\"https://graph.microsoft.com/v1.0/x\"}"), FAIL_SOURCE_ERROR, SI("")},
        {SI("{\"value\":null}"), FAIL_SOURCE_ERROR, SI("")},
        {SI("{\"value\":{}}"), FAIL_SOURCE_ERROR, SI("")},
        {SI("{\"items\":[]}"), FAIL_SOURCE_ERROR, SI("")},
        {SI("{}"), FAIL_SOURCE_ERROR, SI("")},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct events_page page = {.next = S("kept")};

        print_message("  %.*s\n", STR_ARG(rows[i].body));
        T_FAIL(rows[i].want, page_of(&at_graph, &first_page, rows[i].body, &page));
        T_STR(page.next, rows[i].want == FAIL_NONE ? rows[i].next : S("kept"));
        T_STR(page.cursor, S(""));
        T_STR(page.zone, S(""));
    }
}

#define GRAPH(code)                                                                      \
    SI("{\"error\":{\"code\":\"" code "\",\"message\":\"m\",\"innerError\":{}}}")

TEST(test_microsoft_errors_have_a_kind)
{
    static const struct events_query first = {.calendar_id = SI("c")};
    static const struct events_query next = {
        .calendar_id = SI("c"), .next = SI("https://graph.microsoft.com/v1.0/x")};

    static const struct {
        const struct events_query *query;
        struct answer answer;
        enum fail kind;
        enum events_failure why;
    } rows[] = {
        /* clang-format off */
        {&first, {400, GRAPH("BadRequest"), -1}, FAIL_SOURCE_ERROR, EVENTS_OTHER},
        {&first, {400, GRAPH("ErrorInvalidIdMalformed"), -1}, FAIL_NOT_FOUND, EVENTS_OTHER},
        {&next, {400, GRAPH("BadRequest"), -1}, FAIL_SOURCE_ERROR, EVENTS_PAGE_REFUSED},
        {&first, {401, GRAPH("InvalidAuthenticationToken"), -1}, FAIL_TOKEN_REFUSED, EVENTS_OTHER},
        {&first, {403, GRAPH("ErrorAccessDenied"), -1}, FAIL_PERMISSION_DENIED, EVENTS_OTHER},
        {&first, {403, GRAPH("insufficient_claims"), -1}, FAIL_PERMISSION_DENIED, EVENTS_OTHER},
        {&first, {403, GRAPH("ApplicationThrottled"), -1}, FAIL_SOURCE_RATE_LIMITED, EVENTS_OTHER},
        {&first, {404, GRAPH("ErrorItemNotFound"), -1}, FAIL_NOT_FOUND, EVENTS_OTHER},
        {&first, {410, GRAPH("syncStateNotFound"), -1}, FAIL_SOURCE_ERROR, EVENTS_OTHER},
        {&next, {410, GRAPH("resyncRequired"), -1}, FAIL_SOURCE_ERROR, EVENTS_PAGE_REFUSED},
        {&first, {429, GRAPH("activityLimitReached"), 17}, FAIL_SOURCE_RATE_LIMITED, EVENTS_OTHER},
        {&first, {429, SI(""), -1}, FAIL_SOURCE_RATE_LIMITED, EVENTS_OTHER},
        {&first, {500, GRAPH("ErrorInternalServerError"), -1}, FAIL_SOURCE_UNAVAILABLE, EVENTS_OTHER},
        {&first, {503, SI(""), -1}, FAIL_SOURCE_UNAVAILABLE, EVENTS_OTHER},
        {&first, {503, SI(""), 0}, FAIL_SOURCE_RATE_LIMITED, EVENTS_OTHER},
        {&first, {503, GRAPH("serviceNotAvailable"), 60}, FAIL_SOURCE_RATE_LIMITED, EVENTS_OTHER},
        {&first, {504, GRAPH("UnknownError"), -1}, FAIL_SOURCE_UNAVAILABLE, EVENTS_TOO_SLOW},
        {&next, {504, SI(""), 5}, FAIL_SOURCE_UNAVAILABLE, EVENTS_TOO_SLOW},
        {&first, {509, SI(""), -1}, FAIL_SOURCE_UNAVAILABLE, EVENTS_OTHER},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        error_is(&at_graph, rows[i].query, &rows[i].answer, rows[i].kind, rows[i].why);
    }
}

/* A refusal means a lost scope where the grant has none that reads events. */
TEST(test_microsoft_refusal_depends_on_the_scope)
{
    static const struct {
        Str scope;
        enum fail want;
    } rows[] = {
        {SI(""), FAIL_MISSING_SCOPES},
        {SI("openid User.Read"), FAIL_MISSING_SCOPES},
        {SI("Calendars.Write"), FAIL_MISSING_SCOPES},
        {SI("Calendars.Read"), FAIL_PERMISSION_DENIED},
        {SI("User.Read Calendars.ReadWrite"), FAIL_PERMISSION_DENIED},
        {SI("https://graph.microsoft.com/Calendars.Read.Shared"), FAIL_PERMISSION_DENIED},
        {SI("calendars.readbasic"), FAIL_PERMISSION_DENIED},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct source_call call = {.settings = &graph, .scope = rows[i].scope};
        const struct side side = {.api = &microsoft_events, .call = &call};

        error_is(
            &side, &first_page, &(struct answer){403, GRAPH("ErrorAccessDenied"), -1},
            rows[i].want, EVENTS_OTHER);
        error_is(
            &side, &first_page, &(struct answer){403, GRAPH("accessDenied"), -1},
            rows[i].want, EVENTS_OTHER);
        error_is(
            &side, &first_page, &(struct answer){403, GRAPH("other"), -1},
            FAIL_PERMISSION_DENIED, EVENTS_OTHER);
    }
}

TEST(test_microsoft_is_asked_for_a_window)
{
#define SELECT                                                                           \
    "&$select=id,start,end,isAllDay,showAs,isCancelled,responseStatus,seriesMasterId,"   \
    "originalStartTimeZone,transactionId"

    static const struct {
        struct events_query query;
        Str want;
    } rows[] = {
        {{.calendar_id = SI("a/b="), .from_s = NINE, .to_s = NINE + 3600},
         SI("https://graph.microsoft.com/v1.0/me/calendars/a%2Fb%3D/calendarView"
            "?startDateTime=2026-03-02T09%3A00%3A00Z&endDateTime=2026-03-02T10%3A00%3A00Z"
            "&$top=500" SELECT)},
        {{.calendar_id = SI("c"), .from_s = 0, .to_s = 1, .top = 50},
         SI("https://graph.microsoft.com/v1.0/me/calendars/c/calendarView"
            "?startDateTime=1970-01-01T00%3A00%3A00Z&endDateTime=1970-01-01T00%3A00%3A01Z"
            "&$top=50" SELECT)},
        {{.calendar_id = SI("c"),
          .next = SI("https://graph.microsoft.com/v1.0/x?$skip=1")},
         SI("https://graph.microsoft.com/v1.0/x?$skip=1")},
    };

#undef SELECT
    static const struct events_query elsewhere = {
        .calendar_id = SI("c"), .next = SI("https://graph.microsoft.com/beta")};
    const struct event_asked last = {
        &microsoft_events, &microsoft_events.form, &graph_call, &elsewhere};
    Str url = S("");

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct event_asked asked = {
            &microsoft_events, &microsoft_events.form, &graph_call, &rows[i].query};

        T_OK(event_page_url(t_cx(), &asked, &url));
        T_STR(url, rows[i].want);
    }
    T_FAIL(FAIL_SOURCE_ERROR, event_page_url(t_cx(), &last, &url));
}

T_MAIN(
    T(test_google_events_count_by_the_rules), T(test_google_times_are_instants),
    T(test_google_dates_are_days),
    T(test_google_event_that_cannot_be_read_fails_the_page),
    T(test_google_removed_event_needs_its_id_alone), T(test_event_ids_have_a_limit),
    T(test_zones_of_a_page_have_a_limit), T(test_google_copies_have_a_key),
    T(test_google_pages_lead_on_or_end), T(test_cursors_and_page_tokens_have_a_limit),
    T(test_google_page_names_the_calendars_zone), T(test_google_errors_have_a_kind),
    T(test_errors_keep_foreign_words_out_of_the_log),
    T(test_google_is_asked_for_a_window_or_a_change),
    T(test_microsoft_events_count_by_the_rules),
    T(test_microsoft_times_are_in_the_zone_beside_them),
    T(test_microsoft_days_have_the_zone_of_the_person),
    T(test_microsoft_event_that_cannot_be_read_fails_the_page),
    T(test_microsoft_copies_have_a_key), T(test_microsoft_series_is_the_master),
    T(test_microsoft_pages_lead_on_below_the_api), T(test_microsoft_errors_have_a_kind),
    T(test_microsoft_refusal_depends_on_the_scope),
    T(test_microsoft_is_asked_for_a_window))
