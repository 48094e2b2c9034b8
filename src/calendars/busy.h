/* SPDX-License-Identifier: Apache-2.0 */
/*
 * busy.h - busy periods: images laid over each other (docs/calendar.md §3, §4).
 *
 * All-day events are days until here; they become instants in the zone that applies.
 */
#pragma once

#include "calendars/days.h"
#include "calendars/image.h"

struct busy_period {
    int64_t start_s; /* since 1970 UTC */
    int64_t end_s;   /* exclusive */
};

/* The periods of some calendars in one range. Set `from_s`, `to_s` and
 * `days.default_name`. */
struct busy {
    int64_t from_s;
    int64_t to_s;
    struct days days;
    struct busy_period *at;
    size_t n;
    size_t room;
};

/* How a setting wants its calendar counted. */
struct busy_rules {
    bool only_busy; /* constrain_only_busy */
    Str time_zone;  /* for all-day events, before all others; empty: none */
};

/* Adds a calendar's events. FAIL_…: tzdata can't be read. */
Res busy_add(
    struct cx *cx, struct busy *b, const struct image *image,
    const struct busy_rules *rules) MUST;
/* Sorts the periods, and joins those that overlap or touch. */
void busy_join(struct busy *b);
