/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/testing.h"

TEST(test_clock_rfc3339_writes_utc_with_milliseconds)
{
    static const struct {
        int64_t ms;
        Str want;
    } rows[] = {
        {0, SI("1970-01-01T00:00:00.000Z")},
        {951782399999, SI("2000-02-28T23:59:59.999Z")},
        {951782400000, SI("2000-02-29T00:00:00.000Z")},
        {1798675200001, SI("2026-12-31T00:00:00.001Z")},
        {CLOCK_MOST_MS, SI("9999-12-31T23:59:59.999Z")},
    };

    char text[CLOCK_TEXT_BYTES];

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_STR(clock_rfc3339(rows[i].ms, text), rows[i].want);
    }
}

TEST(test_cx_left_ms_counts_down_to_the_deadline)
{
    struct cx *cx = t_cx();

    cx->deadline_ms = 0;
    T_INT(cx_left_ms(cx, 500), 500);
    cx->deadline_ms = clock_mono_ms() + 100000;
    T_INT(cx_left_ms(cx, 500), 500);
    T_TRUE(cx_left_ms(cx, 1000000) <= 100000);
    cx->deadline_ms = clock_mono_ms() - 1;
    T_INT(cx_left_ms(cx, 500), 0);
    cx->deadline_ms = 0;
}

T_MAIN(
    T(test_clock_rfc3339_writes_utc_with_milliseconds),
    T(test_cx_left_ms_counts_down_to_the_deadline))
