/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - what time it is, and how it is written.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

int64_t clock_mono_ms(void); /* for deadlines: never goes back */
int64_t clock_mono_us(void);
int64_t clock_boot_ms(void); /* as clock_mono_ms, and goes on while the machine sleeps */
int64_t clock_now_ms(void);  /* since 1970, UTC */
int64_t clock_now_s(void);

#define CLOCK_SECOND_US INT64_C(1000000)
#define CLOCK_SECOND_MS INT64_C(1000)
#define CLOCK_MINUTE_S  INT64_C(60)
#define CLOCK_MINUTE_MS (CLOCK_MINUTE_S * CLOCK_SECOND_MS)
#define CLOCK_HOUR_S    (60 * CLOCK_MINUTE_S)
#define CLOCK_HOUR_MS   (CLOCK_HOUR_S * CLOCK_SECOND_MS)
#define CLOCK_DAY_S     (24 * CLOCK_HOUR_S)
#define CLOCK_DAY_MS    (CLOCK_DAY_S * CLOCK_SECOND_MS)

enum { CLOCK_TEXT_BYTES = 32 };

#define CLOCK_MOST_MS INT64_C(253402300799999) /* the end of the year 9999 */

/* RFC 3339 in UTC with milliseconds: 2026-01-31T09:00:00.000Z. `ms` is from 0 to
 * CLOCK_MOST_MS. */
Str clock_rfc3339(int64_t ms, char text[CLOCK_TEXT_BYTES]);
