/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - text that grows, up to a limit that it knows from birth.
 *
 * The caller writes freely and asks once: past the limit `full` sticks, and buf_done
 * fails with FAIL_LIMIT.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

struct arena;
struct cx;

/* A buffer is made with designated initialisers: {.mem = …, .max = LIMIT_…_BYTES}. */
struct buf {
    struct arena *mem;
    size_t max;
    char *p;
    size_t n;
    size_t room;
    bool full;
};

/* Makes room for `n` more bytes; false when they don't fit. */
bool buf_reserve(struct buf *b, size_t n);
/* For text whose size is known before: makes the room `room` bytes in all, and not a byte
 * more. `room` is at least b->n and at most b->max. */
void buf_set_room(struct buf *b, size_t room);

static inline void buf_add(struct buf *b, Str s)
{
    if (s.n > 0 && (s.n <= b->room - b->n || buf_reserve(b, s.n))) {
        memcpy(b->p + b->n, s.p, s.n);
        b->n += s.n;
    }
}

static inline void buf_add_char(struct buf *b, char c)
{
    buf_add(b, (Str){&c, 1});
}

void buf_add_int(struct buf *b, int64_t v);
/* Percent-encodes all but the unreserved characters of RFC 3986 §2.3. */
void buf_add_escaped(struct buf *b, Str s);

/* FAIL_LIMIT if anything above did not fit. The text belongs to the arena. */
Res buf_done(struct cx *cx, struct buf *b, Str *ret) MUST;
/* For text whose size our own code bounds: text that does not fit is a bug and aborts.
 * Where a caller, a source, a file or a table can grow the text, use buf_done. */
Str buf_text(const struct buf *b);
