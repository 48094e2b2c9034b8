/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_calendars.c - any body as a source's answer about calendars: for both sources, as
 * a page, as one calendar, as an error.
 *
 * A calendar that is believed keeps every limit, and a next page is at the origin of the
 * first.
 */
#include "base/cx.h"
#include "base/limits.h"
#include "net/origin.h"
#include "sources/calendar_page.h"
#include "sources/sources_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const Str first = SI("https://calendars.example/v1/list?size=1");

static void calendar_keeps_limits(const struct calendar *c)
{
    must_be(calendar_id_is_valid(c->id) && str_is_utf8(c->id));
    must_be(c->name.n <= LIMIT_CALENDAR_NAME_BYTES && str_is_utf8(c->name));
    must_be(c->time_zone.n <= LIMIT_TIME_ZONE_BYTES);
    must_be(c->color.n == 0 || (c->color.n == 7 && c->color.p[0] == '#'));
}

static void next_is_at_home(Str next)
{
    must_be(next.n == 0 || net_same_origin(first, next));
}

static void page_is_read(
    struct cx *cx, const struct calendar_api *api, const struct net_reply *reply)
{
    CLEANUP(j_done) json_t *page = NULL;
    struct calendar_list list = {.n = 0};
    Str peeked = S("");
    Str next = S("");

    if (calendar_reply_read(cx, api, CALENDAR_LIST, reply, &page).code != FAIL_NONE) {
        must_be(page == NULL);
        return;
    }
    Res peek = calendar_page_peek(cx, api, first, page, &peeked);
    Res read = calendar_page_read(cx, api, first, page, &list, &next);

    /* A peek says what a list would: no page is good for one of them alone. */
    must_be(
        (read.code == FAIL_NONE)
        == (peek.code == FAIL_NONE || peek.code == FAIL_NO_CALENDAR));
    must_be(list.n == 0 || peek.code != FAIL_NO_CALENDAR);
    next_is_at_home(peeked);
    next_is_at_home(next);
    for (size_t i = 0; i < list.n; i++) {
        calendar_keeps_limits(&list.at[i]);
    }
}

static void one_is_read(
    struct cx *cx, const struct calendar_api *api, const struct net_reply *reply)
{
    CLEANUP(j_done) json_t *body = NULL;
    struct calendar c = {.is_primary = false};

    if (calendar_reply_read(cx, api, CALENDAR_GET, reply, &body).code == FAIL_NONE
        && calendar_item_read(cx, api, body, &c).code == FAIL_NONE) {
        calendar_keeps_limits(&c);
    }
}

/* The input's size chooses the status and the errand. */
static void error_is_read(struct cx *cx, const struct calendar_api *api, Str body)
{
    static const int statuses[] = {400, 401, 403, 404, 429, 503};
    const struct net_reply reply = {
        .status = statuses[body.n % COUNT(statuses)], .body = body};
    enum calendar_errand errand = body.n / COUNT(statuses) % (CALENDAR_GET + 1);
    json_t *none = NULL;
    Res r = calendar_reply_read(cx, api, errand, &reply, &none);

    must_be(r.code != FAIL_NONE && none == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct calendar_api *const apis[] = {
        &google_calendars, &microsoft_calendars};
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    const struct net_reply reply = {.status = 200, .body = {(const char *)data, size}};

    for (size_t i = 0; i < COUNT(apis); i++) {
        page_is_read(&cx, apis[i], &reply);
        one_is_read(&cx, apis[i], &reply);
        error_is_read(&cx, apis[i], reply.body);
    }
    return 0;
}
