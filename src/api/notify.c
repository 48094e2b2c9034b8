/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.c - POST /notify/google and POST /notify/microsoft (docs/calendar.md §7).
 *
 * Nothing of a notification is believed but its token, and what a lifecycle event says of
 * its own channel.
 */
#include "api/notify.h"

#include "api/endpoints.h"
#include "api/notify_body.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/metric.h"
#include "calendars/notices.h"

/* What a request has to store. It lives in the exchange's arena. */
struct notify {
    struct notify_items items;
    struct notices_request request;
};

/* Storing. */

static void notify_count(const struct call *c, Str outcome, size_t n)
{
    const Str words[] = {metric_source(c->endpoint->source), outcome};

    metric_add(
        METRIC_NOTIFICATIONS, metric_place_named(METRIC_NOTIFICATIONS, words),
        (int64_t)n);
}

static Res notify_answer(struct call *c, const struct notify *n, enum notices_answer how)
{
    switch (how) {
    case NOTICES_STORED:
        notify_count(c, S("due"), n->items.n - n->request.n_unknown);
        notify_count(c, S("unknown"), n->request.n_unknown);
        c->answer->status = c->endpoint->status;
        return OK;
    case NOTICES_REFUSED:
        notify_count(c, S("refused"), n->items.n);
        return fail(
            c->cx, FAIL_UNAVAILABLE,
            "the store is away, or too many calendars have changed");
    case NOTICES_WAITING:
        break;
    }
    if (clock_mono_ms() >= c->cx->deadline_ms) {
        notify_count(c, S("refused"), n->items.n);
        return fail(c->cx, FAIL_UNAVAILABLE, "the store takes too long");
    }
    if (c->work.worker == NULL) {
        work_leave(&c->work, POOL_NOTICES);
    } else {
        work_park(&c->work, PARK_NOTICE, notices_key(&c->cx->mem, n->request.ticket), 0);
    }
    return OK;
}

static Res notify_go_on(struct call *c)
{
    struct notify *n = c->progress;

    return notify_answer(c, n, notices_ask(c->notices, &n->request));
}

static Res notify_store(struct call *c, struct notify *n)
{
    c->progress = n;
    c->cx->deadline_ms = clock_mono_ms() + LIMIT_NOTICES_WAIT_MS;
    n->request = (struct notices_request){.at = n->items.at, .n = n->items.n};
    return notify_answer(c, n, notices_add(c->notices, &n->request));
}

/* Without the keys no token can be judged: then the store was never reached. */
static Res notify_begin(struct call *c, const struct instance_keys **keys)
{
    c->work.retry_after_s = LIMIT_NOTICES_RETRY_S;
    *keys = notices_keys(c->notices);
    return *keys == NULL
               ? fail(c->cx, FAIL_UNAVAILABLE, "the keys have not been read yet")
               : OK;
}

/* Google. */

Res notify_google_run(struct call *c)
{
    const struct instance_keys *keys;
    struct calendar_notice notice;
    Str token;
    Str state;

    if (c->progress != NULL) {
        return notify_go_on(c);
    }
    TRY(notify_begin(c, &keys));
    if (http_header(c->req, S("X-Goog-Channel-Token"), &token) != 1
        || !notify_body_token(c->cx, keys, SOURCE_GOOGLE, token, &notice)) {
        notify_count(c, S("forged"), 1);
        c->work.retry_after_s = 0;
        return fail(c->cx, FAIL_NOT_FOUND, "no token of ours");
    }
    if (c->req->body_too_large || c->req->body.n > LIMIT_NOTICES_BODY_BYTES) {
        c->work.retry_after_s = 0;
        return notify_body_too_large(c, LIMIT_NOTICES_BODY_BYTES);
    }
    if (http_header(c->req, S("X-Goog-Resource-State"), &state) == 1
        && str_eq(state, S("sync"))) { /* the channel is made: nothing has changed */
        notify_count(c, S("sync"), 1);
        c->answer->status = c->endpoint->status;
        return OK;
    }
    struct notify *n = NEW(&c->cx->mem, struct notify);

    notice.what = NOTICE_SOON;
    n->items.at = NEW(&c->cx->mem, struct calendar_notice);
    *n->items.at = notice;
    n->items.n = 1;
    return notify_store(c, n);
}

/* Microsoft: the handshake. */

static bool text_has_controls(Str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char one = (unsigned char)s.p[i];
        unsigned char next = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;

        if (one < 0x20 || one == 0x7F || (one == 0xC2 && next >= 0x80 && next < 0xA0)) {
            return true;
        }
    }
    return false;
}

static Res validation_answer(struct call *c, Str token)
{
    if (token.n == 0 || token.n > LIMIT_VALIDATION_BYTES || !str_is_utf8(token)
        || text_has_controls(token)) {
        return call_field_error(
            c, S("validationToken"),
            S("Must have 1 to 2048 bytes, and no control characters."));
    }
    c->answer->status = 200;
    c->answer->content_type = S("text/plain; charset=utf-8");
    c->answer->body = token;
    return OK;
}

/* *is_answered: it was a handshake. */
static Res validation_read(struct call *c, bool *is_answered)
{
    struct param *params;
    size_t n_params;
    Str token;

    *is_answered = false;
    if (url_query_parse(c->cx, c->req->query, &params, &n_params).code != FAIL_NONE) {
        return call_field_error(c, S("non_field_errors"), S("The query cannot be read."));
    }
    size_t n = url_query_find(params, n_params, S("validationToken"), &token);

    if (n == 0) {
        return OK;
    }
    if (n > 1) {
        return call_field_error(c, S("validationToken"), S("Must be given once."));
    }
    *is_answered = true;
    return validation_answer(c, token);
}

/* Microsoft: items. */

static Res notify_microsoft_items(struct call *c)
{
    const struct instance_keys *keys;
    struct notify *n = NEW(&c->cx->mem, struct notify);

    TRY(notify_begin(c, &keys));
    Res res = notify_body_read(c, keys, &n->items);

    if (res.code != FAIL_NONE) {
        c->work.retry_after_s = 0;
        return res;
    }
    notify_count(c, S("forged"), n->items.n_forged);
    return n->items.n == 0 ? notify_answer(c, n, NOTICES_STORED) : notify_store(c, n);
}

Res notify_microsoft_run(struct call *c)
{
    bool is_answered;

    if (c->progress != NULL) {
        return notify_go_on(c);
    }
    TRY(validation_read(c, &is_answered));
    return is_answered ? OK : notify_microsoft_items(c);
}
