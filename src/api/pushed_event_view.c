/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pushed_event_view.c - writes and describes an event and its copies, and makes a page of
 * them fit into an answer (docs/pushing.md §2).
 *
 * A single event is always written whole. A hundred with the longest texts would be some
 * seven times an answer. A shorter page would not be the one that was asked for, so in a
 * list the longest titles, descriptions and places are cut, all alike, and only where
 * they don't fit. What can't be cut, ids and links, fits but for a source that makes very
 * long ones: then the caller has to ask for smaller pages, and is told how small.
 */
#include "api/pushed_event_view.h"

#include "api/page.h"
#include "api/pushed_event_body.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"

enum {
    PUSHED_BYTES = 1024, /* names, and values whose length we know */
    COPY_BYTES = 512,    /* the same of a copy */
    PUSHED_ESCAPED = 6,  /* bytes that one byte of a text takes at most */
    PUSHED_TEXTS = 3,    /* of an event, that can be cut */
};

_Static_assert(
    PUSHED_BYTES + PUSHED_ESCAPED * LIMIT_BODY_BYTES
            + LIMIT_OWNER_SETTINGS
                  * (COPY_BYTES + LIMIT_EVENT_ID_BYTES + LIMIT_EVENT_LINK_BYTES)
        < LIMIT_ANSWER_BYTES,
    "one event with a copy for each of its owner's settings fits");

static const Str copy_statuses[] = {
    SI("pending"), SI("written"),           SI("skipped"),
    SI("failed"),  SI("deleted_by_person"), SI("removing"),
};

_Static_assert(COUNT(copy_statuses) == COPY_REMOVING, "each status has a word");

enum { FROM_COPY = SYNC_READ_ONLY, NO_WORD = -1 };

/* What is in the way of the setting or its account, by enum sync_inactive from
 * SYNC_NEEDS_RECONNECT on, then the copy's own, by enum copy_reason. */
static const Str copy_reasons[] = {
    SI("needs_reconnect"), SI("calendar_gone"), SI("no_access"), SI("read_only"),
    SI("no_attendees"),    SI("past"),          SI("refused"),   SI("gave_up"),
    SI("throttled"),       SI("source_error"),
};

_Static_assert(
    COUNT(copy_reasons) == FROM_COPY + COPY_SOURCE_ERROR, "each reason has a word");

/* clang-format off */
static const struct api_field copy_fields[] = {
    {.name = SI("staff_calendar_settings"), .type = VALUE_INT, .is_required = true,
        .about = SI("The setting of the calendar."),
        .example = SI("3")},
    {.name = SI("status"), .is_required = true, .choices = copy_statuses,
        .n_choices = COUNT(copy_statuses)},
    {.name = SI("reason"), .is_required = true, .is_nullable = true, .choices = copy_reasons,
        .n_choices = COUNT(copy_reasons),
        .about = SI("Why the copy isn't in the calendar, or not yet as it is wanted.")},
    {.name = SI("calendar_source_event_id"), .is_required = true, .is_nullable = true,
        .about = SI("The source's id of the copy; null before it is written."),
        .example = SI("cdk0d5m2v7q9s4k1h8b3f6t0n2r5p7u9a1c")},
    {.name = SI("link"), .is_required = true, .is_nullable = true,
        .about = SI("The source's page of the copy.")},
    {.name = SI("written_at"), .type = VALUE_TIME, .is_required = true,
        .is_nullable = true,
        .example = SI("2026-11-30T09:12:04Z")},
    {.name = SI("is_changed"), .type = VALUE_BOOL, .is_required = true,
        .about = SI("Whether the person moved it.")},
    {.name = SI("changed_start"), .type = VALUE_MOMENT, .is_required = true,
        .is_nullable = true,
        .about = SI("What the person made of it, as the next; dates where the copy is "
            "all-day now.")},
    {.name = SI("changed_end"), .type = VALUE_MOMENT, .is_required = true,
        .is_nullable = true},
};

static const struct api_shape copy_object = {
    SI("PushedCopy"), copy_fields, COUNT(copy_fields)};

