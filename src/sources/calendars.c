/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendars.c - a source's calendars: is there one (contract §6, `no_calendar`), all of
 * them, a single one (contract §8; §9, "Reading calendars").
 *
 * A page may be empty and still have a next one. A link that an answer holds is only
 * followed at the source's own origin, since the access token goes with it. Texts are
 * checked and copied here, whichever source they come from.
 */
#include "sources/calendars.h"

#include <string.h>

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "sources/zone.h"

enum { COLOR_BYTES = 7 };

Res source_ask(
    struct cx *cx, struct source_call *call, Str url, size_t max_bytes,
    struct net_reply *ret)
{
    call->retry_after_s = -1;
    TRY(net_perform(
        cx, call->net, call->options,
        &(struct net_request){
            .url = url, .bearer = call->access_token, .max_bytes = max_bytes},
        ret));
    call->retry_after_s = ret->retry_after_s;
    return OK;
}

/* Errors. */

static bool error_find(
    const struct calendar_error *rows, size_t n, int status, Str reason, enum fail *ret)
{
    for (size_t i = 0; i < n && reason.n > 0; i++) {
        if ((rows[i].status == 0 || rows[i].status == status)
            && (rows[i].reason.n == 0 || str_eq(rows[i].reason, reason))) {
            *ret = rows[i].kind;
            return true;
        }
    }
    return false;
}

static enum fail status_kind(int status)
{
    switch (status) {
    case 401:
        return FAIL_TOKEN_REFUSED;
    case 403:
        return FAIL_PERMISSION_DENIED;
    case 404:
    case 410:
        return FAIL_NOT_FOUND;
    }
    return FAIL_SOURCE_ERROR;
}

static enum fail error_meaning(
    const struct calendar_api *api, enum calendar_errand errand, int status, Str reason)
{
    enum fail kind = FAIL_SOURCE_ERROR;

    if (status == 429) {
        return FAIL_SOURCE_RATE_LIMITED;
    }
    if (status >= 500) {
        return FAIL_SOURCE_UNAVAILABLE;
    }
    if (errand == CALENDAR_LOOK
        && error_find(api->look_errors, api->n_look_errors, status, reason, &kind)) {
        return kind;
    }
    if (error_find(api->errors, api->n_errors, status, reason, &kind)
        || errand == CALENDAR_LOOK) {
        return kind;
    }
    return status_kind(status);
}

/* Only a single calendar can be what the source doesn't know. */
static enum fail error_kind(
    const struct calendar_api *api, enum calendar_errand errand, int status, Str reason)
{
    enum fail kind = error_meaning(api, errand, status, reason);

    return kind == FAIL_NOT_FOUND && errand != CALENDAR_GET ? FAIL_SOURCE_ERROR : kind;
}

/* Reasons are the source's own codes, but they come from outside: only what looks like
 * one is repeated in the log. */
static bool char_is_of_code(unsigned char c)
{
    return char_is_alnum(c) || c == '_' || c == '.';
}

static Res reply_error(
    struct cx *cx, const struct calendar_api *api, enum calendar_errand errand,
    const struct net_reply *reply)
{
    CLEANUP(j_done) json_t *body = NULL;
    Str reason = S("");

    if (j_parse(cx, reply->body, LIMIT_SOURCE_JSON_DEPTH, &body).code == FAIL_NONE) {
        reason = api->reason(body);
    }
    enum fail kind = error_kind(api, errand, reply->status, reason);

    if (!str_is_only(reason, char_is_of_code)) {
        reason = S("");
    }
    return fail(
        cx, kind, "the request for calendars was answered with %d %.*s", reply->status,
        (int)str_sub(reason, 0, 64).n, reason.p);
}

Res calendar_reply_read(
    struct cx *cx, const struct calendar_api *api, enum calendar_errand errand,
    const struct net_reply *reply, json_t **ret)
{
    CLEANUP(j_done) json_t *body = NULL;

    if (reply->status != 200) {
        return reply_error(cx, api, errand, reply);
    }
    if (j_parse(cx, reply->body, LIMIT_SOURCE_JSON_DEPTH, &body).code != FAIL_NONE
        || !json_is_object(body)) {
        return fail(cx, FAIL_SOURCE_ERROR, "the answer about calendars cannot be read");
    }
    *ret = body;
    body = NULL;
    return OK;
}

