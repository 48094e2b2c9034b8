/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_rule.c - a rule for all years to come, read and applied.
 *
 * Strict: what RFC 8536 doesn't have in a footer is no rule (a daylight saving time
 * without its two changes, for one, which POSIX leaves to the system).
 */
#include "base/zone_rule.h"

#include "base/clock.h"
#include "base/str.h"

enum {
    HOUR_S = 60 * 60,
    DAYS_PER_WEEK = 7,
    EPOCH_WEEKDAY = 4,       /* 1970-01-01 was a Thursday */
    OFFSET_HOURS_MOST = 24,  /* POSIX */
    CHANGE_HOURS_MOST = 167, /* RFC 8536 §3.3.1 */
    CHANGE_HOUR = 2,         /* where a change doesn't say */
    NAME_BYTES_LEAST = 3,
    YEARS_AROUND = 4,
};

/* Reading. Each function cuts what it reads off `*rest`. */

static bool rule_takes(Str *rest, char c)
{
    if (rest->n == 0 || rest->p[0] != c) {
        return false;
    }
    *rest = str_sub(*rest, 1, rest->n);
    return true;
}

/* Digits that make at most `most`. */
static bool rule_number(Str *rest, int most, int *ret)
{
    int v = 0;
    size_t n = 0;

    for (; n < rest->n && char_is_digit((unsigned char)rest->p[n]); n++) {
        v = v * 10 + (rest->p[n] - '0');
        if (v > most) {
            return false;
        }
    }
    *ret = v;
    *rest = str_sub(*rest, n, rest->n);
    return n > 0;
}

/* [+-]hh[:mm[:ss]] */
static bool rule_time(Str *rest, int hours_most, int32_t *ret)
{
    bool is_minus = rule_takes(rest, '-');
    int hours;
    int minutes = 0;
    int seconds = 0;

    if (!is_minus) {
        (void)rule_takes(rest, '+');
    }
    if (!rule_number(rest, hours_most, &hours)) {
        return false;
    }
    if (rule_takes(rest, ':')
        && (!rule_number(rest, 59, &minutes)
            || (rule_takes(rest, ':') && !rule_number(rest, 59, &seconds)))) {
        return false;
    }
    int32_t s = hours * HOUR_S + minutes * 60 + seconds;

    *ret = is_minus ? -s : s;
    return true;
}

