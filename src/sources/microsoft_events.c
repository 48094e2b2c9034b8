/* SPDX-License-Identifier: Apache-2.0 */
/*
 * microsoft_events.c - the events of Graph v1.0: their members, words and errors, as data
 * (docs/sources.md M18 to M23).
 */
#include "base/buf.h"
#include "base/cx.h"
#include "sources/event_page.h"
#include "sources/sources_private.h"
#include "sources/zone_names.h"

static void microsoft_time_read(
    const json_t *item, const char *name, Str *time, Str *zone)
{
    const json_t *when = json_object_get(item, name);

    (void)j_text(when, "dateTime", time);
    (void)j_text(when, "timeZone", zone);
}

static bool char_is_zero(unsigned char c)
{
    return c == '0';
}

/* The date of a midnight, 2026-03-02T00:00:00.0000000 */
static bool midnight_date(Str time, Str *ret)
{
    const Str midnight = S("T00:00:00");
    size_t day_bytes = sizeof("YYYY-MM-DD") - 1;
    Str clock = str_sub(time, day_bytes, time.n);
    Str rest = str_sub(clock, midnight.n, clock.n);

    if (!str_starts(clock, midnight)
        || (rest.n > 0
            && (rest.p[0] != '.'
                || !str_is_only(str_sub(rest, 1, rest.n), char_is_zero)))) {
        return false;
    }
    *ret = str_sub(time, 0, day_bytes);
    return true;
}

/* An event is shown from midnight to midnight in whatever zone is asked for if it lasts
 * all day. One that isn't keeps its times: they say when it is. */
static void microsoft_days_read(const json_t *item, struct event_said *ret)
{
    Str start;
    Str end;

    if (json_is_true(json_object_get(item, "isAllDay"))
        && midnight_date(ret->start, &start) && midnight_date(ret->end, &end)) {
        ret->is_all_day = true;
        ret->start = start;
        ret->end = end;
    }
}

/* Events that a program made have UTC there, wherever the person is. */
Str microsoft_zone(const json_t *item)
{
    static const Str none[] = {
        SI("Etc/UTC"), SI("Etc/GMT"), SI("Etc/UCT"), SI("Etc/Universal"), SI("Etc/Zulu")};
    Str original = S("");

    (void)j_text(item, "originalStartTimeZone", &original);
    Str zone = zone_names_iana(original);

    for (size_t i = 0; i < COUNT(none); i++) {
        if (str_eq(zone, none[i])) {
            return S("");
        }
    }
    return zone;
}

static void microsoft_item_said(const json_t *item, struct event_said *ret)
{
    (void)j_text(item, "id", &ret->id);
    (void)j_text(item, "seriesMasterId", &ret->series);
    (void)j_text(item, "transactionId", &ret->copy_text);
    ret->is_cancelled = json_is_true(json_object_get(item, "isCancelled"));
    ret->zone = microsoft_zone(item);
    microsoft_time_read(item, "start", &ret->start, &ret->start_zone);
    microsoft_time_read(item, "end", &ret->end, &ret->end_zone);
    microsoft_days_read(item, ret);
}

static const Str microsoft_copy_mark = SI("cdk-");

Str microsoft_copy_transaction(struct arena *mem, Str key)
{
    static const char digits[] = "0123456789abcdef";
    struct buf b = {.mem = mem, .max = microsoft_copy_mark.n + 2 * EVENT_COPY_KEY_BYTES};

    must_be(key.n == EVENT_COPY_KEY_BYTES);
    buf_add(&b, microsoft_copy_mark);
    for (size_t i = 0; i < key.n; i++) {
        unsigned char c = (unsigned char)key.p[i];

        buf_add_char(&b, digits[c >> 4]);
        buf_add_char(&b, digits[c & 15]);
    }
    return buf_text(&b);
}

