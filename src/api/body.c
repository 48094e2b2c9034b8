/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body.c - checks a body or a query against its shape (docs/api.md §4, §9): first its
 * media type, size and syntax, then all fields at once.
 */
#include "api/body.h"

#include "api/near_miss.h"
#include "api/value.h"
#include "base/buf.h"
#include "base/limits.h"
#include "http/body.h"
#include "http/body_hint.h"

enum { FIELD_HINT_BYTES = 1024, NEAR_MISSES = 3 };

/* Names the choices that a field has. */
static void field_choices_hint(struct call *c, const struct api_field *f)
{
    struct buf b = {.mem = &c->cx->mem, .max = FIELD_HINT_BYTES};
    Str hint;

    buf_add(&b, f->name);
    buf_add(&b, S(": choose "));
    for (size_t i = 0; i < f->n_choices; i++) {
        bool is_last = i + 1 == f->n_choices;

        buf_add(&b, i == 0 ? S("") : is_last ? S(" or ") : S(", "));
        buf_add(&b, f->choices[i]);
    }
    buf_add_char(&b, '.');
    if (buf_done(c->cx, &b, &hint).code == FAIL_NONE) {
        call_hint(c, hint);
    }
}

static Res value_check(
    struct call *c, const struct api_shape *shape, size_t i, const struct field *sent,
    enum value_from from, struct api_value *ret)
{
    const struct api_field *f = &shape->fields[i];
    Str complaint = S("");

    *ret = (struct api_value){0};
    if (sent != NULL) {
        complaint = value_read(&c->cx->mem, f, sent, from, ret);
    } else if (f->is_required && !shape->is_partial) {
        complaint = S("This field is required.");
    } else {
        *ret = value_absent(f, shape->is_partial);
    }
    if (complaint.n == 0) {
        return OK;
    }
    if (sent != NULL && sent->kind == FIELD_TEXT && f->n_choices > 0) {
        field_choices_hint(c, f);
    }
    return call_field_error(c, f->name, complaint);
}

static Res values_check(
    struct call *c, const struct api_shape *shape, const struct fields *fields,
    enum value_from from, struct api_value *values)
{
    Res res = OK;

    for (size_t i = 0; i < shape->n; i++) {
        const struct field *sent = fields_find(fields, shape->fields[i].name);
        Res r = value_check(c, shape, i, sent, from, &values[i]);

        res = r.code == FAIL_NONE ? res : r;
    }
    return res;
}

static void near_miss_hint(struct call *c, Str sent, Str name)
{
    struct buf b = {.mem = &c->cx->mem, .max = FIELD_HINT_BYTES};
    Str hint;

    buf_add(&b, S("Unknown field `"));
    buf_add(&b, sent);
    buf_add(&b, S("`: did you mean `"));
    buf_add(&b, name);
    buf_add(&b, S("`?"));
    if (buf_done(c->cx, &b, &hint).code == FAIL_NONE) {
        call_hint(c, hint);
    }
}

/* Hints at fields that are absent, where an unknown field has nearly their name. */
static void near_misses_hint(
    struct call *c, const struct api_shape *shape, const struct fields *fields)
{
    int told = 0;

    for (size_t i = 0; i < shape->n && told < NEAR_MISSES; i++) {
        Str name = shape->fields[i].name;
        const struct field *near = fields_find(fields, name) != NULL
                                       ? NULL
                                       : near_miss_find(fields, shape, name);

        if (near != NULL) {
            near_miss_hint(c, near->name, name);
            told++;
        }
    }
}

static Res fields_read(struct call *c, struct body_media *media, struct fields *ret)
{
    TRY(body_media(c->cx, c->req, media));
    if (c->req->body_too_large) {
        return fail(
            c->cx, FAIL_PAYLOAD_TOO_LARGE, "body of more than %d bytes",
            LIMIT_BODY_BYTES);
    }
    return body_read(c->cx, media, c->req->body, ret);
}

Res body_values_read(
    struct call *c, const struct api_shape *shape, struct api_value *values)
{
    struct body_media media;
    struct fields fields;
    Res res = fields_read(c, &media, &fields);

    if (res.code == FAIL_PARSE_ERROR || res.code == FAIL_UNSUPPORTED_MEDIA_TYPE) {
        call_hint(c, body_hint(c->cx, c->req));
    }
    TRY(res);
    bool is_json = media.type == BODY_JSON;

    res = values_check(
        c, shape, &fields, is_json ? VALUE_FROM_JSON : VALUE_FROM_FORM, values);
    if (res.code != FAIL_NONE) {
        near_misses_hint(c, shape, &fields);
        call_hint(c, is_json ? S("") : body_hint(c->cx, c->req));
    }
    return res;
}

Res body_query_read(
    struct call *c, const struct api_shape *shape, struct api_value *values)
{
    Res res = OK;

    for (size_t i = 0; i < shape->n; i++) {
        struct field sent = {.name = shape->fields[i].name, .kind = FIELD_TEXT};
        size_t n = url_query_find(c->params, c->n_params, sent.name, &sent.text);
        Res r;

        values[i] = (struct api_value){0};
        if (n > 1) {
            r = call_field_error(
                c, sent.name, S("This parameter may be given only once."));
        } else {
            r = value_check(
                c, shape, i, n == 0 ? NULL : &sent, VALUE_FROM_QUERY, &values[i]);
        }
        res = r.code == FAIL_NONE ? res : r;
    }
    return res;
}