static bool char_is_of_zone_name(unsigned char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool char_is_of_quoted_name(unsigned char c)
{
    return char_is_alnum(c) || c == '+' || c == '-';
}

/* "CET" or "<+0330>". */
static bool rule_name(Str *rest)
{
    bool is_quoted = rule_takes(rest, '<');
    size_t n = 0;

    while (n < rest->n
           && (is_quoted ? char_is_of_quoted_name((unsigned char)rest->p[n])
                         : char_is_of_zone_name((unsigned char)rest->p[n]))) {
        n++;
    }
    *rest = str_sub(*rest, n, rest->n);
    return n >= NAME_BYTES_LEAST && (!is_quoted || rule_takes(rest, '>'));
}

/* A TZ string counts west of Greenwich. */
static bool rule_offset(Str *rest, int32_t *ret)
{
    int32_t west;

    if (!rule_time(rest, OFFSET_HOURS_MOST, &west)) {
        return false;
    }
    *ret = -west;
    return true;
}

static bool rule_day(Str *rest, struct zone_change *ret)
{
    if (rule_takes(rest, 'M')) {
        ret->kind = ZONE_DAY_OF_WEEK;
        return rule_number(rest, 12, &ret->month) && ret->month >= 1
               && rule_takes(rest, '.') && rule_number(rest, 5, &ret->week)
               && ret->week >= 1 && rule_takes(rest, '.')
               && rule_number(rest, DAYS_PER_WEEK - 1, &ret->day);
    }
    if (rule_takes(rest, 'J')) {
        ret->kind = ZONE_DAY_OF_YEAR;
        return rule_number(rest, 365, &ret->day) && ret->day >= 1;
    }
    ret->kind = ZONE_DAY_WITH_LEAP;
    return rule_number(rest, 365, &ret->day);
}

/* ",date[/time]" */
static bool rule_change(Str *rest, struct zone_change *ret)
{
    ret->time_s = CHANGE_HOUR * HOUR_S;
    return rule_takes(rest, ',') && rule_day(rest, ret)
           && (!rule_takes(rest, '/')
               || rule_time(rest, CHANGE_HOURS_MOST, &ret->time_s));
}

static bool rule_daylight(Str *rest, struct zone_rule *ret)
{
    ret->has_daylight = true;
    ret->daylight_s = ret->standard_s + HOUR_S;
    if (!rule_name(rest)) {
        return false;
    }
    if (rest->n > 0 && rest->p[0] != ',' && !rule_offset(rest, &ret->daylight_s)) {
        return false;
    }
    return rule_change(rest, &ret->start) && rule_change(rest, &ret->end);
}

bool zone_rule_read(Str text, struct zone_rule *ret)
{
    struct zone_rule r = {.has_daylight = false};

    if (!rule_name(&text) || !rule_offset(&text, &r.standard_s)) {
        return false;
    }
    if (text.n > 0 && (!rule_daylight(&text, &r) || text.n > 0)) {
        return false;
    }
    *ret = r;
    return true;
}

/* Days. */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static bool zone_year_is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Years begin in March here, so that the leap day is the last of its year. */
int64_t zone_day_number(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

static int64_t year_of_day(int64_t day)
{
    int64_t year = 1970 + floor_div(day * 400, 146097); /* at most one off */

    while (zone_day_number(year, 1, 1) > day) {
        year--;
    }
    while (zone_day_number(year + 1, 1, 1) <= day) {
        year++;
    }
    return year;
}

static int64_t day_of_week_in_month(const struct zone_change *c, int64_t year)
{
    int64_t first = zone_day_number(year, c->month, 1);
    int64_t next_month = c->month == 12 ? zone_day_number(year + 1, 1, 1)
                                        : zone_day_number(year, c->month + 1, 1);
    int64_t weekday = (first + EPOCH_WEEKDAY) - floor_div(first + EPOCH_WEEKDAY, 7) * 7;
    int64_t day = first + (c->day - weekday + DAYS_PER_WEEK) % DAYS_PER_WEEK
                  + (int64_t)(c->week - 1) * DAYS_PER_WEEK;

    return day < next_month ? day : day - DAYS_PER_WEEK;
}

static int64_t change_day(const struct zone_change *c, int64_t year)
{
    int64_t first = zone_day_number(year, 1, 1);

    switch (c->kind) {
    case ZONE_DAY_OF_WEEK:
        return day_of_week_in_month(c, year);
    case ZONE_DAY_OF_YEAR:
        return first + c->day - 1 + (zone_year_is_leap(year) && c->day >= 60);
    case ZONE_DAY_WITH_LEAP:
        break;
    }
    return first + c->day;
}

/* Applying. */

static bool change_is_end(int i)
{
    return i % 2 == 1;
}

/* The i-th change since a year's begin: `start` and `end` of each year in turn. */
static int64_t change_instant_s(const struct zone_rule *r, int64_t year, int i)
{
    const struct zone_change *c = change_is_end(i) ? &r->end : &r->start;
    int32_t before_s = change_is_end(i) ? r->daylight_s : r->standard_s;

    return change_day(c, year + i / 2) * CLOCK_DAY_S + c->time_s - before_s;
}

static int64_t year_of_instant(int64_t at_s)
{
    return year_of_day(floor_div(at_s, CLOCK_DAY_S));
}

/* A change can be a week away from its year, so the years around count too. Where one
 * year's end is the next year's start, the start wins: daylight saving time all the year.
 */
int32_t zone_rule_offset_s(const struct zone_rule *r, int64_t at_s)
{
    int32_t found = r->standard_s;
    int64_t last = INT64_MIN;

    if (!r->has_daylight) {
        return found;
    }
    int64_t year = year_of_instant(at_s) - 2;

    for (int i = 0; i < 2 * YEARS_AROUND; i++) {
        int64_t change = change_instant_s(r, year, i);

        if (change <= at_s && change >= last) {
            last = change;
            found = change_is_end(i) ? r->standard_s : r->daylight_s;
        }
    }
    return found;
}

int64_t zone_rule_next_s(const struct zone_rule *r, int64_t after_s)
{
    int64_t next = ZONE_NEVER;

    if (!r->has_daylight) {
        return next;
    }
    int64_t year = year_of_instant(after_s) - 1;

    for (int i = 0; i < 2 * YEARS_AROUND; i++) {
        int64_t change = change_instant_s(r, year, i);

        if (change > after_s && change < next) {
            next = change;
        }
    }
    return next;
}
