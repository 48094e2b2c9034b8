/* SPDX-License-Identifier: Apache-2.0 */
/*
 * google_events.c - the events of Google's Calendar API v3: their members, words and
 * errors, as data (docs/sources.md G16 to G22).
 */
#include "base/buf.h"
#include "base/cx.h"
#include "sources/event_page.h"
#include "sources/sources_private.h"

/* Times. A time never becomes a date by guess: only where both ends are dates, the event
 * lasts all day. */

static void google_time_read(const json_t *item, const char *name, Str *time, Str *zone)
{
    const json_t *when = json_object_get(item, name);

    (void)j_text(when, "dateTime", time);
    (void)j_text(when, "timeZone", zone);
}

static bool google_dates_read(const json_t *item, Str *start, Str *end)
{
    return j_text(json_object_get(item, "start"), "date", start)
           && j_text(json_object_get(item, "end"), "date", end);
}

/* Ids. */

static bool is_day(Str s)
{
    return s.n == 8 && str_is_only(s, char_is_digit);
}

/* 20260302, or 20260302T090000Z. */
static bool is_instance_suffix(Str s)
{
    return is_day(s)
           || (s.n == 16 && is_day(str_sub(s, 0, 8)) && s.p[8] == 'T' && s.p[15] == 'Z'
               && str_is_only(str_sub(s, 9, 15), char_is_digit));
}

/* An instance that was deleted may not name its series, but its id does. */
static Str google_series_of_id(Str id)
{
    size_t at = id.n;

    while (at > 0 && id.p[at - 1] != '_') {
        at--;
    }
    return at > 1 && is_instance_suffix(str_sub(id, at, id.n)) ? str_sub(id, 0, at - 1)
                                                               : S("");
}

static const Str google_copy_mark = SI("cdk");

/* RFC 4648 §7 in small letters: a digit has five bits. */
Str google_copy_id(struct arena *mem, Str key)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
    struct buf b = {.mem = mem, .max = google_copy_mark.n + EVENT_COPY_KEY_BYTES * 8 / 5};
    uint32_t bits = 0;
    size_t n = 0;

    must_be(key.n == EVENT_COPY_KEY_BYTES);
    buf_add(&b, google_copy_mark);
    for (size_t i = 0; i < key.n; i++) {
        bits = bits << 8 | (unsigned char)key.p[i];
        for (n += 8; n >= 5; n -= 5) {
            buf_add_char(&b, digits[bits >> (n - 5) & 31]);
        }
    }
    return buf_text(&b);
}

static int base32hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'v' ? c - 'a' + 10 : -1;
}

static bool google_copy_key(Str id, uint8_t *key)
{
    uint32_t bits = 0;
    size_t n = 0;

    if (!str_starts(id, google_copy_mark)
        || (id.n - google_copy_mark.n) * 5 != EVENT_COPY_KEY_BYTES * 8) {
        return false;
    }
    for (size_t i = google_copy_mark.n; i < id.n; i++) {
        int value = base32hex_value(id.p[i]);

        if (value < 0) {
            return false;
        }
        bits = bits << 5 | (uint32_t)value;
        n += 5;
        if (n % 8 < 5) { /* a byte is full */
            key[n / 8 - 1] = (uint8_t)(bits >> n % 8);
        }
    }
    return true;
}

static void google_item_said(const json_t *item, struct event_said *ret)
{
    Str status = S("");

    (void)j_text(item, "id", &ret->id);
    (void)j_text(item, "status", &status);
    (void)j_text(item, "recurringEventId", &ret->series);
    if (ret->series.n == 0) {
        ret->series = google_series_of_id(ret->id);
    }
    ret->is_removed = str_eq(status, S("cancelled"));
    google_time_read(item, "start", &ret->start, &ret->start_zone);
    google_time_read(item, "end", &ret->end, &ret->end_zone);
    if (ret->start.n == 0 && ret->end.n == 0) {
        ret->is_all_day = google_dates_read(item, &ret->start, &ret->end);
    }
    ret->copy_text = ret->id;
}

