/* SPDX-License-Identifier: Apache-2.0 */
/*
 * days.c - loads the zones of all-day events, each once.
 */
#include "calendars/days.h"

#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/zone.h"

enum { ZONES_FIRST = 8 };

static void days_add(struct cx *cx, struct days *d, const struct day_zone *zone)
{
    GROW(&cx->mem, d->zones, d->n, d->room, ZONES_FIRST);
    d->zones[d->n++] = *zone;
}

/* Nothing is found by an empty name. */
static Res days_load(struct cx *cx, struct days *d, Str name, struct day_zone *ret)
{
    const char *folder = d->folder == NULL ? ZONE_FOLDER : d->folder;
    struct zone *rules = NULL;

    if (name.n == 0) {
        return OK;
    }
    for (size_t i = 0; i < d->n; i++) {
        if (str_eq(d->zones[i].name, name)) {
            *ret = d->zones[i];
            return OK;
        }
    }
    Res res = zone_name_is_valid(name) ? zone_load(cx, folder, name, &rules) : OK;

    TRY(res.code == FAIL_NOT_FOUND ? OK : res);
    *ret = (struct day_zone){name, rules};
    days_add(cx, d, ret);
    return OK;
}

Res days_find_zone(
    struct cx *cx, struct days *d, const Str *names, size_t n, struct day_zone *ret)
{
    struct day_zone zone = {.rules = NULL};

    for (size_t i = 0; i <= n && zone.rules == NULL; i++) {
        TRY(days_load(cx, d, i < n ? names[i] : d->default_name, &zone));
    }
    *ret = zone.rules != NULL ? zone : (struct day_zone){.name = S("UTC")};
    return OK;
}

int64_t days_begin_s(const struct day_zone *zone, int64_t day)
{
    return zone->rules == NULL ? day * CLOCK_DAY_S
                               : zone_midnight_s(zone->rules, (int32_t)day);
}
