/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_page.h - inside sources/ only: what is asked of a source about events, and what a
 * page of its answer says, or the error in its place.
 *
 * How the sources differ is data: a struct event_api each.
 */
#pragma once

#include "sources/detail_item.h"

struct source;

/* Where a row of errors holds. */
enum event_when {
    EVENT_ANYWHERE,
    EVENT_AT_CURSOR,     /* a cursor was sent */
    EVENT_AT_NEXT,       /* a page behind the first one was asked for */
    EVENT_TOLD_TO_WAIT,  /* the answer has Retry-After */
    EVENT_SCOPE_IS_LOST, /* the grant lacks every scope that reads events */
};

/* A meaning for the source's words; the first row that fits decides. */
struct event_error {
    Str reason; /* empty: any or none */
    int status; /* 0: any */
    enum event_when when;
    enum fail kind;
    enum events_failure why;
};

/* The parts of a URL, in this order; an empty one leaves its value out. */
struct event_form {
    Str before; /* the calendar's id, below api_url */
    Str after;
    Str from; /* of a window */
    Str to;
    Str cursor;
    Str top;
    int usual_top;
    Str fields;
    Str next; /* empty: the next page has a URL of its own */
};

struct event_api {
    struct event_form form;
    const struct net_header *headers;
    size_t n_headers;
    const char *items;   /* the member that holds the list */
    bool may_lack_items; /* as an empty list */
    const char *next;    /* the member that leads to the next page */
    const char *cursor;  /* the member with the cursor; NULL: there is none */
    const char *zone;    /* the member with the calendar's zone; NULL: none */
    struct event_words words;
    struct event_form details_form; /* to be told everything */
    const struct detail_words *details;
    /* The reason that an error's body gives; empty: none. */
    Str (*error_reason)(const json_t *body);
    const struct event_error *errors; /* before those that any source has */
    size_t n_errors;
    const Str *scopes; /* any of which reads events */
    size_t n_scopes;
    Str series_before; /* a series' id, behind a calendar's; empty: can't be looked at */
    Str series_after;
};

/* Who asks what. */
struct event_asked {
    const struct event_api *api;
    const struct event_form *form; /* one of the API's */
    const struct source_call *call;
    const struct events_query *query;
};

/* Whether a grant of this scope reads events. */
bool event_page_scope_suffices(const struct source *source, Str scope);
/* FAIL_NOT_FOUND: no path can carry the calendar's id. FAIL_SOURCE_ERROR: the next page
 * is elsewhere. */
Res event_page_url(struct cx *cx, const struct event_asked *asked, Str *ret) MUST;
/* The body of a good reply, else the failure that the reply means. The caller closes *ret
 * with CLEANUP(j_done). */
Res event_page_open(
    struct cx *cx, const struct event_asked *asked, const struct net_reply *reply,
    json_t **ret, enum events_failure *why) MUST;
/* Reads the whole page. */
Res event_page_read(
    struct cx *cx, const struct event_asked *asked, const json_t *page,
    struct events_page *ret) MUST;
/* The same for events in full. Without those that were removed. */
Res event_page_details(
    struct cx *cx, const struct event_asked *asked, const json_t *page,
    struct event_details_page *ret) MUST;

/* Of events.c: asks for a page, and opens the answer. The caller closes *ret with
 * CLEANUP(j_done). */
Res events_body_get(
    struct cx *cx, struct source_call *call, const struct event_asked *asked,
    json_t **ret, enum events_failure *why) MUST;
