/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_one.c - asks for a single calendar by its id, which may be anything that a
 * caller sent.
 */
#include "sources/calendar_one.h"

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "sources/source.h"

/* A path can carry it. */
static bool calendar_id_is_askable(Str id)
{
    return calendar_id_is_valid(id) && str_is_utf8(id) && !str_eq(id, S("."))
           && !str_eq(id, S(".."));
}

static Str calendar_url(
    struct arena *mem, const struct source_call *call, const struct calendar_api *api,
    Str id, Str query)
{
    struct buf b = {
        .mem = mem,
        .max = call->settings->api_url.n + api->get_path.n + 3 * id.n + query.n};

    buf_add(&b, call->settings->api_url);
    buf_add(&b, api->get_path);
    buf_add_escaped(&b, id);
    buf_add(&b, query);
    return buf_text(&b);
}

Res calendar_one_get(
    struct cx *cx, struct source_call *call, Str id, Str query, json_t **ret)
{
    const struct calendar_api *api = source_get(call->settings->id)->calendars;
    struct net_reply reply;

    if (!calendar_id_is_askable(id)) {
        return fail(cx, FAIL_NOT_FOUND, "not the id of a calendar");
    }
    Str url = calendar_url(&cx->mem, call, api, id, query);

    TRY(source_call_get(cx, call, NET_CALENDARS, url, LIMIT_CALENDARS_BYTES, &reply));
    return calendar_reply_read(cx, api, CALENDAR_GET, &reply, ret);
}
