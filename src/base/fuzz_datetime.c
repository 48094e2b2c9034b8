/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A time that is taken is what the C library makes of its parts, and comes back from its
 * own writing; so does a date.
 */
#include <time.h>

#include "base/datetime.h"

static int part(Str text, size_t at, size_t n)
{
    int64_t v = 0;

    must_be(str_to_int(str_sub(text, at, at + n), &v));
    return (int)v;
}

/* From the fixed places of RFC 3339, which it has when it was taken. */
static int64_t seconds_of_parts(Str text)
{
    struct tm tm = {
        .tm_year = part(text, 0, 4) - 1900,
        .tm_mon = part(text, 5, 2) - 1,
        .tm_mday = part(text, 8, 2),
        .tm_hour = part(text, 11, 2),
        .tm_min = part(text, 14, 2),
        .tm_sec = part(text, 17, 2),
    };
    int64_t s = timegm(&tm);

    if (str_ends(text, S("Z"))) {
        return s;
    }
    int64_t offset = part(text, text.n - 5, 2) * 3600 + part(text, text.n - 2, 2) * 60;

    return text.p[text.n - 6] == '-' ? s + offset : s - offset;
}

static void datetime_check(Str text)
{
    char written[DATETIME_TEXT_BYTES];
    struct datetime t, again;

    if (!datetime_parse(text, &t)) {
        return;
    }
    must_be(t.s == seconds_of_parts(text) && t.ns >= 0 && t.ns < 1000000000);
    must_be(datetime_parse(datetime_write(t.s, written), &again));
    must_be(again.s == t.s && again.ns == 0);
    must_be(datetime_floor_s(&t) <= datetime_ceil_s(&t));
    must_be(datetime_ceil_s(&t) <= DATETIME_LAST_S);
}

static void date_check(Str text)
{
    char written[DATETIME_DATE_BYTES];
    int32_t days;

    if (datetime_date_parse(text, &days)) {
        must_be(str_eq(datetime_date_write(days, written), text));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str text = {(const char *)data, size};

    datetime_check(text);
    date_check(text);
    return 0;
}
