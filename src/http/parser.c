/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parser.c - reads one request: RFC 9112, as strictly as docs/api.md §3 asks.
 *
 * This file cuts the head into lines and judges their limits, folded lines and bare line
 * feeds, so that llhttp sees only whole lines. llhttp reads the fields, decides how the
 * body is framed, and takes the body apart. Trailers are read and dropped.
 */
#include "http/parser.h"

#include <string.h>

#include "base/arena.h"
#include "base/budgets.h"
#include "base/limits.h"
#include "http/grammar.h"
#include "http/request_line.h"

enum { FIELDS_ROOM = 16, BODY_FIRST_BYTES = 256 };

static void parser_refuse(struct parser *p, enum fail why)
{
    p->req->refusal = why;
    p->keeps_alive = false;
    p->phase = PHASE_DONE;
}

static struct parser *parser_of(const llhttp_t *llhttp)
{
    return llhttp->data;
}

/* Gives bytes to llhttp; returns how many it took. */
static size_t parser_feed(struct parser *p, Str bytes)
{
    llhttp_errno_t error = llhttp_execute(&p->llhttp, bytes.p, bytes.n);

    if (error == HPE_PAUSED) {
        llhttp_resume(&p->llhttp);
        return (size_t)(llhttp_get_error_pos(&p->llhttp) - bytes.p);
    }
    if (error != HPE_OK && p->phase != PHASE_DONE) {
        bool is_coding = error == HPE_INVALID_TRANSFER_ENCODING && !p->is_http10;

        parser_refuse(p, is_coding ? FAIL_NOT_IMPLEMENTED : FAIL_MALFORMED_REQUEST);
    }
    return bytes.n;
}

static bool parser_count(struct parser *p, size_t bytes)
{
    if (bytes > LIMIT_HEAD_BYTES - p->head_bytes) {
        parser_refuse(p, FAIL_HEAD_TOO_LARGE);
        return false;
    }
    p->head_bytes += bytes;
    return true;
}

