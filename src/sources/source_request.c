/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_request.c - one way to send what changes something at a source, and one search
 * in the tables of what a refusal means.
 */
#include "sources/source_request.h"

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "sources/sources_private.h"

enum { REQUEST_REASON_BYTES = 64 };

/* Answers. */

/* What an answer says that is no good one. */
struct source_refusal {
    const struct net_reply *reply;
    Str reason;
    Str message;
    bool is_scope_lost;
};

static bool refusal_fits(const struct source_refusal *r, const struct source_error *row)
{
    int status = r->reply->status;

    return (row->status == 0 || row->status == status || row->status == status / 100)
           && (row->reason.n == 0 || str_eq(row->reason, r->reason))
           && (row->message.n == 0 || str_contains(r->message, row->message))
           && (!row->if_told_to_wait || r->reply->retry_after_s >= 0)
           && (!row->if_scope_is_lost || r->is_scope_lost);
}

static const struct source_error *refusal_find(
    const struct source_refusal *r, const struct source_error *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (refusal_fits(r, &rows[i])) {
            return &rows[i];
        }
    }
    return NULL;
}

static enum fail refusal_meaning(
    const struct source_refusal *r, const struct source_errors *errors, int *why)
{
    const struct source_topic *topic = errors->topic;
    const struct source_error *row = refusal_find(r, errors->rows, errors->n_rows);

    if (row == NULL) {
        row = refusal_find(r, topic->errors, topic->n_errors);
    }
    if (row == NULL) {
        return r->reply->status >= 500 ? FAIL_SOURCE_UNAVAILABLE : FAIL_SOURCE_ERROR;
    }
    *why = row->why;
    return row->kind;
}

/* A reason comes from outside: it counts, and the log repeats it, only if it looks like a
 * code. */
static bool refusal_char_is_plain(unsigned char c)
{
    return char_is_alnum(c) || c == '_' || c == '.';
}

static Str refusal_reason(const struct source_errors *errors, const json_t *body)
{
    Str reason = errors->reason(body);

    return str_is_only(reason, refusal_char_is_plain)
               ? str_sub(reason, 0, REQUEST_REASON_BYTES)
               : S("");
}

static Res source_reply_error(
    struct cx *cx, const struct source_call *call, const struct source_errors *errors,
    const struct net_reply *reply, int *why)
{
    struct source_refusal r = {
        .reply = reply,
        .is_scope_lost = !source_scope_is_among(
            source_get(call->settings->id), call->scope, errors->scopes,
            errors->n_scopes)};
    CLEANUP(j_done) json_t *body = NULL;

    if (j_parse_kindly(cx, reply->body, LIMIT_SOURCE_JSON_DEPTH, &body).code
        == FAIL_NONE) {
        r.reason = refusal_reason(errors, body);
        (void)j_text(json_object_get(body, "error"), "message", &r.message);
    }
    enum fail kind = refusal_meaning(&r, errors, why);

    return fail(
        cx, kind, "%s was answered with %d %.*s", errors->topic->about, reply->status,
        STR_ARG(r.reason));
}

/* Requests. */

static Str request_url(
    struct arena *mem, const struct source_call *call, const struct source_request *r)
{
    struct buf b = {.mem = mem, .max = call->settings->api_url.n};

    for (size_t i = 0; i < SOURCE_PATH_PARTS; i++) {
        b.max += 3 * r->path[i].n;
    }
    buf_add(&b, call->settings->api_url);
    for (size_t i = 0; i < SOURCE_PATH_PARTS; i++) {
        if (i % 2 == 0) {
            buf_add(&b, r->path[i]);
        } else {
            buf_add_escaped(&b, r->path[i]);
        }
    }
    return buf_text(&b);
}

static Str request_body(struct arena *mem, const json_t *body)
{
    size_t n = body == NULL ? 0 : json_dumpb(body, NULL, 0, JSON_COMPACT);
    char *bytes = arena_alloc(mem, n);

    must_be(n == 0 || json_dumpb(body, bytes, n, JSON_COMPACT) == n);
    return (Str){bytes, n};
}

Res source_request_send(
    struct cx *cx, struct source_call *call, const struct source_request *request,
    const struct source_errors *errors, json_t **ret, int *why)
{
    const struct net_request net = {
        .method = request->method,
        .url = request_url(&cx->mem, call, request),
        .body = request_body(&cx->mem, request->body),
        .content_type = request->body == NULL ? S("") : NET_JSON,
        .headers = request->headers,
        .n_headers = request->n_headers,
        .max_bytes = LIMIT_CALENDARS_BYTES,
        .purpose.operation = errors->topic->operation,
    };
    struct net_reply reply;

    *why = 0;
    TRY(source_call_send(cx, call, &net, &reply));
    if (reply.status < 200 || reply.status >= 300) {
        return source_reply_error(cx, call, errors, &reply, why);
    }
    if (j_parse_kindly(cx, reply.body, LIMIT_SOURCE_JSON_DEPTH, ret).code != FAIL_NONE) {
        *ret = NULL; /* what ends something is answered with nothing */
    }
    return OK;
}
