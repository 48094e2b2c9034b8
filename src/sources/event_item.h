/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_item.h - inside sources/ only: what a source says about one event, checked, and
 * judged by the source's rules (docs/calendar.md §3).
 *
 * How the sources differ is data: a struct event_words each.
 */
#pragma once

#include "base/json.h"
#include "sources/events.h"

/* What an item says, unchecked: texts are the item's own, absent ones empty. */
struct event_said {
    Str id;
    Str series;
    bool is_removed;
    bool is_cancelled; /* it may lack what a removed one lacks, and is kept */
    bool is_all_day;   /* then start and end are dates */
    Str start;
    Str start_zone; /* of a start without an offset */
    Str end;
    Str end_zone;
    Str zone;      /* of an all-day event: IANA's name */
    Str copy_text; /* what holds the key, if the event is a copy */
};

/* Where a member has a value, the event counts so; the first row that fits decides. */
struct event_rule {
    const char *within; /* the object that has the member, or a list: of whose objects
                         * `self` marks one; NULL: the item */
    const char *member;
    Str value; /* "true" is a boolean, too */
    enum event_counts counts;
};

struct event_words {
    void (*read)(const json_t *item, struct event_said *ret);
    /* Takes the EVENT_COPY_KEY_BYTES of the key out of `copy_text`; false: it has none.
     */
    bool (*copy_key)(Str text, uint8_t *key);
    const struct event_rule *rules;
    size_t n_rules;
};

/* The zones that the events of a page name, each read once. Zero-initialised is ready. */
struct event_zones {
    struct event_zone *newest;
    size_t n;
};

/* The object within an item that a rule or a field is about. NULL: there is none. */
const json_t *event_item_object(const json_t *item, const char *within);
/* Whether a member of an object has a value, which is empty where it has no text. */
bool event_item_has(const json_t *object, const char *member, Str value);
/* True if a source can have given this id: a text with U+FFFD was mended. */
bool event_id_is_valid(Str id);
/* Reads one event and copies it into the arena. FAIL_SOURCE_ERROR: it can't be read. An
 * empty id: it is cancelled, and there is nothing to know it by. */
Res event_item_read(
    struct cx *cx, const struct event_words *words, struct event_zones *zones,
    const json_t *item, struct event_item *ret) MUST;
