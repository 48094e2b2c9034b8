/* SPDX-License-Identifier: Apache-2.0 */
/*
 * busy.c - the union of what blocks, clipped to a range.
 */
#include "calendars/busy.h"

#include <stdlib.h>

#include "base/cx.h"

enum { PERIODS_FIRST = 256 };

/* The first rule that names a zone which tzdata has; else UTC. */
static Res event_zone(
    struct cx *cx, struct busy *b, const struct image *image, const struct image_event *e,
    const struct busy_rules *rules, struct day_zone *ret)
{
    const Str names[] = {
        rules->time_zone, e->zone == 0 ? image->zone : image->zones[e->zone - 1]};

    return days_find_zone(cx, &b->days, names, COUNT(names), ret);
}

/* Periods. */

static void period_add(struct cx *cx, struct busy *b, int64_t start_s, int64_t end_s)
{
    int64_t from_s = start_s > b->from_s ? start_s : b->from_s;
    int64_t to_s = end_s < b->to_s ? end_s : b->to_s;

    if (from_s >= to_s) {
        return;
    }
    GROW(&cx->mem, b->at, b->n, b->room, PERIODS_FIRST);
    b->at[b->n++] = (struct busy_period){from_s, to_s};
}

static Res busy_add_days(
    struct cx *cx, struct busy *b, const struct image *image, const struct image_event *e,
    const struct busy_rules *rules)
{
    struct day_zone zone;

    TRY(event_zone(cx, b, image, e, rules, &zone));
    period_add(cx, b, days_begin_s(&zone, e->start), days_begin_s(&zone, e->end));
    return OK;
}

static Res busy_add_event(
    struct cx *cx, struct busy *b, const struct image *image, const struct image_event *e,
    const struct busy_rules *rules)
{
    if (e->is_all_day) {
        return busy_add_days(cx, b, image, e, rules);
    }
    period_add(cx, b, e->start, e->end);
    return OK;
}

Res busy_add(
    struct cx *cx, struct busy *b, const struct image *image,
    const struct busy_rules *rules)
{
    for (size_t i = 0; i < image->n; i++) {
        const struct image_event *e = &image->at[i];

        if ((e->is_if_asked && rules->only_busy)
            || !image_event_is_within(e, b->from_s, b->to_s)) {
            continue;
        }
        TRY(busy_add_event(cx, b, image, e, rules));
    }
    return OK;
}

static int period_compare(const void *a, const void *b)
{
    int64_t x = ((const struct busy_period *)a)->start_s;
    int64_t y = ((const struct busy_period *)b)->start_s;

    return (x > y) - (x < y);
}

void busy_join(struct busy *b)
{
    size_t n = 0;

    if (b->n == 0) {
        return;
    }
    qsort(b->at, b->n, sizeof(*b->at), period_compare);
    for (size_t i = 1; i < b->n; i++) {
        struct busy_period *last = &b->at[n];

        if (b->at[i].start_s > last->end_s) {
            b->at[++n] = b->at[i];
        } else if (b->at[i].end_s > last->end_s) {
            last->end_s = b->at[i].end_s;
        }
    }
    b->n = n + 1;
}
