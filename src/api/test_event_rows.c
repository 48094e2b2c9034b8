/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_event_rows.c - what is kept of the pages of an answer, and in which order
 * (docs/calendar.md §5).
 */
#include <string.h>

#include "api/event_rows.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/datetime.h"
#include "base/limits.h"
#include "base/testing.h"

enum { FROM_S = 1774656000 /* 2026-03-28 */, TO_S = FROM_S + 7 * CLOCK_DAY_S };

static struct event_calendar calendar;
static struct event_rows rows;

static int rows_new(void **state)
{
    (void)state;
    calendar = (struct event_calendar){.setting = 1};
    rows = (struct event_rows){.from_s = FROM_S, .to_s = TO_S, .default_zone = S("UTC")};
    return 0;
}

#define T_ROWS(name) cmocka_unit_test_setup_teardown(name, rows_new, t_end)

static struct event_detail detail_at(Str id, int64_t start, int64_t end)
{
    return (struct event_detail){
        .event = {.id = id, .start = start, .end = end, .counts = EVENT_ALWAYS},
        .created_s = -1,
        .updated_s = -1};
}

static Res add_to(struct event_calendar *to, struct event_detail *at, size_t n)
{
    const struct event_details_page page = {.at = at, .n = n, .zone = S("Asia/Tokyo")};
    struct cx own = {.deadline_ms = 0};
    Res res = event_rows_add(t_cx(), &own, &rows, to, &page);

    cx_done(&own);
    return res;
}

static Res add(struct event_detail d)
{
    return add_to(&calendar, &d, 1);
}

static size_t added(int64_t start, int64_t end)
{
    size_t before = rows.n;

    T_OK(add(detail_at(S("x"), start, end)));
    return rows.n - before;
}

TEST(test_rows_are_what_overlaps_the_range)
{
    T_INT(added(FROM_S - 10, FROM_S), 0);
    T_INT(added(FROM_S - 10, FROM_S + 1), 1);
    T_INT(added(TO_S - 1, TO_S + 10), 1);
    T_INT(added(TO_S, TO_S + 10), 0);
    T_INT(added(FROM_S - 10, TO_S + 10), 1);
    /* An end that isn't after the start. */
    T_INT(added(FROM_S, FROM_S), 1);
    T_INT(added(FROM_S - 1, FROM_S - 1), 0);
    T_INT(added(TO_S - 1, TO_S - 1), 1);
    T_INT(added(TO_S, TO_S), 0);
    T_INT(added(FROM_S + 10, FROM_S + 5), 1);
    T_INT(added(0, 0), 0); /* cancelled, without times */
}

/* In which zone days are: the setting's, the event's, the page's, the default; UTC. */
TEST(test_rows_have_days_in_a_zone)
{
    static const struct {
        Str setting, event, fallback;
        Str zone;
        int hours; /* how much sooner than in UTC the day begins */
    } table[] = {
        {SI("America/New_York"), SI("Europe/Berlin"), SI(""), SI("America/New_York"), -4},
        {SI(""), SI("America/New_York"), SI(""), SI("America/New_York"), -4},
        {SI("No/Such"), SI("../etc/passwd"), SI(""), SI("Asia/Tokyo"), 9},
    };

    int64_t day = FROM_S / CLOCK_DAY_S + 3;

    for (size_t i = 0; i < COUNT(table); i++) {
        struct event_detail d = detail_at(S("x"), day, day + 1);

        rows = (struct event_rows){.from_s = FROM_S, .to_s = TO_S};
        d.event.is_all_day = true;
        d.event.zone = table[i].event;
        calendar.days_zone = table[i].setting;
        T_OK(add(d));
        const struct event_row *row = event_rows_sort(&t_cx()->mem, &rows)[0];

        T_STR(row->zone, table[i].zone);
        T_INT(row->order_s, day * CLOCK_DAY_S);
        T_INT(row->start_s, day * CLOCK_DAY_S - table[i].hours * 3600);
        T_INT(row->end_s - row->start_s, CLOCK_DAY_S);
        T_TRUE(row->is_all_day && row->is_busy);
    }
}

TEST(test_rows_have_times_that_can_be_written)
{
    struct event_detail d = detail_at(S("x"), 0, DATETIME_LAST_S / CLOCK_DAY_S + 1);

    d.event.is_all_day = true;
    T_OK(add(d));
    const struct event_row *row = event_rows_sort(&t_cx()->mem, &rows)[0];

    T_INT(row->start_s, 0); /* it begins before in Tokyo */
    d.event.zone = S("America/New_York");
    T_OK(add(d));
    row = event_rows_sort(&t_cx()->mem, &rows)[0];
    T_TRUE(row->end_s <= DATETIME_LAST_S && row->start_s >= 0);
}

