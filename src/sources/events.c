/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.c - asking a source for the events of a calendar, a page at a time
 * (docs/calendar.md §6). event_page.c says what to ask, and reads what comes back.
 */
#include "sources/events.h"

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "sources/event_page.h"
#include "sources/sources_private.h"

static const struct event_api *events_api(const struct source_call *call)
{
    return source_get(call->settings->id)->events;
}

static Res events_ask(
    struct cx *cx, struct source_call *call, const struct event_api *api, Str url,
    struct net_reply *ret)
{
    return source_call_send(
        cx, call,
        &(struct net_request){
            .url = url,
            .headers = api->headers,
            .n_headers = api->n_headers,
            .max_bytes = LIMIT_REPLY_BYTES,
            .purpose.operation = NET_EVENTS},
        ret);
}

Res events_body_get(
    struct cx *cx, struct source_call *call, const struct event_asked *asked,
    json_t **ret, enum events_failure *why)
{
    struct net_reply reply;
    Str url = S("");

    *why = EVENTS_OTHER;
    TRY(event_page_url(cx, asked, &url));
    Res res = events_ask(cx, call, asked->api, url, &reply);

    if (res.code == FAIL_SOURCE_TIMEOUT && asked->form->top.n > 0) {
        *why = EVENTS_TOO_SLOW;
    }
    TRY(res);
    return event_page_open(cx, asked, &reply, ret, why);
}

Res events_page_get(
    struct cx *cx, struct source_call *call, const struct events_query *query,
    struct events_page *ret, enum events_failure *why)
{
    const struct event_api *api = events_api(call);
    const struct event_asked asked = {api, &api->form, call, query};
    CLEANUP(j_done) json_t *body = NULL;

    TRY(events_body_get(cx, call, &asked, &body, why));
    return event_page_read(cx, &asked, body, ret);
}

static Str series_url(
    struct arena *mem, const struct source_call *call, const struct event_api *api,
    Str calendar_id, Str series)
{
    struct buf b = {
        .mem = mem,
        .max = call->settings->api_url.n + api->form.before.n + 3 * calendar_id.n
               + api->series_before.n + 3 * series.n + api->series_after.n};

    buf_add(&b, call->settings->api_url);
    buf_add(&b, api->form.before);
    buf_add_escaped(&b, calendar_id);
    buf_add(&b, api->series_before);
    buf_add_escaped(&b, series);
    buf_add(&b, api->series_after);
    return buf_text(&b);
}

Res events_series_look(
    struct cx *cx, struct source_call *call, Str calendar_id, Str series, bool *gone)
{
    const struct events_query query = {.calendar_id = calendar_id};
    const struct event_api *api = events_api(call);
    const struct event_asked asked = {api, &api->form, call, &query};
    CLEANUP(j_done) json_t *body = NULL;
    struct net_reply reply;
    enum events_failure why;
    Str status = S("");

    must_be(api->series_before.n > 0);
    if (!source_id_fits_path(calendar_id, LIMIT_CALENDAR_ID_BYTES)
        || !source_id_fits_path(series, LIMIT_EVENT_ID_BYTES)) {
        return fail(cx, FAIL_SOURCE_ERROR, "not the ids of a calendar and a series");
    }
    Str url = series_url(&cx->mem, call, api, calendar_id, series);

    TRY(events_ask(cx, call, api, url, &reply));
    if (reply.status == 404 || reply.status == 410) {
        *gone = true;
        return OK;
    }
    TRY(event_page_open(cx, &asked, &reply, &body, &why));
    if (!j_text(body, "status", &status)) {
        return fail(cx, FAIL_SOURCE_ERROR, "an event without a status");
    }
    *gone = str_eq(status, S("cancelled"));
    return OK;
}

bool events_scope_suffices(enum source_id source, Str scope)
{
    return event_page_scope_suffices(source_get(source), scope);
}
