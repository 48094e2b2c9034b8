/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbox.c - makes the thin body of a message, and its rows.
 */
#include "store/outbox.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/datetime.h"
#include "base/json.h"
#include "base/limits.h"
#include "seal/seal.h"
#include "store/db.h"
#include "store/webhook_endpoints.h"
#include "store/webhook_messages.h"

/* The body. */

static void body_text(json_t *j, const char *key, Str text)
{
    must_be(json_object_set_new(j, key, json_stringn(text.p, text.n)) == 0);
}

static void body_text_if(json_t *j, const char *key, Str text)
{
    if (text.n > 0) {
        body_text(j, key, text);
    }
}

static void body_int_if(json_t *j, const char *key, int64_t v)
{
    must_be(v == 0 || json_object_set_new(j, key, json_integer(v)) == 0);
}

static void body_time(json_t *j, const char *key, int64_t s)
{
    char text[DATETIME_TEXT_BYTES];

    body_text(j, key, datetime_write(s, text));
}

static void body_when(json_t *data, const struct outbox_message *m)
{
    char start[DATETIME_DATE_BYTES];
    char end[DATETIME_DATE_BYTES];

    must_be(json_object_set_new(data, "is_all_day", json_boolean(m->is_all_day)) == 0);
    if (!m->is_all_day) {
        body_time(data, "start", m->start);
        body_time(data, "end", m->end);
        return;
    }
    body_text(data, "start", datetime_date_write((int32_t)m->start, start));
    body_text(data, "end", datetime_date_write((int32_t)m->end, end));
}

static json_t *body_data(const struct outbox_message *m, const struct webhook_message *w)
{
    json_t *data = json_object();

    body_text(data, "mode", m->mode == MODE_CUSTOMER ? S("customer") : S("provider"));
    body_text_if(data, "user", m->user);
    if (m->user.n == 0) {
        must_be(json_object_set_new(data, "user", json_null()) == 0);
    }
    body_int_if(data, "calendar_source_account", m->account);
    body_int_if(data, "staff_calendar_settings", m->settings);
    body_text_if(data, "calendar_source", m->calendar_source);
    if (m->type == WEBHOOK_ACCOUNT_CONNECTED) {
        must_be(
            json_object_set_new(data, "is_reconnect", json_boolean(m->is_reconnect))
            == 0);
    }
    body_text_if(data, "reason", m->reason);
    body_text_if(data, "by", m->by);
    body_text_if(data, "event_id", m->event_id);
    if (m->type == WEBHOOK_EVENT_CHANGED) {
        body_when(data, m);
    }
    if (m->type == WEBHOOK_BUSY_CHANGED) {
        body_time(data, "happens_after", w->after_s);
        body_time(data, "happens_before", w->before_s);
    }
    return data;
}

/* `m` NULL: of a message without data. */
static Res body_write(
    struct cx *cx, const struct outbox_message *m, const struct webhook_message *w,
    int64_t now_ms, Str *ret)
{
    CLEANUP(j_done) json_t *body = json_object();

    body_text(body, "id", w->id);
    body_text(body, "type", w->type);
    body_time(body, "timestamp", now_ms / CLOCK_SECOND_MS);
    body_int_if(body, "provider", w->provider);
    must_be(
        json_object_set_new(body, "data", m == NULL ? json_object() : body_data(m, w))
        == 0);
    size_t n = json_dumpb(body, NULL, 0, JSON_COMPACT);
    char *text = arena_alloc(&cx->mem, n);

    if (n == 0 || n > LIMIT_WEBHOOK_BODY_BYTES) {
        return fail(cx, FAIL_LIMIT, "a message of %zu bytes", n);
    }
    must_be(json_dumpb(body, text, n, JSON_COMPACT) == n);
    *ret = (Str){text, n};
    return OK;
}

/* The rows. */

struct outbox {
    const struct outbox_message *message;
    int64_t *endpoints;
    size_t n;
    int64_t now_ms;
};

static Res outbox_deliver(
    struct cx *cx, struct db *db, const struct outbox *o, const struct webhook_message *w)
{
    for (size_t i = 0; i < o->n; i++) {
        TRY(webhook_message_deliver(cx, db, w, o->endpoints[i]));
    }
    return OK;
}

static Res outbox_add(struct cx *cx, struct db *db, const struct outbox *o, Str subject)
{
    const struct outbox_message *m = o->message;
    struct webhook_message w = {
        .id = seal_random_name(&cx->mem, S("msg_")),
        .provider = m->provider,
        .subject = subject,
        .type = webhook_type_name(m->type),
        .not_before_ms = o->now_ms + (subject.n == 0 ? 0 : LIMIT_WEBHOOK_JOIN_MS),
        .after_s = m->after_s,
        .before_s = m->before_s,
        .created_ms = o->now_ms,
    };

    TRY(body_write(cx, m, &w, o->now_ms, &w.body));
    TRY(webhook_message_add(cx, db, &w));
    return outbox_deliver(cx, db, o, &w);
}

/* An endpoint that was added meanwhile gets the whole message, too. */
static Res outbox_join(
    struct cx *cx, struct db *db, const struct outbox *o, struct webhook_message *w)
{
    const struct outbox_message *m = o->message;

    w->type = webhook_type_name(m->type);
    w->after_s = m->after_s < w->after_s ? m->after_s : w->after_s;
    w->before_s = m->before_s > w->before_s ? m->before_s : w->before_s;
    TRY(body_write(cx, m, w, o->now_ms, &w->body));
    TRY(webhook_message_widen(cx, db, w));
    return outbox_deliver(cx, db, o, w);
}

/* What is joined; empty: nothing. */
static Str outbox_subject(struct arena *mem, const struct outbox_message *m)
{
    if (m->type == WEBHOOK_BUSY_CHANGED) {
        return str_cat(mem, S("busy:"), str_int(mem, m->settings));
    }
    return m->type == WEBHOOK_EVENT_CHANGED
               ? str_cat(mem, S("copy:"), str_int(mem, m->copy))
               : S("");
}

Res outbox_put(struct cx *cx, struct db *db, const struct outbox_message *m)
{
    struct outbox o = {.message = m};
    struct webhook_message w;
    Str subject = outbox_subject(&cx->mem, m);

    TRY(webhook_endpoint_wanting(cx, db, m->provider, m->type, &o.endpoints, &o.n));
    if (o.n == 0) {
        return OK;
    }
    TRY(db_now_ms(cx, db, &o.now_ms));
    if (subject.n == 0) {
        return outbox_add(cx, db, &o, subject);
    }
    Res res = webhook_message_find_open(cx, db, m->provider, subject, o.now_ms, &w);

    if (res.code == FAIL_NOT_FOUND) {
        return outbox_add(cx, db, &o, subject);
    }
    TRY(res);
    return outbox_join(cx, db, &o, &w);
}

Res outbox_wants(
    struct cx *cx, struct db *db, int64_t provider, enum webhook_type type, bool *ret)
{
    int64_t *endpoints;
    size_t n;

    TRY(webhook_endpoint_wanting(cx, db, provider, type, &endpoints, &n));
    *ret = n > 0;
    return OK;
}

Res outbox_ping(struct cx *cx, int64_t provider, Str *id, Str *body)
{
    const struct webhook_message w = {
        .id = seal_random_name(&cx->mem, S("msg_")),
        .provider = provider,
        .type = webhook_type_names[WEBHOOK_TYPES]};

    *id = w.id;
    return body_write(cx, NULL, &w, clock_now_ms(), body);
}

Res outbox_now(struct cx *cx, struct db *db, int64_t *ret)
{
    return db_now_ms(cx, db, ret);
}
