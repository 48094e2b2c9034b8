/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_page.c - a page of events: what is asked for, and what comes back, an error
 * included (docs/calendar.md §6).
 */
#include "sources/event_page.h"

#include "base/buf.h"
#include "base/cx.h"
#include "base/datetime.h"
#include "base/limits.h"
#include "base/zone.h"
#include "net/origin.h"
#include "sources/sources_private.h"

enum { FORM_BYTES = 2048, EVENT_REASON_BYTES = 64 };

/* Asking. */

static void form_add_time(struct buf *b, Str name, int64_t s)
{
    char text[DATETIME_TEXT_BYTES];

    buf_add(b, name);
    buf_add_escaped(b, datetime_write(s, text));
}

static void form_add_text(struct buf *b, Str name, Str text)
{
    if (name.n > 0 && text.n > 0) {
        buf_add(b, name);
        buf_add_escaped(b, text);
    }
}

static void form_add_query(
    struct buf *b, const struct event_form *form, const struct events_query *query)
{
    if (form->cursor.n == 0 || query->cursor.n == 0) {
        form_add_time(b, form->from, query->from_s);
        form_add_time(b, form->to, query->to_s);
    }
    form_add_text(b, form->cursor, query->cursor);
    if (form->top.n > 0) {
        buf_add(b, form->top);
        buf_add_int(b, query->top > 0 ? query->top : form->usual_top);
    }
    buf_add(b, form->fields);
    form_add_text(b, form->next, query->next);
}

/* The way to the next page has the access token with it. */
static Res next_check(struct cx *cx, const struct event_asked *asked, Str next)
{
    if (asked->form->next.n == 0 && next.n > 0
        && !net_url_is_below(asked->call->settings->api_url, next)) {
        return fail(cx, FAIL_SOURCE_ERROR, "the next page is not below the API's URL");
    }
    return OK;
}

Res event_page_url(struct cx *cx, const struct event_asked *asked, Str *ret)
{
    const struct event_form *form = asked->form;
    const struct events_query *query = asked->query;
    Str api_url = asked->call->settings->api_url;
    struct buf b = {
        .mem = &cx->mem,
        .max = api_url.n + 3 * (query->calendar_id.n + query->cursor.n + query->next.n)
               + FORM_BYTES};

    if (!source_id_fits_path(query->calendar_id, LIMIT_CALENDAR_ID_BYTES)) {
        return fail(cx, FAIL_NOT_FOUND, "not the id of a calendar");
    }
    if (form->next.n == 0 && query->next.n > 0) {
        TRY(next_check(cx, asked, query->next));
        *ret = query->next;
        return OK;
    }
    buf_add(&b, api_url);
    buf_add(&b, form->before);
    buf_add_escaped(&b, query->calendar_id);
    buf_add(&b, form->after);
    form_add_query(&b, form, query);
    *ret = buf_text(&b);
    return OK;
}

/* Errors. */

bool event_page_scope_suffices(const struct source *source, Str scope)
{
    return source_scope_is_among(
        source, scope, source->events->scopes, source->events->n_scopes);
}

static bool error_holds(
    const struct event_error *row, const struct event_asked *asked,
    const struct net_reply *reply)
{
    switch (row->when) {
    case EVENT_ANYWHERE:
        return true;
    case EVENT_AT_CURSOR:
        return asked->query->cursor.n > 0;
    case EVENT_AT_NEXT:
        return asked->query->next.n > 0;
    case EVENT_TOLD_TO_WAIT:
        return reply->retry_after_s >= 0;
    case EVENT_SCOPE_IS_LOST:
        return !event_page_scope_suffices(
            source_get(asked->call->settings->id), asked->call->scope);
    }
    return false;
}

static const struct event_error any_errors[] = {
    {SI(""), 401, EVENT_ANYWHERE, FAIL_TOKEN_REFUSED, EVENTS_OTHER},
    {SI(""), 403, EVENT_ANYWHERE, FAIL_PERMISSION_DENIED, EVENTS_OTHER},
    {SI(""), 404, EVENT_ANYWHERE, FAIL_NOT_FOUND, EVENTS_OTHER},
    {SI(""), 429, EVENT_ANYWHERE, FAIL_SOURCE_RATE_LIMITED, EVENTS_OTHER},
};

/* The reply's status and `reason` decide. NULL: no row fits. */
static const struct event_error *event_error_find(
    const struct event_error *rows, size_t n, const struct event_asked *asked,
    const struct net_reply *reply, Str reason)
{
    for (size_t i = 0; i < n; i++) {
        if ((rows[i].status == 0 || rows[i].status == reply->status)
            && (rows[i].reason.n == 0 || str_eq(rows[i].reason, reason))
            && error_holds(&rows[i], asked, reply)) {
            return &rows[i];
        }
    }
    return NULL;
}

static enum fail event_error_meaning(
    const struct event_asked *asked, const struct net_reply *reply, Str reason,
    enum events_failure *why)
{
    const struct event_api *api = asked->api;
    const struct event_error *row =
        event_error_find(api->errors, api->n_errors, asked, reply, reason);

    if (row == NULL) {
        row = event_error_find(any_errors, COUNT(any_errors), asked, reply, reason);
    }
    if (row == NULL) {
        return reply->status >= 500 ? FAIL_SOURCE_UNAVAILABLE : FAIL_SOURCE_ERROR;
    }
    *why = row->why;
    return row->kind;
}

/* A reason comes from outside: the log repeats it only if it looks like a code. */
static bool reason_char_is_plain(unsigned char c)
{
    return char_is_alnum(c) || c == '_' || c == '.';
}

