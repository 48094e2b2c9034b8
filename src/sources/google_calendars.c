/* SPDX-License-Identifier: Apache-2.0 */
/*
 * google_calendars.c - the calendar list of Google's Calendar API v3: its members, pages
 * and words, as data.
 */
#include "base/buf.h"
#include "base/cx.h"
#include "sources/calendars.h"
#include "sources/kit.h"

static Str reason(const json_t *body)
{
    const json_t *errors = json_object_get(json_object_get(body, "error"), "errors");
    Str found = S("");

    (void)j_text(json_array_get(errors, 0), "reason", &found);
    return found;
}

static Str next(struct arena *mem, Str first, const json_t *body)
{
    Str token = S("");

    (void)j_text(body, "nextPageToken", &token);
    struct buf b = {.mem = mem, .max = first.n + 16 + 3 * token.n};

    if (token.n == 0) {
        return S("");
    }
    buf_add(&b, first);
    buf_add(&b, S("&pageToken="));
    buf_add_escaped(&b, token);
    return buf_text(&b);
}

/* The person's own name for a calendar comes before the one that its owner gave it. */
static void read(const json_t *item, struct calendar *ret)
{
    Str role = S("");

    (void)j_text(item, "id", &ret->id);
    (void)j_text(item, "summary", &ret->name);
    if (json_string_length(json_object_get(item, "summaryOverride")) > 0) {
        (void)j_text(item, "summaryOverride", &ret->name);
    }
    (void)j_text(item, "accessRole", &role);
    (void)j_text(item, "timeZone", &ret->time_zone);
    (void)j_text(item, "backgroundColor", &ret->color);
    ret->is_primary = json_is_true(json_object_get(item, "primary"));
    ret->can_edit = str_eq(role, S("owner")) || str_eq(role, S("writer"));
}

/* accessNotConfigured: the client's own project has the Calendar API switched off. */
static const struct calendar_error errors[] = {
    {SI("rateLimitExceeded"),     403, FAIL_SOURCE_RATE_LIMITED },
    {SI("userRateLimitExceeded"), 403, FAIL_SOURCE_RATE_LIMITED },
    {SI("quotaExceeded"),         403, FAIL_SOURCE_RATE_LIMITED },
    {SI("accessNotConfigured"),   403, FAIL_SOURCE_MISCONFIGURED},
};

static const struct calendar_error look_errors[] = {
    {SI("notACalendarUser"),        403, FAIL_NO_CALENDAR   },
    {SI(""),                        404, FAIL_NO_CALENDAR   },
    {SI("insufficientPermissions"), 403, FAIL_MISSING_SCOPES},
};

const struct calendar_api google_calendars = {
    .look_path = SI("/users/me/calendarList?maxResults=1&showHidden=true"),
    .list_path = SI("/users/me/calendarList?maxResults=250&showHidden=true"),
    .get_path = SI("/users/me/calendarList/"),
    .items = "items",
    .reason = reason,
    .next = next,
    .read = read,
    .errors = errors,
    .n_errors = COUNT(errors),
    .look_errors = look_errors,
    .n_look_errors = COUNT(look_errors),
};

Res google_look(struct cx *cx, struct source_call *call)
{
    return calendar_look(cx, call, &google_calendars);
}

Res google_calendars_list(
    struct cx *cx, struct source_call *call, struct calendar_list *ret)
{
    return calendar_list(cx, call, &google_calendars, ret);
}

Res google_calendar_get(
    struct cx *cx, struct source_call *call, Str id, struct calendar *ret)
{
    return calendar_get(cx, call, &google_calendars, id, ret);
}
