/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pushed_events.c - GET …/pushed_events, GET, PUT and DELETE …/{event_id}
 * (docs/pushing.md §1).
 *
 * Nothing is written to a calendar here. What PUT and DELETE mean for the copies is
 * written in the same transaction, and the workers that write into calendars are woken.
 */
#include "api/pushed_events.h"

#include "api/body.h"
#include "api/endpoints.h"
#include "api/owner_query.h"
#include "api/page.h"
#include "api/pushed_event_body.h"
#include "api/pushed_event_view.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "calendars/shared.h"
#include "store/store.h"

enum { PUSHED_MESSAGE_BYTES = 96 };

struct pushed_owner pushed_events_owner(const struct identity *who)
{
    return (struct pushed_owner){
        .provider = who->provider, .mode = who->mode, .user = who->user};
}

static bool char_is_of_id(unsigned char c)
{
    return char_is_alnum(c) || c == '-' || c == '_';
}

static bool event_id_is_valid(Str id)
{
    return id.n > 0 && id.n <= LIMIT_PUSHED_ID_BYTES && str_is_only(id, char_is_of_id);
}

static void events_log_unreadable(struct call *c, size_t n)
{
    if (n > 0) {
        log_event(
            LEVEL_ERROR, EVENT_PUSHED_EVENT_UNREADABLE, KN("left_out", (int64_t)n),
            KZ("reason", c->cx->why.text));
    }
}

/* One. */

struct event_choice {
    struct pushed_owner owner;
    Str event_id;
    struct pushed_event event;
    struct pushed_copies_page copies;
};

/* FAIL_NOT_FOUND: no event can have this id. */
static Res event_choice_open(struct call *c, struct event_choice *ret)
{
    *ret = (struct event_choice){
        .owner = pushed_events_owner(&c->who), .event_id = c->args[0]};
    if (!event_id_is_valid(ret->event_id)) {
        return fail(c->cx, FAIL_NOT_FOUND, "not the id of an event");
    }
    return OK;
}

static Res event_choose(struct cx *cx, struct db *db, void *arg)
{
    struct event_choice *choice = arg;

    TRY(pushed_event_get(cx, db, &choice->owner, choice->event_id, &choice->event));
    return pushed_copies_of_event(cx, db, choice->event.id, &choice->copies);
}

static Res event_view_open(
    struct call *c, const struct pushed_event *e, struct pushed_event_view *ret)
{
    const struct keyring *keyring = c->work.settings->keyring;

    ret->event = e;
    return event_values_open(c->cx, keyring, e->id, e->sealed, &ret->values);
}

static Res event_answer(struct call *c, const struct event_choice *choice, int status)
{
    struct pushed_event_view view = {
        .copies = choice->copies.at, .n_copies = choice->copies.n};

    events_log_unreadable(c, choice->copies.n_unreadable);
    TRY(event_view_open(c, &choice->event, &view));
    struct writer *w = writer_open(&c->cx->mem, c->format);

    pushed_event_view_write(w, &view, PUSHED_EVENT_WHOLE);
    return call_answer(c, status, w);
}

Res pushed_events_get_run(struct call *c)
{
    struct event_choice choice;

    TRY(event_choice_open(c, &choice));
    TRY(store_read(c->cx, c->work.worker->store, event_choose, &choice));
    return event_answer(c, &choice, c->endpoint->status);
}

/* Making and replacing. */

struct event_putting {
    struct call *call;
    struct wanted_event wanting;
    bool is_new;
    struct event_choice choice; /* as it is then */
};

_Static_assert(LIMIT_PUSHED_FUTURE == 5000, "the message below says so");

static Res event_put(struct cx *cx, struct db *db, void *arg)
{
    struct event_putting *p = arg;

    p->call->n_errors = 0; /* this may run again */
    Res res = wanting_put(cx, db, &p->wanting, &p->is_new);

    if (res.code == FAIL_LIMIT) {
        return call_field_error(
            p->call, S("non_field_errors"),
            S("At most 5000 events may end in the future."));
    }
    TRY(res);
    return event_choose(cx, db, &p->choice);
}

/* Errors of body, query and path are noted together. */
static Res event_putting_open(struct call *c, struct event_putting *p)
{
    Res read = pushed_event_body_read(c, &p->wanting);

    if (read.code != FAIL_NONE && read.code != FAIL_PARAMETER_INVALID) {
        return read;
    }
    if (event_choice_open(c, &p->choice).code != FAIL_NONE) {
        return call_field_error(c, S("event_id"), S("Enter a valid value."));
    }
    TRY(read);
    p->wanting.owner = p->choice.owner;
    p->wanting.event_id = p->choice.event_id;
    p->wanting.keyring = c->work.settings->keyring;
    return shared_keys(
        c->cx, c->work.worker->shared, c->work.worker->store, p->wanting.keyring,
        &p->wanting.keys);
}

Res pushed_events_put_run(struct call *c)
{
    struct event_putting p = {.call = c};

    TRY(event_putting_open(c, &p));
    Res res = store_write(c->cx, c->work.worker->store, event_put, &p);

    if (res.code == FAIL_CONFLICT) {
        call_hint(c, S("The version that is stored may be newer than this one."));
    }
    TRY(res);
    c->work.has_due_push = true;
    return event_answer(
        c, &p.choice, p.is_new ? c->endpoint->status_new : c->endpoint->status);
}

/* Removing. */

static Res event_delete(struct cx *cx, struct db *db, void *arg)
{
    const struct event_choice *choice = arg;

    return wanting_delete(cx, db, &choice->owner, choice->event_id);
}

