/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.c - growing by doubling inside the arena.
 */
#include "base/buf.h"

#include "base/arena.h"

enum { FIRST_ROOM = 256 };

bool buf_reserve(struct buf *b, size_t n)
{
    if (b->full || n > b->max - b->n) {
        b->full = true;
        b->room = b->n; /* so that nothing fits any more */
        return false;
    }
    if (n <= b->room - b->n) {
        return true;
    }
    size_t room = b->room == 0 ? FIRST_ROOM : b->room * 2;

    if (room < b->n + n) {
        room = b->n + n;
    }
    if (room > b->max) {
        room = b->max;
    }
    char *p = arena_alloc(b->mem, room);

    if (b->n > 0) {
        memcpy(p, b->p, b->n);
    }
    b->p = p;
    b->room = room;
    return true;
}

void buf_add_int(struct buf *b, int64_t v)
{
    char digits[24];
    size_t i = sizeof(digits);
    uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

    do {
        digits[--i] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (v < 0) {
        digits[--i] = '-';
    }
    buf_add(b, (Str){digits + i, sizeof(digits) - i});
}

/* RFC 3986 §2.3, a bit for each byte: - . 0-9, A-Z _, a-z ~ */
static const uint32_t unreserved[8] = {0, 0x03FF6000, 0x87FFFFFE, 0x47FFFFFE};

static bool is_unreserved(unsigned char c)
{
    return (unreserved[c / 32] >> c % 32 & 1) != 0;
}

/* Copies in as few pieces as possible: most text needs no escape at all. */
void buf_add_escaped(struct buf *b, Str s)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t from = 0;

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (!is_unreserved(c)) {
            char esc[3] = {'%', hex[c >> 4], hex[c & 15]};

            buf_add(b, str_sub(s, from, i));
            buf_add(b, (Str){esc, sizeof(esc)});
            from = i + 1;
        }
    }
    buf_add(b, str_sub(s, from, s.n));
}

Str buf_text(const struct buf *b)
{
    must_be(!b->full);
    return (Str){b->n == 0 ? "" : b->p, b->n};
}

Res buf_done(struct cx *cx, struct buf *b, Str *ret)
{
    if (b->full) {
        return fail(cx, FAIL_LIMIT, "text of more than %zu bytes", b->max);
    }
    *ret = buf_text(b);
    return OK;
}
