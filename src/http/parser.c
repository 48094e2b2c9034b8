/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parser.c - reads one request: RFC 9112, as strictly as contract §3 asks.
 *
 * The head is cut into lines here, so that its limits, folded lines and bare line feeds
 * are ours to judge, and llhttp sees only whole lines. llhttp reads the fields, decides
 * how the body is framed, and takes the body apart. Trailers are read and dropped.
 */
#include "http/parser.h"

#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "http/grammar.h"
#include "http/request_line.h"

enum { FIELDS_ROOM = 16 };

static void refuse(struct parser *p, enum fail why)
{
    p->req->refusal = why;
    p->keeps_alive = false;
    p->phase = PHASE_DONE;
}

static struct parser *parser_of(const llhttp_t *llhttp)
{
    return llhttp->data;
}

/* Gives bytes to llhttp; how many it took. */
static size_t feed(struct parser *p, Str bytes)
{
    llhttp_errno_t error = llhttp_execute(&p->llhttp, bytes.p, bytes.n);

    if (error == HPE_PAUSED) {
        llhttp_resume(&p->llhttp);
        return (size_t)(llhttp_get_error_pos(&p->llhttp) - bytes.p);
    }
    if (error != HPE_OK && p->phase != PHASE_DONE) {
        bool is_coding = error == HPE_INVALID_TRANSFER_ENCODING && !p->is_http10;

        refuse(p, is_coding ? FAIL_NOT_IMPLEMENTED : FAIL_MALFORMED_REQUEST);
    }
    return bytes.n;
}

static bool is_counted(struct parser *p, size_t bytes)
{
    if (bytes > LIMIT_HEAD_BYTES - p->head_bytes) {
        refuse(p, FAIL_HEAD_TOO_LARGE);
        return false;
    }
    p->head_bytes += bytes;
    return true;
}

static int on_header_field(llhttp_t *llhttp, const char *at, size_t n)
{
    struct parser *p = parser_of(llhttp);

    if (n == 0) {
        refuse(p, FAIL_MALFORMED_REQUEST);
        return -1;
    }
    if (p->head_fields == LIMIT_HEAD_FIELDS) {
        refuse(p, FAIL_HEAD_TOO_LARGE);
        return -1;
    }
    p->head_fields++;
    if (p->phase == PHASE_TRAILERS) {
        return 0;
    }
    struct http_request *req = p->req;

    if (req->n_headers % FIELDS_ROOM == 0) {
        struct http_header *more =
            NEW_N(p->mem, struct http_header, req->n_headers + FIELDS_ROOM);

        if (req->n_headers > 0) {
            memcpy(more, p->fields, req->n_headers * sizeof(*more));
        }
        p->fields = more;
        req->headers = more;
    }
    p->fields[req->n_headers++] = (struct http_header){
        {at, n},
        S("")
    };
    return 0;
}

static int on_header_value(llhttp_t *llhttp, const char *at, size_t n)
{
    struct parser *p = parser_of(llhttp);

    if (p->phase == PHASE_FIELDS && n > 0) {
        p->fields[p->req->n_headers - 1].value = str_trim((Str){at, n});
    }
    return 0;
}

static size_t count_fields(const struct http_request *req, Str name, Str *value)
{
    size_t n = 0;

    for (size_t i = 0; i < req->n_headers; i++) {
        if (str_eq_nocase(req->headers[i].name, name)) {
            *value = req->headers[i].value;
            n++;
        }
    }
    return n;
}

static bool is_host(unsigned char c)
{
    size_t at;

    return char_is_alnum(c) || str_find(S("-._~%:[]!$&'()*+;="), (char)c, &at);
}

/* What llhttp leaves to us of the fields that decide about host and framing. */
static enum fail head_judge(const struct parser *p)
{
    Str host = S("");
    Str coding = S("");
    Str length = S("");
    size_t hosts = count_fields(p->req, S("Host"), &host);
    size_t codings = count_fields(p->req, S("Transfer-Encoding"), &coding);
    size_t lengths = count_fields(p->req, S("Content-Length"), &length);

    if (hosts > 1 || !str_is_only(host, is_host) || (host.n == 0 && !p->is_http10)) {
        return FAIL_MALFORMED_REQUEST;
    }
    if (codings > 0 && (lengths > 0 || p->is_http10)) {
        return FAIL_MALFORMED_REQUEST;
    }
    if (codings > 1 || (codings == 1 && !str_eq_nocase(coding, S("chunked")))) {
        return FAIL_NOT_IMPLEMENTED;
    }
    return FAIL_NONE;
}

static int refuse_body(struct parser *p)
{
    p->req->body_too_large = true;
    p->keeps_alive = false;
    p->phase = PHASE_DONE;
    return -1;
}