Res pushed_events_delete_run(struct call *c)
{
    struct event_choice choice;

    TRY(event_choice_open(c, &choice));
    TRY(store_write(c->cx, c->work.worker->store, event_delete, &choice));
    c->work.has_due_push = true;
    c->answer->status = c->endpoint->status;
    return OK;
}

/* The list. */

enum { PUSHED_IN_AFTER, PUSHED_IN_BEFORE, PUSHED_IN_COUNT };

/* clang-format off */
static const struct api_field list_fields[PUSHED_IN_COUNT] = {
    [PUSHED_IN_AFTER] = {.name = SI("happens_after"), .type = VALUE_TIME,
        .about = SI("Those that end after it; days are days of UTC.")},
    [PUSHED_IN_BEFORE] = {.name = SI("happens_before"), .type = VALUE_TIME,
        .about = SI("Those that start before it.")},
};
/* clang-format on */

const struct api_shape pushed_events_list_query = {
    SI("PushedEventsListQuery"), list_fields, PUSHED_IN_COUNT};

struct events_listing {
    struct pushed_events_filter filter;
    struct page_query query;
    struct pushed_events_page page;
    struct pushed_copies_page copies;
    struct pushed_event_view *views;
    size_t n;
    size_t n_unreadable; /* of `views`: their values don't open */
};

/* Errors of all parameters are noted, and page_read fails if there are any. */
static Res events_listing_open(struct call *c, struct events_listing *l)
{
    struct pushed_events_filter *f = &l->filter;
    struct api_value in[PUSHED_IN_COUNT];
    Res read = body_query_read(c, &pushed_events_list_query, in);

    f->owner = pushed_events_owner(&c->who);
    f->after_s = in[PUSHED_IN_AFTER].is_given
                     ? datetime_floor_s(&in[PUSHED_IN_AFTER].time)
                     : INT64_MIN;
    f->before_s = in[PUSHED_IN_BEFORE].is_given
                      ? datetime_ceil_s(&in[PUSHED_IN_BEFORE].time)
                      : INT64_MAX;
    if (f->after_s >= f->before_s) {
        (void)call_field_error(c, OWNER_BEFORE, S("Must be after happens_after.")).code;
    }
    TRY(page_read(c, &l->query));
    return read;
}

static Res events_listing_read(struct cx *cx, struct db *db, void *arg)
{
    struct events_listing *l = arg;
    const struct pushed_events_page *page = &l->page;
    int64_t offset;

    TRY(page_offset(cx, &l->query, &offset));
    TRY(pushed_events_list(cx, db, &l->filter, offset, l->query.size, &l->page));
    l->copies = (struct pushed_copies_page){.n = 0};
    if (page->n == 0) {
        return OK;
    }
    return pushed_copies_list(
        cx, db, &l->filter, page->at[0].id, page->at[page->n - 1].id, &l->copies);
}

/* Takes the copies of the next event: both lists have the events in one order. */
static void view_take_copies(
    const struct pushed_copies_page *copies, size_t *at, struct pushed_event_view *v)
{
    while (*at < copies->n && copies->at[*at].copy.event < v->event->id) {
        (*at)++;
    }
    v->copies = copies->at + *at;
    v->n_copies = 0;
    while (*at < copies->n && copies->at[*at].copy.event == v->event->id) {
        (*at)++;
        v->n_copies++;
    }
}

/* What doesn't open is left out, like a row that can't be read. */
static Res events_listing_views(struct call *c, struct events_listing *l)
{
    size_t at = 0;

    l->views = NEW_N(&c->cx->mem, struct pushed_event_view, l->page.n);
    for (size_t i = 0; i < l->page.n; i++) {
        struct pushed_event_view *v = &l->views[l->n];
        Res res = event_view_open(c, &l->page.at[i], v);

        if (res.code == FAIL_UNREADABLE) {
            l->n_unreadable++;
            continue;
        }
        TRY(res);
        view_take_copies(&l->copies, &at, v);
        l->n++;
    }
    return OK;
}

static Res events_too_large(struct call *c, size_t fitting)
{
    struct buf b = {.mem = &c->cx->mem, .max = PUSHED_MESSAGE_BYTES};

    buf_add(&b, S("Ensure this value is less than or equal to "));
    buf_add_int(&b, fitting > 0 ? (int64_t)fitting : 1);
    buf_add_char(&b, '.');
    return call_field_error(c, S("page_size"), buf_text(&b));
}

static Res events_listing_answer(struct call *c, const struct events_listing *l)
{
    struct writer *w;
    size_t most;

    if (!pushed_event_view_share(&c->cx->mem, l->views, l->n, &most)) {
        return events_too_large(c, most);
    }
    TRY(page_open(c, &l->query, l->page.count, &w));
    for (size_t i = 0; i < l->n; i++) {
        writer_object(w, S(""));
        pushed_event_view_write(w, &l->views[i], most);
        writer_end(w);
    }
    writer_end(w);
    return call_answer(c, c->endpoint->status, w);
}

Res pushed_events_list_run(struct call *c)
{
    struct events_listing l = {.n = 0};

    TRY(events_listing_open(c, &l));
    TRY(store_read(c->cx, c->work.worker->store, events_listing_read, &l));
    TRY(events_listing_views(c, &l));
    events_log_unreadable(
        c, l.page.n_unreadable + l.copies.n_unreadable + l.n_unreadable);
    return events_listing_answer(c, &l);
}