static Res event_reply_error(
    struct cx *cx, const struct event_asked *asked, const struct net_reply *reply,
    enum events_failure *why)
{
    CLEANUP(j_done) json_t *body = NULL;
    Str reason = S("");

    if (j_parse_kindly(cx, reply->body, LIMIT_SOURCE_JSON_DEPTH, &body).code
        == FAIL_NONE) {
        reason = asked->api->error_reason(body);
    }
    enum fail kind = event_error_meaning(asked, reply, reason, why);

    if (!str_is_only(reason, reason_char_is_plain)) {
        reason = S("");
    }
    return fail(
        cx, kind, "the request for events was answered with %d %.*s", reply->status,
        (int)str_sub(reason, 0, EVENT_REASON_BYTES).n, reason.p);
}

Res event_page_open(
    struct cx *cx, const struct event_asked *asked, const struct net_reply *reply,
    json_t **ret, enum events_failure *why)
{
    CLEANUP(j_done) json_t *body = NULL;

    *why = EVENTS_OTHER;
    if (reply->status != 200) {
        return event_reply_error(cx, asked, reply, why);
    }
    if (j_parse_kindly(cx, reply->body, LIMIT_SOURCE_JSON_DEPTH, &body).code != FAIL_NONE
        || !json_is_object(body)) {
        return fail(cx, FAIL_SOURCE_ERROR, "the answer about events cannot be read");
    }
    if (!j_is_absent(body, "error")) {
        return event_reply_error(cx, asked, reply, why);
    }
    *ret = body;
    body = NULL;
    return OK;
}

/* Pages. */

static Res event_page_items(
    struct cx *cx, const struct event_api *api, const json_t *page, const json_t **ret)
{
    const json_t *items = j_get(page, api->items);

    if (items == NULL ? !api->may_lack_items : !json_is_array(items)) {
        return fail(cx, FAIL_SOURCE_ERROR, "%s is not a list", api->items);
    }
    *ret = items;
    return OK;
}

/* A token of the source, copied; empty: absent. */
static Res event_page_token(
    struct cx *cx, const json_t *page, const char *member, Str *ret)
{
    Str token = S("");

    if (!j_is_absent(page, member) && !j_text(page, member, &token)) {
        return fail(cx, FAIL_SOURCE_ERROR, "%s is not a text", member);
    }
    if (token.n > LIMIT_EVENT_CURSOR_BYTES) {
        return fail(cx, FAIL_SOURCE_ERROR, "%s has %zu bytes", member, token.n);
    }
    *ret = str_dup(&cx->mem, token);
    return OK;
}

static Res event_page_next(
    struct cx *cx, const struct event_asked *asked, const json_t *page, Str *ret)
{
    Str next = S("");

    TRY(event_page_token(cx, page, asked->api->next, &next));
    TRY(next_check(cx, asked, next));
    *ret = next;
    return OK;
}

/* Without a cursor the next read couldn't begin where this one ends. */
static Res event_page_cursor(
    struct cx *cx, const struct event_api *api, const json_t *page, Str *ret)
{
    Str cursor = S("");

    if (api->cursor == NULL) {
        *ret = S("");
        return OK;
    }
    TRY(event_page_token(cx, page, api->cursor, &cursor));
    if (cursor.n == 0) {
        return fail(cx, FAIL_SOURCE_ERROR, "the last page has no %s", api->cursor);
    }
    *ret = cursor;
    return OK;
}

static Str event_page_zone(
    struct arena *mem, const struct event_api *api, const json_t *page)
{
    Str zone = S("");

    if (api->zone != NULL) {
        (void)j_text(page, api->zone, &zone);
    }
    return zone_name_is_valid(zone) ? str_dup(mem, zone) : S("");
}

Res event_page_read(
    struct cx *cx, const struct event_asked *asked, const json_t *page,
    struct events_page *ret)
{
    const struct event_api *api = asked->api;
    struct event_zones zones = {.n = 0};
    struct events_page read = {.zone = event_page_zone(&cx->mem, api, page)};
    const json_t *items = NULL;

    TRY(event_page_items(cx, api, page, &items));
    TRY(event_page_next(cx, asked, page, &read.next));
    if (read.next.n == 0) {
        TRY(event_page_cursor(cx, api, page, &read.cursor));
    }
    read.at = NEW_N(&cx->mem, struct event_item, json_array_size(items));
    for (size_t i = 0; i < json_array_size(items); i++) {
        struct event_item *event = &read.at[read.n];

        TRY(event_item_read(cx, &api->words, &zones, json_array_get(items, i), event));
        read.n += event->id.n > 0;
    }
    *ret = read;
    return OK;
}

Res event_page_details(
    struct cx *cx, const struct event_asked *asked, const json_t *page,
    struct event_details_page *ret)
{
    const struct event_api *api = asked->api;
    struct event_zones zones = {.n = 0};
    struct event_details_page read = {.zone = event_page_zone(&cx->mem, api, page)};
    const json_t *items = NULL;

    TRY(event_page_items(cx, api, page, &items));
    TRY(event_page_next(cx, asked, page, &read.next));
    read.at = NEW_N(&cx->mem, struct event_detail, json_array_size(items));
    for (size_t i = 0; i < json_array_size(items); i++) {
        struct event_detail *detail = &read.at[read.n];

        TRY(detail_item_read(
            cx, &api->words, api->details, &zones, json_array_get(items, i), detail));
        read.n += detail->event.id.n > 0 && !detail->event.is_removed;
    }
    *ret = read;
    return OK;
}
