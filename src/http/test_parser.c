/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "base/testing.h"
#include "http/testreading.h"

static void reads_as(Str bytes, Str want)
{
    for (enum read_pieces p = READ_WHOLE; p <= READ_CUT; p++) {
        T_STR(reading_all(&t_cx()->mem, bytes, p, false), want);
    }
}

struct parser_row {
    Str bytes;
    Str want;
};

static void reads_all_as(const struct parser_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        reads_as(rows[i].bytes, rows[i].want);
    }
}

#define HOST "Host: x\r\n"
#define GET  "GET / HTTP/1.1\r\n" HOST
#define POST "POST / HTTP/1.1\r\n" HOST

/* clang-format off */
TEST(test_parser_eat_reads_the_request_line)
{
    static const struct parser_row rows[] = {
        {SI("GET / HTTP/1.1\r\n" HOST "\r\n"), SI("GET /;")},
        {SI("GET /a/b%2Fc?d=e&f HTTP/1.1\r\n" HOST "\r\n"), SI("GET /a/b%2Fc?d=e&f;")},
        {SI("GET /? HTTP/1.1\r\n" HOST "\r\n"), SI("GET /?;")},
        {SI("GET /a?b?c HTTP/1.1\r\n" HOST "\r\n"), SI("GET /a?b?c;")},
        {SI("\r\n\n\rGET / HTTP/1.1\r\n" HOST "\r\n\r\n"), SI("GET /;")},
        {SI("\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), SI("GET /;")},
        {SI("\r\n\r\n\r\n\r\n\nGET / HTTP/1.1\r\n" HOST "\r\n"), SI("!blank;")},
        {SI("GET / HTTP/1.1\r\n" HOST "\r\n\r\n\r\n\r\n\r\n"), SI("GET /;")},
        {SI("GET / HTTP/1.1\r\n" HOST "\r\n\r\n\r\n\r\n\r\n\r"), SI("GET /;!blank;")},
        {SI("BREW /pot HTTP/1.1\r\n" HOST "\r\n"), SI("BREW /pot;")},
        {SI("get / HTTP/1.1\r\n" HOST "\r\n"), SI("get /;")},
        {SI("PUT /a HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nb"), SI("PUT /a [b];")},
        {SI("PATCH /a HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nb"), SI("PATCH /a [b];")},
        {SI("DELETE /a HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nb"), SI("DELETE /a [b];")},
        {SI("DELETE /a HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n"), SI("DELETE /a [too large] close;")},
        {SI("SOURCE / HTTP/1.1\r\n" HOST "\r\n"), SI("SOURCE /;")},
        {SI("CONNECT x:443 HTTP/1.1\r\n" HOST "\r\n"), SI("CONNECT x:443;")},
        {SI("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), SI("OPTIONS *;")},
        {SI("GET * HTTP/1.1\r\n" HOST "\r\n"), SI("!malformed;")},
        {SI("OPTIONS *a HTTP/1.1\r\n" HOST "\r\n"), SI("!malformed;")},
        {SI("GET http://h/a?b HTTP/1.1\r\n" HOST "\r\n"), SI("GET /a?b;")},
        {SI("GET HTTPS://h:1 HTTP/1.1\r\n" HOST "\r\n"), SI("GET /;")},
        {SI("GET http://h?b HTTP/1.1\r\n" HOST "\r\n"), SI("GET /?b;")},
        {SI("GET http:///a HTTP/1.1\r\n" HOST "\r\n"), SI("!malformed;")},
        {SI("GET http://u@h/a HTTP/1.1\r\n" HOST "\r\n"), SI("!malformed;")},
        {SI("GET ftp://h/a HTTP/1.1\r\n" HOST "\r\n"), SI("!malformed;")},
        {SI("GET a HTTP/1.1\r\n" HOST "\r\n"), SI("!malformed;")},
        {SI("GET /a#b HTTP/1.1\r\n" HOST "\r\n"), SI("!malformed;")},
        {SI("GET /\xC3\xA9 HTTP/1.1\r\n" HOST "\r\n"), SI("!malformed;")},
        {SI("GET /a\tb HTTP/1.1\r\n" HOST "\r\n"), SI("!malformed;")},
        {SI("GET /a\0b HTTP/1.1\r\n" HOST "\r\n"), SI("!malformed;")},
        {SI("GET /a\rb HTTP/1.1\r\n" HOST "\r\n"), SI("!malformed;")},
        {SI("GET  / HTTP/1.1\r\n"), SI("!malformed;")},
        {SI("GET /  HTTP/1.1\r\n"), SI("!malformed;")},
        {SI("GET / HTTP/1.1 \r\n"), SI("!malformed;")},
        {SI("GET / HTTP/1.1\n"), SI("!malformed;")},
        {SI("GET / HTTP/1.1\r\r\n"), SI("!malformed;")},
        {SI("GET /\r\n"), SI("!malformed;")},
        {SI("GET\r\n"), SI("!malformed;")},
        {SI(" GET / HTTP/1.1\r\n"), SI("!malformed;")},
        {SI("G@T / HTTP/1.1\r\n"), SI("!malformed;")},
        {SI("\x16\x03\x01\x02"), SI("!malformed;")}, /* TLS */
        {SI("GET / http/1.1\r\n"), SI("!malformed;")},
        {SI("GET / HTTP/11\r\n"), SI("!malformed;")},
        {SI("GET / HTTP/1.10\r\n"), SI("!malformed;")},
        {SI("GET / HTTP/1.x\r\n"), SI("!malformed;")},
        {SI("GET / HTTP/1.2\r\n"), SI("!version;")},
        {SI("GET / HTTP/0.9\r\n"), SI("!version;")},
        {SI("GET / HTTP/3.0\r\n"), SI("!version;")},
        {SI("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), SI("!version;")},
        {SI("GET /"), SI("more")},
        {SI("\r\n"), SI("")},
    };

    reads_all_as(rows, COUNT(rows));
}

TEST(test_parser_eat_says_what_was_sent_instead)
{
    static const struct {
        Str sent;
        const char *says;
    } rows[] = {
        {SI("\x16\x03\x01\x02\x00\x01\x00\x01"), "TLS"},
        {SI("PROXY TCP4 192.0.2.1 192.0.2.2 1234 80\r\n"), "PROXY protocol"},
        {SI("PROXY UNKNOWN\r\n"), "PROXY protocol"},
        {SI("\r\n\r\n\0\r\nQUIT\n\x21\x11"), "PROXY protocol"},
        {SI("PROXYING / HTTP/1.1 x\r\n"), NULL},
        {SI("\x15\x03"), NULL},
        {SI("hello\r\n"), NULL},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parser p;
        struct http_request req;
        Str sent = rows[i].sent;
        size_t blank = 0;

        T_TRUE(parser_skip_blank(&sent, &blank));
        parser_begin(&p, &t_cx()->mem, &req);
        (void)parser_eat(&p, sent);
        T_TRUE(parser_is_done(&p) && req.refusal == FAIL_MALFORMED_REQUEST);
        T_TRUE(
            rows[i].says == NULL ? req.advice.n == 0
                                 : str_contains(req.advice, str_from_z(rows[i].says)));
    }
}

TEST(test_parser_eat_refuses_bad_fields)
{
    static const struct parser_row rows[] = {
        {SI(GET "A: \t b c \t\r\n\r\n"), SI("GET /;")},
        {SI(GET "A:\r\n\r\n"), SI("GET /;")},
        {SI(GET "A: \xC3\xA9\r\n\r\n"), SI("GET /;")},
        {SI(GET "A: b\r\n c\r\n\r\n"), SI("!malformed;")},
        {SI(GET "A: b\r\n\tc\r\n\r\n"), SI("!malformed;")},
        {SI(GET "A:\r\n b\r\n\r\n"), SI("!malformed;")},
        {SI("GET / HTTP/1.1\r\n " HOST "\r\n"), SI("!malformed;")},
        {SI(GET ": b\r\n\r\n"), SI("!malformed;")},
        {SI(GET "A : b\r\n\r\n"), SI("!malformed;")},
        {SI(GET "A\t\r\n\r\n"), SI("!malformed;")},
        {SI(GET "A\t: b\r\n\r\n"), SI("!malformed;")},
        {SI(GET "A b: c\r\n\r\n"), SI("!malformed;")},
        {SI(GET "A\r\n\r\n"), SI("!malformed;")},
        {SI(GET "A\xC3: b\r\n\r\n"), SI("!malformed;")},
        {SI(GET "A: b\0c\r\n\r\n"), SI("!malformed;")},
        {SI(GET "A: b\x01c\r\n\r\n"), SI("!malformed;")},
        {SI(GET "A: b\x7F" "c\r\n\r\n"), SI("!malformed;")},
        {SI(GET "A: b\rc\r\n\r\n"), SI("!malformed;")},
        {SI(GET "A: b\n\r\n"), SI("!malformed;")},
        {SI(GET "A: b\r\r\n\r\n"), SI("!malformed;")},
        {SI(GET "A: b\r \r\n\r\n"), SI("!malformed;")},
        {SI(GET "\r\t\r\n\r\n"), SI("!malformed;")},
        {SI(GET "\n"), SI("!malformed;")},
        {SI(GET "\rA"), SI("more")},
        {SI(GET "\rA\r\n"), SI("!malformed;")},
        {SI("GET / HTTP/1.1\r\n\r\n"), SI("!malformed;")}, /* no Host */
        {SI("GET / HTTP/1.1\r\nHost:\r\n\r\n"), SI("!malformed;")},
        {SI(GET HOST "\r\n"), SI("!malformed;")},
        {SI(GET "host: y\r\n\r\n"), SI("!malformed;")},
        {SI(GET "Host:\r\n\r\n"), SI("!malformed;")},
        {SI("GET / HTTP/1.0\r\n" HOST HOST "\r\n"), SI("!malformed;")},
        {SI("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), SI("GET /;")},
        {SI("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), SI("!malformed;")},
        {SI("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"), SI("!malformed;")},
        {SI("GET / HTTP/1.1\r\nHost: u@a/\r\n\r\n"), SI("!malformed;")},
    };

    reads_all_as(rows, COUNT(rows));
}

#define CHUNKED POST "Transfer-Encoding: chunked\r\n"

TEST(test_parser_eat_frames_bodies_in_one_way_only)
{
    static const struct parser_row rows[] = {
        {SI(POST "Content-Length: 3\r\n\r\nabcGET"), SI("POST / [abc];more")},
        {SI(POST "Content-Length: 0\r\n\r\n" GET "\r\n"), SI("POST /;GET /;")},
        {SI(POST "Content-Length: 003\r\n\r\nabc"), SI("POST / [abc];")},
        {SI(GET "Content-Length: 3\r\n\r\nabc"), SI("GET / [abc];")},
        {SI(POST "Content-Length: 3\t\r\n\r\nabc"), SI("POST / [abc];")},
        {SI(POST "Content-Length:\t3 \t \r\n\r\nabc"), SI("POST / [abc];")},
        {SI(POST "Content-Length: 3\x0B\r\n\r\nabc"), SI("!malformed;")},
        {SI(POST "Content-Length: 3\t3\r\n\r\nabc"), SI("!malformed;")},
        {SI(POST "Content-Length: \t\r\n\r\nabc"), SI("!malformed;")},
        {SI(POST "Transfer-Encoding: chunked \t\r\n\r\n1\r\na\r\n0\r\nB: c\t\r\n\r\n"), SI("POST / [a];")},
        {SI(POST "Transfer-Encoding: chunked\t\x0B\r\n\r\n"), SI("!malformed;")},
        {SI(POST "\r\n"), SI("POST /;")},
        {SI(POST "Content-Length: 3\r\n\r\nab"), SI("more")},
        {SI(POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"), SI("!malformed;")},
        {SI(POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"), SI("!malformed;")},
        {SI(POST "Content-Length: 3, 3\r\n\r\nabc"), SI("!malformed;")},
        {SI(POST "Content-Length: +3\r\n\r\nabc"), SI("!malformed;")},
        {SI(POST "Content-Length: -3\r\n\r\nabc"), SI("!malformed;")},
        {SI(POST "Content-Length: 0x3\r\n\r\nabc"), SI("!malformed;")},
        {SI(POST "Content-Length: 3a\r\n\r\nabc"), SI("!malformed;")},
        {SI(POST "Content-Length: 3 4\r\n\r\nabc"), SI("!malformed;")},
        {SI(POST "Content-Length:\r\n\r\nabc"), SI("!malformed;")},
        {SI(POST "Content-Length : 3\r\n\r\nabc"), SI("!malformed;")},
        {SI(POST "Content-Length: 18446744073709551616\r\n\r\n"), SI("!malformed;")},
        {SI(POST "Content-Length: 18446744073709551615\r\n\r\n"), SI("POST / [too large] close;")},
        {SI(CHUNKED "Content-Length: 3\r\n\r\nabc"), SI("!malformed;")},
        {SI(POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), SI("!malformed;")},
        {SI(POST "Content-Length: 3\r\nTransfer-Encoding:\r\n\r\nabc"), SI("!malformed;")},
        {SI("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), SI("!malformed;")},
        {SI("POST / HTTP/1.0\r\nTransfer-Encoding: chunked, x\r\n\r\n"), SI("!malformed;")},
        {SI(POST "Transfer-Encoding: identity\r\n\r\n"), SI("!coding;")},
        {SI(POST "Transfer-Encoding: gzip\r\n\r\n"), SI("!coding;")},
        {SI(POST "Transfer-Encoding: gzip, chunked\r\n\r\n"), SI("!coding;")},
        {SI(POST "Transfer-Encoding: chunked, gzip\r\n\r\n"), SI("!coding;")},
        {SI(POST "Transfer-Encoding: chunked, chunked\r\n\r\n"), SI("!coding;")},
        {SI(POST "Transfer-Encoding: xchunked\r\n\r\n"), SI("!coding;")},
        {SI(POST "Transfer-Encoding: \"chunked\"\r\n\r\n"), SI("!coding;")},
        {SI(POST "Transfer-Encoding:\r\n\r\n"), SI("!coding;")},
        {SI(CHUNKED "Transfer-Encoding: chunked\r\n\r\n"), SI("!coding;")},
        {SI(CHUNKED "Transfer-Encoding: identity\r\n\r\n"), SI("!coding;")},
        {SI(POST "Transfer-Encoding:\x0B" "chunked\r\n\r\n"), SI("!malformed;")},
        {SI(POST "Transfer-Encoding : chunked\r\n\r\n"), SI("!malformed;")},
        {SI(POST "transfer-encoding: CHUNKED\r\n\r\n0\r\n\r\n"), SI("POST / [];")},
    };

    reads_all_as(rows, COUNT(rows));
}

TEST(test_parser_eat_takes_chunks_strictly)
{
    static const struct parser_row rows[] = {
        {SI(CHUNKED "\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET"), SI("POST / [abcde];more")},
        {SI(CHUNKED "\r\n0\r\n\r\n"), SI("POST / [];")},
        {SI(CHUNKED "\r\n00003\r\nabc\r\n0\r\n\r\n"), SI("POST / [abc];")},
        {SI(CHUNKED "\r\nA\r\n0123456789\r\n0\r\n\r\n"), SI("POST / [0123456789];")},
        {SI(CHUNKED "\r\n3;a=b\r\nabc\r\n0;c\r\n\r\n"), SI("POST / [abc];")},
        {SI(CHUNKED "\r\n3;a=\"b c\"\r\nabc\r\n0\r\n\r\n"), SI("POST / [abc];")},
        {SI(CHUNKED "\r\n0\r\nA: b\r\nHost: y\r\n\r\n"), SI("POST / [];")}, /* trailers */
        {SI(CHUNKED "\r\n0\r\nA: b\r\n c\r\n\r\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n0\r\nA: b\n\r\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n0\r\n: b\r\n\r\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n0\r\nA b\r\n\r\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n0\r\n\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n3\r\nabc0\r\n\r\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n3\r\nabcd\r\n0\r\n\r\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n3\r\nabc\n0\r\n\r\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n3\nabc\r\n0\r\n\r\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n3 \r\nabc\r\n0\r\n\r\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n 3\r\nabc\r\n0\r\n\r\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n+3\r\nabc\r\n0\r\n\r\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n0x3\r\nabc\r\n0\r\n\r\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n-1\r\nabc\r\n0\r\n\r\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n\r\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n3; a\r\nabc\r\n0\r\n\r\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n3;a\nabc\r\n0\r\n\r\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n10001\r\n"), SI("POST / [too large] close;")},
        {SI(CHUNKED "\r\n3\r\nabc\r\nFFFE\r\n"), SI("POST / [too large] close;")},
        {SI(CHUNKED "\r\nFFFFFFFFFFFFFFFF\r\n"), SI("POST / [too large] close;")},
        {SI(CHUNKED "\r\n10000000000000000\r\n"), SI("!malformed;")},
        {SI(CHUNKED "\r\n3\r\nab"), SI("more")},
    };

    reads_all_as(rows, COUNT(rows));
}

TEST(test_parser_eat_decides_whether_the_connection_lives)
{
    static const struct parser_row rows[] = {
        {SI(GET "Connection: close\r\n\r\n" GET "\r\n"), SI("GET / close;")},
        {SI(GET "Connection: a, Close\r\n\r\n"), SI("GET / close;")},
        {SI(GET "Connection: close\t\r\n\r\n" GET "\r\n"), SI("GET / close;")},
        {SI(GET "Connection:\ta,\tclose \t\r\n\r\n"), SI("GET / close;")},
        {SI(GET "Connection: keep-alive\r\nConnection: close\r\n\r\n"), SI("GET / close;")},
        {SI(GET "Connection: keep-alive\r\n\r\n" GET "\r\n"), SI("GET /;GET /;")},
        {SI("GET / HTTP/1.0\r\n\r\n" GET "\r\n"), SI("GET / close;")},
        {SI("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n" GET "\r\n"), SI("GET /;GET /;")},
        {SI("GET / HTTP/1.0\r\n" HOST "\r\n"), SI("GET / close;")},
        {SI("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab"), SI("POST / [ab] close;")},
        {SI("CONNECT x:1 HTTP/1.1\r\n" HOST "\r\n" GET "\r\n"), SI("CONNECT x:1;GET /;")},
        {SI(GET "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n" GET "\r\n"), SI("GET /;GET /;")},
        {SI(CHUNKED "Connection: upgrade\r\nUpgrade: x\r\n\r\n1\r\na\r\n0\r\n\r\n" GET "\r\n"), SI("POST / [a];GET /;")},
        {SI(POST "Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 1\r\n\r\na" GET "\r\n"), SI("POST / [a];GET /;")},
        {SI("HEAD / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\na" GET "\r\n"), SI("HEAD / [a];GET /;")},
    };

    reads_all_as(rows, COUNT(rows));
}

/* clang-format on */
/* `n` bytes of head in all, the last field filled up. */
static Str head_of(size_t n)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 2 * LIMIT_HEAD_BYTES};

    buf_add(&b, S(GET "Cookie: "));
    while (b.n < n - strlen("\r\n\r\n")) {
        buf_add_char(&b, 'c');
    }
    buf_add(&b, S("\r\n\r\n"));
    return buf_text(&b);
}

static Str head_with(size_t fields)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 2 * LIMIT_HEAD_BYTES};

    buf_add(&b, S(GET));
    for (size_t i = 1; i < fields; i++) {
        buf_add(&b, S("A: b\r\n"));
    }
    buf_add(&b, S("\r\n"));
    return buf_text(&b);
}

static Str chunked_with(Str extension, size_t fields)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 4 * LIMIT_HEAD_BYTES};

    buf_add(&b, S(CHUNKED "\r\n0"));
    buf_add(&b, extension);
    buf_add(&b, S("\r\n"));
    for (size_t i = 0; i < fields; i++) {
        buf_add(&b, S("A: b\r\n"));
    }
    buf_add(&b, S("\r\n"));
    return buf_text(&b);
}

/* Of which `n` bytes are counted. */
static Str extension_of(size_t n)
{
    char *name = arena_alloc(&t_cx()->mem, n);

    return str_cat(&t_cx()->mem, S(";"), (Str){memset(name, 'x', n), n});
}

TEST(test_parser_eat_holds_the_limits_of_the_head)
{
    reads_as(head_of(6 * 1024), S("GET /;"));
    reads_as(head_of(LIMIT_HEAD_BYTES), S("GET /;"));
    reads_as(head_of(LIMIT_HEAD_BYTES + 1), S("!head;"));
    reads_as(head_with(LIMIT_HEAD_FIELDS), S("GET /;"));
    reads_as(head_with(LIMIT_HEAD_FIELDS + 1), S("!head;"));
}

/* Host and Transfer-Encoding are two fields; the head and the last CRLF have their bytes.
 */
TEST(test_parser_eat_counts_trailers_and_extensions_as_head)
{
    const size_t most = LIMIT_HEAD_BYTES - strlen(CHUNKED) - strlen("\r\n\r\n");

    reads_as(chunked_with(S(""), LIMIT_HEAD_FIELDS - 2), S("POST / [];"));
    reads_as(chunked_with(S(""), LIMIT_HEAD_FIELDS - 1), S("!head;"));
    reads_as(chunked_with(extension_of(most), 0), S("POST / [];"));
    reads_as(chunked_with(extension_of(most + 1), 0), S("!head;"));
}

TEST(test_parser_eat_holds_the_limit_of_the_body)
{
    struct arena *mem = &t_cx()->mem;
    char *bytes = arena_alloc(mem, LIMIT_BODY_BYTES);
    Str body = {memset(bytes, 'b', LIMIT_BODY_BYTES), LIMIT_BODY_BYTES};
    Str chunk = str_cat(mem, S(CHUNKED "\r\n10000\r\n"), body);
    Str want = str_cat(mem, S("POST / ["), str_cat(mem, body, S("];")));

    reads_as(str_cat(mem, S(POST "Content-Length: 65536\r\n\r\n"), body), want);
    reads_as(S(POST "Content-Length: 65537\r\n\r\n"), S("POST / [too large] close;"));
    reads_as(str_cat(mem, chunk, S("\r\n0\r\n\r\n")), want);
    reads_as(str_cat(mem, chunk, S("\r\n1\r\n")), S("POST / [too large] close;"));
}

static size_t limit_of_large(const struct http_request *req, void *arg)
{
    (*(int *)arg)++;
    return str_eq(req->path, S("/large")) ? LIMIT_LARGE_BODY_BYTES : LIMIT_BODY_BYTES;
}

/* How the parser takes head and body: the bytes of the body, or -1 for too many. */
static int large_is_read(Str head, Str body, bool is_chunked, int *asked)
{
    struct http_request req;
    struct parser p;
    struct buf b = {.mem = &t_cx()->mem, .max = 2 * LIMIT_LARGE_BODY_BYTES};

    buf_add(&b, head);
    if (is_chunked) { /* in two chunks */
        buf_add(&b, S("1\r\nb\r\n3FFFF\r\n"));
        buf_add(&b, str_sub(body, 1, body.n));
        buf_add(&b, S("\r\n0\r\n\r\n"));
    } else {
        buf_add(&b, body);
    }
    *asked = 0;
    parser_begin(&p, &t_cx()->mem, &req);
    p.body_limit = limit_of_large;
    p.body_limit_arg = asked;
    (void)parser_eat(&p, buf_text(&b));
    T_TRUE(parser_is_done(&p) && req.refusal == FAIL_NONE);
    return req.body_too_large ? -1 : (int)req.body.n;
}

TEST(test_parser_eat_asks_how_large_a_body_may_be)
{
    enum { LARGE = LIMIT_LARGE_BODY_BYTES };

    char *bytes = arena_alloc(&t_cx()->mem, LARGE);
    Str body = {memset(bytes, 'b', LARGE), LARGE};

    const struct {
        Str head;
        Str body;
        bool is_chunked;
        int want;
        int asked;
    } rows[] = {
        {S("POST /large HTTP/1.1\r\n" HOST "Content-Length: 262144\r\n\r\n"), body, false,
         LARGE, 1},
        {S("POST /large HTTP/1.1\r\n" HOST "Content-Length: 262145\r\n\r\n"), S(""),
         false, -1, 1},
        {S("POST /large HTTP/1.1\r\n" HOST "Content-Length: 65536\r\n\r\n"),
         str_sub(body, 0, LIMIT_BODY_BYTES), false, LIMIT_BODY_BYTES, 0},
        {S("POST /other HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n"), S(""), false,
         -1, 1},
        {S("POST /large HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"), body,
         true, LARGE, 1},
        {S("POST /other HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"), body,
         true, -1, 1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int asked;

        T_INT(
            large_is_read(rows[i].head, rows[i].body, rows[i].is_chunked, &asked),
            rows[i].want);
        T_INT(asked, rows[i].asked);
    }
}

/* What the arena of a request takes whose body comes in pieces. */
static size_t bytes_taken(Str head, Str body, size_t piece)
{
    struct arena mem = {0};
    struct http_request req;
    struct parser p;

    parser_begin(&p, &mem, &req);
    (void)parser_eat(&p, head);
    for (size_t i = 0; i < body.n; i += piece) {
        (void)parser_eat(&p, str_sub(body, i, i + piece));
    }
    T_TRUE(parser_is_done(&p));
    size_t n = arena_bytes(&mem);

    arena_done(&mem);
    return n;
}

TEST(test_parser_eat_takes_two_thirds_more_than_a_body_at_most)
{
    static const size_t pieces[] = {LIMIT_BODY_BYTES, 16384, 8100, 1460, 2000, 255, 1};

    enum { BLOCK_BYTES = 10 * 1024 }; /* of the head, and what is left of blocks */

    char *bytes = arena_alloc(&t_cx()->mem, LIMIT_BODY_BYTES);
    Str body = {memset(bytes, 'b', LIMIT_BODY_BYTES), LIMIT_BODY_BYTES};
    Str chunk = str_cat(&t_cx()->mem, S("10000\r\n"), body);
    const size_t most = LIMIT_BODY_BYTES / 3 * 5 + BLOCK_BYTES;

    for (size_t i = 0; i < COUNT(pieces); i++) {
        Str length = S(POST "Content-Length: 65536\r\n\r\n");
        Str chunked = str_cat(&t_cx()->mem, chunk, S("\r\n0\r\n\r\n"));

        T_TRUE(bytes_taken(length, body, pieces[i]) < most);
        T_TRUE(bytes_taken(S(CHUNKED "\r\n"), chunked, pieces[i]) < most);
    }
    T_TRUE(
        bytes_taken(S(POST "Content-Length: 9\r\n\r\n"), str_sub(body, 0, 9), 9)
        < BLOCK_BYTES);
}

static bool parser_waits(Str bytes)
{
    struct http_request req;
    struct parser p;

    parser_begin(&p, &t_cx()->mem, &req);
    (void)parser_eat(&p, bytes);
    return p.expects_continue;
}

#define EXPECT "Expect: 100-Continue\r\n\r\n"

TEST(test_parser_eat_says_who_waits_to_send_a_body)
{
    T_TRUE(parser_waits(S(POST "Content-Length: 1\r\n" EXPECT)));
    T_TRUE(parser_waits(S(CHUNKED EXPECT)));
    T_TRUE(!parser_waits(S(POST EXPECT)));
    T_TRUE(!parser_waits(S(POST "Content-Length: 65537\r\n" EXPECT)));
    T_TRUE(!parser_waits(S("POST / HTTP/1.0\r\nContent-Length: 1\r\n" EXPECT)));
    T_TRUE(!parser_waits(S(POST "Content-Length: 1\r\nExpect: miracles\r\n\r\n")));
}

/* Each method of the enum, and names that only look like one. A body is framed alike with
 * all of them: GET and DELETE may have one, and the handler judges it. */
TEST(test_parser_eat_knows_the_methods)
{
    static const struct {
        Str name;
        enum method method;
    } rows[] = {
        {SI("GET"), METHOD_GET},         {SI("HEAD"), METHOD_HEAD},
        {SI("POST"), METHOD_POST},       {SI("PUT"), METHOD_PUT},
        {SI("PATCH"), METHOD_PATCH},     {SI("DELETE"), METHOD_DELETE},
        {SI("OPTIONS"), METHOD_OPTIONS}, {SI("PUTS"), METHOD_OTHER},
        {SI("PATC"), METHOD_OTHER},      {SI("put"), METHOD_OTHER},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str rest = S(" / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc");
        struct http_request req;
        struct parser p;

        parser_begin(&p, &t_cx()->mem, &req);
        (void)parser_eat(&p, str_cat(&t_cx()->mem, rows[i].name, rest));
        T_TRUE(parser_is_done(&p) && req.refusal == FAIL_NONE);
        T_INT(req.method, rows[i].method);
        T_STR(req.method_text, rows[i].name);
        T_TRUE(req.has_body);
        T_STR(req.body, S("abc"));
    }
}

TEST(test_parser_eat_keeps_the_fields)
{
    struct http_request req;
    struct parser p;
    Str value;

    parser_begin(&p, &t_cx()->mem, &req);
    (void)parser_eat(&p, S(GET "X-A:  one \r\nEmpty:\r\nx-a: two\r\n\r\n"));
    T_TRUE(parser_is_done(&p));
    T_INT(req.n_headers, 4);
    T_INT(http_header(&req, S("X-A"), &value), 2);
    T_STR(value, S("one"));
    T_INT(http_header(&req, S("Empty"), &value), 0);
    T_INT(http_header(&req, S("Host"), &value), 1);
    T_STR(value, S("x"));
    T_TRUE(req.method == METHOD_GET && !req.has_body);
}

T_MAIN(
    T(test_parser_eat_reads_the_request_line),
    T(test_parser_eat_says_what_was_sent_instead), T(test_parser_eat_refuses_bad_fields),
    T(test_parser_eat_frames_bodies_in_one_way_only),
    T(test_parser_eat_takes_chunks_strictly),
    T(test_parser_eat_decides_whether_the_connection_lives),
    T(test_parser_eat_holds_the_limits_of_the_head),
    T(test_parser_eat_holds_the_limit_of_the_body),
    T(test_parser_eat_counts_trailers_and_extensions_as_head),
    T(test_parser_eat_says_who_waits_to_send_a_body),
    T(test_parser_eat_knows_the_methods), T(test_parser_eat_asks_how_large_a_body_may_be),
    T(test_parser_eat_takes_two_thirds_more_than_a_body_at_most),
    T(test_parser_eat_keeps_the_fields))
