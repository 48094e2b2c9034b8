/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body.c - chooses the reader of a body by its Content-Type (RFC 9110 §8.3, §8.4).
 *
 * The readers are body_json.c, body_form.c and body_multipart.c.
 */
#include "http/body.h"

#include "base/cx.h"
#include "base/limits.h"
#include "http/body_form.h"
#include "http/body_json.h"
#include "http/body_multipart.h"
#include "http/charset.h"
#include "http/grammar.h"

static enum body_type body_type_from_name(Str type, Str subtype)
{
    static const struct {
        Str type, subtype;
        enum body_type is;
    } rows[] = {
        {SI("application"), SI("json"), BODY_JSON},
        {SI("application"), SI("x-www-form-urlencoded"), BODY_FORM},
        {SI("multipart"), SI("form-data"), BODY_MULTIPART},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (str_eq_nocase(type, rows[i].type)
            && str_eq_nocase(subtype, rows[i].subtype)) {
            return rows[i].is;
        }
    }
    return BODY_NONE;
}

/* A charset that isn't UTF-8 is refused, and so are other bytes than those of a label. */
static Res body_charset_check(struct cx *cx, Str value, const struct http_request *req)
{
    enum charset charset = charset_from_value(value);
    bool is_unread = req->body_too_large && charset == CHARSET_ASCII;

    if (!is_unread && !charset_fits(charset, req->body)) {
        return fail(cx, FAIL_UNSUPPORTED_MEDIA_TYPE, "a charset that is not UTF-8");
    }
    return OK;
}

/* Parameters that nobody here needs are ignored. */
static Res content_type_param(
    struct cx *cx, const struct http_request *req, Str name, Str value,
    struct body_media *media)
{
    if (str_eq_nocase(name, S("charset"))) {
        return body_charset_check(cx, value, req);
    }
    if (!str_eq_nocase(name, S("boundary"))) {
        return OK;
    }
    if (media->boundary.n > 0) {
        return fail(cx, FAIL_UNSUPPORTED_MEDIA_TYPE, "boundary given twice");
    }
    media->boundary = grammar_unquote(&cx->mem, value);
    return OK;
}

static Res content_type_parse(
    struct cx *cx, Str s, const struct http_request *req, struct body_media *ret)
{
    struct body_media media = {0};
    Str name, value, type, subtype;

    if (!grammar_media_type(&s, &type, &subtype)) {
        return fail(cx, FAIL_UNSUPPORTED_MEDIA_TYPE, "malformed Content-Type");
    }
    media.type = body_type_from_name(type, subtype);
    while (grammar_param(&s, &name, &value)) {
        TRY(content_type_param(cx, req, name, value, &media));
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
    bool is_there =
        req->body.n > 0 || req->body_too_large; /* an empty one may be announced */

    if (http_header(req, S("Content-Encoding"), &coding) > 0) {
        return fail(cx, FAIL_UNSUPPORTED_MEDIA_TYPE, "a Content-Encoding");
    }
    if (types > 1) {
        return fail(cx, FAIL_UNSUPPORTED_MEDIA_TYPE, "Content-Type twice");
    }
    if (types == 1) {
        TRY(content_type_parse(cx, type, req, &media));
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
