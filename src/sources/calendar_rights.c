/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_rights.c - what the person may do with one calendar.
 */
#include "sources/calendar_rights.h"

#include "base/cx.h"
#include "sources/calendar_one.h"
#include "sources/source.h"

Res calendar_rights_get(
    struct cx *cx, struct source_call *call, Str calendar_id, struct calendar_rights *ret)
{
    const struct calendar_api *api = source_get(call->settings->id)->calendars;
    CLEANUP(j_done) json_t *body = NULL;
    struct calendar_rights rights = {.is_primary = false};

    TRY(calendar_one_get(cx, call, calendar_id, api->rights_query, &body));
    api->rights_read(body, &rights);
    if (!calendar_id_is_valid(rights.id)) {
        return fail(cx, FAIL_SOURCE_ERROR, "a calendar without a usable id");
    }
    rights.id = str_dup(&cx->mem, rights.id);
    *ret = rights;
    return OK;
}