static const struct api_field pushed_event_fields[] = {
    {.name = SI("event_id"), .is_required = true,
        .about = SI("The application's own id."),
        .example = SI("booking-4711")},
    {.name = SI("title"), .is_required = true,
        .about = SI("In a list it is cut where the page would be too large for an answer, "
            "as description and location are."),
        .example = SI("Massage, Mrs. Lindqvist")},
    {.name = SI("start"), .type = VALUE_MOMENT, .is_required = true,
        .about = SI("A date-time in UTC; of is_all_day a date."),
        .example = SI("2026-12-01T09:00:00Z")},
    {.name = SI("end"), .type = VALUE_MOMENT, .is_required = true,
        .about = SI("Exclusive."),
        .example = SI("2026-12-01T10:30:00Z")},
    {.name = SI("is_all_day"), .type = VALUE_BOOL, .is_required = true},
    {.name = SI("description"), .is_required = true,
        .example = SI("60 minutes")},
    {.name = SI("location"), .is_required = true,
        .example = SI("Room 2")},
    {.name = SI("link"), .is_required = true, .is_nullable = true,
        .example = SI("https://app.example/bookings/4711")},
    {.name = SI("show_as"), .is_required = true, .choices = pushed_event_body_shows,
        .n_choices = PUSHED_WORDS},
    {.name = SI("visibility"), .is_required = true, .choices = pushed_event_body_visibilities,
        .n_choices = PUSHED_WORDS},
    {.name = SI("has_attendees"), .type = VALUE_BOOL, .is_required = true},
    {.name = SI("version"), .type = VALUE_INT, .is_required = true, .is_nullable = true,
        .example = SI("3")},
    {.name = SI("created_at"), .type = VALUE_TIME, .is_required = true,
        .example = SI("2026-11-30T09:12:02Z")},
    {.name = SI("updated_at"), .type = VALUE_TIME, .is_required = true,
        .example = SI("2026-11-30T09:12:02Z")},
    {.name = SI("copies"), .type = VALUE_LIST, .is_required = true,
        .object = &copy_object,
        .about = SI("One for each calendar that receives, by setting.")},
};
/* clang-format on */

const struct api_shape pushed_event_shape = {
    SI("PushedEvent"), pushed_event_fields, COUNT(pushed_event_fields)};

/* Fitting. */

static size_t copy_bytes(const struct pushed_copy *c)
{
    return COPY_BYTES + writer_text_bytes(c->external_id) + writer_text_bytes(c->link);
}

/* All but what can be cut. */
static size_t view_bytes(const struct pushed_event_view *v)
{
    size_t bytes = PUSHED_BYTES + writer_text_bytes(v->values.link);

    for (size_t i = 0; i < v->n_copies; i++) {
        bytes += copy_bytes(&v->copies[i].copy);
    }
    return bytes;
}

bool pushed_event_view_share(
    struct arena *mem, const struct pushed_event_view *views, size_t n, size_t *ret)
{
    size_t *sizes = NEW_N(mem, size_t, PUSHED_TEXTS * n);
    size_t left = LIMIT_ANSWER_BYTES - PAGE_HEAD_BYTES;

    must_be(n <= LIMIT_PAGE_SIZE);
    for (size_t i = 0; i < n; i++) {
        const struct event_values *v = &views[i].values;
        size_t bytes = view_bytes(&views[i]);

        if (bytes > left) {
            *ret = i;
            return false;
        }
        left -= bytes;
        sizes[PUSHED_TEXTS * i] = writer_text_bytes(v->title);
        sizes[PUSHED_TEXTS * i + 1] = writer_text_bytes(v->description);
        sizes[PUSHED_TEXTS * i + 2] = writer_text_bytes(v->location);
    }
    *ret = page_share(sizes, PUSHED_TEXTS * n, left);
    return true;
}

/* Writing. */

static int64_t number_within(int64_t v, int64_t most)
{
    if (v < 0) {
        return 0;
    }
    return v < most ? v : most;
}

/* As struct write_wish has it. What is stored may be anything, and a source's year 1 has
 * no form in answers. */
static void moment_write(struct writer *w, Str name, bool is_day, int64_t at)
{
    char text[DATETIME_DATE_BYTES];

    if (is_day) {
        int32_t day = (int32_t)number_within(at, DATETIME_LAST_S / CLOCK_DAY_S);

        writer_text(w, name, datetime_date_write(day, text));
    } else {
        writer_second(w, name, number_within(at, DATETIME_LAST_S));
    }
}

