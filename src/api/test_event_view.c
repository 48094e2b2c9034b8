/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_event_view.c - events as they are written, and a page of them that always fits
 * (docs/calendar.md §5).
 */
#include <string.h>

#include "api/event_view.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/testing.h"

static struct event_calendar calendar;
static struct event_row row;
static const struct event_row *rows[LIMIT_PAGE_SIZE];
static Str pushed;

static int view_new(void **state)
{
    (void)state;
    pushed = S("");
    calendar = (struct event_calendar){
        .setting = 12, .account = 7, .id = S("c@x"), .base64_id = S("Y0B4")};
    row = (struct event_row){
        .calendar = &calendar, .id = S("e"), .created_s = -1, .updated_s = -1};
    for (size_t i = 0; i < LIMIT_PAGE_SIZE; i++) {
        rows[i] = &row;
    }
    return 0;
}

#define T_VIEW(name) cmocka_unit_test_setup_teardown(name, view_new, t_end)

static Str filled(char c, size_t n)
{
    char *p = arena_alloc(&t_cx()->mem, n);

    memset(p, c, n);
    return (Str){p, n};
}

/* A page of `n` events. */
static Str written(enum format format, size_t n)
{
    struct writer *w = writer_open(&t_cx()->mem, format);
    size_t most = event_view_share(&t_cx()->mem, rows, n);
    Str text = S("");

    writer_array(w, S("results"));
    for (size_t i = 0; i < n; i++) {
        writer_object(w, S(""));
        event_view_write(w, rows[i], pushed, most);
        writer_end(w);
    }
    writer_end(w);
    T_OK(writer_done(t_cx(), w, &text));
    return text;
}

TEST(test_view_has_the_contract_s_members)
{
    T_STR(
        written(FORMAT_IS_JSON, 1),
        S("{\"results\":[{\"calendar_source_account\":7,\"staff_calendar_settings\":12,"
          "\"calendar_source_event_id\":\"e\",\"calendar_source_calendar_id\":\"c@x\","
          "\"base64_calendar_source_calendar_id\":\"Y0B4\",\"calendar_name\":\"\","
          "\"calendar_is_primary\":false,\"calendar_timezone\":null,"
          "\"calendar_source_created_at\":null,\"calendar_source_updated_at\":null,"
          "\"title\":\"\",\"description\":\"\",\"location_name\":\"\","
          "\"location_address\":null,\"location_latitude\":null,"
          "\"location_longitude\":null,\"start_datetime_utc\":\"1970-01-01T00:00:00Z\","
          "\"end_datetime_utc\":\"1970-01-01T00:00:00Z\",\"timezone\":null,"
          "\"is_all_day\":false,\"is_busy\":false,\"status\":\"CONF\","
          "\"visibility\":\"DEFT\",\"etag\":null,\"link\":null,"
          "\"pushed_event_id\":null}]}"));
    T_INT(event_shape.n, 26);
}

/* What has a length that no source can stretch. */
static void fill_what_is_short(void)
{
    calendar.setting = calendar.account = INT64_MAX;
    calendar.time_zone = row.zone = filled('Z', LIMIT_TIME_ZONE_BYTES);
    row.created_s = row.updated_s = row.start_s = row.end_s = 1774656000;
    row.latitude = row.longitude = S("-179.999999");
    pushed = filled('p', LIMIT_PUSHED_ID_BYTES);
}

/* Every text at its limit, of a character whose escape is the longest. */
static void fill_what_is_long(char c)
{
    size_t escaped = writer_text_bytes((Str){&c, 1});

    calendar.id = filled(c, LIMIT_CALENDAR_ID_BYTES);
    calendar.base64_id = filled('b', LIMIT_BASE64_ID_BYTES);
    calendar.name = filled(c, LIMIT_CALENDAR_NAME_BYTES);
    row.id = filled(c, LIMIT_EVENT_ID_BYTES / escaped);
    row.etag = filled(c, LIMIT_EVENT_ETAG_BYTES / escaped);
    row.link = filled(c, LIMIT_EVENT_LINK_BYTES / escaped);
    row.title = row.location_name = row.location_address =
        filled(c, LIMIT_EVENT_NAME_BYTES);
    row.description = filled(c, LIMIT_EVENT_TEXT_BYTES);
}

TEST(test_view_of_the_longest_page_fits)
{
    static const char chars[] = "x\"&\001\\";

    fill_what_is_short();
    for (const char *c = chars; *c != 0; c++) {
        fill_what_is_long(*c);
        for (int format = FORMAT_IS_JSON; format <= FORMAT_IS_XML; format++) {
            Str text = written((enum format)format, LIMIT_PAGE_SIZE);

            /* beside the links to other pages */
            T_TRUE(text.n < LIMIT_ANSWER_BYTES - 2 * (3 * LIMIT_HEAD_BYTES + 1024));
            T_TRUE(*c != 'x' || text.n > LIMIT_ANSWER_BYTES / 2);
        }
    }
}

TEST(test_view_names_the_application_s_own_event)
{
    pushed = S("booking-7");
    T_TRUE(
        str_ends(written(FORMAT_IS_JSON, 1), S("\"pushed_event_id\":\"booking-7\"}]}")));
}

/* Texts are whole where the page has room; else the longest are cut, all alike. */
TEST(test_view_share_cuts_the_longest)
{
    struct event_row other;
    size_t most;

    row.title = filled('t', LIMIT_EVENT_NAME_BYTES);
    row.description = filled('d', LIMIT_EVENT_TEXT_BYTES);
    other = row;
    other.description = filled('d', LIMIT_EVENT_TEXT_BYTES - 1);
    T_TRUE(event_view_share(&t_cx()->mem, rows, 10) >= LIMIT_EVENT_TEXT_BYTES);
    most = event_view_share(&t_cx()->mem, rows, LIMIT_PAGE_SIZE);
    T_TRUE(most > LIMIT_EVENT_NAME_BYTES && most < LIMIT_EVENT_TEXT_BYTES);
    rows[7] = &other;
    T_INT(event_view_share(&t_cx()->mem, rows, LIMIT_PAGE_SIZE), most);
    other.description = S("short");
    T_TRUE(event_view_share(&t_cx()->mem, rows, LIMIT_PAGE_SIZE) > most);
    T_TRUE(event_view_share(&t_cx()->mem, rows, 0) > 0);
}

T_MAIN(
    T_VIEW(test_view_has_the_contract_s_members),
    T_VIEW(test_view_names_the_application_s_own_event),
    T_VIEW(test_view_of_the_longest_page_fits), T_VIEW(test_view_share_cuts_the_longest))
