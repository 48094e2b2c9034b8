/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_item.c - one event of a source's answer: its times, what it counts, whose copy it
 * is (docs/calendar.md §3).
 */
#include "sources/event_item.h"

#include "base/cx.h"
#include "base/datetime.h"
#include "base/limits.h"
#include "base/zone.h"
#include "sources/sources_private.h"
#include "sources/zone_names.h"

/* Zones. */

struct event_zone {
    Str name;
    const struct zone *rules; /* NULL: UTC */
    struct event_zone *older;
};

static bool zone_is_utc(Str name)
{
    return str_eq(name, S("Etc/UTC")) || str_eq(name, S("UTC"));
}

static Res event_zone_add(struct cx *cx, struct event_zones *zones, Str name)
{
    struct event_zone *zone = NEW(&cx->mem, struct event_zone);
    struct zone *rules = NULL;

    if (zones->n == LIMIT_EVENT_ZONES) {
        return fail(cx, FAIL_SOURCE_ERROR, "events in over %d zones", LIMIT_EVENT_ZONES);
    }
    if (!zone_is_utc(name)
        && zone_load(cx, ZONE_FOLDER, name, &rules).code != FAIL_NONE) {
        return fail(cx, FAIL_SOURCE_ERROR, "an event in a time zone that is not known");
    }
    *zone = (struct event_zone){
        .name = str_dup(&cx->mem, name), .rules = rules, .older = zones->newest};
    zones->newest = zone;
    zones->n++;
    return OK;
}

/* The zone by the name that a source has for it. */
static Res event_zone_get(
    struct cx *cx, struct event_zones *zones, Str said, const struct zone **ret)
{
    Str iana = zone_names_iana(said);
    Str name = iana.n > 0 ? iana : said;

    for (const struct event_zone *z = zones->newest; z != NULL; z = z->older) {
        if (str_eq(z->name, name)) {
            *ret = z->rules;
            return OK;
        }
    }
    TRY(event_zone_add(cx, zones, name));
    *ret = zones->newest->rules;
    return OK;
}

/* Times. */

/* Of a time that clocks show twice or never, an event begins at the first instant and
 * ends at the last: no time is freed by a doubt. */
static Res event_instant_read(
    struct cx *cx, struct event_zones *zones, Str text, Str zone_name, bool is_end,
    struct datetime *ret)
{
    const struct zone *zone = NULL;
    struct datetime t;
    int64_t first, last;

    if (datetime_parse(text, ret)) {
        return OK;
    }
    if (!datetime_local_parse(text, &t)) {
        return fail(cx, FAIL_SOURCE_ERROR, "an event without a usable start or end");
    }
    TRY(event_zone_get(cx, zones, zone_name, &zone));
    if (zone != NULL) {
        zone_instants_s(zone, t.s, &first, &last);
        t.s = is_end ? last : first;
    }
    if (t.s < 0 || t.s > DATETIME_LAST_S) {
        return fail(cx, FAIL_SOURCE_ERROR, "an event before 1970 or after 9999");
    }
    *ret = t;
    return OK;
}

static bool datetime_is_before(const struct datetime *a, const struct datetime *b)
{
    return a->s < b->s || (a->s == b->s && a->ns < b->ns);
}

/* *is_empty: the end is not behind the start. */
static Res event_instants_read(
    struct cx *cx, struct event_zones *zones, const struct event_said *said,
    struct event_item *ret, bool *is_empty)
{
    struct datetime start;
    struct datetime end;

    TRY(event_instant_read(cx, zones, said->start, said->start_zone, false, &start));
    TRY(event_instant_read(cx, zones, said->end, said->end_zone, true, &end));
    ret->start = datetime_floor_s(&start);
    ret->end = datetime_ceil_s(&end);
    *is_empty = !datetime_is_before(&start, &end) || ret->end <= ret->start;
    return OK;
}

