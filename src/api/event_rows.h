/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_rows.h - the events of one answer, collected from the pages of several calendars
 * and put in order (docs/calendar.md §5).
 *
 * What is kept is copied out of the pages, which have contexts of their own. It is
 * bounded: by the number of events of a calendar, and by LIMIT_EVENTS_BYTES in all.
 */
#pragma once

#include "base/room.h"
#include "calendars/changes.h"
#include "sources/event_details.h"

/* A calendar that is read, as each of its events shows it. */
struct event_calendar {
    int64_t setting;
    int64_t account;
    enum source_id source;
    Str id;
    Str base64_id;
    Str days_zone; /* the setting's zone for days; empty: none */
    int top;       /* events a page, Microsoft; 0: the usual number */

    /* As the source says it. */
    Str name;
    bool is_primary;
    Str time_zone; /* empty: not said */
    size_t n;      /* its events in the range */
};

struct event_row {
    const struct event_calendar *calendar;
    int64_t order_s; /* when it begins; days begin in UTC */
    int64_t start_s;
    int64_t end_s;
    int64_t created_s; /* -1: not said, as the next */
    int64_t updated_s;
    Str id;
    Str title;
    Str description;
    Str location_name;
    Str location_address;
    Str latitude;
    Str longitude;
    Str zone; /* of all-day: whose days they are; else where it was made, if said */
    Str etag;
    Str link;
    Str copy_key; /* of the owner's own event; empty: it is another */
    enum event_status status;
    enum event_visibility visibility;
    bool is_all_day;
    bool is_busy;
};

/* Zero-initialised but for the range and `default_zone` is ready; without a `room` of its
 * part, it keeps as much as the limits let it. */
struct event_rows {
    int64_t from_s;
    int64_t to_s;
    Str default_zone;
    bool has_owner;
    unsigned char owner[OWNER_TAG_BYTES]; /* copies with this tag aren't busy */

    struct event_chunk *newest;
    size_t n;
    size_t bytes;
    bool is_full;          /* why event_rows_add failed */
    struct room_part room; /* takes what is kept, and pages while they are read */
};

/* Adds what is in the range of one page. `own` is the page's context. FAIL_LIMIT, with
 * is_full; FAIL_UNAVAILABLE: there is no room; FAIL_SOURCE_ERROR; FAIL_CONFIG: tzdata
 * can't be read. */
Res event_rows_add(
    struct cx *cx, struct cx *own, struct event_rows *rows,
    struct event_calendar *calendar, const struct event_details_page *page) MUST;
/* Forgets the events of a calendar of which nothing but these came after `before`. */
void event_rows_go_back(
    struct event_rows *rows, const struct event_rows *before,
    struct event_calendar *calendar);
/* All of them by start, then setting, then id: `rows->n`. */
const struct event_row **event_rows_sort(
    struct arena *mem, const struct event_rows *rows);