TEST(test_rows_are_not_busy_where_a_copy_is_the_owner_s)
{
    char key[EVENT_COPY_KEY_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct event_detail d = detail_at(S("x"), FROM_S, TO_S);

    d.event.copy_key = (Str){key, sizeof(key)};
    T_OK(add(d)); /* nobody knows the owner's tag */
    rows.has_owner = true;
    d.event.id = S("y");
    T_OK(add(d)); /* another's */
    memcpy(rows.owner, key, sizeof(rows.owner));
    d.event.id = S("z");
    T_OK(add(d));
    const struct event_row **all = event_rows_sort(&t_cx()->mem, &rows);

    T_TRUE(all[0]->is_busy && all[1]->is_busy && !all[2]->is_busy);
    T_STR(all[0]->copy_key, S(""));
    T_STR(all[1]->copy_key, S(""));
    T_STR(all[2]->copy_key, d.event.copy_key);
    d.event.copy_key = S("");
    d.event.counts = EVENT_IF_ASKED;
    d.event.id = S("zz");
    T_OK(add(d));
    T_TRUE(!event_rows_sort(&t_cx()->mem, &rows)[3]->is_busy);
}

TEST(test_rows_are_sorted_by_start_then_setting_then_id)
{
    struct event_calendar second = {.setting = 2};
    struct event_detail one[] = {
        detail_at(S("b"), FROM_S + 1, TO_S), detail_at(S("a"), FROM_S + 1, TO_S),
        detail_at(S("c"), FROM_S, TO_S)};
    struct event_detail two[] = {
        detail_at(S("0"), FROM_S + 1, TO_S), detail_at(S("d"), FROM_S - 1, TO_S)};
    static const char want[] = "dcab0";

    T_OK(add_to(&second, two, COUNT(two)));
    T_OK(add_to(&calendar, one, COUNT(one)));
    const struct event_row **all = event_rows_sort(&t_cx()->mem, &rows);

    T_INT(rows.n, 5);
    for (size_t i = 0; i < rows.n; i++) {
        T_STR(all[i]->id, ((Str){&want[i], 1}));
    }
    T_INT(calendar.n, 3);
    T_INT(second.n, 2);
}

TEST(test_rows_hold_as_many_events_of_a_calendar_as_the_limit_says)
{
    struct event_calendar second = {.setting = 2};

    for (int i = 0; i < LIMIT_EVENTS_OF_CALENDAR; i++) {
        T_INT(added(FROM_S, TO_S), 1);
        T_INT(added(TO_S, TO_S + 1), 0);
    }
    T_OK(
        add_to(&second, &(struct event_detail[]){detail_at(S("x"), FROM_S, TO_S)}[0], 1));
    T_TRUE(!rows.is_full);
    T_FAIL(FAIL_LIMIT, add(detail_at(S("x"), FROM_S, TO_S)));
    T_TRUE(rows.is_full);
}

TEST(test_rows_take_as_many_bytes_as_the_limit_says)
{
    struct event_detail d = detail_at(S("x"), FROM_S, TO_S);
    char *text = arena_alloc(&t_cx()->mem, LIMIT_EVENT_TEXT_BYTES);
    size_t each = sizeof(struct event_row) + 1 + LIMIT_EVENT_TEXT_BYTES;

    memset(text, 'd', LIMIT_EVENT_TEXT_BYTES);
    d.description = (Str){text, LIMIT_EVENT_TEXT_BYTES};
    for (size_t bytes = each; bytes <= LIMIT_EVENTS_BYTES; bytes += each) {
        T_OK(add(d));
    }
    T_TRUE(rows.bytes <= LIMIT_EVENTS_BYTES && rows.bytes + each > LIMIT_EVENTS_BYTES);
    d.description.n = LIMIT_EVENTS_BYTES - rows.bytes - sizeof(struct event_row) - 1;
    T_OK(add(d));
    T_INT(rows.bytes, LIMIT_EVENTS_BYTES);
    d.description.n = 0;
    T_FAIL(FAIL_LIMIT, add(d));
    T_TRUE(rows.is_full);
}

/* An id has to fit into an answer; marks and links that don't are left out. */
TEST(test_rows_have_marks_that_fit)
{
    struct event_detail d = detail_at(S("x"), FROM_S, TO_S);
    char *text = arena_alloc(&t_cx()->mem, LIMIT_EVENT_LINK_BYTES + 1);

    memset(text, 'x', LIMIT_EVENT_LINK_BYTES + 1);
    d.event.id = (Str){text, LIMIT_EVENT_ID_BYTES};
    d.etag = (Str){text, LIMIT_EVENT_ETAG_BYTES};
    d.link = (Str){text, LIMIT_EVENT_LINK_BYTES};
    T_OK(add(d));
    const struct event_row *row = event_rows_sort(&t_cx()->mem, &rows)[0];

    T_INT(row->etag.n, LIMIT_EVENT_ETAG_BYTES);
    T_INT(row->link.n, LIMIT_EVENT_LINK_BYTES);
    d.event.start++;
    d.etag.n++;
    d.link.n++;
    T_OK(add(d));
    row = event_rows_sort(&t_cx()->mem, &rows)[1];
    T_TRUE(row->etag.n == 0 && row->link.n == 0);
    text[0] = '"';
    T_FAIL(FAIL_SOURCE_ERROR, add(d));
    T_TRUE(!rows.is_full);
}

TEST(test_rows_go_back)
{
    T_INT(added(FROM_S, TO_S), 1);
    const struct event_rows before = rows;
    struct event_calendar second = {.setting = 2};
    struct event_detail two[] = {
        detail_at(S("y"), FROM_S, TO_S), detail_at(S("z"), FROM_S, TO_S)};

    T_OK(add_to(&second, two, COUNT(two)));
    event_rows_go_back(&rows, &before, &second);
    T_TRUE(rows.n == 1 && second.n == 0 && calendar.n == 1);
    T_TRUE(rows.bytes > before.bytes); /* they are not given back */
    T_STR(event_rows_sort(&t_cx()->mem, &rows)[0]->id, S("x"));
}

T_MAIN(
    T_ROWS(test_rows_are_what_overlaps_the_range), T_ROWS(test_rows_have_days_in_a_zone),
    T_ROWS(test_rows_have_times_that_can_be_written),
    T_ROWS(test_rows_are_not_busy_where_a_copy_is_the_owner_s),
    T_ROWS(test_rows_are_sorted_by_start_then_setting_then_id),
    T_ROWS(test_rows_hold_as_many_events_of_a_calendar_as_the_limit_says),
    T_ROWS(test_rows_take_as_many_bytes_as_the_limit_says),
    T_ROWS(test_rows_have_marks_that_fit), T_ROWS(test_rows_go_back))
