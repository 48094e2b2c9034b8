/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body.h - reads a request's body: JSON, form or multipart (docs/api.md §3, §9).
 *
 * Strict: FAIL_UNSUPPORTED_MEDIA_TYPE for another media type, a charset that can't be
 * read as UTF-8, or any Content-Encoding; FAIL_PARSE_ERROR for a body that can't be read,
 * duplicates included. An absent body without a content type, and an empty form, have no
 * fields.
 */
#pragma once

#include "http/fields.h"
#include "http/request.h"

struct cx;

enum body_type { BODY_NONE, BODY_JSON, BODY_FORM, BODY_MULTIPART };

struct body_media {
    enum body_type type;
    Str boundary; /* of multipart */
};

/* Judges Content-Type and Content-Encoding: comes before size (docs/api.md §9). */
Res body_media(struct cx *cx, const struct http_request *req, struct body_media *ret)
    MUST;
Res body_read(struct cx *cx, const struct body_media *media, Str body, struct fields *ret)
    MUST;