static int on_llhttp_field(llhttp_t *llhttp, const char *at, size_t n)
{
    struct parser *p = parser_of(llhttp);

    if (n == 0) {
        parser_refuse(p, FAIL_MALFORMED_REQUEST);
        return -1;
    }
    if (p->head_fields == LIMIT_HEAD_FIELDS) {
        parser_refuse(p, FAIL_HEAD_TOO_LARGE);
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
    p->fields[req->n_headers++] = (struct http_header){{at, n}, S("")};
    return 0;
}

static int on_llhttp_value(llhttp_t *llhttp, const char *at, size_t n)
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

/* Checks that llhttp leaves to its user: the fields that decide about host and framing.
 */
static enum fail parser_judge_head(const struct parser *p)
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

static int parser_refuse_body(struct parser *p)
{
    p->req->body_too_large = true;
    p->keeps_alive = false;
    p->phase = PHASE_DONE;
    return -1;
}

static int on_llhttp_head(llhttp_t *llhttp)
{
    struct parser *p = parser_of(llhttp);
    enum fail why = parser_judge_head(p);
    Str expect;

    if (why != FAIL_NONE) {
        parser_refuse(p, why);
        return -1;
    }
    p->keeps_alive = llhttp_should_keep_alive(llhttp) != 0;
    p->req->has_body = (llhttp->flags & F_CHUNKED) != 0 || llhttp->content_length > 0;
    if (!p->req->has_body) {
        return 0;
    }
    bool is_chunked = (llhttp->flags & F_CHUNKED) != 0;

    if ((is_chunked || llhttp->content_length > LIMIT_BODY_BYTES)
        && p->body_limit != NULL) {
        p->body.max = p->body_limit(p->req, p->body_limit_arg);
    }
    if (llhttp->content_length > p->body.max) {
        return parser_refuse_body(p);
    }
    p->expects_continue = !p->is_http10 && http_header(p->req, S("Expect"), &expect) == 1
                          && str_eq_nocase(expect, S("100-continue"));
    p->body_most = is_chunked ? p->body.max : (size_t)llhttp->content_length;
    p->phase = PHASE_BODY;
    return 0;
}

static int on_llhttp_chunk(llhttp_t *llhttp)
{
    struct parser *p = parser_of(llhttp);

    if (llhttp->content_length > p->body.max - p->body.n) {
        return parser_refuse_body(p);
    }
    if (llhttp->content_length == 0) {
        p->phase = PHASE_TRAILERS;
        return HPE_PAUSED;
    }
    return 0;
}

static int on_llhttp_extension(llhttp_t *llhttp, const char *at, size_t n)
{
    (void)at;
    return parser_count(parser_of(llhttp), n) ? 0 : -1;
}

/* A body that comes at once gets the room that it needs. A body that comes in pieces gets
 * room for four times as many bytes whenever it needs more: so a client has to send bytes
 * for the memory that it takes, and the copies that stay in the arena have at most two
 * thirds of its length. */
static int on_llhttp_body(llhttp_t *llhttp, const char *at, size_t n)
{
    struct parser *p = parser_of(llhttp);
    size_t room = BODY_FIRST_BYTES + 4 * (p->body.n + n);

    if (n > p->body.room - p->body.n) {
        buf_set_room(&p->body, room < p->body_most / 2 ? room : p->body_most);
    }
    buf_add(&p->body, (Str){at, n});
    return 0;
}

static int on_llhttp_message(llhttp_t *llhttp)
{
    struct parser *p = parser_of(llhttp);

    p->req->body = buf_text(&p->body);
    p->phase = PHASE_DONE;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_header_field = on_llhttp_field,
    .on_header_value = on_llhttp_value,
    .on_headers_complete = on_llhttp_head,
    .on_chunk_header = on_llhttp_chunk,
    .on_chunk_extension_name = on_llhttp_extension,
    .on_chunk_extension_value = on_llhttp_extension,
    .on_body = on_llhttp_body,
    .on_message_complete = on_llhttp_message,
};

static const Str is_tls = SI(
    "This looks like TLS, and this address speaks plain HTTP: use http, or put a proxy "
    "in front that speaks TLS.");
static const Str is_proxy =
    SI("This looks like the PROXY protocol: switch it off at the proxy, and let it send "
       "X-Forwarded-For.");

/* A language that begins with a byte of no method. */
static Str advice_on_byte(char first)
{
    if (first == 0x16) {
        return is_tls;
    }
    return first == 0 ? is_proxy : S(""); /* version 2, whose empty lines are gone */
}

static void parser_end_request_line(struct parser *p, Str line)
{
    enum fail why = request_line_read(line, p->req, &p->is_http10);

    if (why != FAIL_NONE) {
        p->req->advice = str_eq(p->req->method_text, S("PROXY")) ? is_proxy : S("");
        parser_refuse(p, why);
        return;
    }
    p->phase = PHASE_FIELDS;
    /* llhttp only needs the version: the line was read more strictly than it does. */
    (void)parser_feed(
        p, p->is_http10 ? S("PUT / HTTP/1.0\r\n") : S("PUT / HTTP/1.1\r\n"));
}

static bool char_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A field's line without the white space at its end, which RFC 9110 §5.5 allows: llhttp
 * takes a tab there for a part of the value. */
static Str line_trim(struct arena *mem, Str line)
{
    size_t n = line.n - strlen("\r\n");

    if (n == 0 || !char_is_blank(line.p[n - 1])) {
        return line;
    }
    while (n > 0 && char_is_blank(line.p[n - 1])) {
        n--;
    }
    return str_cat(mem, str_sub(line, 0, n), S("\r\n"));
}

/* `line` with its line feed, in the arena. */
static void parser_end_line(struct parser *p, Str line)
{
    bool is_folded = char_is_blank(line.p[0]);

    if (!str_ends(line, S("\r\n")) || is_folded) {
        parser_refuse(p, FAIL_MALFORMED_REQUEST);
    } else if (p->phase == PHASE_REQUEST_LINE) {
        parser_end_request_line(p, str_sub(line, 0, line.n - 2));
    } else {
        (void)parser_feed(p, line_trim(p->mem, line));
    }
}

/* The request line alone fills the head: its path may still be known. What is looked at
 * are the first LIMIT_HEAD_BYTES, in whichever pieces they came. */
static void parser_peek(struct parser *p, Str line)
{
    if (p->req->method_text.n == 0) {
        buf_add(&p->line, str_sub(line, 0, LIMIT_HEAD_BYTES - p->line.n));
        request_line_peek(buf_text(&p->line), p->req);
    }
}

static size_t parser_eat_line(struct parser *p, Str bytes)
{
    size_t at = bytes.n;
    bool is_whole = str_find(bytes, '\n', &at);
    Str line = str_sub(bytes, 0, is_whole ? at + 1 : at);

    if (!parser_count(p, line.n)) {
        parser_peek(p, line);
        return bytes.n;
    }
    if (!is_whole || p->line.n > 0) {
        buf_add(&p->line, line);
    }
    if (is_whole && p->line.n > 0) {
        parser_end_line(p, buf_text(&p->line));
        p->line = (struct buf){.mem = p->mem, .max = LIMIT_HEAD_BYTES};
    } else if (is_whole) {
        parser_end_line(p, str_dup(p->mem, line));
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
        p->req->advice = advice_on_byte(bytes.p[0]);
        parser_refuse(p, FAIL_MALFORMED_REQUEST);
    }
    while (used < bytes.n && p->phase != PHASE_DONE) {
        Str rest = str_sub(bytes, used, bytes.n);

        used += p->phase == PHASE_BODY ? parser_feed(p, rest) : parser_eat_line(p, rest);
    }
    return used;
}

bool parser_is_done(const struct parser *p)
{
    return p->phase == PHASE_DONE;
}

bool parser_skip_blank(Str *bytes, size_t *n)
{
    size_t blank = 0;

    while (blank < bytes->n && (bytes->p[blank] == '\r' || bytes->p[blank] == '\n')) {
        blank++;
    }
    *bytes = str_sub(*bytes, blank, bytes->n);
    *n += blank;
    return *n <= LIMIT_BLANK_BYTES;
}
