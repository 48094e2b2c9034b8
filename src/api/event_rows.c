/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_rows.c - chooses, copies and sorts the events of an answer.
 */
#include "api/event_rows.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/cx.h"
#include "base/datetime.h"
#include "base/limits.h"
#include "calendars/days.h"
#include "render/writer.h"

/* The events of one page. */
struct event_chunk {
    struct event_chunk *older;
    struct event_row *at;
    size_t n;
};

/* When. */

static int64_t row_within(int64_t at_s)
{
    if (at_s < 0) {
        return 0;
    }
    return at_s < DATETIME_LAST_S ? at_s : DATETIME_LAST_S;
}

/* Days begin in the first zone that is known: the setting's, the event's, the calendar's,
 * the configured one. */
static Res row_take_days(
    struct cx *own, struct days *days, const struct event_item *event, Str page_zone,
    struct event_row *row)
{
    const Str names[] = {row->calendar->days_zone, event->zone, page_zone};
    struct day_zone zone;

    TRY(days_find_zone(own, days, names, COUNT(names), &zone));
    row->order_s = row_within(event->start * CLOCK_DAY_S);
    row->start_s = row_within(days_begin_s(&zone, event->start));
    row->end_s = row_within(days_begin_s(&zone, event->end));
    row->zone = zone.name;
    return OK;
}

static bool row_is_within(const struct event_row *row, const struct event_rows *rows)
{
    bool is_empty = row->end_s <= row->start_s;

    return row->start_s < rows->to_s
           && (is_empty ? row->start_s >= rows->from_s : row->end_s > rows->from_s);
}

/* What. */

/* A part of these would mean nothing: they are left out where they are too long. */
static Str row_mark(Str mark, size_t most)
{
    return writer_text_bytes(mark) <= most ? mark : S("");
}

/* They are copied out of the page, if there is room. */
static Res row_keep(struct cx *cx, struct event_row *row, struct event_rows *rows)
{
    Str *const texts[] = {
        &row->id,       &row->title,     &row->description, &row->location_name,
        &row->latitude, &row->longitude, &row->zone,        &row->location_address,
        &row->etag,     &row->link,      &row->copy_key};
    size_t bytes = sizeof(*row);

    for (size_t i = 0; i < COUNT(texts); i++) {
        bytes += texts[i]->n;
    }
    if (!room_take(&rows->room, bytes)) {
        return fail(cx, FAIL_UNAVAILABLE, "no room for more events at the moment");
    }
    rows->bytes += bytes;
    for (size_t i = 0; i < COUNT(texts); i++) {
        *texts[i] = str_dup(&cx->mem, *texts[i]);
    }
    return OK;
}

static void row_take_texts(struct event_row *row, const struct event_detail *d)
{
    row->id = d->event.id;
    row->title = d->title;
    row->description = d->description;
    row->location_name = d->location_name;
    row->location_address = d->location_address;
    row->latitude = d->latitude;
    row->longitude = d->longitude;
    row->etag = row_mark(d->etag, LIMIT_EVENT_ETAG_BYTES);
    row->link = row_mark(d->link, LIMIT_EVENT_LINK_BYTES);
}

static struct event_row row_of(
    const struct event_rows *rows, const struct event_calendar *calendar,
    const struct event_detail *d)
{
    bool is_own = rows->has_owner && changes_is_copy_of(rows->owner, &d->event);

    return (struct event_row){
        .calendar = calendar,
        .order_s = d->event.start,
        .start_s = d->event.start,
        .end_s = d->event.end,
        .created_s = d->created_s,
        .updated_s = d->updated_s,
        .zone = d->zone,
        .status = d->status,
        .visibility = d->visibility,
        .is_all_day = d->event.is_all_day,
        .is_busy = d->event.counts == EVENT_ALWAYS && !is_own,
        .copy_key = is_own ? d->event.copy_key : S(""),
    };
}

/* Adding. */

/* A page that is being added. */
struct adding {
    struct event_rows *rows;
    struct event_calendar *calendar;
    const struct event_details_page *page;
    struct days days;
    struct event_chunk *chunk;
};

static Res adding_event(
    struct cx *cx, struct cx *own, struct adding *a, const struct event_detail *d)
{
    struct event_rows *rows = a->rows;
    struct event_row row = row_of(rows, a->calendar, d);

    Res res = row.is_all_day
                  ? row_take_days(own, &a->days, &d->event, a->page->zone, &row)
                  : OK;

    if (res.code != FAIL_NONE) {
        cx->why = own->why;
        return res;
    }
    if (!row_is_within(&row, rows)) {
        return OK;
    }
    if (writer_text_bytes(d->event.id) > LIMIT_EVENT_ID_BYTES) {
        return fail(cx, FAIL_SOURCE_ERROR, "an event whose id is of no use in an answer");
    }
    row_take_texts(&row, d);
    TRY(row_keep(cx, &row, rows));
    if (a->calendar->n == LIMIT_EVENTS_OF_CALENDAR || rows->bytes > LIMIT_EVENTS_BYTES) {
        rows->is_full = true;
        return fail(
            cx, FAIL_LIMIT, "over %d events, or %d bytes of them",
            LIMIT_EVENTS_OF_CALENDAR, LIMIT_EVENTS_BYTES);
    }
    a->chunk->at[a->chunk->n++] = row;
    a->calendar->n++;
    return OK;
}

Res event_rows_add(
    struct cx *cx, struct cx *own, struct event_rows *rows,
    struct event_calendar *calendar, const struct event_details_page *page)
{
    struct adding a = {
        .rows = rows,
        .calendar = calendar,
        .page = page,
        .days = {.default_name = rows->default_zone},
        .chunk = NEW(&cx->mem, struct event_chunk),
    };

    a.chunk->at = NEW_N(&cx->mem, struct event_row, page->n);
    for (size_t i = 0; i < page->n; i++) {
        TRY(adding_event(cx, own, &a, &page->at[i]));
    }
    a.chunk->older = rows->newest;
    rows->newest = a.chunk;
    rows->n += a.chunk->n;
    return OK;
}

/* The memory of what is forgotten is not given back, so its bytes still count. */
void event_rows_go_back(
    struct event_rows *rows, const struct event_rows *before,
    struct event_calendar *calendar)
{
    rows->newest = before->newest;
    rows->n = before->n;
    calendar->n = 0;
}

/* Sorting. */

static int row_compare(const void *a, const void *b)
{
    const struct event_row *x = *(const struct event_row *const *)a;
    const struct event_row *y = *(const struct event_row *const *)b;

    if (x->order_s != y->order_s) {
        return x->order_s < y->order_s ? -1 : 1;
    }
    if (x->calendar->setting != y->calendar->setting) {
        return x->calendar->setting < y->calendar->setting ? -1 : 1;
    }
    return str_cmp(x->id, y->id);
}

const struct event_row **event_rows_sort(struct arena *mem, const struct event_rows *rows)
{
    const struct event_row **all = NEW_N(mem, const struct event_row *, rows->n);
    size_t n = 0;

    for (const struct event_chunk *c = rows->newest; c != NULL; c = c->older) {
        for (size_t i = 0; i < c->n; i++) {
            all[n++] = &c->at[i];
        }
    }
    if (n > 0) {
        qsort(all, n, sizeof(const struct event_row *), row_compare);
    }
    return all;
}
