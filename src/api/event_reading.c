/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_reading.c - one calendar, page after page.
 *
 * Each page has an arena of its own, so that a calendar of many pages needs no more
 * memory than one, beside what is kept.
 */
#include "api/event_reading.h"

#include "base/cx.h"
#include "base/limits.h"
#include "sources/calendars.h"

enum { ZONES_APART_S = 26 * 3600 };

/* The calls of one calendar. */
struct event_pages {
    struct event_reading *reading;
    struct source_call *call;
    struct events_query query;
    char *next;        /* LIMIT_EVENT_CURSOR_BYTES, of the link to a page */
    size_t page_bytes; /* of the page that is read */
    enum events_failure why;
};

/* Pages. */

static Res pages_take(
    struct cx *cx, struct cx *own, struct event_pages *p,
    const struct event_details_page *page)
{
    must_be(page->next.n <= LIMIT_EVENT_CURSOR_BYTES);
    TRY(event_rows_add(cx, own, p->reading->rows, p->reading->calendar, page));
    memcpy(p->next, page->next.p == NULL ? "" : page->next.p, page->next.n);
    p->query.next = (Str){p->next, page->next.n};
    return OK;
}

/* The page's bytes are counted from before they come until they are gone. */
static Res pages_get(
    struct cx *own, struct event_pages *p, struct event_details_page *ret)
{
    struct room_part *room = &p->reading->rows->room;
    size_t before = room->taken;

    p->call->room = room;
    Res res = event_details_get(own, p->call, &p->query, ret, &p->why);

    p->call->room = NULL;
    p->page_bytes = room->taken - before;
    return res;
}

static Res pages_read_one(struct cx *cx, struct event_pages *p)
{
    struct cx own = {.deadline_ms = cx->deadline_ms};
    struct event_details_page page;
    Res res = pages_get(&own, p, &page);

    if (res.code == FAIL_NONE) {
        res = pages_take(cx, &own, p, &page);
    } else {
        cx->why = own.why;
    }
    cx_done(&own);
    room_give(&p->reading->rows->room, p->page_bytes);
    return res;
}

static Res pages_read_all(struct cx *cx, struct event_pages *p)
{
    p->query.next = S("");
    p->why = EVENTS_OTHER;
    for (int pages = 0; pages < LIMIT_EVENTS_PAGES; pages++) {
        TRY(pages_read_one(cx, p));
        if (p->query.next.n == 0) {
            return OK;
        }
    }
    return fail(cx, FAIL_SOURCE_ERROR, "over %d pages of events", LIMIT_EVENTS_PAGES);
}

/* A link to a page that is refused: the calendar is read anew, once. */
static Res pages_read(
    struct cx *cx, struct event_pages *p, const struct event_rows *before)
{
    Res res = pages_read_all(cx, p);

    if (res.code == FAIL_NONE || p->why != EVENTS_PAGE_REFUSED) {
        return res;
    }
    event_rows_go_back(p->reading->rows, before, p->reading->calendar);
    return pages_read_all(cx, p);
}

/* The calendar. */

static Res event_calendar_describe(
    struct cx *cx, struct event_calendar *calendar, struct source_call *call)
{
    struct cx own = {.deadline_ms = cx->deadline_ms};
    struct calendar found = {.is_primary = false};
    Res res = calendars_get(&own, call, calendar->id, &found);

    if (res.code == FAIL_NONE) {
        calendar->name = str_dup(&cx->mem, found.name);
        calendar->is_primary = found.is_primary;
        calendar->time_zone = str_dup(&cx->mem, found.time_zone);
    } else {
        cx->why = own.why;
    }
    cx_done(&own);
    return res;
}

/* Where there are no events to be found, the calendar may be gone. No cursor was sent
 * that could be. */
static Res event_calendar_read(
    struct cx *cx, struct event_pages *p, const struct event_rows *before)
{
    Res res = pages_read(cx, p, before);

    if (res.code != FAIL_NONE && res.code != FAIL_NOT_FOUND
        && p->why != EVENTS_CURSOR_GONE) {
        return res;
    }
    TRY(event_calendar_describe(cx, p->reading->calendar, p->call));
    return res.code == FAIL_NONE
               ? OK
               : fail(cx, FAIL_SOURCE_ERROR, "no events of a calendar that is there");
}

/* The window is wider than the range: in the source's eyes days may begin elsewhere. */
Res event_reading_ask(struct cx *cx, void *reading, struct source_call *call)
{
    struct event_reading *r = reading;
    const struct event_rows before = *r->rows;
    struct event_pages p = {
        .reading = r,
        .call = call,
        .query =
            {.calendar_id = r->calendar->id,
             .from_s = r->rows->from_s - ZONES_APART_S,
             .to_s = r->rows->to_s + ZONES_APART_S,
             .top = r->calendar->top},
        .next = arena_alloc(&cx->mem, LIMIT_EVENT_CURSOR_BYTES),
    };
    Res res = event_calendar_read(cx, &p, &before);

    if (res.code != FAIL_NONE) {
        event_rows_go_back(r->rows, &before, r->calendar);
    }
    return res;
}
