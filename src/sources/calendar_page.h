/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_page.h - inside sources/ only: what a source's answer says about calendars.
 *
 * Three errands (peek, list, get) differ in what an error means. How the sources differ
 * is data: a struct calendar_api each. Nothing here asks the network.
 */
#pragma once

#include "base/json.h"
#include "sources/calendar_rights.h"
#include "sources/calendars.h"

struct net_reply;

enum calendar_errand { CALENDAR_PEEK, CALENDAR_LIST, CALENDAR_GET };

/* A meaning for the source's words; the first row that fits decides. */
struct calendar_error {
    Str reason; /* empty: any, but one must be given */
    int status; /* 0: any */
    enum fail kind;
};

struct calendar_api {
    Str peek_path; /* of a first page that is enough to see a calendar, below api_url */
    Str list_path; /* of the first page of all of them */
    Str get_path;  /* before a calendar's id */
    Str get_query; /* behind it */
    Str rights_query;  /* the same, when only the rights are asked for */
    const char *items; /* the member that holds the list */
    const char *next;  /* the member that leads to the next page */
    /* The reason that an error's body gives; empty: none. */
    Str (*error_reason)(const json_t *body);
    /* The URL of the next page, made of the first page's URL and the member `next`. */
    Str (*next_page)(struct arena *mem, Str first, Str next);
    /* Copies what an item says, unchecked: texts are the item's own, absent ones empty.
     */
    void (*item_read)(const json_t *item, struct calendar *ret);
    /* The same of the person's rights. */
    void (*rights_read)(const json_t *item, struct calendar_rights *ret);
    /* The time zone of calendars that don't say theirs; may be NULL. Empty: not said. */
    Res (*zone)(struct cx *cx, struct source_call *call, Str *ret);
    const struct calendar_error *errors; /* beside what any status says */
    size_t n_errors;
    const struct calendar_error *peek_errors; /* before those, at a peek */
    size_t n_peek_errors;
};

/* The body of a good reply, else the failure that the reply means. The caller closes *ret
 * with CLEANUP(j_done). */
Res calendar_reply_read(
    struct cx *cx, const struct calendar_api *api, enum calendar_errand errand,
    const struct net_reply *reply, json_t **ret) MUST;
/* True if a source can have given this id: a text with U+FFFD was mended. */
bool calendar_id_is_valid(Str id);
/* Reads one calendar, checks it and copies it into the arena. */
Res calendar_item_read(
    struct cx *cx, const struct calendar_api *api, const json_t *item,
    struct calendar *ret) MUST;
/* *next is empty when the page holds a calendar, set when another page has to be asked
 * for. FAIL_NO_CALENDAR: there is neither. A page that leads nowhere fails here as it
 * would in a list. */
Res calendar_page_peek(
    struct cx *cx, const struct calendar_api *api, Str first, const json_t *page,
    Str *next) MUST;
/* Adds the page's calendars to `list` and counts the entries that can't be used; *next:
 * the URL of the next page, of the same origin as `first`, empty behind the last one. */
Res calendar_page_read(
    struct cx *cx, const struct calendar_api *api, Str first, const json_t *page,
    struct calendar_list *list, Str *next) MUST;
