/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image.h - the busy times of one calendar in one window: all that is kept of its events.
 *
 * An image holds no title, no place, no address, and no id of a source: ids are keyed
 * hashes, good for nothing but to find an event again. Decoded, it lives in a context's
 * arena.
 */
#pragma once

#include "base/str.h"

struct cx;

struct image_event {
    uint64_t id;     /* keyed hash */
    uint64_t series; /* the same of its series; 0: none */
    int64_t start;   /* seconds since 1970 UTC; of all-day: days */
    int64_t end;     /* exclusive */
    uint16_t zone;   /* of all-day: 1 + the place in image.zones; 0: the calendar's */
    bool is_all_day;
    bool is_if_asked; /* counts only where constrain_only_busy is off */
};

struct image {
    int64_t from_s; /* the window that it is true for */
    int64_t to_s;
    Str zone;   /* the calendar's own; empty: not said */
    Str *zones; /* that its all-day events name */
    size_t n_zones;
    struct image_event *at; /* by start */
    size_t n;
};

/* All-day events count as overlapping a window in any zone. */
bool image_event_is_within(const struct image_event *e, int64_t from_s, int64_t to_s);

/* FAIL_LIMIT: over LIMIT_IMAGE_EVENTS or LIMIT_IMAGE_ZONES. */
Res image_encode(struct cx *cx, const struct image *image, Str *ret) MUST;
/* FAIL_UNREADABLE: of another version, or cut, or with times that no event has. */
Res image_decode(struct cx *cx, Str text, struct image *ret) MUST;
/* The same, but of the events only those that image_event_is_within. */
Res image_decode_within(
    struct cx *cx, Str text, int64_t from_s, int64_t to_s, struct image *ret) MUST;
