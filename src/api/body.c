/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body.c - a body against its shape, with Django REST Framework's messages (contract §4,
 * §9): media type, size, reading, then every field at once.
 */
#include "http/body.h"

#include "api/endpoints.h"
#include "base/buf.h"
#include "base/limits.h"

static bool is_choice(const struct api_field *f, Str value)
{
    for (size_t i = 0; i < f->n_choices; i++) {
        if (str_eq(f->choices[i], value)) {
            return true;
        }
    }
    return false;
}

static Str no_choice(struct arena *mem, Str value)
{
    struct buf b = {.mem = mem, .max = LIMIT_BODY_BYTES + 64};

    buf_add_char(&b, '"');
    buf_add(&b, value);
    buf_add(&b, S("\" is not a valid choice."));
    return buf_text(&b);
}

/* What is wrong with a field; empty: nothing. */
static Str field_complaint(
    struct call *c, const struct api_field *f, const struct field *sent, Str value)
{
    if (sent == NULL) {
        return f->is_required ? S("This field is required.") : S("");
    }
    if (sent->kind == FIELD_NULL) {
        return f->is_nullable ? S("") : S("This field may not be null.");
    }
    if (sent->kind != FIELD_TEXT) {
        return S("Not a valid string.");
    }
    if (f->n_choices > 0) {
        return is_choice(f, value) ? S("") : no_choice(&c->cx->mem, value);
    }
    return value.n > 0 ? S("") : S("This field may not be blank.");
}

static Res read_fields(
    struct call *c, const struct api_shape *shape, const struct fields *fields,
    Str *values)
{
    Res res = OK;

    for (size_t i = 0; i < shape->n; i++) {
        const struct api_field *f = &shape->fields[i];
        const struct field *sent = fields_find(fields, f->name);
        bool is_text = sent != NULL && sent->kind == FIELD_TEXT;
        Str value = is_text ? str_trim(sent->text) : S("");
        Str complaint = field_complaint(c, f, sent, value);

        must_be(f->type == VALUE_TEXT);
        values[i] = complaint.n == 0 ? value : S("");
        if (complaint.n > 0) {
            res = call_field_error(c, f->name, complaint);
        }
    }
    return res;
}

Res call_read_body(struct call *c, const struct api_shape *shape, Str *values)
{
    struct body_media media;
    struct fields fields;

    TRY(body_media(c->cx, c->req, &media));
    if (c->req->body_too_large) {
        return fail(
            c->cx, FAIL_PAYLOAD_TOO_LARGE, "body of more than %d bytes",
            LIMIT_BODY_BYTES);
    }
    TRY(body_read(c->cx, &media, c->req->body, &fields));
    return read_fields(c, shape, &fields, values);
}
