/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_view.c - writes an event, and makes a page of them fit into an answer.
 *
 * Ids, marks and links are short enough for any page. What they leave of an answer is
 * shared by the texts that can be cut: where it isn't enough, the longest are.
 */
#include "api/event_view.h"

#include "api/page.h"
#include "base/arena.h"
#include "base/limits.h"

enum {
    EVENT_BYTES = 1792, /* names, and values whose length we know */
    ESCAPED = 6,        /* bytes that one byte of a calendar's id takes at most */
    TEXTS = 5,          /* of an event, that can be cut */
};

_Static_assert(
    PAGE_HEAD_BYTES
            + LIMIT_PAGE_SIZE
                  * (EVENT_BYTES + ESCAPED * LIMIT_CALENDAR_ID_BYTES
                     + LIMIT_BASE64_ID_BYTES + LIMIT_EVENT_ID_BYTES
                     + LIMIT_EVENT_ETAG_BYTES + LIMIT_EVENT_LINK_BYTES)
        < LIMIT_ANSWER_BYTES,
    "a page of events without texts always fits");

static const Str event_statuses[] = {
    [EVENT_CONFIRMED] = SI("CONF"),
    [EVENT_TENTATIVE] = SI("TENT"),
    [EVENT_CANCELLED] = SI("CANC"),
    [EVENT_STATUS_UNKNOWN] = SI("UNKN")};

static const Str visibilities[] = {
    [EVENT_DEFAULT] = SI("DEFT"),
    [EVENT_PUBLIC] = SI("PUBL"),
    [EVENT_PRIVATE] = SI("PRIV"),
    [EVENT_VISIBILITY_UNKNOWN] = SI("UNKN")};

/* clang-format off */
static const struct api_field event_fields[] = {
    {.name = SI("calendar_source_account"), .type = VALUE_INT, .is_required = true,
        .example = SI("7")},
    {.name = SI("staff_calendar_settings"), .type = VALUE_INT, .is_required = true,
        .example = SI("3")},
    {.name = SI("calendar_source_event_id"), .is_required = true,
        .about = SI("The source's id of the event."),
        .example = SI("4k2h8b3f6t0n2r5p7u9a1cd5m2")},
    {.name = SI("calendar_source_calendar_id"), .is_required = true,
        .example = SI("alice@example.com")},
    {.name = SI("base64_calendar_source_calendar_id"), .is_required = true,
        .example = SI("YWxpY2VAZXhhbXBsZS5jb20")},
    {.name = SI("calendar_name"), .is_required = true,
        .about = SI("As the user sees it."),
        .example = SI("Alice")},
    {.name = SI("calendar_is_primary"), .type = VALUE_BOOL, .is_required = true,
        .example = SI("true")},
    {.name = SI("calendar_timezone"), .is_required = true, .is_nullable = true,
        .about = SI("An IANA name; null where the source doesn't say."),
        .example = SI("Europe/Berlin")},
    {.name = SI("calendar_source_created_at"), .type = VALUE_TIME, .is_required = true,
        .is_nullable = true,
        .example = SI("2026-11-20T08:00:00Z")},
    {.name = SI("calendar_source_updated_at"), .type = VALUE_TIME, .is_required = true,
        .is_nullable = true,
        .example = SI("2026-11-21T10:15:00Z")},
    {.name = SI("title"), .is_required = true,
        .example = SI("Dentist")},
    {.name = SI("description"), .is_required = true,
        .about = SI("Google: may be HTML. Microsoft: the beginning, as plain text."),
        .example = SI("Bring the X-rays.")},
    {.name = SI("location_name"), .is_required = true,
        .example = SI("Main Street 1")},
    {.name = SI("location_address"), .is_required = true, .is_nullable = true,
        .about = SI("In one line. Google: always null.")},
    {.name = SI("location_latitude"), .is_required = true, .is_nullable = true,
        .about = SI("Degrees, with six decimals. Google: always null.")},
    {.name = SI("location_longitude"), .is_required = true, .is_nullable = true},
    {.name = SI("start_datetime_utc"), .type = VALUE_TIME, .is_required = true,
        .example = SI("2026-12-01T09:00:00Z")},
    {.name = SI("end_datetime_utc"), .type = VALUE_TIME, .is_required = true,
        .about = SI("Exclusive."),
        .example = SI("2026-12-01T10:30:00Z")},
    {.name = SI("timezone"), .is_required = true, .is_nullable = true,
        .about = SI("An IANA name: where an all-day event's days begin, else where the "
            "event was made, if the source says that."),
        .example = SI("Europe/Berlin")},
    {.name = SI("is_all_day"), .type = VALUE_BOOL, .is_required = true},
    {.name = SI("is_busy"), .type = VALUE_BOOL, .is_required = true,
        .about = SI("Whether it blocks."),
        .example = SI("true")},
    {.name = SI("status"), .is_required = true, .choices = event_statuses,
        .n_choices = COUNT(event_statuses)},
    {.name = SI("visibility"), .is_required = true, .choices = visibilities,
        .n_choices = COUNT(visibilities)},
    {.name = SI("etag"), .is_required = true, .is_nullable = true,
        .example = SI("\"3400000000000000\"")},
    {.name = SI("link"), .is_required = true, .is_nullable = true,
        .about = SI("For a browser: https."),
        .example = SI("https://www.google.com/calendar/event?eid=NGsyaDhi")},
    {.name = SI("pushed_event_id"), .is_required = true, .is_nullable = true,
        .about = SI("The application's own id, where it made the event.")},
};
/* clang-format on */

