/* SPDX-License-Identifier: Apache-2.0 */
/*
 * days.h - the time zone that an all-day event is in, and when a day begins there
 * (docs/calendar.md §3).
 */
#pragma once

#include "base/str.h"

struct cx;
struct zone;

struct day_zone {
    Str name;
    const struct zone *rules; /* NULL: UTC, or tzdata lacks it */
};

/* Zones that were loaded, each once. Set `default_name`. Names and zones live as long as
 * the context that they are looked for with. */
struct days {
    Str default_name;   /* where nobody says another */
    const char *folder; /* of tzdata; NULL: the system's */
    struct day_zone *zones;
    size_t n;
    size_t room;
};

/* The first of the names that tzdata has, else the default one, else UTC. Empty names are
 * none. FAIL_CONFIG: tzdata can't be read. */
Res days_find_zone(
    struct cx *cx, struct days *d, const Str *names, size_t n, struct day_zone *ret) MUST;
/* `day`: since 1970. */
int64_t days_begin_s(const struct day_zone *zone, int64_t day);