static Res event_dates_read(
    struct cx *cx, const struct event_said *said, struct event_item *ret, bool *is_empty)
{
    int32_t start;
    int32_t end;

    if (!datetime_date_parse(said->start, &start)
        || !datetime_date_parse(said->end, &end)) {
        return fail(cx, FAIL_SOURCE_ERROR, "an all-day event without usable dates");
    }
    ret->is_all_day = true;
    ret->start = start;
    ret->end = end;
    ret->zone = zone_name_is_valid(said->zone) ? str_dup(&cx->mem, said->zone) : S("");
    *is_empty = end <= start;
    return OK;
}

/* What it counts. */

const json_t *event_item_object(const json_t *item, const char *within)
{
    const json_t *inner = within == NULL ? item : j_get(item, within);

    for (size_t i = 0; json_is_array(inner) && i < json_array_size(inner); i++) {
        const json_t *one = json_array_get(inner, i);

        if (json_is_true(json_object_get(one, "self"))) {
            return one;
        }
    }
    return inner;
}

bool event_item_has(const json_t *object, const char *member, Str value)
{
    Str found = S("");

    if (json_is_true(json_object_get(object, member))) {
        found = S("true");
    }
    (void)j_text(object, member, &found);
    return str_eq(found, value);
}

/* What no rule knows counts: values may be new. */
static enum event_counts event_judge(const struct event_words *words, const json_t *item)
{
    for (size_t i = 0; i < words->n_rules; i++) {
        const struct event_rule *rule = &words->rules[i];

        if (event_item_has(
                event_item_object(item, rule->within), rule->member, rule->value)) {
            return rule->counts;
        }
    }
    return EVENT_ALWAYS;
}

/* One event. */

bool event_id_is_valid(Str id)
{
    return source_id_is_valid(id, LIMIT_EVENT_ID_BYTES);
}

static Str event_copy_key(struct arena *mem, const struct event_words *words, Str text)
{
    uint8_t key[EVENT_COPY_KEY_BYTES];

    if (!words->copy_key(text, key)) {
        return S("");
    }
    return str_dup(mem, (Str){(const char *)key, sizeof(key)});
}

/* A cancelled event may lack its times: it counts never, whenever it is. */
static Res event_times_read(
    struct cx *cx, struct event_zones *zones, const struct event_said *said,
    struct event_item *ret)
{
    bool is_empty = false;
    Res res = said->is_all_day ? event_dates_read(cx, said, ret, &is_empty)
                               : event_instants_read(cx, zones, said, ret, &is_empty);

    if (res.code != FAIL_NONE && said->is_cancelled) {
        ret->start = ret->end = 0;
        ret->counts = EVENT_NEVER;
        return OK;
    }
    TRY(res);
    if (is_empty) {
        ret->counts = EVENT_NEVER;
    }
    return OK;
}

Res event_item_read(
    struct cx *cx, const struct event_words *words, struct event_zones *zones,
    const json_t *item, struct event_item *ret)
{
    struct event_said said = {.is_removed = false};
    struct event_item event = {.counts = EVENT_NEVER};

    words->read(item, &said);
    if (!event_id_is_valid(said.id)) {
        if (!said.is_removed && !said.is_cancelled) {
            return fail(cx, FAIL_SOURCE_ERROR, "an event without a usable id");
        }
        *ret = event;
        return OK;
    }
    if (said.series.n > 0 && !event_id_is_valid(said.series)) {
        return fail(cx, FAIL_SOURCE_ERROR, "an event of a series without a usable id");
    }
    event.id = str_dup(&cx->mem, said.id);
    event.series = str_dup(&cx->mem, said.series);
    event.is_removed = said.is_removed;
    event.copy_key = event_copy_key(&cx->mem, words, said.copy_text);
    if (!said.is_removed) {
        event.counts = event_judge(words, item);
        TRY(event_times_read(cx, zones, &said, &event));
    }
    *ret = event;
    return OK;
}
