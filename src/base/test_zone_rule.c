/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/testing.h"
#include "base/zone_rule.h"

/* 2026-01-01, a Thursday. */
#define Y2026 ((int64_t)1767225600)

TEST(test_day_number_counts_days_of_the_calendar)
{
    static const struct {
        int64_t year;
        int month, day;
        int64_t want;
    } rows[] = {
        {1970, 1, 1, 0},      {1969, 12, 31, -1},    {1970, 3, 1, 59},
        {2000, 2, 29, 11016}, {2000, 3, 1, 11017},   {2026, 1, 1, 20454},
        {2100, 2, 28, 47540}, {2100, 3, 1, 47541},   {1900, 3, 1, -25508},
        {0, 1, 1, -719528},   {-1, 12, 31, -719529}, {9999, 12, 31, 2932896},
        {1970, 12, 32, 365},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(zone_day_number(rows[i].year, rows[i].month, rows[i].day), rows[i].want);
    }
}

TEST(test_rule_read_takes_what_posix_and_rfc_8536_have)
{
    static const struct {
        Str text;
        int32_t standard_s;
        bool has_daylight;
        int32_t daylight_s;
    } rows[] = {
        {SI("UTC0"), 0, false, 0},
        {SI("JST-9"), 9 * CLOCK_HOUR_S, false, 0},
        {SI("<+0545>-5:45"), 5 * CLOCK_HOUR_S + 45 * 60, false, 0},
        {SI("<-03>3"), -3 * CLOCK_HOUR_S, false, 0},
        {SI("LMT0:25:21"), -1521, false, 0},
        {SI("AAA+24:59:59"), -89999, false, 0},
        {SI("CET-1CEST,M3.5.0,M10.5.0/3"), CLOCK_HOUR_S, true, 2 * CLOCK_HOUR_S},
        {SI("IST-1GMT0,M10.5.0,M3.5.0/1"), CLOCK_HOUR_S, true, 0},
        {SI("<-02>2<-01>,M3.5.0/-1,M10.5.0/0"), -2 * CLOCK_HOUR_S, true, -CLOCK_HOUR_S},
        {SI("EET-2EEST,M3.4.4/50,M10.4.4/50"), 2 * CLOCK_HOUR_S, true, 3 * CLOCK_HOUR_S},
        {SI("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"), 37800, true, 11 * CLOCK_HOUR_S},
        {SI("XXX3EDT4,0/0,J365/23"), -3 * CLOCK_HOUR_S, true, -4 * CLOCK_HOUR_S},
        {SI("AAA0BBB,J1/-167,J365/167"), 0, true, CLOCK_HOUR_S},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct zone_rule r;

        print_message("  %.*s\n", STR_ARG(rows[i].text));
        T_TRUE(zone_rule_read(rows[i].text, &r));
        T_INT(r.standard_s, rows[i].standard_s);
        T_INT(r.has_daylight, rows[i].has_daylight);
        T_INT(rows[i].has_daylight ? r.daylight_s : 0, rows[i].daylight_s);
    }
}

TEST(test_rule_read_refuses_what_is_no_rule)
{
    static const Str bad[] = {
        SI(""),
        SI("UTC"),
        SI("AB0"),
        SI("0"),
        SI("<+1>-1"),
        SI("<+01-1"),
        SI("CET-1 "),
        SI("CET-25"),
        SI("CET-1:60"),
        SI("CET-1:00:60"),
        SI("CET-1:"),
        SI("CET-"),
        SI("CET-1CEST"),
        SI("CET-1CEST,M3.5.0"),
        SI("CET-1CEST,M3.5.0,"),
        SI("CET-1CEST,M3.5.0,M10.5.0,"),
        SI("CET-1CEST,M0.5.0,M10.5.0"),
        SI("CET-1CEST,M13.5.0,M10.5.0"),
        SI("CET-1CEST,M3.0.0,M10.5.0"),
        SI("CET-1CEST,M3.6.0,M10.5.0"),
        SI("CET-1CEST,M3.5.7,M10.5.0"),
        SI("CET-1CEST,J0,J365"),
        SI("CET-1CEST,J366,J365"),
        SI("CET-1CEST,366,0"),
        SI("CET-1CEST,M3.5.0/168,M10.5.0"),
        SI("CET-1CEST,M3.5.0/-168,M10.5.0"),
        SI("CET-1CE,M3.5.0,M10.5.0"),
        SI(":Europe/Berlin"),
        SI("CET-1CEST;M3.5.0,M10.5.0"),
        SI("CET-99999999999999999999"),
        SI("\xC3\xBC\xC3\xBC-1"),
    };
    struct zone_rule r = {.standard_s = 7};

    for (size_t i = 0; i < COUNT(bad); i++) {
        print_message("  %.*s\n", STR_ARG(bad[i]));
        T_TRUE(!zone_rule_read(bad[i], &r));
        T_INT(r.standard_s, 7);
    }
}

