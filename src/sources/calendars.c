/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendars.c - asking a source for calendars: is there one (docs/api.md §6,
 * `no_calendar`), all of them, a single one (docs/api.md §8).
 *
 * A page may be empty and still have a next one. calendar_page.c reads what comes back.
 */
#include "sources/calendars.h"

#include "base/cx.h"
#include "base/limits.h"
#include "base/log.h"
#include "sources/calendar_one.h"
#include "sources/calendar_page.h"
#include "sources/source.h"

static const struct calendar_api *calendars_api(const struct source_call *call)
{
    return source_get(call->settings->id)->calendars;
}

static Res calendars_fill_zones(
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

Res calendars_get(struct cx *cx, struct source_call *call, Str id, struct calendar *ret)
{
    const struct calendar_api *api = calendars_api(call);
    CLEANUP(j_done) json_t *body = NULL;
    struct calendar c = {.is_primary = false};

    TRY(calendar_one_get(cx, call, id, api->get_query, &body));
    TRY(calendar_item_read(cx, api, body, &c));
    TRY(calendars_fill_zones(cx, call, api, &c, 1));
    *ret = c;
    return OK;
}

Res calendars_peek(struct cx *cx, struct source_call *call)
{
    const struct calendar_api *api = calendars_api(call);
    Str first = str_cat(&cx->mem, call->settings->api_url, api->peek_path);
    Str url = first;

    for (int pages = 0; pages < LIMIT_PEEK_PAGES; pages++) {
        CLEANUP(j_done) json_t *page = NULL;
        struct net_reply reply;

        TRY(source_call_get(cx, call, NET_CALENDARS, url, LIMIT_CALENDARS_BYTES, &reply));
        TRY(calendar_reply_read(cx, api, CALENDAR_PEEK, &reply, &page));
        TRY(calendar_page_peek(cx, api, first, page, &url));
        if (url.n == 0) {
            return OK;
        }
    }
    return fail(cx, FAIL_SOURCE_ERROR, "%d empty pages of calendars", LIMIT_PEEK_PAGES);
}

/* The person misses a calendar and can't know why: an operator has to be able to. */
static void calendars_log_left_out(
    struct cx *cx, const struct source_call *call, const struct calendar_list *list)
{
    if (list->left_out > 0) {
        log_event(
            LEVEL_WARN, EVENT_CALENDARS_LEFT_OUT,
            KV("source", source_get(call->settings->id)->code),
            KN("count", (int64_t)list->left_out), KZ("request", cx->request_id));
    }
}

/* All pages together have a limit, so that the request's memory has one. */
Res calendars_list(struct cx *cx, struct source_call *call, struct calendar_list *ret)
{
    const struct calendar_api *api = calendars_api(call);
    Str first = str_cat(&cx->mem, call->settings->api_url, api->list_path);
    Str url = first;
    size_t left = LIMIT_CALENDAR_LIST_BYTES;
    struct calendar_list list = {.n = 0};

    for (int pages = 0; url.n > 0 && pages < LIMIT_CALENDAR_PAGES; pages++) {
        CLEANUP(j_done) json_t *page = NULL;
        struct net_reply reply;

        TRY(source_call_get(
            cx, call, NET_CALENDARS, url,
            left < LIMIT_CALENDARS_BYTES ? left : LIMIT_CALENDARS_BYTES, &reply));
        TRY(calendar_reply_read(cx, api, CALENDAR_LIST, &reply, &page));
        TRY(calendar_page_read(cx, api, first, page, &list, &url));
        left -= reply.body.n;
    }
    if (url.n > 0) {
        return fail(
            cx, FAIL_SOURCE_ERROR, "over %d pages of calendars", LIMIT_CALENDAR_PAGES);
    }
    TRY(calendars_fill_zones(cx, call, api, list.at, list.n));
    calendars_log_left_out(cx, call, &list);
    *ret = list;
    return OK;
}
