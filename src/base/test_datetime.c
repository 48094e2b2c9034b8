/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "base/arena.h"
#include "base/datetime.h"
#include "base/testing.h"

TEST(test_datetime_parse_takes_rfc3339)
{
    static const struct {
        Str text;
        int64_t s;
        int32_t ns;
    } rows[] = {
        {SI("1970-01-01T00:00:00Z"), 0, 0},
        {SI("2000-02-29T00:00:00Z"), 951782400, 0},
        {SI("2026-12-31T23:59:59Z"), 1798761599, 0},
        {SI("9999-12-31T23:59:59Z"), DATETIME_LAST_S, 0},
        /* offsets */
        {SI("1970-01-01T00:00:00+00:00"), 0, 0},
        {SI("1970-01-01T00:00:00-00:00"), 0, 0},
        {SI("2026-01-01T02:00:00+02:00"), 1767225600, 0},
        {SI("2025-12-31T19:00:00-05:00"), 1767225600, 0},
        {SI("2026-01-01T05:45:00+05:45"), 1767225600, 0},
        {SI("2026-01-01T23:59:00+23:59"), 1767225600, 0},
        {SI("2025-12-31T00:01:00-23:59"), 1767225600, 0},
        {SI("1970-01-01T23:59:00+23:59"), 0, 0},
        /* fractions */
        {SI("1970-01-01T00:00:00.0Z"), 0, 0},
        {SI("1970-01-01T00:00:00.5Z"), 0, 500000000},
        {SI("1970-01-01T00:00:01.000001Z"), 1, 1000},
        {SI("1970-01-01T00:00:00.000000001Z"), 0, 1},
        {SI("1970-01-01T00:00:00.999999999+00:00"), 0, 999999999},
        {SI("9999-12-31T23:59:59.999999999Z"), DATETIME_LAST_S, 999999999},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str text = str_dup(&t_cx()->mem, rows[i].text); /* so that ASan sees its end */
        struct datetime t = {-1, -1};

        T_TRUE(datetime_parse(text, &t));
        T_TRUE(t.s == rows[i].s);
        T_INT(t.ns, rows[i].ns);
    }
}

TEST(test_datetime_parse_refuses_the_rest)
{
    static const Str texts[] = {
        SI(""),
        SI("Z"),
        SI("2026"),
        SI("2026-01-01"),
        SI("2026-01-01T"),
        SI("2026-01-01T00:00:00"),
        SI("2026-01-01T00:00Z"),
        SI("2026-01-01T00Z"),
        SI("2026-01-01T000000Z"),
        SI("20260101T000000Z"),
        SI("2026-W01-1T00:00:00Z"),
        SI("2026-001T00:00:00Z"),
        /* small letters, spaces, signs */
        SI("2026-01-01t00:00:00Z"),
        SI("2026-01-01T00:00:00z"),
        SI("2026-01-01 00:00:00Z"),
        SI("2026-01-01T00:00:00 Z"),
        SI(" 2026-01-01T00:00:00Z"),
        SI("2026-01-01T00:00:00Z "),
        SI("+2026-01-01T00:00:00Z"),
        SI("2026-+1-01T00:00:00Z"),
        SI("2026-1-1T00:00:00Z"),
        SI("2026-01-01T0:00:00Z"),
        /* one past each edge */
        SI("1969-12-31T23:59:59Z"),
        SI("10000-01-01T00:00:00Z"),
        SI("0000-01-01T00:00:00Z"),
        SI("2026-00-01T00:00:00Z"),
        SI("2026-13-01T00:00:00Z"),
        SI("2026-01-00T00:00:00Z"),
        SI("2026-01-32T00:00:00Z"),
        SI("2026-04-31T00:00:00Z"),
        SI("2026-02-29T00:00:00Z"),
        SI("2100-02-29T00:00:00Z"),
        SI("2026-01-01T24:00:00Z"),
        SI("2026-01-01T00:60:00Z"),
        SI("2026-01-01T23:59:60Z"),
        SI("2016-12-31T23:59:60Z"), /* a leap second that there was */
        /* offsets */
        SI("2026-01-01T00:00:00+24:00"),
        SI("2026-01-01T00:00:00+00:60"),
        SI("2026-01-01T00:00:00+0000"),
        SI("2026-01-01T00:00:00+00"),
        SI("2026-01-01T00:00:00+0:00"),
        SI("2026-01-01T00:00:00 00:00"),
        SI("2026-01-01T00:00:00Z+00:00"),
        SI("2026-01-01T00:00:00ZZ"),
        SI("2026-01-01T00:00:00--01:00"),
        /* UTC outside of the years */
        SI("1970-01-01T00:00:00+00:01"),
        SI("1969-12-31T23:00:00-01:00"),
        SI("9999-12-31T23:59:59-00:01"),
        /* fractions */
        SI("2026-01-01T00:00:00.Z"),
        SI("2026-01-01T00:00:00.0000000001Z"),
        SI("2026-01-01T00:00:00,5Z"),
        SI("2026-01-01T00:00:00.5"),
        SI("2026-01-01T00:00:00.-5Z"),
        SI("2026-01-01T00:00.5Z"),
        /* other bytes */
        SI("2026-01-01T00:00:00\0Z"),
        SI("2026-01-01T00:00:00Z\0"),
        SI("\xD9\xA2"
           "026-01-01T00:00:00Z"),
    };

    for (size_t i = 0; i < COUNT(texts); i++) {
        Str text = str_dup(&t_cx()->mem, texts[i]);
        struct datetime t = {-7, -8};

        if (datetime_parse(text, &t)) {
            print_error("taken: '%.*s'\n", STR_ARG(text));
        }
        T_TRUE(t.s == -7 && t.ns == -8);
    }
}

