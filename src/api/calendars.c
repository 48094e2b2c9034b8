/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendars.c - GET …/accounts/{id}/calendars and …/calendars/{base64_calendar_id}
 * (contract §8; §9, "Reading calendars").
 *
 * Nothing is kept: every call asks the source, with a fresh access token. A source that
 * refuses it is asked once more, with another.
 */
#include "api/access.h"
#include "api/accounts.h"
#include "api/endpoints.h"
#include "base/limits.h"

/* clang-format off */
static const struct api_field calendar_fields[] = {
    {.name = SI("id"), .is_required = true,
        .about = SI("The source's id of the calendar.")},
    {.name = SI("base64_id"), .is_required = true,
        .about = SI("The id as it stands in a path: base64url without padding.")},
    {.name = SI("name"), .is_required = true,
        .about = SI("As the user sees it.")},
    {.name = SI("is_primary"), .type = VALUE_BOOL, .is_required = true,
        .about = SI("Whether it is the user's main calendar.")},
    {.name = SI("can_edit"), .type = VALUE_BOOL, .is_required = true,
        .about = SI("Whether the user may change its events.")},
    {.name = SI("time_zone"), .is_required = true, .is_nullable = true,
        .about = SI("An IANA name; null where the source doesn't say.")},
    {.name = SI("color"), .is_required = true, .is_nullable = true,
        .about = SI("#rrggbb, or null.")},
};
/* clang-format on */

const struct api_shape calendar_shape = {
    SI("Calendar"), calendar_fields, COUNT(calendar_fields)};

/* An escaped byte takes six; names, zone and the rest are ours and short. */
_Static_assert(
    LIMIT_PAGE_SIZE *(
        6 * (LIMIT_CALENDAR_ID_BYTES + LIMIT_CALENDAR_NAME_BYTES)
        + 2 * LIMIT_CALENDAR_ID_BYTES)
        < LIMIT_ANSWER_BYTES,
    "a page of calendars always fits");

static void write_or_null(struct writer *w, Str name, Str value)
{
    if (value.n > 0) {
        writer_text(w, name, value);
    } else {
        writer_null(w, name);
    }
}

static void write_calendar(struct arena *mem, struct writer *w, const struct calendar *c)
{
    writer_text(w, S("id"), c->id);
    writer_text(w, S("base64_id"), b64url_encode(mem, c->id));
    writer_text(w, S("name"), c->name);
    writer_bool(w, S("is_primary"), c->is_primary);
    writer_bool(w, S("can_edit"), c->can_edit);
    write_or_null(w, S("time_zone"), c->time_zone);
    write_or_null(w, S("color"), c->color);
}

/* One call on its way; it lives in the exchange's arena and stays across parking. */
struct reading {
    struct access access;
    struct page_wish wish;
    struct calendar_list list;
    Str id; /* of the calendar, when one is asked for */
    struct calendar one;
};

typedef Res ask_source(struct cx *cx, struct reading *r, struct source_call *call);

static Res ask_list(struct cx *cx, struct reading *r, struct source_call *call)
{
    return source_get(r->access.source)->calendars_list(cx, call, &r->list);
}

static Res ask_one(struct cx *cx, struct reading *r, struct source_call *call)
{
    return source_get(r->access.source)->calendar_get(cx, call, r->id, &r->one);
}

static Res ask_with_token(struct call *c, struct reading *r, ask_source *ask)
{
    struct source_call call = {
        .net = c->worker->net,
        .options = &c->settings->net,
        .own = settings_source(c->settings, r->access.source),
        .access_token = r->access.token,
        .scope = r->access.scope,
    };
    Res res = ask(c->cx, r, &call);

    if (res.code != FAIL_NONE && call.retry_after_s > 0) {
        c->retry_after_s = call.retry_after_s;
    }
    return res;
}

/* OK with the call parked: run it again. */
static Res read_source(struct call *c, struct reading *r, ask_source *ask)
{
    TRY(access_get(&r->access));
    if (c->is_parked) {
        return OK;
    }
    Res res = ask_with_token(c, r, ask);

    if (res.code != FAIL_TOKEN_REFUSED) {
        return res;
    }
    if (r->access.is_refused) {
        return fail(c->cx, FAIL_SOURCE_ERROR, "a new access token is refused too");
    }
    access_refused(&r->access);
    return read_source(c, r, ask);
}

static struct reading *reading_new(struct call *c, int64_t account)
{
    struct reading *r = NEW(&c->cx->mem, struct reading);

    r->access = (struct access){.call = c, .account = account};
    c->progress = r;
    return r;
}

static Res open_list(struct call *c, struct reading **ret)
{
    struct page_wish wish;
    int64_t account;

    if (c->progress != NULL) {
        *ret = c->progress;
        return OK;
    }
    TRY(call_read_page(c, &wish));
    TRY(account_id_read(c, &account));
    *ret = reading_new(c, account);
    (*ret)->wish = wish;
    return OK;
}

Res calendars_list_run(struct call *c)
{
    struct reading *r = NULL;
    struct writer *w;

    TRY(open_list(c, &r));
    TRY(read_source(c, r, ask_list));
    if (c->is_parked) {
        return OK;
    }
    TRY(call_open_page(c, &r->wish, (int64_t)r->list.n, &w));
    size_t from = (size_t)((r->wish.page - 1) * r->wish.size);
    size_t to = from + (size_t)r->wish.size;

    for (size_t i = from; i < to && i < r->list.n; i++) {
        writer_object(w, S(""));
        write_calendar(&c->cx->mem, w, &r->list.at[i]);
        writer_end(w);
    }
    writer_end(w);
    return call_answer(c, c->endpoint->status, w);
}

static Str without_padding(Str s)
{
    size_t n = s.n;

    while (n > 0 && s.n % 4 == 0 && n + 2 > s.n && s.p[n - 1] == '=') {
        n--;
    }
    return str_sub(s, 0, n);
}

static char url_char(char c)
{
    if (c == '+') {
        return '-';
    }
    if (c == '/') {
        return '_';
    }
    return c;
}

/* base64url or standard base64, padded or not (contract §8). */
static Res read_calendar_id(struct call *c, Str *ret)
{
    Str text = without_padding(c->args[1]);
    char *p = arena_alloc(&c->cx->mem, text.n);

    for (size_t i = 0; i < text.n; i++) {
        p[i] = url_char(text.p[i]);
    }
    if (b64url_decode(c->cx, (Str){p, text.n}, ret).code != FAIL_NONE) {
        return fail(c->cx, FAIL_NOT_FOUND, "not the base64 of a calendar's id");
    }
    return OK;
}

static Res open_one(struct call *c, struct reading **ret)
{
    int64_t account;
    Str id;

    if (c->progress != NULL) {
        *ret = c->progress;
        return OK;
    }
    TRY(account_id_read(c, &account));
    TRY(read_calendar_id(c, &id));
    *ret = reading_new(c, account);
    (*ret)->id = id;
    return OK;
}

Res calendars_get_run(struct call *c)
{
    struct reading *r = NULL;

    TRY(open_one(c, &r));
    TRY(read_source(c, r, ask_one));
    if (c->is_parked) {
        return OK;
    }
    struct writer *w = writer_open(&c->cx->mem, c->format);

    write_calendar(&c->cx->mem, w, &r->one);
    return call_answer(c, c->endpoint->status, w);
}