/* One calendar. */

static bool char_is_no_control(unsigned char c)
{
    return c >= ' ' && c != 0x7F;
}

static bool color_is_valid(Str s)
{
    if (s.n != COLOR_BYTES || s.p[0] != '#') {
        return false;
    }
    for (size_t i = 1; i < s.n; i++) {
        if (char_hex((unsigned char)s.p[i]) < 0) {
            return false;
        }
    }
    return true;
}

/* At a character's end: the text is UTF-8. */
static Str cut(Str s, size_t most)
{
    if (s.n <= most) {
        return s;
    }
    while (most > 0 && ((unsigned char)s.p[most] & 0xC0) == 0x80) {
        most--;
    }
    return str_sub(s, 0, most);
}

/* Without an id nothing can be done with it; what else can't be used is left out. */
static Res item_read(
    struct cx *cx, const struct calendar_api *api, const json_t *item,
    struct calendar *ret)
{
    struct calendar c = {.is_primary = false};

    api->read(item, &c);
    if (c.id.n == 0 || c.id.n > LIMIT_CALENDAR_ID_BYTES
        || !str_is_only(c.id, char_is_no_control)) {
        return fail(cx, FAIL_SOURCE_ERROR, "a calendar without a usable id");
    }
    ret->id = str_dup(&cx->mem, c.id);
    ret->name = str_dup(&cx->mem, cut(c.name, LIMIT_CALENDAR_NAME_BYTES));
    ret->is_primary = c.is_primary;
    ret->can_edit = c.can_edit;
    ret->time_zone =
        zone_is_wellformed(c.time_zone) ? str_dup(&cx->mem, c.time_zone) : S("");
    ret->color = color_is_valid(c.color) ? str_lower(&cx->mem, c.color) : S("");
    return OK;
}

static Res zones_fill(
    struct cx *cx, struct source_call *call, const struct calendar_api *api,
    struct calendar *at, size_t n)
{
    Str zone = S("");

    if (api->zone == NULL || n == 0) {
        return OK;
    }
    TRY(api->zone(cx, call, &zone));
    for (size_t i = 0; i < n; i++) {
        if (at[i].time_zone.n == 0) {
            at[i].time_zone = zone;
        }
    }
    return OK;
}

/* A name that a path can't carry is no calendar's. */
static bool id_is_askable(Str id)
{
    return id.n > 0 && id.n <= LIMIT_CALENDAR_ID_BYTES && str_is_utf8(id)
           && str_is_only(id, char_is_no_control) && !str_eq(id, S("."))
           && !str_eq(id, S(".."));
}

static Str get_url(
    struct arena *mem, const struct source_call *call, const struct calendar_api *api,
    Str id)
{
    struct buf b = {.mem = mem, .max = call->own->api_url.n + api->get_path.n + 3 * id.n};

    buf_add(&b, call->own->api_url);
    buf_add(&b, api->get_path);
    buf_add_escaped(&b, id);
    return buf_text(&b);
}

Res calendar_get(
    struct cx *cx, struct source_call *call, const struct calendar_api *api, Str id,
    struct calendar *ret)
{
    CLEANUP(j_done) json_t *body = NULL;
    struct net_reply reply;
    struct calendar c = {.is_primary = false};

    if (!id_is_askable(id)) {
        return fail(cx, FAIL_NOT_FOUND, "not the id of a calendar");
    }
    Str url = get_url(&cx->mem, call, api, id);

    TRY(source_ask(cx, call, url, LIMIT_CALENDARS_BYTES, &reply));
    TRY(calendar_reply_read(cx, api, CALENDAR_GET, &reply, &body));
    TRY(item_read(cx, api, body, &c));
    TRY(zones_fill(cx, call, api, &c, 1));
    *ret = c;
    return OK;
}

/* Pages. */

static Res page_items(
    struct cx *cx, const struct calendar_api *api, const json_t *page, json_t **ret)
{
    json_t *items = json_object_get(page, api->items);

