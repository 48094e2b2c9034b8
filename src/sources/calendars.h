/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendars.h - inside sources/ only: reading a source's calendars over JSON and pages.
 *
 * Three errands (a look, the list, one calendar) that differ in what they ask for and in
 * what an error means. What differs between the sources is data: a struct calendar_api.
 */
#pragma once

#include "base/json.h"
#include "sources/source.h"

enum calendar_errand { CALENDAR_LOOK, CALENDAR_LIST, CALENDAR_GET };

/* What the source's words mean; the first row that fits decides. */
struct calendar_error {
    Str reason; /* empty: any, but one must be given */
    int status; /* 0: any */
    enum fail kind;
};

struct calendar_api {
    Str look_path; /* of a first page that is enough to see a calendar, below api_url */
    Str list_path; /* of the first page of all of them */
    Str get_path;  /* before a calendar's id */
    const char *items; /* the member that holds the list */
    /* The reason that an error's body gives; empty: none. */
    Str (*reason)(const json_t *body);
    /* The URL of the next page; empty: this was the last one. */
    Str (*next)(struct arena *mem, Str first, const json_t *body);
    /* What an item says, as it says it: texts are the item's own, absent ones empty. */
    void (*read)(const json_t *item, struct calendar *ret);
    /* The time zone of calendars that don't say theirs; may be NULL. Empty: not said. */
    Res (*zone)(struct cx *cx, struct source_call *call, Str *ret);
    const struct calendar_error *errors; /* beside what any status says */
    size_t n_errors;
    const struct calendar_error *look_errors; /* before those, at a look */
    size_t n_look_errors;
};

extern const struct calendar_api google_calendars, microsoft_calendars;

/* As source.h says of `look`, `calendars_list` and `calendar_get`. */
Res calendar_look(struct cx *cx, struct source_call *call, const struct calendar_api *api)
    MUST;
Res calendar_list(
    struct cx *cx, struct source_call *call, const struct calendar_api *api,
    struct calendar_list *ret) MUST;
Res calendar_get(
    struct cx *cx, struct source_call *call, const struct calendar_api *api, Str id,
    struct calendar *ret) MUST;

/* The parts, each of what one answer says. The caller closes *ret with CLEANUP(j_done).
 */
Res calendar_reply_read(
    struct cx *cx, const struct calendar_api *api, enum calendar_errand errand,
    const struct net_reply *reply, json_t **ret) MUST;
/* OK and *next empty when the page holds a calendar, OK and *next set when it is an empty
 * page before another one. */
Res calendar_page_look(
    struct cx *cx, const struct calendar_api *api, Str first, const json_t *page,
    Str *next) MUST;
/* Adds the page's calendars to `list`; *next as `next` above, of the same origin. */
Res calendar_page_read(
    struct cx *cx, const struct calendar_api *api, Str first, const json_t *page,
    struct calendar_list *list, Str *next) MUST;
/* GET below api_url with the access token; any status is a reply. */
Res source_ask(
    struct cx *cx, struct source_call *call, Str url, size_t max_bytes,
    struct net_reply *ret) MUST;
