/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parser.h - bytes in, one request out; knows no sockets.
 *
 * Whatever the pieces are in which bytes arrive, the request or refusal read from them is
 * the same: lines of the head are judged only when they are whole, and llhttp frames the
 * body.
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
    struct buf line;            /* what has come of an unfinished line */
    struct buf body;
    size_t head_bytes; /* with trailers and chunk extensions */
    size_t head_fields;
    enum parser_phase phase;
    bool is_http10;
    bool keeps_alive;      /* the connection may be used again; known when done */
    bool expects_continue; /* the client waits for 100 before it sends the body */
};

/* The request's text, fields and body will live in `mem`. */
void parser_begin(struct parser *p, struct arena *mem, struct http_request *req);
/* How many bytes were taken: all of them, unless the request is done before. */
size_t parser_eat(struct parser *p, Str bytes);
bool parser_is_done(const struct parser *p);
/* Drops the CR and LF that may stand before a request. */
Str parser_skip_blank(Str bytes);
