/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendars.c - GET …/accounts/{id}/calendars and …/calendars/{base64_calendar_id}
 * (docs/api.md §8; §9, "Reading calendars").
 *
 * Nothing is stored: every call asks the source.
 */
#include "api/calendars.h"

#include "api/accounts.h"
#include "api/asking.h"
#include "api/base64_id.h"
#include "api/endpoints.h"
#include "api/page.h"
#include "base/limits.h"
#include "sources/calendars.h"

/* clang-format off */
static const struct api_field calendar_fields[] = {
    {.name = SI("id"), .is_required = true,
        .about = SI("The source's id of the calendar."),
        .example = SI("team@group.calendar.google.com")},
    {.name = SI("base64_id"), .is_required = true,
        .about = SI("The id as it stands in a path: base64url without padding."),
        .example = SI("dGVhbUBncm91cC5jYWxlbmRhci5nb29nbGUuY29t")},
    {.name = SI("name"), .is_required = true,
        .about = SI("As the user sees it."),
        .example = SI("Team")},
    {.name = SI("is_primary"), .type = VALUE_BOOL, .is_required = true,
        .about = SI("Whether it is the user's main calendar.")},
    {.name = SI("can_edit"), .type = VALUE_BOOL, .is_required = true,
        .about = SI("Whether the user may change its events."),
        .example = SI("true")},
    {.name = SI("time_zone"), .is_required = true, .is_nullable = true,
        .about = SI("An IANA name; null where the source doesn't say."),
        .example = SI("Europe/Berlin")},
    {.name = SI("color"), .is_required = true, .is_nullable = true,
        .about = SI("#rrggbb, or null."),
        .example = SI("#f83a22")},
};
/* clang-format on */

const struct api_shape calendar_shape = {
    SI("Calendar"), calendar_fields, COUNT(calendar_fields)};

/* An escaped byte takes six bytes. The other texts are short, and Caldock's own. */
_Static_assert(
    LIMIT_PAGE_SIZE *(
        6 * (LIMIT_CALENDAR_ID_BYTES + LIMIT_CALENDAR_NAME_BYTES)
        + 2 * LIMIT_CALENDAR_ID_BYTES)
        < LIMIT_ANSWER_BYTES,
    "a page of calendars always fits");

static void calendar_write(struct arena *mem, struct writer *w, const struct calendar *c)
{
    writer_text(w, S("id"), c->id);
    writer_text(w, S("base64_id"), b64url_encode(mem, c->id));
    writer_text(w, S("name"), c->name);
    writer_bool(w, S("is_primary"), c->is_primary);
    writer_bool(w, S("can_edit"), c->can_edit);
    writer_text_or_null(w, S("time_zone"), c->time_zone);
    writer_text_or_null(w, S("color"), c->color);
}

/* The progress of one call. It lives in the exchange's arena, so parking doesn't end it.
 */
struct calendar_reading {
    struct access access;
    struct page_query query;
    struct calendar_list list;
    Str id; /* the calendar that was asked for; empty: all of them */
    struct calendar one;
};

static Res reading_ask_list(struct cx *cx, void *reading, struct source_call *call)
{
    struct calendar_reading *r = reading;

    return calendars_list(cx, call, &r->list);
}

static Res reading_ask_one(struct cx *cx, void *reading, struct source_call *call)
{
    struct calendar_reading *r = reading;

    return calendars_get(cx, call, r->id, &r->one);
}

static struct calendar_reading *reading_new(struct call *c, int64_t account)
{
    struct calendar_reading *r = NEW(&c->cx->mem, struct calendar_reading);

    r->access = (struct access){.work = &c->work, .who = &c->who, .account = account};
    c->progress = r;
    return r;
}

static Res reading_open_list(struct call *c, struct calendar_reading **ret)
{
    struct page_query query;
    int64_t account;

    if (c->progress != NULL) {
        *ret = c->progress;
        return OK;
    }
    TRY(page_read(c, &query));
    TRY(account_id_read(c, &account));
    *ret = reading_new(c, account);
    (*ret)->query = query;
    return OK;
}

Res calendars_list_run(struct call *c)
{
    struct calendar_reading *r = NULL;
    struct writer *w;

    TRY(reading_open_list(c, &r));
    TRY(asking_run(c, &r->access, reading_ask_list, r));
    if (c->work.is_parked) {
        return OK;
    }
    TRY(page_open(c, &r->query, (int64_t)r->list.n, &w));
    size_t from = (size_t)((r->query.page - 1) * r->query.size);
    size_t to = from + (size_t)r->query.size;

    for (size_t i = from; i < to && i < r->list.n; i++) {
        writer_object(w, S(""));
        calendar_write(&c->cx->mem, w, &r->list.at[i]);
        writer_end(w);
    }
    writer_end(w);
    return call_answer(c, c->endpoint->status, w);
}

static Res reading_open_one(struct call *c, struct calendar_reading **ret)
{
    int64_t account;
    Str id;

    if (c->progress != NULL) {
        *ret = c->progress;
        return OK;
    }
    TRY(account_id_read(c, &account));
    TRY(base64_id_read(c->cx, c->args[1], &id));
    *ret = reading_new(c, account);
    (*ret)->id = id;
    return OK;
}

Res calendars_get_run(struct call *c)
{
    struct calendar_reading *r = NULL;

    TRY(reading_open_one(c, &r));
    TRY(asking_run(c, &r->access, reading_ask_one, r));
    if (c->work.is_parked) {
        return OK;
    }
    struct writer *w = writer_open(&c->cx->mem, c->format);

    calendar_write(&c->cx->mem, w, &r->one);
    return call_answer(c, c->endpoint->status, w);
}