static int on_headers_complete(llhttp_t *llhttp)
{
    struct parser *p = parser_of(llhttp);
    enum fail why = head_judge(p);
    Str expect;

    if (why != FAIL_NONE) {
        refuse(p, why);
        return -1;
    }
    p->keeps_alive = llhttp_should_keep_alive(llhttp) != 0;
    p->req->has_body = (llhttp->flags & F_CHUNKED) != 0 || llhttp->content_length > 0;
    if (!p->req->has_body) {
        return 0;
    }
    if (llhttp->content_length > LIMIT_BODY_BYTES) {
        return refuse_body(p);
    }
    p->expects_continue = !p->is_http10 && http_header(p->req, S("Expect"), &expect) == 1
                          && str_eq_nocase(expect, S("100-continue"));
    p->phase = PHASE_BODY;
    return 0;
}

static int on_chunk_header(llhttp_t *llhttp)
{
    struct parser *p = parser_of(llhttp);

    if (llhttp->content_length > LIMIT_BODY_BYTES - p->body.n) {
        return refuse_body(p);
    }
    if (llhttp->content_length == 0) {
        p->phase = PHASE_TRAILERS;
        return HPE_PAUSED;
    }
    return 0;
}

static int on_chunk_extension(llhttp_t *llhttp, const char *at, size_t n)
{
    (void)at;
    return is_counted(parser_of(llhttp), n) ? 0 : -1;
}

static int on_body(llhttp_t *llhttp, const char *at, size_t n)
{
    buf_add(&parser_of(llhttp)->body, (Str){at, n});
    return 0;
}

static int on_message_complete(llhttp_t *llhttp)
{
    struct parser *p = parser_of(llhttp);

    p->req->body = buf_text(&p->body);
    p->phase = PHASE_DONE;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_chunk_header = on_chunk_header,
    .on_chunk_extension_name = on_chunk_extension,
    .on_chunk_extension_value = on_chunk_extension,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

static void request_line_done(struct parser *p, Str line)
{
    enum fail why = request_line_read(line, p->req, &p->is_http10);

    if (why != FAIL_NONE) {
        refuse(p, why);
        return;
    }
    p->phase = PHASE_FIELDS;
    /* llhttp only has to know the version: the rest was read, more strictly. */
    (void)feed(p, p->is_http10 ? S("PUT / HTTP/1.0\r\n") : S("PUT / HTTP/1.1\r\n"));
}

/* `line` with its line feed, in the arena. */
static void line_done(struct parser *p, Str line)
{
    bool is_folded = line.p[0] == ' ' || line.p[0] == '\t';

    if (!str_ends(line, S("\r\n")) || is_folded) {
        refuse(p, FAIL_MALFORMED_REQUEST);
    } else if (p->phase == PHASE_REQUEST_LINE) {
        request_line_done(p, str_sub(line, 0, line.n - 2));
    } else {
        (void)feed(p, line);
    }
}

static size_t line_eat(struct parser *p, Str bytes)
{
    size_t at = bytes.n;
    bool is_whole = str_find(bytes, '\n', &at);
    Str line = str_sub(bytes, 0, is_whole ? at + 1 : at);

    if (!is_counted(p, line.n)) {
        return bytes.n;
    }
    if (!is_whole || p->line.n > 0) {
        buf_add(&p->line, line);
    }
    if (is_whole && p->line.n > 0) {
        line_done(p, buf_text(&p->line));
        p->line = (struct buf){.mem = p->mem, .max = LIMIT_HEAD_BYTES};
    } else if (is_whole) {
        line_done(p, str_dup(p->mem, line));
    }
    return line.n;
}

void parser_begin(struct parser *p, struct arena *mem, struct http_request *req)
{
    *p = (struct parser){
        .mem = mem,
        .req = req,
        .line = {.mem = mem, .max = LIMIT_HEAD_BYTES},
        .body = {.mem = mem, .max = LIMIT_BODY_BYTES},
    };
    llhttp_init(&p->llhttp, HTTP_REQUEST, &settings);
    p->llhttp.data = p;
    *req = (struct http_request){
        .method = METHOD_OTHER, .method_text = S(""), .path = S(""), .body = S("")};
}

size_t parser_eat(struct parser *p, Str bytes)
{
    size_t used = 0;
    Str start = bytes;
    Str word;

    /* TLS and other languages are refused at their first byte. */
    if (p->head_bytes == 0 && bytes.n > 0 && !grammar_token(&start, &word)) {
        refuse(p, FAIL_MALFORMED_REQUEST);
    }
    while (used < bytes.n && p->phase != PHASE_DONE) {
        Str rest = str_sub(bytes, used, bytes.n);

        used += p->phase == PHASE_BODY ? feed(p, rest) : line_eat(p, rest);
    }
    return used;
}

bool parser_is_done(const struct parser *p)
{
    return p->phase == PHASE_DONE;
}

Str parser_skip_blank(Str bytes)
{
    size_t n = 0;

    while (n < bytes.n && (bytes.p[n] == '\r' || bytes.p[n] == '\n')) {
        n++;
    }
    return str_sub(bytes, n, bytes.n);
}
