/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.c - ends a call with an answer, or with the error envelope of docs/api.md §4.
 */
#include "api/call.h"

#include "api/errors.h"
#include "base/clock.h"
#include "base/limits.h"

enum {
    ERRORS_USUAL = 8,
    ERROR_ESCAPED = 6,       /* bytes that one byte of a message takes at most */
    ERROR_AROUND_BYTES = 64, /* quotes, brackets, tags */
    ENVELOPE_BYTES = 64 * 1024,
    ERRORS_BYTES = LIMIT_ANSWER_BYTES - ENVELOPE_BYTES,
};

_Static_assert(
    ERROR_ESCAPED *LIMIT_BODY_BYTES < ERRORS_BYTES, "a body can be quoted back");
_Static_assert(
    ERROR_ESCAPED *CALL_HINT_BYTES + 8 * 1024 < ENVELOPE_BYTES,
    "an envelope fits beside its field errors");

static void errors_grow(struct call *c)
{
    size_t room = c->room_errors == 0 ? ERRORS_USUAL : 2 * c->room_errors;
    struct field_error *errors = NEW_N(&c->cx->mem, struct field_error, room);

    for (size_t i = 0; i < c->n_errors; i++) {
        errors[i] = c->errors[i];
    }
    c->errors = errors;
    c->room_errors = room;
}

Res call_field_error(struct call *c, Str field, Str message)
{
    if (c->n_errors == c->room_errors) {
        errors_grow(c);
    }
    c->errors[c->n_errors++] = (struct field_error){field, message};
    return fail(c->cx, FAIL_PARAMETER_INVALID, "%.*s is not valid", STR_ARG(field));
}

void call_hint(struct call *c, Str sentence)
{
    struct arena *mem = &c->cx->mem;

    if (sentence.n == 0 || c->hint.n + sentence.n >= CALL_HINT_BYTES) {
        return;
    }
    c->hint =
        c->hint.n == 0 ? sentence : str_cat(mem, str_cat(mem, c->hint, S(" ")), sentence);
}

Res call_answer(struct call *c, int status, struct writer *w)
{
    Str body;

    TRY(writer_done(c->cx, w, &body));
    c->answer->status = status;
    c->answer->content_type = writer_content_type(c->format);
    c->answer->body = body;
    return OK;
}

static bool error_is_repeated(const struct call *c, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (str_eq(c->errors[j].field, c->errors[i].field)) {
            return true;
        }
    }
    return false;
}

/* Writes every message about the field of the i-th error. */
static void field_error_write(const struct call *c, struct writer *w, size_t i)
{
    writer_array(w, c->errors[i].field);
    for (size_t j = i; j < c->n_errors; j++) {
        if (str_eq(c->errors[j].field, c->errors[i].field)) {
            writer_text(w, S(""), c->errors[j].message);
        }
    }
    writer_end(w);
}

/* Counts the field errors that fit into an answer, from the first on. */
static size_t field_errors_fitting(const struct call *c)
{
    size_t n = 0;
    size_t bytes = 0;

    for (; n < c->n_errors; n++) {
        const struct field_error *e = &c->errors[n];

        bytes += 2 * e->field.n + ERROR_ESCAPED * e->message.n + ERROR_AROUND_BYTES;
        if (bytes > ERRORS_BYTES) {
            break;
        }
    }
    return n;
}

static void field_errors_write(struct call *c, struct writer *w)
{
    c->n_errors = field_errors_fitting(c);
    writer_object(w, S("field_errors"));
    for (size_t i = 0; i < c->n_errors; i++) {
        if (!error_is_repeated(c, i)) {
            field_error_write(c, w, i);
        }
    }
    writer_end(w);
}

static Str envelope_message(const struct call *c, const struct error_row *row)
{
    struct arena *mem = &c->cx->mem;

    if (row->status == 500) {
        Str id = str_from_z(c->cx->request_id);

        return str_cat(
            mem, row->message, str_cat(mem, S(" The id of this request is "), id));
    }
    if (c->hint.n == 0) {
        return row->message;
    }
    return str_cat(mem, str_cat(mem, row->message, S(" ")), c->hint);
}

int64_t call_retry_s(const struct call *c, const struct error_row *row)
{
    if (c->work.retry_after_s > 0) {
        return c->work.retry_after_s;
    }
    return row->status == 503
               ? row->retry_after_s + clock_mono_ms() % (LIMIT_RETRY_SPREAD_S + 1)
               : row->retry_after_s;
}

void call_answer_fail(struct call *c, enum fail kind)
{
    const struct error_row *row = error_row(kind);
    struct writer *w = writer_open(&c->cx->mem, c->format);
    int64_t retry_s = call_retry_s(c, row);

    writer_text(w, S("code"), row->code);
    field_errors_write(c, w);
    writer_text(w, S("message"), envelope_message(c, row));
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
    return str_cat(&c->cx->mem, c->work.settings->public_url, path_and_query);
}