TEST(test_datetime_local_parse_takes_no_offset)
{
    static const struct {
        Str text;
        int64_t s; /* -7: refused */
        int32_t ns;
    } rows[] = {
        {SI("1970-01-01T00:00:00"), 0, 0},
        {SI("2026-01-01T00:00:00.0000000"), 1767225600, 0},
        {SI("2026-01-01T00:00:00.1234567"), 1767225600, 123456700},
        {SI("9999-12-31T23:59:59.999999999"), DATETIME_LAST_S, 999999999},
        {SI("2026-01-01T00:00:00Z"), -7, -8},
        {SI("2026-01-01T00:00:00+00:00"), -7, -8},
        {SI("2026-01-01T00:00:00."), -7, -8},
        {SI("2026-01-01T00:00:00.0000000000"), -7, -8},
        {SI("2026-01-01T24:00:00"), -7, -8},
        {SI("2026-01-01T00:00"), -7, -8},
        {SI("2026-01-01"), -7, -8},
        {SI("1969-12-31T23:59:59"), -7, -8},
        {SI(""), -7, -8},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct datetime t = {-7, -8};

        T_INT(
            datetime_local_parse(str_dup(&t_cx()->mem, rows[i].text), &t),
            rows[i].s != -7);
        T_TRUE(t.s == rows[i].s);
        T_INT(t.ns, rows[i].ns);
    }
}

TEST(test_datetime_rounds_starts_down_and_ends_up)
{
    static const struct {
        struct datetime t;
        int64_t floor, ceil;
    } rows[] = {
        {{0, 0}, 0, 0},
        {{0, 1}, 0, 1},
        {{59, 999999999}, 59, 60},
        {{DATETIME_LAST_S, 0}, DATETIME_LAST_S, DATETIME_LAST_S},
        {{DATETIME_LAST_S, 1}, DATETIME_LAST_S, DATETIME_LAST_S},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_TRUE(datetime_floor_s(&rows[i].t) == rows[i].floor);
        T_TRUE(datetime_ceil_s(&rows[i].t) == rows[i].ceil);
    }
}

TEST(test_datetime_date_parse_takes_days_alone)
{
    static const struct {
        Str text;
        int32_t days; /* -1: refused */
    } rows[] = {
        {SI("1970-01-01"), 0},     {SI("1970-12-31"), 364},
        {SI("1972-02-29"), 789},   {SI("2000-03-01"), 11017},
        {SI("2026-01-31"), 20484}, {SI("9999-12-31"), 2932896},
        {SI("1969-12-31"), -1},    {SI("10000-01-01"), -1},
        {SI("2026-02-29"), -1},    {SI("2026-00-10"), -1},
        {SI("2026-1-31"), -1},     {SI("2026/01/31"), -1},
        {SI("20260131"), -1},      {SI("2026-01-31T00:00:00Z"), -1},
        {SI("2026-01-31Z"), -1},   {SI(" 2026-01-31"), -1},
        {SI("2026-01-"), -1},      {SI(""), -1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int32_t days = -1;

        T_INT(
            datetime_date_parse(str_dup(&t_cx()->mem, rows[i].text), &days),
            rows[i].days >= 0);
        T_INT(days, rows[i].days);
    }
}

/* Every day there is, against the C library. */
TEST(test_datetime_knows_every_day)
{
    for (int32_t days = 0; days <= DATETIME_LAST_S / 86400; days++) {
        int64_t s = (int64_t)days * 86400 + days % 86400;
        char text[DATETIME_TEXT_BYTES], date[DATETIME_DATE_BYTES], want[64];
        time_t time = (time_t)s;
        struct datetime t;
        struct tm tm;
        int32_t got = 0;

        must_be(gmtime_r(&time, &tm) != NULL);
        size_t n = strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm);
        Str written = datetime_write(s, text);

        if (!str_eq(written, (Str){want, n}) || !datetime_parse(written, &t) || t.s != s
            || !datetime_date_parse(datetime_date_write(days, date), &got)
            || got != days) {
            T_STR(written, ((Str){want, n}));
            T_INT(got, days);
        }
    }
}

static void write_before_1970(void)
{
    char text[DATETIME_TEXT_BYTES];

    (void)datetime_write(-1, text);
}

static void write_after_9999(void)
{
    char text[DATETIME_TEXT_BYTES];

    (void)datetime_write(DATETIME_LAST_S + 1, text);
}

TEST(test_datetime_write_aborts_outside_of_the_years)
{
    char text[DATETIME_TEXT_BYTES];

    T_STR(datetime_write(0, text), S("1970-01-01T00:00:00Z"));
    T_STR(datetime_write(DATETIME_LAST_S, text), S("9999-12-31T23:59:59Z"));
    T_ABORTS(write_before_1970);
    T_ABORTS(write_after_9999);
}

T_MAIN(
    T(test_datetime_parse_takes_rfc3339), T(test_datetime_parse_refuses_the_rest),
    T(test_datetime_local_parse_takes_no_offset),
    T(test_datetime_rounds_starts_down_and_ends_up),
    T(test_datetime_date_parse_takes_days_alone), T(test_datetime_knows_every_day),
    T(test_datetime_write_aborts_outside_of_the_years))