static const struct event_rule google_events_rules[] = {
    {NULL, "status", SI("cancelled"), EVENT_NEVER},
    {"attendees", "responseStatus", SI("declined"), EVENT_NEVER}, /* the person's own */
    {NULL, "eventType", SI("workingLocation"), EVENT_NEVER},
    {NULL, "eventType", SI("birthday"), EVENT_NEVER},
    {NULL, "transparency", SI("transparent"), EVENT_IF_ASKED},
};

static const struct event_error google_events_errors[] = {
    /* clang-format off */
    {SI(""), 400, EVENT_AT_NEXT, FAIL_SOURCE_ERROR, EVENTS_PAGE_REFUSED},
    {SI(""), 400, EVENT_AT_CURSOR, FAIL_SOURCE_ERROR, EVENTS_CURSOR_GONE},
    {SI("rateLimitExceeded"), 403, EVENT_ANYWHERE, FAIL_SOURCE_RATE_LIMITED, EVENTS_OTHER},
    {SI("userRateLimitExceeded"), 403, EVENT_ANYWHERE, FAIL_SOURCE_RATE_LIMITED, EVENTS_OTHER},
    {SI("quotaExceeded"), 403, EVENT_ANYWHERE, FAIL_SOURCE_RATE_LIMITED, EVENTS_QUOTA},
    {SI("calendarUsageLimitsExceeded"), 403, EVENT_ANYWHERE, FAIL_SOURCE_RATE_LIMITED, EVENTS_QUOTA},
    {SI("dailyLimitExceeded"), 403, EVENT_ANYWHERE, FAIL_SOURCE_RATE_LIMITED, EVENTS_QUOTA},
    {SI("insufficientPermissions"), 403, EVENT_ANYWHERE, FAIL_MISSING_SCOPES, EVENTS_OTHER},
    {SI("accessNotConfigured"), 403, EVENT_ANYWHERE, FAIL_SOURCE_MISCONFIGURED, EVENTS_OTHER},
    {SI(""), 410, EVENT_ANYWHERE, FAIL_SOURCE_ERROR, EVENTS_CURSOR_GONE},
    /* clang-format on */
};

static const Str google_events_scopes[] = {
    SI("https://www.googleapis.com/auth/calendar.events"),
    SI("https://www.googleapis.com/auth/calendar"),
    SI("https://www.googleapis.com/auth/calendar.events.readonly"),
    SI("https://www.googleapis.com/auth/calendar.readonly"),
    SI("https://www.googleapis.com/auth/calendar.events.owned"),
    SI("https://www.googleapis.com/auth/calendar.events.owned.readonly"),
};

#define GOOGLE_EVENTS_FIELDS                                                             \
    "id,status,recurringEventId,start,end,transparency,eventType,"                       \
    "attendees(self,responseStatus)"

const struct event_api google_events = {
    .form =
        {
            .before = SI("/calendars/"),
            .after = SI("/events?singleEvents=true&maxResults=500&maxAttendees=1"),
            .from = SI("&timeMin="),
            .to = SI("&timeMax="),
            .cursor = SI("&syncToken="),
            .fields = SI("&fields=timeZone,nextPageToken,nextSyncToken,"
                         "items(" GOOGLE_EVENTS_FIELDS ")"),
            .next = SI("&pageToken="),
        },
    .items = "items",
    .may_lack_items = true,
    .next = "nextPageToken",
    .cursor = "nextSyncToken",
    .zone = "timeZone",
    .words =
        {
            .read = google_item_said,
            .copy_key = google_copy_key,
            .rules = google_events_rules,
            .n_rules = COUNT(google_events_rules),
        },
    .details_form =
        {
            .before = SI("/calendars/"),
            .after = SI("/events?singleEvents=true&maxResults=250&maxAttendees=1"),
            .from = SI("&timeMin="),
            .to = SI("&timeMax="),
            .fields = SI("&fields=timeZone,nextPageToken,items(" GOOGLE_EVENTS_FIELDS
                         ",created,updated,summary,description,location,visibility,"
                         "etag,htmlLink)"),
            .next = SI("&pageToken="),
        },
    .details = &google_details,
    .error_reason = google_error_reason,
    .errors = google_events_errors,
    .n_errors = COUNT(google_events_errors),
    .scopes = google_events_scopes,
    .n_scopes = COUNT(google_events_scopes),
    .series_before = SI("/events/"),
    .series_after = SI("?fields=id,status"),
};
