/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datetime.c - RFC 3339 §5.6, and the Gregorian calendar as a count of days.
 */
#include "base/datetime.h"

#include "base/clock.h"

enum {
    FIRST_YEAR = 1970,
    LAST_YEAR = 9999,
    FRACTION_DIGITS = 9,
};

static bool mark_read(Str *rest, char c)
{
    if (rest->n == 0 || rest->p[0] != c) {
        return false;
    }
    *rest = str_sub(*rest, 1, rest->n);
    return true;
}

/* A number of exactly `n` digits. */
static bool number_read(Str *rest, size_t n, int least, int most, int *ret)
{
    int v = 0;

    if (rest->n < n || !str_is_only(str_sub(*rest, 0, n), char_is_digit)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        v = v * 10 + (rest->p[i] - '0');
    }
    *rest = str_sub(*rest, n, rest->n);
    *ret = v;
    return v >= least && v <= most;
}

static bool year_is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && year_is_leap(year));
}

/* How many days there were before a year, since the year 0. */
static int year_first_day(int year)
{
    int before = year - 1;

    return year * 365 + before / 4 - before / 100 + before / 400;
}

static int days_from_date(int year, int month, int day)
{
    int days = year_first_day(year) - year_first_day(FIRST_YEAR) + day - 1;

    for (int m = 1; m < month; m++) {
        days += month_days(year, m);
    }
    return days;
}

static bool date_read(Str *rest, int32_t *ret)
{
    int year, month, day;

    if (!number_read(rest, 4, FIRST_YEAR, LAST_YEAR, &year) || !mark_read(rest, '-')
        || !number_read(rest, 2, 1, 12, &month) || !mark_read(rest, '-')
        || !number_read(rest, 2, 1, month_days(year, month), &day)) {
        return false;
    }
    *ret = days_from_date(year, month, day);
    return true;
}

static bool clock_read(Str *rest, int64_t *ret)
{
    int hour, minute, second;

    if (!number_read(rest, 2, 0, 23, &hour) || !mark_read(rest, ':')
        || !number_read(rest, 2, 0, 59, &minute) || !mark_read(rest, ':')
        || !number_read(rest, 2, 0, 59, &second)) {
        return false;
    }
    *ret = hour * 3600 + minute * 60 + second;
    return true;
}

/* Reads the fraction of a second, in nanoseconds; absent: 0. */
static bool fraction_read(Str *rest, int32_t *ret)
{
    int32_t ns = 0;
    size_t n = 0;

    if (!mark_read(rest, '.')) {
        *ret = 0;
        return true;
    }
    while (n < rest->n && char_is_digit((unsigned char)rest->p[n])) {
        n++;
    }
    if (n == 0 || n > FRACTION_DIGITS) {
        return false;
    }
    for (size_t i = 0; i < FRACTION_DIGITS; i++) {
        ns = ns * 10 + (i < n ? rest->p[i] - '0' : 0);
    }
    *rest = str_sub(*rest, n, rest->n);
    *ret = ns;
    return true;
}

/* Reads an offset, in seconds east of UTC. */
static bool offset_read(Str *rest, int64_t *ret)
{
    int hour, minute;
    int sign;

    if (mark_read(rest, 'Z')) {
        *ret = 0;
        return true;
    }
    sign = mark_read(rest, '-') ? -1 : 1;
    if ((sign > 0 && !mark_read(rest, '+')) || !number_read(rest, 2, 0, 23, &hour)
        || !mark_read(rest, ':') || !number_read(rest, 2, 0, 59, &minute)) {
        return false;
    }
    *ret = sign * (hour * 3600 + minute * 60);
    return true;
}

/* Reads what stands before the offset, as if it were in UTC. */
static bool local_read(Str *rest, struct datetime *ret)
{
    struct datetime t;
    int64_t clock_s;
    int32_t days;

    if (!date_read(rest, &days) || !mark_read(rest, 'T') || !clock_read(rest, &clock_s)
        || !fraction_read(rest, &t.ns)) {
        return false;
    }
    t.s = days * CLOCK_DAY_S + clock_s;
    *ret = t;
    return true;
}

bool datetime_parse(Str text, struct datetime *ret)
{
    struct datetime t;
    int64_t offset_s;

    if (!local_read(&text, &t) || !offset_read(&text, &offset_s) || text.n > 0) {
        return false;
    }
    t.s -= offset_s;
    if (t.s < 0 || t.s > DATETIME_LAST_S) {
        return false;
    }
    *ret = t;
    return true;
}

bool datetime_local_parse(Str text, struct datetime *ret)
{
    struct datetime t;

    if (!local_read(&text, &t) || text.n > 0) {
        return false;
    }
    *ret = t;
    return true;
}

int64_t datetime_floor_s(const struct datetime *t)
{
    return t->s;
}

int64_t datetime_ceil_s(const struct datetime *t)
{
    return t->ns > 0 && t->s < DATETIME_LAST_S ? t->s + 1 : t->s;
}

bool datetime_date_parse(Str text, int32_t *ret)
{
    int32_t days;

    if (!date_read(&text, &days) || text.n > 0) {
        return false;
    }
    *ret = days;
    return true;
}

static void number_write(char *at, int digits, int value)
{
    for (int i = digits - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

Str datetime_date_write(int32_t days, char text[DATETIME_DATE_BYTES])
{
    int year = FIRST_YEAR + days / 366; /* or some years later */
    int month = 1;
    int day;

    must_be(days >= 0 && days <= DATETIME_LAST_S / CLOCK_DAY_S);
    while (days_from_date(year + 1, 1, 1) <= days) {
        year++;
    }
    day = days - days_from_date(year, 1, 1);
    for (; day >= month_days(year, month); month++) {
        day -= month_days(year, month);
    }
    memcpy(text, "YYYY-MM-DD", sizeof("YYYY-MM-DD"));
    number_write(text, 4, year);
    number_write(text + 5, 2, month);
    number_write(text + 8, 2, day + 1);
    return (Str){text, sizeof("YYYY-MM-DD") - 1};
}

Str datetime_write(int64_t s, char text[DATETIME_TEXT_BYTES])
{
    int clock_s = (int)(s % CLOCK_DAY_S);

    must_be(s >= 0 && s <= DATETIME_LAST_S);
    Str date = datetime_date_write((int32_t)(s / CLOCK_DAY_S), text);

    memcpy(text + date.n, "Thh:mm:ssZ", sizeof("Thh:mm:ssZ"));
    number_write(text + date.n + 1, 2, clock_s / 3600);
    number_write(text + date.n + 4, 2, clock_s / 60 % 60);
    number_write(text + date.n + 7, 2, clock_s % 60);
    return (Str){text, date.n + sizeof("Thh:mm:ssZ") - 1};
}
