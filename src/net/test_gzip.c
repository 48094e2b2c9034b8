/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_gzip.c - compressed answers: gzip is read, within limits that count what comes out
 * of it; every other coding is refused.
 */
#include "base/buf.h"
#include "base/limits.h"
#include "base/testing.h"
#include "net/net.h"
#include "net/testserver.h"

enum { MATCH_BYTES = 258 /* the longest of RFC 1951 */ };

/* Bits of a deflate stream (RFC 1951 §3.1.1). */
struct bits {
    struct buf *to;
    unsigned held;
    int n;
};

static void bits_add(struct bits *b, unsigned code, int n)
{
    for (int i = n - 1; i >= 0; i--) { /* codes begin with their highest bit */
        b->held |= (code >> i & 1U) << b->n;
        b->n++;
        if (b->n == 8) {
            buf_add_char(b->to, (char)b->held);
            b->held = 0;
            b->n = 0;
        }
    }
}

static void add_u32(struct buf *b, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        buf_add_char(b, (char)(v >> (8 * i) & 0xFF));
    }
}

static uint32_t crc_of_x(size_t n)
{
    uint32_t crc = 0xFFFFFFFF;

    for (size_t i = 0; i < n; i++) {
        crc ^= 'x';
        for (int k = 0; k < 8; k++) {
            crc = crc >> 1 ^ (0xEDB88320 & -(crc & 1));
        }
    }
    return ~crc;
}

/* n times 'x' as gzip (RFC 1952): a single block of the fixed codes, 13 bits for each 258
 * bytes. */
static Str gzip_of_x(size_t n)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_REPLY_BYTES};
    struct bits bits = {.to = &b};
    size_t matches = n > 0 ? (n - 1) / MATCH_BYTES : 0;

    buf_add(&b, S("\x1F\x8B\x08\0\0\0\0\0\0\xFF"));
    bits_add(&bits, 6, 3); /* the last block, fixed codes */
    for (size_t i = matches * MATCH_BYTES; i < n; i++) {
        bits_add(&bits, 0x30 + 'x', 8);
    }
    for (size_t i = 0; i < matches; i++) {
        bits_add(&bits, 0xC5, 8); /* a match of 258 */
        bits_add(&bits, 0, 5);    /* one byte back */
    }
    bits_add(&bits, 0, 7 + 7); /* the end of the block, and of a byte */
    add_u32(&b, crc_of_x(n));
    add_u32(&b, (uint32_t)n);
    return buf_text(&b);
}

/* Two fields of a head; either may be empty. */
static Res ask_coded(Str fields, Str body, size_t max_bytes, struct net_reply *ret)
{
    static const struct net_options options = {
        .connect_timeout_ms = 60000, .timeout_ms = 60000};
    static struct server s;
    struct arena *mem = &t_cx()->mem;
    struct net *net = net_open();
    Str head = str_cat(mem, S("HTTP/1.1 200 OK\r\n"), fields);
    struct step step = {str_cat(mem, str_cat(mem, head, S("\r\n")), body), THEN_CLOSE};

    testserver_start(&s, &step, 1);
    struct net_request req = {
        .url = testserver_url(mem, &s, "/"), .max_bytes = max_bytes};
    Res res = net_perform(t_cx(), &(struct net_via){net, &options}, &req, ret);

    net_close(&net);
    testserver_stop(&s);
    return res;
}

TEST(test_gzip_is_read_up_to_the_limit_of_what_comes_out)
{
    static const size_t rows[] = {1, 2, MATCH_BYTES + 1, 1000, LIMIT_REPLY_BYTES};

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str body = gzip_of_x(rows[i]);
        struct net_reply reply = {.status = 77};

        T_FAIL(
            FAIL_SOURCE_ERROR,
            ask_coded(S("Content-Encoding: gzip\r\n"), body, rows[i] - 1, &reply));
        T_TRUE(str_ends(str_from_z(t_cx()->why.text), S(": a body over the limit")));
        T_INT(reply.status, 77);
        T_OK(ask_coded(S("Content-Encoding: gzip\r\n"), body, rows[i], &reply));
        T_INT(reply.body.n, rows[i]);
        T_INT(reply.body.p[rows[i] - 1], 'x');
    }
}

/* 41 KB that hold 6.5 MB. */
TEST(test_gzip_that_is_a_bomb_ends_at_the_limit)
{
    enum { MOST = 64 * 1024 };

    Str bomb = gzip_of_x(100 * MOST);
    struct net_reply reply;

    T_TRUE(bomb.n < MOST);
    T_FAIL(
        FAIL_SOURCE_ERROR,
        ask_coded(S("Content-Encoding: gzip\r\n"), bomb, MOST, &reply));
    T_TRUE(str_ends(str_from_z(t_cx()->why.text), S(": a body over the limit")));
}

TEST(test_other_codings_are_refused)
{
    static const Str rows[] = {
        SI("Content-Encoding: deflate\r\n"),
        SI("Content-Encoding: br\r\n"),
        SI("Content-Encoding: zstd\r\n"),
        SI("Content-Encoding: gzip, gzip\r\n"),
        SI("Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n"),
        SI("Transfer-Encoding: gzip\r\n"),
        SI("Transfer-Encoding: gzip, chunked\r\n"),
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct net_reply reply;

        T_FAIL(FAIL_SOURCE_ERROR, ask_coded(rows[i], S("{}"), 100, &reply));
        T_TRUE(str_ends(str_from_z(t_cx()->why.text), S("that was not asked for")));
    }
}

TEST(test_a_body_that_is_no_gzip_is_unusable)
{
    Str whole = gzip_of_x(1000);
    Str wrong =
        str_cat(&t_cx()->mem, str_sub(whole, 0, whole.n - 8), S("\0\0\0\0\0\0\0\0"));
    const Str rows[] = {S("{}"), wrong};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct net_reply reply;

        T_FAIL(
            FAIL_SOURCE_ERROR,
            ask_coded(S("Content-Encoding: gzip\r\n"), rows[i], 5000, &reply));
    }
}

TEST(test_an_answer_without_a_coding_stays_as_it_is)
{
    static const Str rows[] = {
        SI(""),
        SI("Content-Encoding: identity\r\n"),
        SI("Content-Encoding:\r\n"),
    };
    struct net_reply reply;

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_OK(ask_coded(rows[i], S("{}"), 2, &reply));
        T_STR(reply.body, S("{}"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_gzip_is_read_up_to_the_limit_of_what_comes_out),
        T(test_gzip_that_is_a_bomb_ends_at_the_limit),
        T(test_other_codings_are_refused),
        T(test_a_body_that_is_no_gzip_is_unusable),
        T(test_an_answer_without_a_coding_stays_as_it_is),
    };

    return net_start() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
