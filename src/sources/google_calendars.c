/* SPDX-License-Identifier: Apache-2.0 */
/*
 * google_calendars.c - the calendar list of Google's Calendar API v3: its members, pages
 * and words, as data.
 */
#include "base/buf.h"
#include "base/cx.h"
#include "sources/calendar_page.h"
#include "sources/sources_private.h"

Str google_error_reason(const json_t *body)
{
    const json_t *errors = json_object_get(json_object_get(body, "error"), "errors");
    Str found = S("");

    (void)j_text(json_array_get(errors, 0), "reason", &found);
    return found;
}

static Str google_next_page(struct arena *mem, Str first, Str next)
{
    const Str name = S("&pageToken=");
    struct buf b = {.mem = mem, .max = first.n + name.n + 3 * next.n};

    buf_add(&b, first);
    buf_add(&b, name);
    buf_add_escaped(&b, next);
    return buf_text(&b);
}

static bool role_can_write(Str role)
{
    return str_eq(role, S("owner")) || str_eq(role, S("writer"));
}

/* The person's own name for a calendar wins over the name that its owner gave it. */
static void google_item_read(const json_t *item, struct calendar *ret)
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
    ret->can_edit = role_can_write(role);
}

/* A freeBusyReader sees no events, and events are what is read. */
static void google_rights_read(const json_t *item, struct calendar_rights *ret)
{
    Str role = S("");

    (void)j_text(item, "id", &ret->id);
    (void)j_text(item, "accessRole", &role);
    ret->is_primary = json_is_true(json_object_get(item, "primary"));
    ret->can_write = role_can_write(role);
    ret->can_read = !str_eq(role, S("freeBusyReader"));
}

/* accessNotConfigured: the client's own project has the Calendar API switched off. */
static const struct calendar_error google_calendars_errors[] = {
    {SI("rateLimitExceeded"), 403, FAIL_SOURCE_RATE_LIMITED},
    {SI("userRateLimitExceeded"), 403, FAIL_SOURCE_RATE_LIMITED},
    {SI("quotaExceeded"), 403, FAIL_SOURCE_RATE_LIMITED},
    {SI("accessNotConfigured"), 403, FAIL_SOURCE_MISCONFIGURED},
};

static const struct calendar_error google_peek_errors[] = {
    {SI("notACalendarUser"), 403, FAIL_NO_CALENDAR},
    {SI(""), 404, FAIL_NO_CALENDAR},
    {SI("insufficientPermissions"), 403, FAIL_MISSING_SCOPES},
};

/* Descriptions can have 8 KB each: without `fields`, 250 calendars don't fit a page. */
#define GOOGLE_CALENDARS_FIELDS                                                          \
    "id,summary,summaryOverride,accessRole,timeZone,backgroundColor,primary"

const struct calendar_api google_calendars = {
    .peek_path = SI("/users/me/calendarList?maxResults=1&showHidden=true"
                    "&fields=nextPageToken,items(id)"),
    .list_path = SI("/users/me/calendarList?maxResults=250&showHidden=true"
                    "&fields=nextPageToken,items(" GOOGLE_CALENDARS_FIELDS ")"),
    .get_path = SI("/users/me/calendarList/"),
    .get_query = SI("?fields=" GOOGLE_CALENDARS_FIELDS),
    .rights_query = SI("?fields=id,accessRole,primary"),
    .items = "items",
    .next = "nextPageToken",
    .error_reason = google_error_reason,
    .next_page = google_next_page,
    .item_read = google_item_read,
    .rights_read = google_rights_read,
    .errors = google_calendars_errors,
    .n_errors = COUNT(google_calendars_errors),
    .peek_errors = google_peek_errors,
    .n_peek_errors = COUNT(google_peek_errors),
};
