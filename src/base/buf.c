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
    buf_set_room(b, room);
    return true;
}

void buf_set_room(struct buf *b, size_t room)
{
    char *p = arena_alloc(b->mem, room);

    must_be(b->n <= room && room <= b->max);
    if (b->n > 0) {
        memcpy(p, b->p, b->n);
    }
    b->p = p;
    b->room = room;
}

void buf_add_int(struct buf *b, int64_t v)
{
    char digits[STR_INT_BYTES];

    buf_add(b, str_digits(v, digits));
}

/* RFC 3986 §2.3 */
/* clang-format off */
static const unsigned char is_unreserved[256] = {
    ['-'] = 1, ['.'] = 1, ['_'] = 1, ['~'] = 1, ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1,
    ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1, ['A'] = 1, ['B'] = 1,
    ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1, ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1,
    ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1,
    ['S'] = 1, ['T'] = 1, ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1,
    ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1,
    ['i'] = 1, ['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1,
    ['q'] = 1, ['r'] = 1, ['s'] = 1, ['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1,
    ['y'] = 1, ['z'] = 1,
};

/* clang-format on */

/* Copies in as few pieces as possible: most text needs no escape at all. */
void buf_add_escaped(struct buf *b, Str s)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t from = 0;

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (!is_unreserved[c]) {
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