/* Seconds of 2026 at which clocks change, by each kind of day. */
TEST(test_rule_changes_clocks_on_its_days)
{
    static const struct {
        Str text;
        int64_t start_s, end_s; /* since the year's begin in UTC */
    } rows[] = {
        /* 29 March 01:00 and 25 October 01:00 UTC */
        {SI("CET-1CEST,M3.5.0,M10.5.0/3"), 87 * 86400 + CLOCK_HOUR_S,
         297 * 86400 + CLOCK_HOUR_S},
        /* the second Sunday of March, the first of November, at 2 */
        {SI("EST5EDT,M3.2.0,M11.1.0"), 66 * 86400 + 7 * CLOCK_HOUR_S,
         304 * 86400 + 6 * CLOCK_HOUR_S},
        /* 1 March: day 60 whether the year leaps or not, or day 59 from 0 */
        {SI("AAA0BBB,J60/0,J365/0"), 59 * 86400, 364 * 86400 - CLOCK_HOUR_S},
        {SI("AAA0BBB,59/0,364/0"), 59 * 86400, 364 * 86400 - CLOCK_HOUR_S},
        /* Friday 27 March 02:00 as hours after the fourth Thursday */
        {SI("EET-2EEST,M3.4.4/26,M10.5.0/4"), 85 * 86400, 297 * 86400 + CLOCK_HOUR_S},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct zone_rule r;
        int64_t start = Y2026 + rows[i].start_s;
        int64_t end = Y2026 + rows[i].end_s;

        print_message("  %.*s\n", STR_ARG(rows[i].text));
        T_TRUE(zone_rule_read(rows[i].text, &r));
        T_INT(zone_rule_offset_s(&r, start - 1), r.standard_s);
        T_INT(zone_rule_offset_s(&r, start), r.daylight_s);
        T_INT(zone_rule_offset_s(&r, end - 1), r.daylight_s);
        T_INT(zone_rule_offset_s(&r, end), r.standard_s);
        T_INT(zone_rule_next_s(&r, start - 1), start);
        T_INT(zone_rule_next_s(&r, start), end);
    }
}

TEST(test_rule_can_have_daylight_saving_time_all_the_year)
{
    struct zone_rule r;

    T_TRUE(zone_rule_read(S("XXX3EDT4,0/0,J365/23"), &r));
    for (int64_t at = Y2026 - 2 * 86400; at < Y2026 + 2 * 86400; at += CLOCK_HOUR_S) {
        T_INT(zone_rule_offset_s(&r, at), -4 * CLOCK_HOUR_S);
    }
}

TEST(test_rule_without_daylight_saving_time_never_changes)
{
    struct zone_rule r;

    T_TRUE(zone_rule_read(S("JST-9"), &r));
    T_INT(zone_rule_offset_s(&r, ZONE_INSTANT_MOST), 9 * CLOCK_HOUR_S);
    T_INT(zone_rule_offset_s(&r, -ZONE_INSTANT_MOST), 9 * CLOCK_HOUR_S);
    T_TRUE(zone_rule_next_s(&r, 0) == ZONE_NEVER);
}

T_MAIN(
    T(test_day_number_counts_days_of_the_calendar),
    T(test_rule_read_takes_what_posix_and_rfc_8536_have),
    T(test_rule_read_refuses_what_is_no_rule), T(test_rule_changes_clocks_on_its_days),
    T(test_rule_can_have_daylight_saving_time_all_the_year),
    T(test_rule_without_daylight_saving_time_never_changes))
