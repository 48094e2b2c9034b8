/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parser.h - bytes in, one request out; knows no sockets.
 *
 * The request or refusal never depends on the pieces in which its bytes arrive: a line of
 * the head is judged when it is whole, and llhttp frames the body.
 */
#pragma once

#include <llhttp.h>

#include "base/buf.h"
#include "http/request.h"

enum parser_phase {
    PHASE_REQUEST_LINE,
    PHASE_FIELDS,
    PHASE_BODY,
    PHASE_TRAILERS,
    PHASE_DONE,
};

struct parser {
    llhttp_t llhttp;
    struct arena *mem;
    struct http_request *req;
    struct http_header *fields; /* req->headers, as long as they are being read */
    struct buf line;            /* the beginning of an unfinished line */
    struct buf body;
    size_t body_most; /* what it is known to be at most */
    /* How large the body of this request may be; asked where that is more than
     * LIMIT_BODY_BYTES, or not known from the head. NULL: no more. */
    size_t (*body_limit)(const struct http_request *req, void *arg);
    void *body_limit_arg;
    size_t head_bytes; /* with trailers and chunk extensions */
    size_t head_fields;
    enum parser_phase phase;
    bool is_http10;
    bool keeps_alive;      /* the connection may be used again; known when done */
    bool expects_continue; /* the client waits for 100 before it sends the body */
};

/* The request's text, fields and body will live in `mem`. The caller may set
 * `body_limit` then. */
void parser_begin(struct parser *p, struct arena *mem, struct http_request *req);
/* Returns how many bytes it took: all of them, unless the request ended before. */
size_t parser_eat(struct parser *p, Str bytes);
bool parser_is_done(const struct parser *p);
/* Drops the CR and LF that may stand before a request, and adds their number to `*n`.
 * Returns false when these were more than LIMIT_BLANK_BYTES. */
bool parser_skip_blank(Str *bytes, size_t *n);
