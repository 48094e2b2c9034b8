/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_details.h - the events of one calendar in full, page by page, for an application
 * that shows a person their own calendar (docs/calendar.md §5).
 *
 * All text lives in the context's arena, and nowhere else: nothing of it is stored.
 */
#pragma once

#include "sources/events.h"

enum event_status {
    EVENT_CONFIRMED,
    EVENT_TENTATIVE,
    EVENT_CANCELLED,
    EVENT_STATUS_UNKNOWN,
};

enum event_visibility {
    EVENT_DEFAULT,
    EVENT_PUBLIC,
    EVENT_PRIVATE,
    EVENT_VISIBILITY_UNKNOWN,
};

/* What isn't said is an empty text, or a time of -1. */
struct event_detail {
    struct event_item event; /* it is busy if it counts always */
    int64_t created_s;       /* since 1970 UTC, rounded down */
    int64_t updated_s;
    Str title;       /* at most LIMIT_EVENT_NAME_BYTES, as the names that follow */
    Str description; /* at most LIMIT_EVENT_TEXT_BYTES; Google: may be HTML */
    Str location_name;
    Str location_address; /* in one line */
    Str latitude;         /* degrees, with six decimals; both or none */
    Str longitude;
    Str zone; /* where the event was made: IANA's name, never UTC from Microsoft */
    enum event_status status;
    enum event_visibility visibility;
    Str etag;
    Str link; /* https */
};

struct event_details_page {
    struct event_detail *at;
    size_t n;
    Str zone; /* Google: the calendar's; empty: not said */
    Str next; /* of the next page; empty: this is the last one */
};

/* One page of the window of `query`, which has no cursor. Fails as events_page_get does.
 */
Res event_details_get(
    struct cx *cx, struct source_call *call, const struct events_query *query,
    struct event_details_page *ret, enum events_failure *why) MUST;
