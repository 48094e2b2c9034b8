/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.c - the two clocks of POSIX.
 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t clock_read_us(clockid_t which)
{
    struct timespec t;

    must_be(clock_gettime(which, &t) == 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_mono_ms(void)
{
    return clock_read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_boot_ms(void)
{
    return clock_read_us(CLOCK_BOOTTIME) / 1000;
}

int64_t clock_mono_us(void)
{
    return clock_read_us(CLOCK_MONOTONIC);
}

int64_t clock_now_ms(void)
{
    return clock_read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_now_s(void)
{
    return clock_read_us(CLOCK_REALTIME) / 1000000;
}

Str clock_rfc3339(int64_t ms, char text[CLOCK_TEXT_BYTES])
{
    time_t s = (time_t)(ms / 1000);
    struct tm tm;

    must_be(ms >= 0 && ms <= CLOCK_MOST_MS && gmtime_r(&s, &tm) != NULL);
    int n = snprintf(
        text, CLOCK_TEXT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
        tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(ms % 1000));
    must_be(n > 0 && n < CLOCK_TEXT_BYTES);
    return (Str){text, (size_t)n};
}