    if (!json_is_array(items)) {
        return fail(cx, FAIL_SOURCE_ERROR, "the list of calendars has no %s", api->items);
    }
    *ret = items;
    return OK;
}

/* Empty behind the last one. */
static Res page_next(
    struct cx *cx, const struct calendar_api *api, Str first, const json_t *page,
    Str *ret)
{
    Str link = api->next(&cx->mem, first, page);

    if (link.n > 0 && !net_same_origin(first, link)) {
        return fail(cx, FAIL_SOURCE_ERROR, "the next page is at another origin");
    }
    *ret = link;
    return OK;
}

Res calendar_page_look(
    struct cx *cx, const struct calendar_api *api, Str first, const json_t *page,
    Str *next)
{
    json_t *items = NULL;
    Str link = S("");

    TRY(page_items(cx, api, page, &items));
    if (json_array_size(items) == 0) {
        TRY(page_next(cx, api, first, page, &link));
        if (link.n == 0) {
            return fail(cx, FAIL_NO_CALENDAR, "the list of calendars is empty");
        }
    }
    *next = link;
    return OK;
}

/* Room for `more`, in twice the room when there is too little. */
static void list_grow(struct arena *mem, struct calendar_list *list, size_t more)
{
    if (list->n + more <= list->room) {
        return;
    }
    list->room = 2 * (list->n + more);
    struct calendar *at = NEW_N(mem, struct calendar, list->room);

    if (list->n > 0) {
        memcpy(at, list->at, list->n * sizeof(*at));
    }
    list->at = at;
}

Res calendar_page_read(
    struct cx *cx, const struct calendar_api *api, Str first, const json_t *page,
    struct calendar_list *list, Str *next)
{
    json_t *items = NULL;

    TRY(page_items(cx, api, page, &items));
    size_t more = json_array_size(items);

    list_grow(&cx->mem, list, more);
    for (size_t i = 0; i < more; i++) {
        TRY(item_read(cx, api, json_array_get(items, i), &list->at[list->n]));
        list->n++;
    }
    return page_next(cx, api, first, page, next);
}

Res calendar_look(struct cx *cx, struct source_call *call, const struct calendar_api *api)
{
    Str first = str_cat(&cx->mem, call->own->api_url, api->look_path);
    Str url = first;

    for (int pages = 0; pages < LIMIT_LOOK_PAGES; pages++) {
        CLEANUP(j_done) json_t *page = NULL;
        struct net_reply reply;

        TRY(source_ask(cx, call, url, LIMIT_CALENDARS_BYTES, &reply));
        TRY(calendar_reply_read(cx, api, CALENDAR_LOOK, &reply, &page));
        TRY(calendar_page_look(cx, api, first, page, &url));
        if (url.n == 0) {
            return OK;
        }
    }
    return fail(cx, FAIL_SOURCE_ERROR, "%d empty pages of calendars", LIMIT_LOOK_PAGES);
}

/* All pages together have a limit, so that the request's memory has one. */
Res calendar_list(
    struct cx *cx, struct source_call *call, const struct calendar_api *api,
    struct calendar_list *ret)
{
    Str first = str_cat(&cx->mem, call->own->api_url, api->list_path);
    Str url = first;
    size_t left = LIMIT_CALENDAR_LIST_BYTES;
    struct calendar_list list = {.n = 0};

    for (int pages = 0; url.n > 0 && pages < LIMIT_CALENDAR_PAGES; pages++) {
        CLEANUP(j_done) json_t *page = NULL;
        struct net_reply reply;

        TRY(source_ask(
            cx, call, url, left < LIMIT_CALENDARS_BYTES ? left : LIMIT_CALENDARS_BYTES,
            &reply));
        TRY(calendar_reply_read(cx, api, CALENDAR_LIST, &reply, &page));
        TRY(calendar_page_read(cx, api, first, page, &list, &url));
        left -= reply.body.n;
    }
    if (url.n > 0) {
        return fail(
            cx, FAIL_SOURCE_ERROR, "over %d pages of calendars", LIMIT_CALENDAR_PAGES);
    }
    TRY(zones_fill(cx, call, api, list.at, list.n));
    *ret = list;
    return OK;
}