const struct api_shape event_shape = {
    SI("ExternalEvent"), event_fields, COUNT(event_fields)};

/* Fitting. */

static void event_text_sizes(const struct event_row *row, size_t sizes[TEXTS])
{
    sizes[0] = writer_text_bytes(row->calendar->name);
    sizes[1] = writer_text_bytes(row->title);
    sizes[2] = writer_text_bytes(row->description);
    sizes[3] = writer_text_bytes(row->location_name);
    sizes[4] = writer_text_bytes(row->location_address);
}

static size_t event_other_bytes(const struct event_row *row)
{
    return EVENT_BYTES + writer_text_bytes(row->id) + writer_text_bytes(row->etag)
           + writer_text_bytes(row->link) + writer_text_bytes(row->calendar->id)
           + row->calendar->base64_id.n;
}

size_t event_view_share(struct arena *mem, const struct event_row *const *rows, size_t n)
{
    size_t *sizes = NEW_N(mem, size_t, TEXTS * n);
    size_t left = LIMIT_ANSWER_BYTES - PAGE_HEAD_BYTES;

    must_be(n <= LIMIT_PAGE_SIZE);
    for (size_t i = 0; i < n; i++) {
        event_text_sizes(rows[i], &sizes[TEXTS * i]);
        left -= event_other_bytes(rows[i]);
    }
    return page_share(sizes, TEXTS * n, left);
}

/* Writing. */

static void event_write_time(struct writer *w, Str name, int64_t s)
{
    if (s < 0) {
        writer_null(w, name);
    } else {
        writer_second(w, name, s);
    }
}

static void event_write_calendar(
    struct writer *w, const struct event_row *row, size_t most)
{
    const struct event_calendar *c = row->calendar;

    writer_int(w, S("calendar_source_account"), c->account);
    writer_int(w, S("staff_calendar_settings"), c->setting);
    writer_text(w, S("calendar_source_event_id"), row->id);
    writer_text(w, S("calendar_source_calendar_id"), c->id);
    writer_text(w, S("base64_calendar_source_calendar_id"), c->base64_id);
    writer_text(w, S("calendar_name"), writer_text_cut(c->name, most));
    writer_bool(w, S("calendar_is_primary"), c->is_primary);
    writer_text_or_null(w, S("calendar_timezone"), c->time_zone);
    event_write_time(w, S("calendar_source_created_at"), row->created_s);
    event_write_time(w, S("calendar_source_updated_at"), row->updated_s);
}

void event_view_write(
    struct writer *w, const struct event_row *row, Str pushed, size_t most)
{
    event_write_calendar(w, row, most);
    writer_text(w, S("title"), writer_text_cut(row->title, most));
    writer_text(w, S("description"), writer_text_cut(row->description, most));
    writer_text(w, S("location_name"), writer_text_cut(row->location_name, most));
    writer_text_or_null(
        w, S("location_address"), writer_text_cut(row->location_address, most));
    writer_text_or_null(w, S("location_latitude"), row->latitude);
    writer_text_or_null(w, S("location_longitude"), row->longitude);
    writer_second(w, S("start_datetime_utc"), row->start_s);
    writer_second(w, S("end_datetime_utc"), row->end_s);
    writer_text_or_null(w, S("timezone"), row->zone);
    writer_bool(w, S("is_all_day"), row->is_all_day);
    writer_bool(w, S("is_busy"), row->is_busy);
    writer_text(w, S("status"), event_statuses[row->status]);
    writer_text(w, S("visibility"), visibilities[row->visibility]);
    writer_text_or_null(w, S("etag"), row->etag);
    writer_text_or_null(w, S("link"), row->link);
    writer_text_or_null(w, S("pushed_event_id"), pushed);
}
