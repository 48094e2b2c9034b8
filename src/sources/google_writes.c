/* SPDX-License-Identifier: Apache-2.0 */
/*
 * google_writes.c - copies in Google's Calendar API v3: where they are, how they are
 * described, and what a refusal means, as data where possible (docs/sources.md G27 to
 * G32).
 */
#include "base/cx.h"
#include "base/datetime.h"
#include "sources/sources_private.h"
#include "sources/write_call.h"

#define GOOGLE_WRITES_FIELDS "fields=id,status,start,end,htmlLink"

static void google_path(
    struct arena *mem, const struct write_asked *asked, Str ret[SOURCE_PATH_PARTS])
{
    static const Str queries[] = {
        [WRITE_CREATE] = SI("?sendUpdates=none&" GOOGLE_WRITES_FIELDS),
        [WRITE_UPDATE] = SI("?sendUpdates=none&" GOOGLE_WRITES_FIELDS),
        [WRITE_LOOK] = SI("?" GOOGLE_WRITES_FIELDS),
        [WRITE_REMOVE] = SI("?sendUpdates=none"),
    };
    const struct write_place *place = asked->place;
    bool is_new = asked->errand == WRITE_CREATE;

    (void)mem;
    ret[0] = S("/calendars/");
    ret[1] = place->calendar_id;
    ret[2] = is_new ? S("/events") : S("/events/");
    ret[3] = is_new ? S("") : place->id;
    ret[4] = queries[asked->errand];
}

/* What turns a time into a date takes the time away, and so the other way
 * (docs/sources.md G30). */
static json_t *google_time(const struct write_asked *asked, int64_t at)
{
    bool is_day = asked->wish->is_all_day;
    char text[DATETIME_TEXT_BYTES];
    Str value =
        is_day ? datetime_date_write((int32_t)at, text) : datetime_write(at, text);

    return json_pack(
        "{ss% so*}", is_day ? "date" : "dateTime", value.p, value.n,
        is_day ? "dateTime" : "date", asked->errand == WRITE_CREATE ? NULL : json_null());
}

static json_t *google_reminders(const struct write_wish *wish)
{
    if (wish->reminder_minutes < 0) {
        return NULL;
    }
    return json_pack(
        "{sb s[{ss sI}]}", "useDefault", false, "overrides", "method", "popup", "minutes",
        (json_int_t)wish->reminder_minutes);
}

/* Reminder and mark are the copy's from its making on, and the person's afterwards. */
static json_t *google_body(struct arena *mem, const struct write_asked *asked)
{
    const struct write_wish *wish = asked->wish;
    bool is_new = asked->errand == WRITE_CREATE;
    Str id = is_new ? google_copy_id(mem, asked->place->key) : S("");

    return json_pack(
        "{so* so* so* so* so so ss ss so* so*}", "id",
        is_new ? write_text(asked, id) : NULL, "summary", write_text(asked, wish->title),
        "description", write_text(asked, wish->description), "location",
        write_text(asked, wish->location), "start", google_time(asked, wish->start),
        "end", google_time(asked, wish->end), "transparency",
        wish->is_free ? "transparent" : "opaque", "visibility",
        wish->is_private ? "private" : "default", "reminders",
        is_new ? google_reminders(wish) : NULL, "extendedProperties",
        is_new ? json_pack("{s{ss}}", "private", "caldock", "1") : NULL);
}

static const struct source_error google_writes_errors[] = {
    /* clang-format off */
    {SI("rateLimitExceeded"), 403, FAIL_SOURCE_RATE_LIMITED, WRITE_OTHER},
    {SI("userRateLimitExceeded"), 403, FAIL_SOURCE_RATE_LIMITED, WRITE_OTHER},
    {SI("quotaExceeded"), 403, FAIL_SOURCE_RATE_LIMITED, WRITE_QUOTA},
    {SI("calendarUsageLimitsExceeded"), 403, FAIL_SOURCE_RATE_LIMITED, WRITE_QUOTA},
    {SI("dailyLimitExceeded"), 403, FAIL_SOURCE_RATE_LIMITED, WRITE_QUOTA},
    {SI("insufficientPermissions"), 403, FAIL_MISSING_SCOPES, WRITE_OTHER},
    {SI("accessNotConfigured"), 403, FAIL_SOURCE_MISCONFIGURED, WRITE_OTHER},
    {SI("duplicate"), 409, FAIL_CONFLICT, WRITE_EXISTS},
    /* clang-format on */
};

static const Str google_writes_scopes[] = {
    SI("https://www.googleapis.com/auth/calendar.events"),
    SI("https://www.googleapis.com/auth/calendar"),
    SI("https://www.googleapis.com/auth/calendar.events.owned"),
};

const struct write_api google_writes = {
    .path = google_path,
    .body = google_body,
    .id_of_key = google_copy_id,
    .errors =
        {
            .topic = &write_topic,
            .reason = google_error_reason,
            .rows = google_writes_errors,
            .n_rows = COUNT(google_writes_errors),
            .scopes = google_writes_scopes,
            .n_scopes = COUNT(google_writes_scopes),
        },
};
