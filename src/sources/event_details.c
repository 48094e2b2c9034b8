/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_details.c - asking a source for the events of a calendar in full, a page at a
 * time (docs/calendar.md §5). The errors are those of events for busy times.
 */
#include "sources/event_details.h"

#include "base/cx.h"
#include "sources/event_page.h"
#include "sources/sources_private.h"

Res event_details_get(
    struct cx *cx, struct source_call *call, const struct events_query *query,
    struct event_details_page *ret, enum events_failure *why)
{
    const struct event_api *api = source_get(call->settings->id)->events;
    const struct event_asked asked = {api, &api->details_form, call, query};
    CLEANUP(j_done) json_t *body = NULL;

    must_be(query->cursor.n == 0);
    TRY(events_body_get(cx, call, &asked, &body, why));
    return event_page_details(cx, &asked, body, ret);
}
