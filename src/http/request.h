/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - a request as it was read, an answer as it will be written.
 *
 * All text of a request lives in its exchange's arena or is static.
 */
#pragma once

#include "base/str.h"

enum method {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_OPTIONS,
    METHOD_OTHER,
};

struct http_header {
    Str name;
    Str value; /* without white space around it */
};

struct http_request {
    /* FAIL_NONE, or why this can't be read as HTTP (malformed, head too large, time-out,
     * coding, version), or FAIL_UNAVAILABLE past max_connections: answer it and the
     * connection closes. */
    enum fail refusal;
    Str advice; /* what was sent instead of HTTP, and the mend; empty: not known */
    enum method method;
    Str method_text;
    Str path;  /* as sent, up to '?', still percent-encoded; '*' for OPTIONS * */
    Str query; /* as sent, after '?'; p == NULL when there is no '?' */
    const struct http_header *headers;
    size_t n_headers;
    Str body;
    bool has_body; /* a body was announced, even an empty one by Transfer-Encoding */
    bool body_too_large; /* over its limit: not read; the connection closes after */
    Str peer;            /* address of the other side; "unix" on a unix socket */
    int64_t started_us;  /* clock_mono_us of the first byte */
};

/* Returns how many non-empty fields have this name, in any case; *value becomes the first
 * of them, or the empty Str. */
size_t http_header(const struct http_request *r, Str name, Str *value);

enum { HTTP_EXTRA_HEADERS = 16 };

struct http_answer {
    int status;
    Str content_type; /* empty: none */
    Str body;         /* dropped, but counted, for HEAD; none at all for 204 */
    struct http_header extra[HTTP_EXTRA_HEADERS];
    size_t n_extra;
    bool close; /* close the connection after this answer */
};

/* The value must be free of CR, LF and NUL (a bug otherwise: aborts). */
void http_answer_header(struct http_answer *a, Str name, Str value);
