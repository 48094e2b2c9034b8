/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reading.c - page after page into changes, and the changes into an image.
 *
 * Each page has an arena of its own, so that a read of many pages needs no more memory
 * than one, beside the image.
 */
#include "calendars/reading.h"

#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"

/* Pages. */

struct page_ask {
    struct reading *reading;
    struct events_query query;
    struct events_page page;
};

static Res page_ask_run(struct cx *cx, struct source_call *call, void *arg)
{
    struct page_ask *a = arg;

    return events_page_get(cx, call, &a->query, &a->page, &a->reading->why);
}

/* What outlives the page is copied into the read's own arena. */
static Res page_keep(struct cx *cx, struct page_ask *a, struct changes *c)
{
    TRY(changes_add_page(cx, c, &a->page));
    a->query.next = str_dup(&cx->mem, a->page.next);
    a->reading->next_cursor = str_dup(&cx->mem, a->page.cursor);
    return OK;
}

static Res page_read(struct cx *cx, struct page_ask *a, struct changes *c)
{
    struct cx own = {.deadline_ms = clock_mono_ms() + LIMIT_EVENTS_PAGE_MS};

    TRY(a->reading->goes_on(cx, a->reading->arg));
    Res res = calling_run(&own, &a->reading->calling, page_ask_run, a);

    cx_name_flow(cx, str_from_z(own.flow));
    if (res.code == FAIL_NONE) {
        res = page_keep(cx, a, c);
    } else {
        cx->why = own.why;
    }
    cx_done(&own);
    return res;
}

static Res pages_read(struct cx *cx, struct page_ask *a, struct changes *c)
{
    int pages = 0;

    do {
        if (pages++ == LIMIT_EVENTS_PAGES) {
            return fail(cx, FAIL_LIMIT, "over %d pages", LIMIT_EVENTS_PAGES);
        }
        TRY(page_read(cx, a, c));
    } while (a->query.next.n > 0);
    return OK;
}

/* A link to a page that is refused: the read begins anew, once. */
static Res reading_collect(
    struct cx *cx, struct reading *r, Str cursor, const struct image *base,
    struct changes *c)
{
    const struct changes empty = {
        .keys = r->keys,
        .from_s = base != NULL ? base->from_s : r->window.from_s,
        .to_s = base != NULL ? base->to_s : r->window.to_s,
        .zones = base != NULL ? base->zones : NULL,
        .n_zones = base != NULL ? base->n_zones : 0,
    };
    struct page_ask ask = {
        .reading = r,
        .query = {
            .calendar_id = r->job->calendar_id,
            .from_s = times_asked_from(&r->window),
            .to_s = r->window.to_s,
            .cursor = cursor,
            .top = (int)r->job->sync.top,
        }};
    bool is_again = false;

    for (;;) {
        *c = empty;
        changes_owner_tag(
            r->keys, r->job->provider, (int)r->job->mode, r->job->user, c->owner);
        ask.query.next = S("");
        r->why = EVENTS_OTHER;
        Res res = pages_read(cx, &ask, c);

        if (res.code == FAIL_NONE || r->why != EVENTS_PAGE_REFUSED || is_again) {
            return res;
        }
        is_again = true;
    }
}

/* Doubts about series. */

struct series_ask {
    Str calendar_id;
    Str series;
    bool is_gone;
};

static Res series_ask_run(struct cx *cx, struct source_call *call, void *arg)
{
    struct series_ask *a = arg;

    return events_series_look(cx, call, a->calendar_id, a->series, &a->is_gone);
}

static Res reading_settle_doubts(
    struct cx *cx, struct reading *r, struct changes *c,
    const struct changes_doubts *doubts, bool *more)
{
    *more = false;
    for (size_t i = 0; i < doubts->n; i++) {
        struct series_ask ask = {r->job->calendar_id, doubts->at[i], false};

        TRY(r->goes_on(cx, r->arg));
        TRY(calling_run(cx, &r->calling, series_ask_run, &ask));
        TRY(ask.is_gone ? changes_remove_series(cx, c, ask.series) : OK);
        *more = *more || ask.is_gone;
    }
    return OK;
}

/* The two kinds of reads. */

static void reading_keep_copies(struct reading *r, const struct changes *c)
{
    r->copies = c->copies;
    r->n_copies = c->n_copies;
}

static Res reading_full(struct cx *cx, struct reading *r)
{
    struct changes_doubts doubts;
    struct changes c;

    r->was_full = true;
    TRY(reading_collect(cx, r, S(""), NULL, &c));
    reading_keep_copies(r, &c);
    return changes_apply(cx, &c, NULL, &r->image, &doubts);
}

/* *is_useless: the window has to be read instead. */
static Res reading_increment(struct cx *cx, struct reading *r, bool *is_useless)
{
    struct changes_doubts doubts = {.n = 0};
    struct changes c;
    bool more;

    Res res = reading_collect(cx, r, r->cursor, r->base, &c);

    if (res.code != FAIL_NONE) {
        *is_useless = r->why == EVENTS_CURSOR_GONE;
        return *is_useless ? OK : res;
    }
    reading_keep_copies(r, &c);
    TRY(changes_apply(cx, &c, r->base, &r->image, &doubts));
    *is_useless = doubts.is_full;
    if (*is_useless || doubts.n == 0) {
        return OK;
    }
    TRY(reading_settle_doubts(cx, r, &c, &doubts, &more));
    return more ? changes_apply(cx, &c, r->base, &r->image, &doubts) : OK;
}

Res reading_run(struct cx *cx, struct reading *r)
{
    bool is_useless = true;

    r->top = r->job->sync.top;
    r->calling.retry_after_s = -1;
    r->was_full = false;
    if (r->cursor.n > 0 && r->base != NULL) {
        TRY(reading_increment(cx, r, &is_useless));
    }
    Res res = is_useless ? reading_full(cx, r) : OK;

    if (res.code != FAIL_NONE && r->why == EVENTS_TOO_SLOW) {
        r->top = r->top == 0 ? LIMIT_EVENTS_TOP_SECOND : LIMIT_EVENTS_TOP_LAST;
    }
    return res;
}
