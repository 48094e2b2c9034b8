/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - the events of one calendar, page by page, reduced to what busy times need,
 * in the one shape that all sources come to (docs/calendar.md §3, §6).
 *
 * Recurrences are expanded by the source. No title, place or address is asked for. All
 * text lives in the context's arena.
 */
#pragma once

#include "base/kinds.h"
#include "sources/source_call.h"

enum { EVENT_COPY_KEY_BYTES = 20 };

/* What an event means for busy times (docs/calendar.md §3). */
enum event_counts {
    EVENT_NEVER,    /* declined, a working location, …: it blocks nothing */
    EVENT_IF_ASKED, /* marked as free: only where constrain_only_busy is off */
    EVENT_ALWAYS,
};

struct event_item {
    Str id;
    Str series;      /* the series it is an instance of; empty: none */
    bool is_removed; /* Google: cancelled. Only id and series are there */
    enum event_counts counts;
    bool is_all_day;
    int64_t start; /* seconds since 1970 UTC, rounded down; of all-day: days since 1970 */
    int64_t end;   /* exclusive; seconds are rounded up */
    Str zone;      /* of all-day events, where the source says one: IANA's name */
    Str copy_key; /* EVENT_COPY_KEY_BYTES of a copy that some Caldock wrote; else empty */
};

/* What is asked for: a window, or (Google) what changed since a cursor. */
struct events_query {
    Str calendar_id;
    int64_t from_s; /* since 1970; not used with a cursor */
    int64_t to_s;
    Str cursor; /* Google's sync token; empty: the window */
    int top;    /* events a page, Microsoft; 0: the usual number */
    Str next;   /* where the page before said that this one is; empty: the first */
};

struct events_page {
    struct event_item *at;
    size_t n;
    Str zone;   /* Google: the calendar's, as IANA names it; empty: not said */
    Str next;   /* of the next page; empty: this is the last one */
    Str cursor; /* Google: with the last page of a read */
};

/* Why a page failed, beside the kind of the failure. */
enum events_failure {
    EVENTS_OTHER,
    EVENTS_CURSOR_GONE,  /* the cursor is of no use any more: read in full */
    EVENTS_PAGE_REFUSED, /* the link to the page is of no use: begin the read anew */
    EVENTS_QUOTA,        /* leave the account alone for an hour at least */
    EVENTS_TOO_SLOW,     /* Microsoft: ask for smaller pages */
};

/*
 * One page. An event that can't be read fails the page, since leaving it out would free
 * time; so does a page that lacks its list, and a last one that lacks its cursor. One
 * that is cancelled and has no id is left out.
 *
 * FAIL_TOKEN_REFUSED (401), FAIL_SOURCE_RATE_LIMITED (throttled; call->retry_after_s),
 * FAIL_PERMISSION_DENIED (other 403), FAIL_MISSING_SCOPES, FAIL_NOT_FOUND (404: look at
 * the calendar), FAIL_SOURCE_MISCONFIGURED, FAIL_SOURCE_… On failure *why says more.
 */
Res events_page_get(
    struct cx *cx, struct source_call *call, const struct events_query *query,
    struct events_page *ret, enum events_failure *why) MUST;
/* Whether a series still stands, Google: *gone with 404, 410 or cancelled. */
Res events_series_look(
    struct cx *cx, struct source_call *call, Str calendar_id, Str series, bool *gone)
    MUST;
/* Whether a grant of this scope, or one that is asked for so, reads events. */
bool events_scope_suffices(enum source_id source, Str scope);
