/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body.c - which of the three readers a body is for (RFC 9110 §8.3, §8.4).
 *
 * The readers are body_json.c, body_form.c and body_multipart.c.
 */
#include "http/body.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"
#include "http/fields.h"
#include "http/grammar.h"

static enum body_type type_from_name(Str type, Str subtype)
{
    static const struct {
        Str type, subtype;
        enum body_type is;
    } rows[] = {
        {SI("application"), SI("json"),                  BODY_JSON     },
        {SI("application"), SI("x-www-form-urlencoded"), BODY_FORM     },
        {SI("multipart"),   SI("form-data"),             BODY_MULTIPART},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (str_eq_nocase(type, rows[i].type)
            && str_eq_nocase(subtype, rows[i].subtype)) {
            return rows[i].is;
        }
    }
    return BODY_NONE;
}

static Res content_type_parse(struct cx *cx, Str s, struct body_media *ret)
{
    struct body_media media = {0};
    Str name, value, type, subtype;

    if (!grammar_media_type(&s, &type, &subtype)) {
        return fail(cx, FAIL_UNSUPPORTED_MEDIA_TYPE, "malformed Content-Type");
    }
    media.type = type_from_name(type, subtype);
    while (grammar_param(&s, &name, &value)) {
        if (str_eq_nocase(name, S("charset")) && !grammar_is_utf8(value)) {
            return fail(cx, FAIL_UNSUPPORTED_MEDIA_TYPE, "a charset that is not UTF-8");
        }
        bool is_boundary = str_eq_nocase(name, S("boundary"));

        if (is_boundary && media.boundary.n > 0) {
            return fail(cx, FAIL_UNSUPPORTED_MEDIA_TYPE, "boundary given twice");
        }
        if (is_boundary) {
            media.boundary = grammar_unquote(&cx->mem, value);
        }
    }
    if (s.n > 0) {
        return fail(cx, FAIL_UNSUPPORTED_MEDIA_TYPE, "malformed Content-Type");
    }
    *ret = media;
    return OK;
}

Res body_media(struct cx *cx, const struct http_request *req, struct body_media *ret)
{
    struct body_media media = {0};
    Str type, coding;
    size_t types = http_header(req, S("Content-Type"), &type);
    bool is_there = req->body.n > 0 || req->body_too_large; /* announced may be empty */

    if (http_header(req, S("Content-Encoding"), &coding) > 0) {
        return fail(cx, FAIL_UNSUPPORTED_MEDIA_TYPE, "a Content-Encoding");
    }
    if (types > 1) {
        return fail(cx, FAIL_UNSUPPORTED_MEDIA_TYPE, "Content-Type twice");
    }
    if (types == 1) {
        TRY(content_type_parse(cx, type, &media));
    }
    if (media.type == BODY_NONE && is_there) {
        return fail(cx, FAIL_UNSUPPORTED_MEDIA_TYPE, "a body of no type that is read");
    }
    *ret = media;
    return OK;
}

Res body_read(struct cx *cx, const struct body_media *media, Str body, struct fields *ret)
{
    switch (media->type) {
    case BODY_NONE:
        *ret = (struct fields){0};
        return OK;
    case BODY_JSON:
        return body_read_json(cx, body, ret);
    case BODY_FORM:
        return body_read_form(cx, body, ret);
    case BODY_MULTIPART:
        return body_read_multipart(cx, body, media->boundary, ret);
    }
    return fail(cx, FAIL_INTERNAL, "no such body type");
}

const struct field *fields_find(const struct fields *f, Str name)
{
    for (size_t i = 0; i < f->n; i++) {
        if (str_eq(f->at[i].name, name)) {
            return &f->at[i];
        }
    }
    return NULL;
}

Res fields_check_count(struct cx *cx, size_t n)
{
    if (n > LIMIT_BODY_FIELDS) {
        return fail(cx, FAIL_PARSE_ERROR, "more than %d fields", (int)LIMIT_BODY_FIELDS);
    }
    return OK;
}

static bool is_plain_text(Str s)
{
    size_t at;

    return str_is_utf8(s) && !str_find(s, '\0', &at);
}

static int order_names(const void *a, const void *b)
{
    return str_cmp(*(const Str *)a, *(const Str *)b);
}

Res fields_check(struct cx *cx, const struct fields *f)
{
    Str *names = NEW_N(&cx->mem, Str, f->n);

    for (size_t i = 0; i < f->n; i++) {
        names[i] = f->at[i].name;
        if (!is_plain_text(names[i]) || !is_plain_text(f->at[i].text)) {
            return fail(cx, FAIL_PARSE_ERROR, "a field with a NUL or invalid UTF-8");
        }
    }
    qsort(names, f->n, sizeof(names[0]), order_names);
    for (size_t i = 1; i < f->n; i++) {
        if (str_eq(names[i - 1], names[i])) {
            return fail(cx, FAIL_PARSE_ERROR, "a field given twice");
        }
    }
    return OK;
}
