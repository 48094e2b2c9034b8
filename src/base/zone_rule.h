/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_rule.h - a rule for all years to come: the TZ string of POSIX.1-2017, chapter 8.3,
 * with the longer hours of RFC 8536 §3.3.1 ("CET-1CEST,M3.5.0,M10.5.0/3").
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum zone_day {
    ZONE_DAY_OF_WEEK,   /* Mm.w.d: the w-th d-day of month m; the fifth is the last */
    ZONE_DAY_OF_YEAR,   /* Jn: 1 to 365, 29 February never counts */
    ZONE_DAY_WITH_LEAP, /* n: 0 to 365, 29 February counts */
};

/* When clocks change, in every year: a day, and seconds after its midnight. */
struct zone_change {
    enum zone_day kind;
    int month, week; /* of ZONE_DAY_OF_WEEK */
    int day;
    int32_t time_s;
};

/* Offsets are seconds east of UTC. */
struct zone_rule {
    int32_t standard_s;
    int32_t daylight_s;
    bool has_daylight; /* else the rest plays no part */
    struct zone_change start;
    struct zone_change end;
};

/* The number of a day of the Gregorian calendar; 1970-01-01 is 0. `month` and `day` count
 * from 1; a day past its month's end is one of the next month. */
int64_t zone_day_number(int64_t year, int month, int day);

/* false: not such a string, and *ret is left alone. */
bool zone_rule_read(Str text, struct zone_rule *ret);
/* The offset at an instant, in seconds since 1970 UTC and within ±ZONE_INSTANT_MOST. */
int32_t zone_rule_offset_s(const struct zone_rule *r, int64_t at_s);
/* The first change after an instant; ZONE_NEVER without daylight saving time. */
int64_t zone_rule_next_s(const struct zone_rule *r, int64_t after_s);

#define ZONE_INSTANT_MOST ((int64_t)1 << 53)
#define ZONE_NEVER        INT64_MAX
