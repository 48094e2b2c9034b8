/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body.h - a request's body as a flat list of fields: JSON, form or multipart (contract
 * §3, §9).
 *
 * Strict: FAIL_UNSUPPORTED_MEDIA_TYPE for another media type, a charset that is not
 * UTF-8, or any Content-Encoding; FAIL_PARSE_ERROR for what cannot be read, duplicates
 * included. A body that is absent without a content type, or an empty form, has no
 * fields.
 */
#pragma once

#include "http/request.h"

struct cx;

enum field_kind {
    FIELD_TEXT,
    FIELD_NULL,
    FIELD_OTHER, /* any other JSON value, or a file part: not a valid string */
};

struct field {
    Str name;
    Str text; /* only of FIELD_TEXT; not trimmed */
    enum field_kind kind;
};

struct fields {
    const struct field *at;
    size_t n;
};

enum body_type { BODY_NONE, BODY_JSON, BODY_FORM, BODY_MULTIPART };

struct body_media {
    enum body_type type;
    Str boundary; /* of multipart */
};

/* Judges Content-Type and Content-Encoding alone: comes before size (contract §9). */
Res body_media(struct cx *cx, const struct http_request *req, struct body_media *ret)
    MUST;
Res body_read(struct cx *cx, const struct body_media *media, Str body, struct fields *ret)
    MUST;
/* NULL when absent. */
const struct field *fields_find(const struct fields *f, Str name);

/* The three readers, each with a fuzz target. */
Res body_read_json(struct cx *cx, Str body, struct fields *ret) MUST;
Res body_read_form(struct cx *cx, Str body, struct fields *ret) MUST;
Res body_read_multipart(struct cx *cx, Str body, Str boundary, struct fields *ret) MUST;
