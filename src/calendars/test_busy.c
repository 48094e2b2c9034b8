/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_busy.c - busy periods of images: joined, clipped, days in their zone.
 */
#include "base/clock.h"
#include "base/testing.h"
#include "calendars/busy.h"

enum { FROM_S = 1774656000 /* 2026-03-28 */, TO_S = FROM_S + 7 * CLOCK_DAY_S };

static struct busy busy_new(void)
{
    return (struct busy){.from_s = FROM_S, .to_s = TO_S, .days.default_name = S("UTC")};
}

static void add(struct busy *b, struct image image, struct busy_rules rules)
{
    T_OK(busy_add(t_cx(), b, &image, &rules));
}

static void add_event(struct busy *b, struct image_event e)
{
    add(b, (struct image){.at = &e, .n = 1}, (struct busy_rules){.only_busy = true});
}

static void add_time(struct busy *b, int64_t start, int64_t end)
{
    add_event(b, (struct image_event){.start = start, .end = end});
}

static void period_is(const struct busy *b, size_t i, int64_t start, int64_t end)
{
    assert_true(i < b->n);
    T_INT(b->at[i].start_s, start);
    T_INT(b->at[i].end_s, end);
}

TEST(test_busy_join)
{
    struct busy b = busy_new();

    add_time(&b, FROM_S + 500, FROM_S + 600);
    add_time(&b, FROM_S + 100, FROM_S + 200);
    add_time(&b, FROM_S + 200, FROM_S + 300); /* touches */
    add_time(&b, FROM_S + 150, FROM_S + 160); /* inside */
    add_time(&b, FROM_S + 301, FROM_S + 400);
    busy_join(&b);
    T_INT(b.n, 3);
    period_is(&b, 0, FROM_S + 100, FROM_S + 300);
    period_is(&b, 1, FROM_S + 301, FROM_S + 400);
    period_is(&b, 2, FROM_S + 500, FROM_S + 600);
}

TEST(test_busy_clip)
{
    struct busy b = busy_new();

    add_time(&b, FROM_S - 100, FROM_S + 1);
    add_time(&b, FROM_S - 100, FROM_S);
    add_time(&b, TO_S - 1, TO_S + 100);
    add_time(&b, TO_S, TO_S + 100);
    busy_join(&b);
    T_INT(b.n, 2);
    period_is(&b, 0, FROM_S, FROM_S + 1);
    period_is(&b, 1, TO_S - 1, TO_S);
    b = busy_new();
    add_time(&b, FROM_S - 100, TO_S + 100);
    busy_join(&b);
    period_is(&b, 0, FROM_S, TO_S);
    b = busy_new();
    busy_join(&b);
    T_INT(b.n, 0);
}

TEST(test_busy_free_counts_where_asked)
{
    struct image_event e = {.start = FROM_S, .end = FROM_S + 1, .is_if_asked = true};
    struct busy b = busy_new();

    add(&b, (struct image){.at = &e, .n = 1}, (struct busy_rules){.only_busy = true});
    T_INT(b.n, 0);
    add(&b, (struct image){.at = &e, .n = 1}, (struct busy_rules){.only_busy = false});
    T_INT(b.n, 1);
}

/* In which zone a day is: the setting's, the event's or the calendar's, the default. The
 * next one where tzdata lacks it. */
TEST(test_busy_zone_of_a_day)
{
    const struct {
        const char *setting, *event, *calendar, *fallback;
        int hours; /* how much sooner than in UTC the day begins */
    } rows[] = {
        {"", "", "", "UTC", 0},
        {"", "", "", "Asia/Tokyo", 9},
        {"", "", "Asia/Tokyo", "UTC", 9},
        {"", "America/New_York", "Asia/Tokyo", "UTC", -4},
        {"Asia/Tokyo", "America/New_York", "", "UTC", 9},
        {"No/Such", "America/New_York", "", "UTC", -4},
        {"No/Such", "../etc/passwd", "", "Asia/Tokyo", 9},
        {"", "", "", "No/Such", 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t day = FROM_S / CLOCK_DAY_S + 3;
        Str zones[] = {str_from_z(rows[i].event)};
        struct image_event e = {
            .start = day,
            .end = day + 1,
            .is_all_day = true,
            .zone = zones[0].n > 0 ? 1 : 0};
        struct image image = {
            .at = &e,
            .n = 1,
            .zone = str_from_z(rows[i].calendar),
            .zones = zones,
            .n_zones = 1};
        struct busy b = busy_new();

        b.days.default_name = str_from_z(rows[i].fallback);
        add(&b, image, (struct busy_rules){.time_zone = str_from_z(rows[i].setting)});
        T_INT(b.n, 1);
        period_is(
            &b, 0, day * CLOCK_DAY_S - rows[i].hours * 3600,
            (day + 1) * CLOCK_DAY_S - rows[i].hours * 3600);
    }
}

/* On 29 March 2026 Berlin's clocks skip an hour: the day has 23. */
TEST(test_busy_day_of_a_change_of_clocks)
{
    int64_t day = FROM_S / CLOCK_DAY_S + 1;
    struct image_event e = {.start = day, .end = day + 1, .is_all_day = true};
    struct image image = {.at = &e, .n = 1, .zone = S("Europe/Berlin")};
    struct busy b = busy_new();

    add(&b, image, (struct busy_rules){.only_busy = true});
    period_is(&b, 0, day * CLOCK_DAY_S - 3600, (day + 1) * CLOCK_DAY_S - 7200);
}

TEST(test_busy_loads_each_zone_once)
{
    struct image_event e[20];
    Str zones[10];
    struct busy b = busy_new();
    static const char *const names[] = {
        "Europe/Berlin", "Europe/Paris", "Asia/Tokyo",   "Asia/Seoul", "America/Lima",
        "Europe/Rome",   "Europe/Oslo",  "Africa/Tunis", "Asia/Dhaka", "No/Such",
    };

    for (size_t i = 0; i < COUNT(zones); i++) {
        zones[i] = str_from_z(names[i]);
    }
    for (size_t i = 0; i < COUNT(e); i++) {
        e[i] = (struct image_event){
            .start = FROM_S / CLOCK_DAY_S + 1,
            .end = FROM_S / CLOCK_DAY_S + 2,
            .is_all_day = true,
            .zone = (uint16_t)(1 + i % COUNT(zones))};
    }
    add(&b,
        (struct image){.at = e, .n = COUNT(e), .zones = zones, .n_zones = COUNT(zones)},
        (struct busy_rules){.only_busy = true});
    T_INT(b.days.n, 11); /* and the default, for No/Such */
    busy_join(&b);
    T_INT(b.n, 1);
}

TEST(test_busy_many)
{
    struct busy b = busy_new();

    for (int i = 0; i < 1000; i++) {
        add_time(&b, FROM_S + 10 * (999 - i), FROM_S + 10 * (999 - i) + 5);
    }
    busy_join(&b);
    T_INT(b.n, 1000);
    period_is(&b, 999, FROM_S + 9990, FROM_S + 9995);
}

T_MAIN(
    T(test_busy_join), T(test_busy_clip), T(test_busy_free_counts_where_asked),
    T(test_busy_zone_of_a_day), T(test_busy_day_of_a_change_of_clocks),
    T(test_busy_loads_each_zone_once), T(test_busy_many))
