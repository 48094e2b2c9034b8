/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_events.h - what has to hold for every body that a source answers to a request for
 * events: an event that is believed keeps every limit, blocks some time or none, and a
 * page leads on or ends.
 */
#pragma once

#include "base/cx.h"
#include "base/datetime.h"
#include "base/limits.h"
#include "base/zone.h"
#include "net/net.h"
#include "net/origin.h"
#include "sources/event_page.h"
#include "sources/sources_private.h"

enum { DAYS_MOST = DATETIME_LAST_S / 86400 };

static inline void fuzz_event_holds(const struct event_item *e)
{
    int64_t most = e->is_all_day ? DAYS_MOST : DATETIME_LAST_S;

    must_be(event_id_is_valid(e->id) && str_is_utf8(e->id));
    must_be(e->series.n == 0 || (event_id_is_valid(e->series) && str_is_utf8(e->series)));
    must_be(e->start >= 0 && e->start <= most && e->end >= 0 && e->end <= most);
    must_be(e->counts == EVENT_NEVER || e->end > e->start);
    must_be(!e->is_removed || (e->counts == EVENT_NEVER && e->end == 0));
    must_be(e->zone.n == 0 || (e->is_all_day && zone_name_is_valid(e->zone)));
    must_be(e->copy_key.n == 0 || e->copy_key.n == EVENT_COPY_KEY_BYTES);
}

static inline void fuzz_detail_holds(const struct event_detail *d)
{
    const Str texts[] = {
        d->title,    d->description, d->location_name, d->location_address,
        d->latitude, d->longitude,   d->zone,          d->etag,
        d->link};

    fuzz_event_holds(&d->event);
    must_be(!d->event.is_removed && d->created_s >= -1 && d->updated_s >= -1);
    must_be(d->created_s <= DATETIME_LAST_S && d->updated_s <= DATETIME_LAST_S);
    for (size_t i = 0; i < COUNT(texts); i++) {
        must_be(texts[i].n <= LIMIT_EVENT_TEXT_BYTES && str_is_utf8(texts[i]));
    }
    must_be(d->title.n <= LIMIT_EVENT_NAME_BYTES && d->etag.n <= LIMIT_EVENT_NAME_BYTES);
    must_be(d->location_name.n <= LIMIT_EVENT_NAME_BYTES);
    must_be(d->location_address.n <= LIMIT_EVENT_NAME_BYTES);
    must_be((d->latitude.n > 0) == (d->longitude.n > 0));
    must_be(d->zone.n == 0 || zone_name_is_valid(d->zone));
    must_be(d->link.n == 0 || net_url_is_allowed(d->link));
    must_be(d->status <= EVENT_STATUS_UNKNOWN);
    must_be(d->visibility <= EVENT_VISIBILITY_UNKNOWN);
}

/* A page that is good for busy times is good in full, and has the same events. */
static inline void fuzz_details_are_read(
    struct cx *cx, const struct event_asked *asked, const json_t *body,
    const struct events_page *page)
{
    const struct event_asked full = {
        asked->api, &asked->api->details_form, asked->call, asked->query};
    struct event_details_page details = {.n = 0};
    Res r = event_page_details(cx, &full, body, &details);
    size_t n = 0;

    must_be(r.code == FAIL_NONE || (page->at == NULL && details.at == NULL));
    for (size_t i = 0; i < details.n; i++) {
        fuzz_detail_holds(&details.at[i]);
    }
    for (size_t i = 0; i < page->n; i++) {
        n += !page->at[i].is_removed;
    }
    must_be(page->at == NULL || n == details.n);
}

static inline void fuzz_page_is_read(
    struct cx *cx, const struct event_asked *asked, const struct net_reply *reply)
{
    CLEANUP(j_done) json_t *body = NULL;
    struct events_page page = {.n = 0};
    enum events_failure why;

    if (event_page_open(cx, asked, reply, &body, &why).code != FAIL_NONE) {
        must_be(body == NULL);
        return;
    }
    Res r = event_page_read(cx, asked, body, &page);

    fuzz_details_are_read(cx, asked, body, &page);
    if (r.code != FAIL_NONE) {
        must_be(page.at == NULL);
        return;
    }
    for (size_t i = 0; i < page.n; i++) {
        fuzz_event_holds(&page.at[i]);
    }
    must_be(page.zone.n == 0 || zone_name_is_valid(page.zone));
    must_be(page.cursor.n <= LIMIT_EVENT_CURSOR_BYTES && str_is_utf8(page.cursor));
    must_be(page.next.n <= LIMIT_EVENT_CURSOR_BYTES && str_is_utf8(page.next));
    must_be((page.cursor.n > 0) == (page.next.n == 0 && asked->api->cursor != NULL));
    must_be(
        page.next.n == 0 || asked->form->next.n > 0
        || net_url_is_below(asked->call->settings->api_url, page.next));
}

/* The input's size chooses the status. */
static inline void fuzz_error_is_read(
    struct cx *cx, const struct event_asked *asked, Str body)
{
    static const int statuses[] = {400, 401, 403, 404, 410, 429, 503, 504};
    const struct net_reply reply = {
        .status = statuses[body.n % COUNT(statuses)],
        .body = body,
        .retry_after_s = (int64_t)(body.n % 3) - 1};
    enum events_failure why = EVENTS_OTHER;
    json_t *none = NULL;
    Res r = event_page_open(cx, asked, &reply, &none, &why);

    must_be(r.code != FAIL_NONE && none == NULL && why <= EVENTS_TOO_SLOW);
}

static inline int fuzz_events(enum source_id id, Str api_url, Str body)
{
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    const struct source_settings settings = {.id = id, .api_url = api_url};
    const struct source_call call = {.settings = &settings};
    const struct events_query query = {.calendar_id = S("c"), .cursor = S("s")};
    const struct event_api *api = source_get(id)->events;
    const struct event_asked asked = {api, &api->form, &call, &query};
    const struct net_reply reply = {.status = 200, .body = body, .retry_after_s = -1};

    fuzz_page_is_read(&cx, &asked, &reply);
    fuzz_error_is_read(&cx, &asked, body);
    return 0;
}