static bool microsoft_copy_key(Str transaction, uint8_t *key)
{
    Str digits = str_sub(transaction, microsoft_copy_mark.n, transaction.n);

    if (!str_starts(transaction, microsoft_copy_mark)
        || digits.n != 2 * EVENT_COPY_KEY_BYTES) {
        return false;
    }
    for (size_t i = 0; i < EVENT_COPY_KEY_BYTES; i++) {
        int high = char_hex((unsigned char)digits.p[2 * i]);
        int low = char_hex((unsigned char)digits.p[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        key[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static const struct event_rule microsoft_events_rules[] = {
    {NULL, "isCancelled", SI("true"), EVENT_NEVER},
    {"responseStatus", "response", SI("declined"), EVENT_NEVER},
    {NULL, "showAs", SI("free"), EVENT_IF_ASKED},
    {NULL, "showAs", SI("workingElsewhere"), EVENT_IF_ASKED},
};

static const struct event_error microsoft_events_errors[] = {
    /* clang-format off */
    {SI("ApplicationThrottled"), 0, EVENT_ANYWHERE, FAIL_SOURCE_RATE_LIMITED, EVENTS_OTHER},
    {SI("activityLimitReached"), 0, EVENT_ANYWHERE, FAIL_SOURCE_RATE_LIMITED, EVENTS_OTHER},
    {SI("ErrorInvalidIdMalformed"), 400, EVENT_ANYWHERE, FAIL_NOT_FOUND, EVENTS_OTHER},
    {SI(""), 400, EVENT_AT_NEXT, FAIL_SOURCE_ERROR, EVENTS_PAGE_REFUSED},
    {SI("ErrorAccessDenied"), 403, EVENT_SCOPE_IS_LOST, FAIL_MISSING_SCOPES, EVENTS_OTHER},
    {SI("accessDenied"), 403, EVENT_SCOPE_IS_LOST, FAIL_MISSING_SCOPES, EVENTS_OTHER},
    {SI(""), 410, EVENT_AT_NEXT, FAIL_SOURCE_ERROR, EVENTS_PAGE_REFUSED},
    {SI(""), 503, EVENT_TOLD_TO_WAIT, FAIL_SOURCE_RATE_LIMITED, EVENTS_OTHER},
    {SI(""), 504, EVENT_ANYWHERE, FAIL_SOURCE_UNAVAILABLE, EVENTS_TOO_SLOW},
    /* clang-format on */
};

static const Str microsoft_events_scopes[] = {
    SI("Calendars.ReadWrite"),        SI("Calendars.Read"),
    SI("Calendars.ReadWrite.Shared"), SI("Calendars.Read.Shared"),
    SI("Calendars.ReadBasic"),
};

#define MICROSOFT_EVENTS_FIELDS                                                          \
    "id,start,end,isAllDay,showAs,isCancelled,responseStatus,seriesMasterId,"            \
    "originalStartTimeZone,transactionId"

/* An id that survives a move to another calendar, and times in one zone. */
static const struct net_header headers[] = {
    {SI("Prefer"), SI("IdType=\"ImmutableId\"")},
    {SI("Prefer"), SI("outlook.timezone=\"UTC\"")},
};

const struct event_api microsoft_events = {
    .form =
        {
            .before = SI("/me/calendars/"),
            .after = SI("/calendarView"),
            .from = SI("?startDateTime="),
            .to = SI("&endDateTime="),
            .top = SI("&$top="),
            .usual_top = 500,
            .fields = SI("&$select=" MICROSOFT_EVENTS_FIELDS),
        },
    .headers = headers,
    .n_headers = COUNT(headers),
    .items = "value",
    .next = "@odata.nextLink",
    .words =
        {
            .read = microsoft_item_said,
            .copy_key = microsoft_copy_key,
            .rules = microsoft_events_rules,
            .n_rules = COUNT(microsoft_events_rules),
        },
    .details_form =
        {
            .before = SI("/me/calendars/"),
            .after = SI("/calendarView"),
            .from = SI("?startDateTime="),
            .to = SI("&endDateTime="),
            .top = SI("&$top="),
            .usual_top = 250,
            /* with the organizer come the two times, without it they may be year 1 */
            .fields = SI("&$select=" MICROSOFT_EVENTS_FIELDS
                         ",subject,bodyPreview,location,sensitivity,webLink,"
                         "createdDateTime,lastModifiedDateTime,organizer"),
        },
    .details = &microsoft_details,
    .error_reason = microsoft_error_reason,
    .errors = microsoft_events_errors,
    .n_errors = COUNT(microsoft_events_errors),
    .scopes = microsoft_events_scopes,
    .n_scopes = COUNT(microsoft_events_scopes),
};
