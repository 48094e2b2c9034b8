/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testreading.h - reads a stream of bytes as a connection does, into a text; for tests.
 *
 * The text has "POST /a?q=1 [body] close;" for each request, "!malformed;" for a refused
 * one, and "more" at the end when the last request is cut.
 */
#pragma once

#include "base/buf.h"
#include "http/parser.h"

/* How the bytes arrive. */
enum read_pieces { READ_WHOLE, READ_BYTES, READ_CUT /* as the bytes themselves say */ };

struct read_log {
    struct arena *mem;
    struct buf text;
    bool with_fields;
    struct parser parser;
    struct http_request req;
    size_t blank_bytes;
    bool has_begun; /* a request */
    bool is_over;   /* no request after this one */
};

static inline Str reading_refusal(enum fail kind)
{
    static const struct {
        enum fail kind;
        Str name;
    } rows[] = {
        {FAIL_MALFORMED_REQUEST, SI("malformed")},
        {FAIL_HEAD_TOO_LARGE, SI("head")},
        {FAIL_NOT_IMPLEMENTED, SI("coding")},
        {FAIL_HTTP_VERSION, SI("version")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].kind == kind) {
            return rows[i].name;
        }
    }
    return S("?");
}

static inline void reading_add_request(struct buf *b, const struct http_request *r)
{
    buf_add(b, r->method_text);
    buf_add_char(b, ' ');
    buf_add(b, r->path);
    buf_add(b, r->query.p == NULL ? S("") : S("?"));
    buf_add(b, r->query);
    buf_add(b, r->has_body ? S(" [") : S(""));
    buf_add(b, r->body_too_large ? S("too large") : r->body);
    buf_add(b, r->has_body ? S("]") : S(""));
}

static inline void reading_add_done(struct read_log *rd)
{
    const struct http_request *r = &rd->req;

    if (r->refusal != FAIL_NONE) {
        buf_add_char(&rd->text, '!');
        buf_add(&rd->text, reading_refusal(r->refusal));
    } else {
        reading_add_request(&rd->text, r);
        buf_add(&rd->text, rd->parser.keeps_alive ? S("") : S(" close"));
    }
    for (size_t i = 0; rd->with_fields && i < r->n_headers; i++) {
        buf_add_char(&rd->text, '\n');
        buf_add(&rd->text, r->headers[i].name);
        buf_add_char(&rd->text, ':');
        buf_add(&rd->text, r->headers[i].value);
    }
    buf_add_char(&rd->text, ';');
}

/* Reads up to the end of a request; returns the rest of the piece. */
static inline Str reading_step(struct read_log *rd, Str piece)
{
    if (!rd->is_over && !rd->has_begun && !parser_skip_blank(&piece, &rd->blank_bytes)) {
        buf_add(&rd->text, S("!blank;"));
        rd->is_over = true;
    }
    if (piece.n == 0 || rd->is_over) {
        return S("");
    }
    if (!rd->has_begun) {
        parser_begin(&rd->parser, rd->mem, &rd->req);
        rd->has_begun = true;
        rd->blank_bytes = 0;
    }
    size_t n = parser_eat(&rd->parser, piece);

    if (parser_is_done(&rd->parser)) {
        reading_add_done(rd);
        rd->has_begun = false;
        rd->is_over = !rd->parser.keeps_alive;
    }
    return str_sub(piece, n, piece.n);
}

static inline size_t reading_piece(enum read_pieces pieces, Str bytes)
{
    switch (pieces) {
    case READ_WHOLE:
        return bytes.n;
    case READ_BYTES:
        return 1;
    case READ_CUT:
        return 1 + (unsigned char)bytes.p[0] % 61U;
    }
    return 0;
}

static inline Str reading_all(
    struct arena *mem, Str bytes, enum read_pieces pieces, bool with_fields)
{
    struct read_log rd = {
        .mem = mem,
        .text = {.mem = mem, .max = 16 * 1024 * 1024},
        .with_fields = with_fields,
    };

    while (bytes.n > 0) {
        size_t n = reading_piece(pieces, bytes);

        for (Str piece = str_sub(bytes, 0, n); piece.n > 0;) {
            piece = reading_step(&rd, piece);
        }
        bytes = str_sub(bytes, n, bytes.n);
    }
    buf_add(&rd.text, rd.has_begun ? S("more") : S(""));
    return buf_text(&rd.text);
}
