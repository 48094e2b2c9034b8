/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "base/testing.h"
#include "http/read_all.h"

static void check(Str bytes, Str want)
{
    for (enum read_pieces p = READ_WHOLE; p <= READ_CUT; p++) {
        T_STR(read_all(&t_cx()->mem, bytes, p, false), want);
    }
}

struct row {
    Str bytes;
    Str want;
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        check(rows[i].bytes, rows[i].want);
    }
}

#define HOST "Host: x\r\n"
#define GET  "GET / HTTP/1.1\r\n" HOST
#define POST "POST / HTTP/1.1\r\n" HOST

/* clang-format off */
static void test_parser_eat_reads_the_request_line(void **state)
{
    static const struct row rows[] = {
        {SI("GET / HTTP/1.1\r\n" HOST "\r\n"), SI("GET /;")},
        {SI("GET /a/b%2Fc?d=e&f HTTP/1.1\r\n" HOST "\r\n"), SI("GET /a/b%2Fc?d=e&f;")},
        {SI("GET /? HTTP/1.1\r\n" HOST "\r\n"), SI("GET /?;")},
        {SI("GET /a?b?c HTTP/1.1\r\n" HOST "\r\n"), SI("GET /a?b?c;")},
        {SI("\r\n\n\rGET / HTTP/1.1\r\n" HOST "\r\n\r\n"), SI("GET /;")},
        {SI("BREW /pot HTTP/1.1\r\n" HOST "\r\n"), SI("BREW /pot;")},
        {SI("get / HTTP/1.1\r\n" HOST "\r\n"), SI("get /;")},
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

    (void)state;
    check_rows(rows, COUNT(rows));
}

static void test_parser_eat_refuses_bad_fields(void **state)
{
    static const struct row rows[] = {
        {SI(GET "A: \t b c \t\r\n\r\n"), SI("GET /;")},
        {SI(GET "A:\r\n\r\n"), SI("GET /;")},
        {SI(GET "A: \xC3\xA9\r\n\r\n"), SI("GET /;")},
        {SI(GET "A: b\r\n c\r\n\r\n"), SI("!malformed;")},
        {SI(GET "A: b\r\n\tc\r\n\r\n"), SI("!malformed;")},
        {SI(GET "A:\r\n b\r\n\r\n"), SI("!malformed;")},
        {SI("GET / HTTP/1.1\r\n " HOST "\r\n"), SI("!malformed;")},
        {SI(GET ": b\r\n\r\n"), SI("!malformed;")},
        {SI(GET "A : b\r\n\r\n"), SI("!malformed;")},
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

    (void)state;
    check_rows(rows, COUNT(rows));
}

#define CHUNKED POST "Transfer-Encoding: chunked\r\n"

static void test_parser_eat_frames_bodies_in_one_way_only(void **state)
{
    static const struct row rows[] = {
        {SI(POST "Content-Length: 3\r\n\r\nabcGET"), SI("POST / [abc];more")},
        {SI(POST "Content-Length: 0\r\n\r\n" GET "\r\n"), SI("POST /;GET /;")},
        {SI(POST "Content-Length: 003\r\n\r\nabc"), SI("POST / [abc];")},
        {SI(GET "Content-Length: 3\r\n\r\nabc"), SI("GET / [abc];")},
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

    (void)state;
    check_rows(rows, COUNT(rows));
}

static void test_parser_eat_takes_chunks_strictly(void **state)
{
    static const struct row rows[] = {
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

    (void)state;
    check_rows(rows, COUNT(rows));
}

static void test_parser_eat_decides_whether_the_connection_lives(void **state)
{
    static const struct row rows[] = {
        {SI(GET "Connection: close\r\n\r\n" GET "\r\n"), SI("GET / close;")},
        {SI(GET "Connection: a, Close\r\n\r\n"), SI("GET / close;")},
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

    (void)state;
    check_rows(rows, COUNT(rows));
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

static void test_parser_eat_holds_the_limits_of_the_head(void **state)
{
    (void)state;
    check(head_of(6 * 1024), S("GET /;"));
    check(head_of(LIMIT_HEAD_BYTES), S("GET /;"));
    check(head_of(LIMIT_HEAD_BYTES + 1), S("!head;"));
    check(head_with(LIMIT_HEAD_FIELDS), S("GET /;"));
    check(head_with(LIMIT_HEAD_FIELDS + 1), S("!head;"));
}

/* Host and Transfer-Encoding are two fields; the head and the last CRLF have their bytes.
 */
static void test_parser_eat_counts_trailers_and_extensions_as_head(void **state)
{
    const size_t most = LIMIT_HEAD_BYTES - strlen(CHUNKED) - strlen("\r\n\r\n");

    (void)state;
    check(chunked_with(S(""), LIMIT_HEAD_FIELDS - 2), S("POST / [];"));
    check(chunked_with(S(""), LIMIT_HEAD_FIELDS - 1), S("!head;"));
    check(chunked_with(extension_of(most), 0), S("POST / [];"));
    check(chunked_with(extension_of(most + 1), 0), S("!head;"));
}

static void test_parser_eat_holds_the_limit_of_the_body(void **state)
{
    struct arena *mem = &t_cx()->mem;
    char *bytes = arena_alloc(mem, LIMIT_BODY_BYTES);
    Str body = {memset(bytes, 'b', LIMIT_BODY_BYTES), LIMIT_BODY_BYTES};
    Str chunk = str_cat(mem, S(CHUNKED "\r\n10000\r\n"), body);
    Str want = str_cat(mem, S("POST / ["), str_cat(mem, body, S("];")));

    (void)state;
    check(str_cat(mem, S(POST "Content-Length: 65536\r\n\r\n"), body), want);
    check(S(POST "Content-Length: 65537\r\n\r\n"), S("POST / [too large] close;"));
    check(str_cat(mem, chunk, S("\r\n0\r\n\r\n")), want);
    check(str_cat(mem, chunk, S("\r\n1\r\n")), S("POST / [too large] close;"));
}

static bool waits(Str bytes)
{
    struct http_request req;
    struct parser p;

    parser_begin(&p, &t_cx()->mem, &req);
    (void)parser_eat(&p, bytes);
    return p.expects_continue;
}

#define EXPECT "Expect: 100-Continue\r\n\r\n"

static void test_parser_eat_says_who_waits_to_send_a_body(void **state)
{
    (void)state;
    T_TRUE(waits(S(POST "Content-Length: 1\r\n" EXPECT)));
    T_TRUE(waits(S(CHUNKED EXPECT)));
    T_TRUE(!waits(S(POST EXPECT)));
    T_TRUE(!waits(S(POST "Content-Length: 65537\r\n" EXPECT)));
    T_TRUE(!waits(S("POST / HTTP/1.0\r\nContent-Length: 1\r\n" EXPECT)));
    T_TRUE(!waits(S(POST "Content-Length: 1\r\nExpect: miracles\r\n\r\n")));
}

static void test_parser_eat_keeps_the_fields(void **state)
{
    struct http_request req;
    struct parser p;
    Str value;

    (void)state;
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
    T(test_parser_eat_reads_the_request_line), T(test_parser_eat_refuses_bad_fields),
    T(test_parser_eat_frames_bodies_in_one_way_only),
    T(test_parser_eat_takes_chunks_strictly),
    T(test_parser_eat_decides_whether_the_connection_lives),
    T(test_parser_eat_holds_the_limits_of_the_head),
    T(test_parser_eat_holds_the_limit_of_the_body),
    T(test_parser_eat_counts_trailers_and_extensions_as_head),
    T(test_parser_eat_says_who_waits_to_send_a_body), T(test_parser_eat_keeps_the_fields))
