/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.c - how a call ends: with an answer, or with the error envelope of contract §4.
 */
#include "api/call.h"

#include "api/errors.h"
#include "base/limits.h"

/* An escaped byte of a body that is quoted back takes six; the rest is ours and short. */
_Static_assert(
    6 * LIMIT_BODY_BYTES + 16 * 1024 < LIMIT_ANSWER_BYTES, "an envelope always fits");

Res call_field_error(struct call *c, Str field, Str message)
{
    must_be(c->n_errors < CALL_FIELD_ERRORS);
    c->errors[c->n_errors++] = (struct field_error){field, message};
    return fail(
        c->cx, FAIL_PARAMETER_INVALID, "%.*s is not valid", (int)field.n, field.p);
}

void worker_wake(const struct worker *w, Str key)
{
    if (w->wake != NULL) {
        w->wake(w->lanes, key);
    }
}

Str owner_new(struct arena *mem, const struct settings *settings)
{
    char unique[SEAL_NONCE_BYTES];

    seal_random(unique, sizeof(unique));
    return str_cat(
        mem, str_cat(mem, settings->node, S("/")),
        b64url_encode(mem, (Str){unique, sizeof(unique)}));
}

Res call_answer(struct call *c, int status, struct writer *w)
{
    Str body;

    TRY(writer_done(c->cx, w, &body));
    c->answer->status = status;
    c->answer->content_type = format_content_type(c->format);
    c->answer->body = body;
    return OK;
}

static bool was_named_before(const struct call *c, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (str_eq(c->errors[j].field, c->errors[i].field)) {
            return true;
        }
    }
    return false;
}

/* All that is wrong with the field of the i-th error. */
static void write_field(const struct call *c, struct writer *w, size_t i)
{
    writer_array(w, c->errors[i].field);
    for (size_t j = i; j < c->n_errors; j++) {
        if (str_eq(c->errors[j].field, c->errors[i].field)) {
            writer_text(w, S(""), c->errors[j].message);
        }
    }
    writer_end(w);
}

static void write_field_errors(const struct call *c, struct writer *w)
{
    writer_object(w, S("field_errors"));
    for (size_t i = 0; i < c->n_errors; i++) {
        if (!was_named_before(c, i)) {
            write_field(c, w, i);
        }
    }
    writer_end(w);
}

static Str message_of(const struct call *c, const struct error_row *row)
{
    Str id = str_from_z(c->cx->request_id);

    if (row->status != 500) {
        return row->message;
    }
    return str_cat(
        &c->cx->mem, row->message,
        str_cat(&c->cx->mem, S(" The id of this request is "), id));
}

void call_answer_fail(struct call *c, enum fail kind)
{
    const struct error_row *row = error_row(kind);
    struct writer *w = writer_open(&c->cx->mem, c->format);
    int64_t retry_s = c->retry_after_s > 0 ? c->retry_after_s : row->retry_after_s;

    writer_text(w, S("code"), row->code);
    write_field_errors(c, w);
    writer_text(w, S("message"), message_of(c, row));
    writer_text(w, S("type"), row->type);
    must_be(call_answer(c, row->status, w).code == FAIL_NONE);
    if (row->status == 401) {
        http_answer_header(
            c->answer, S("WWW-Authenticate"),
            S("Token realm=\"caldock\", JWT realm=\"caldock\", "
              "Bearer realm=\"caldock\""));
    }
    if (retry_s > 0) {
        http_answer_header(c->answer, S("Retry-After"), str_int(&c->cx->mem, retry_s));
    }
}

Str call_url(struct call *c, Str path_and_query)
{
    return str_cat(&c->cx->mem, c->settings->public_url, path_and_query);
}
