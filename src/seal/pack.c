/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.c - writes and reads the fields of sealed data.
 */
#include "seal/pack.h"

#include "base/buf.h"

enum { DIGIT_BITS = 7, MORE = 0x80 };

void pack_int(struct buf *b, int64_t v)
{
    uint64_t left = (uint64_t)v;

    while (left >= MORE) {
        buf_add_char(b, (char)(left | MORE));
        left >>= DIGIT_BITS;
    }
    buf_add_char(b, (char)left);
}

void pack_text(struct buf *b, Str s)
{
    pack_int(b, (int64_t)s.n);
    buf_add(b, s);
}

int64_t pack_read_int(struct unpack *u)
{
    uint64_t v = 0;

    for (size_t i = 0; i < u->rest.n && i * DIGIT_BITS < 64; i++) {
        unsigned char digit = (unsigned char)u->rest.p[i];

        v |= (uint64_t)(digit & ~MORE) << (i * DIGIT_BITS);
        if ((digit & MORE) == 0) {
            u->rest = str_sub(u->rest, i + 1, u->rest.n);
            return (int64_t)v;
        }
    }
    u->bad = true;
    return 0;
}

Str pack_read_text(struct unpack *u)
{
    uint64_t n = (uint64_t)pack_read_int(u);

    if (u->bad || n > u->rest.n) {
        u->bad = true;
        return S("");
    }
    Str text = str_sub(u->rest, 0, n);

    u->rest = str_sub(u->rest, n, u->rest.n);
    return text;
}

bool pack_read_done(const struct unpack *u)
{
    return !u->bad && u->rest.n == 0;
}
