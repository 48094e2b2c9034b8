/* SPDX-License-Identifier: Apache-2.0 */
/*
 * microsoft_writes.c - copies in Graph v1.0: where they are, how they are described, and
 * what a refusal means, as data where possible (docs/sources.md M28 to M32).
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/datetime.h"
#include "sources/events.h"
#include "sources/sources_private.h"
#include "sources/write_call.h"

#define SELECT   "$select=id,start,end,isAllDay,isCancelled,webLink"
#define PROPERTY "String {6d1f0c1e-3c0b-4c53-9a3b-5e1f6a2d7c10} Name caldock"

/* The key, as the property has it. */
static Str copy_digits(Str transaction)
{
    return str_sub(transaction, transaction.n - 2 * EVENT_COPY_KEY_BYTES, transaction.n);
}

static Str copy_filter(struct arena *mem, Str key)
{
    const Str head =
        S("singleValueExtendedProperties/Any(ep: ep/id eq '" PROPERTY "' and ep/value "
          "eq '");
    Str digits = copy_digits(microsoft_copy_transaction(mem, key));

    return str_cat(mem, str_cat(mem, head, digits), S("')"));
}

/* An event is found by its id in whichever calendar the person moved it to
 * (docs/sources.md M19, M29). */
static void microsoft_path(
    struct arena *mem, const struct write_asked *asked, Str ret[SOURCE_PATH_PARTS])
{
    const struct write_place *place = asked->place;

    if (asked->errand == WRITE_CREATE || asked->errand == WRITE_FIND) {
        ret[0] = S("/me/calendars/");
        ret[1] = place->calendar_id;
        ret[2] = S("/events");
    } else {
        ret[0] = S("/me/events/");
        ret[1] = place->id;
    }
    if (asked->errand == WRITE_LOOK) {
        ret[2] = S("?" SELECT);
    }
    if (asked->errand == WRITE_FIND) {
        ret[2] = S("/events?$filter=");
        ret[3] = copy_filter(mem, place->key);
        ret[4] = S("&" SELECT);
    }
}

/* A day begins and ends at a midnight (docs/sources.md M30). */
static json_t *microsoft_time(const struct write_wish *wish, int64_t at)
{
    char text[DATETIME_TEXT_BYTES];
    Str utc = datetime_write(wish->is_all_day ? at * CLOCK_DAY_S : at, text);

    return json_pack("{ss% ss}", "dateTime", utc.p, utc.n - 1, "timeZone", "UTC");
}

static json_t *microsoft_content(json_t *text)
{
    return text == NULL ? NULL
                        : json_pack("{ss so}", "contentType", "text", "content", text);
}

static json_t *microsoft_location(json_t *text)
{
    return text == NULL ? NULL : json_pack("{so}", "displayName", text);
}

/* What is the copy's from its making on, and the person's afterwards. */
static void microsoft_mark(
    struct arena *mem, const struct write_asked *asked, json_t *body)
{
    Str transaction = microsoft_copy_transaction(mem, asked->place->key);
    Str digits = copy_digits(transaction);
    json_int_t minutes = (json_int_t)asked->wish->reminder_minutes;
    CLEANUP(j_done)
    json_t *mark = json_pack(
        "{ss% s[{ss ss%}]}", "transactionId", transaction.p, transaction.n,
        "singleValueExtendedProperties", "id", PROPERTY, "value", digits.p, digits.n);
    CLEANUP(j_done)
    json_t *reminder = minutes < 0 ? NULL
                                   : json_pack(
                                       "{sb sI}", "isReminderOn", true,
                                       "reminderMinutesBeforeStart", minutes);

    must_be(minutes < 0 || json_object_update(body, reminder) == 0);
    must_be(json_object_update(body, mark) == 0);
}

static json_t *microsoft_body(struct arena *mem, const struct write_asked *asked)
{
    const struct write_wish *wish = asked->wish;
    json_t *body = json_pack(
        "{so* so* so* so so sb ss ss}", "subject", write_text(asked, wish->title), "body",
        microsoft_content(write_text(asked, wish->description)), "location",
        microsoft_location(write_text(asked, wish->location)), "start",
        microsoft_time(wish, wish->start), "end", microsoft_time(wish, wish->end),
        "isAllDay", wish->is_all_day, "showAs", wish->is_free ? "free" : "busy",
        "sensitivity", wish->is_private ? "private" : "normal");

    if (asked->errand == WRITE_CREATE) {
        microsoft_mark(mem, asked, body);
    }
    return body;
}

static const struct source_error microsoft_writes_errors[] = {
    /* clang-format off */
    {SI("ApplicationThrottled"), 0, FAIL_SOURCE_RATE_LIMITED, WRITE_OTHER},
    {SI("activityLimitReached"), 0, FAIL_SOURCE_RATE_LIMITED, WRITE_OTHER},
    {SI("ErrorDuplicateTransactionId"), 0, FAIL_CONFLICT, WRITE_EXISTS},
    {SI("ErrorAccessDenied"), 403, FAIL_MISSING_SCOPES, WRITE_OTHER, .if_scope_is_lost = true},
    {SI("accessDenied"), 403, FAIL_MISSING_SCOPES, WRITE_OTHER, .if_scope_is_lost = true},
    {SI(""), 503, FAIL_SOURCE_RATE_LIMITED, WRITE_OTHER, .if_told_to_wait = true},
    /* clang-format on */
};

static const Str microsoft_writes_scopes[] = {
    SI("Calendars.ReadWrite"),
    SI("Calendars.ReadWrite.Shared"),
};

const struct write_api microsoft_writes = {
    .path = microsoft_path,
    .body = microsoft_body,
    .errors =
        {
            .topic = &write_topic,
            .reason = microsoft_error_reason,
            .rows = microsoft_writes_errors,
            .n_rows = COUNT(microsoft_writes_errors),
            .scopes = microsoft_writes_scopes,
            .n_scopes = COUNT(microsoft_writes_scopes),
        },
};