Str pushed_event_view_status(enum copy_status status)
{
    return copy_statuses[status - 1];
}

/* What is in the way of writing. That a calendar is too large to be read isn't. */
static int copy_obstacle(const struct pushed_copy_view *v)
{
    enum sync_inactive why = v->is_connected ? v->inactive : SYNC_NEEDS_RECONNECT;

    switch (why) {
    case SYNC_NEEDS_RECONNECT:
    case SYNC_CALENDAR_GONE:
    case SYNC_NO_ACCESS:
    case SYNC_READ_ONLY:
        return (int)why - SYNC_NEEDS_RECONNECT;
    case SYNC_ACTIVE:
    case SYNC_TOO_LARGE:
        break;
    }
    return NO_WORD;
}

Str pushed_event_view_reason(const struct pushed_copy_view *v)
{
    const struct pushed_copy *c = &v->copy;
    bool waits = c->status == COPY_PENDING || c->status == COPY_REMOVING;
    int word = waits ? copy_obstacle(v) : NO_WORD;

    if (word == NO_WORD && c->reason != COPY_REASON_NONE) {
        word = FROM_COPY + (int)c->reason - 1;
    }
    return word == NO_WORD ? S("") : copy_reasons[word];
}

static void copy_write_change(struct writer *w, const struct pushed_copy *c)
{
    bool is_changed = (c->flags & COPY_CHANGED) != 0;
    bool is_day = (c->flags & COPY_ALL_DAY) != 0;

    writer_bool(w, S("is_changed"), is_changed);
    if (is_changed) {
        moment_write(w, S("changed_start"), is_day, c->start);
        moment_write(w, S("changed_end"), is_day, c->end);
    } else {
        writer_null(w, S("changed_start"));
        writer_null(w, S("changed_end"));
    }
}

/* An id that is known before the copy is written leads nowhere yet. */
static void copy_write(struct writer *w, const struct pushed_copy_view *v)
{
    const struct pushed_copy *c = &v->copy;

    writer_object(w, S(""));
    writer_int(w, S("staff_calendar_settings"), c->settings);
    writer_text(w, S("status"), pushed_event_view_status(c->status));
    writer_text_or_null(w, S("reason"), pushed_event_view_reason(v));
    writer_text_or_null(
        w, S("calendar_source_event_id"), c->written_ms > 0 ? c->external_id : S(""));
    writer_text_or_null(w, S("link"), c->link);
    writer_second_or_null(w, S("written_at"), c->written_ms / 1000);
    copy_write_change(w, c);
    writer_end(w);
}

static void values_write(struct writer *w, const struct event_values *v, size_t most)
{
    writer_text(w, S("title"), writer_text_cut(v->title, most));
    moment_write(w, S("start"), v->is_all_day, v->start);
    moment_write(w, S("end"), v->is_all_day, v->end);
    writer_bool(w, S("is_all_day"), v->is_all_day);
    writer_text(w, S("description"), writer_text_cut(v->description, most));
    writer_text(w, S("location"), writer_text_cut(v->location, most));
    writer_text_or_null(w, S("link"), v->link);
    writer_text(w, S("show_as"), pushed_event_body_shows[v->is_free]);
    writer_text(w, S("visibility"), pushed_event_body_visibilities[v->is_private]);
    writer_bool(w, S("has_attendees"), v->has_attendees);
}

void pushed_event_view_write(
    struct writer *w, const struct pushed_event_view *view, size_t most)
{
    const struct pushed_event *e = view->event;

    writer_text(w, S("event_id"), e->event_id);
    values_write(w, &view->values, most);
    if (e->version == PUSHED_NO_VERSION) {
        writer_null(w, S("version"));
    } else {
        writer_int(w, S("version"), e->version);
    }
    writer_second(w, S("created_at"), e->created_ms / 1000);
    writer_second(w, S("updated_at"), e->updated_ms / 1000);
    writer_array(w, S("copies"));
    for (size_t i = 0; i < view->n_copies; i++) {
        copy_write(w, &view->copies[i]);
    }
    writer_end(w);
}
