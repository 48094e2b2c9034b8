/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str.h - text as pointer and length.
 *
 * A Str is read-only, owns nothing and is never assumed to end in NUL. Every function
 * that makes text puts it into the arena that it is given. Zero-terminated text exists
 * only at the borders of libraries: str_z makes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/fail.h"

struct arena;
struct cx;

typedef struct {
    const char *p;
    size_t n;
} Str;

/* clang-format off */
#define SI(lit) {.p = "" lit "", .n = sizeof(lit) - 1} /* static initialiser */
#define S(lit)  ((Str)SI(lit))                         /* expression */
/* clang-format on */
/* For "%.*s" of printf: its two arguments. */
#define STR_ARG(s)   (int)(s).n, (s).p
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

Str str_from_z(const char *z); /* NULL gives the empty Str */
Str str_dup(struct arena *mem, Str s);
Str str_cat(struct arena *mem, Str a, Str b);
Str str_int(struct arena *mem, int64_t v);

/* The decimal digits of `v`, at the end of `room`. */
enum { STR_INT_BYTES = 24 };

Str str_digits(int64_t v, char room[STR_INT_BYTES]);

/* A zero-terminated copy; a NUL inside ends it early. */
char *str_zdup(struct arena *mem, Str s);
/* The same for text of others: FAIL_PARAMETER_INVALID when `s` holds a NUL. */
Res str_z(struct cx *cx, Str s, const char **ret) MUST;

/* The part [from, to); both are cut to the length. */
static inline Str str_sub(Str s, size_t from, size_t to)
{
    to = to < s.n ? to : s.n;
    from = from < to ? from : to;
    return s.n == 0 ? s : (Str){s.p + from, to - from};
}

/* For public text; secrets are compared by seal_equal. */
static inline bool str_eq(Str a, Str b)
{
    return a.n == b.n && (b.n == 0 || memcmp(a.p, b.p, b.n) == 0);
}

bool str_same_letters(const char *a, const char *b, size_t n);

/* ASCII only. */
static inline bool str_eq_nocase(Str a, Str b)
{
    return a.n == b.n && str_same_letters(a.p, b.p, b.n);
}

bool str_starts(Str s, Str prefix);
bool str_ends(Str s, Str suffix);
bool str_find(Str s, char c, size_t *at);
bool str_contains(Str s, Str part);
int str_cmp(Str a, Str b);

Str str_trim(Str s); /* white space of ASCII, both ends */
Str str_lower(struct arena *mem, Str s);

/* Cuts `*rest` at the first byte that is in `separators`, skipping empty words: false at
 * the end. */
bool str_next_word(Str *rest, Str separators, Str *ret);
/* Cuts `*rest` at the first `c`, keeping empty parts: false when nothing was left. A
 * Str with p == NULL marks the end. */
bool str_next_part(Str *rest, char c, Str *ret);

/* Decimal, an optional '-', no sign '+', no space, no overflow. */
bool str_to_int(Str s, int64_t *ret);

bool str_is_utf8(Str s);
/* The bytes of the first character of `s`, which is not empty. Not ok: of the longest
 * piece that could have begun one, at least 1; a single U+FFFD stands for it (Unicode 15,
 * §3.9). */
size_t str_utf8_step(Str s, bool *ok);

static inline bool str_is_only(Str s, bool (*ok)(unsigned char c))
{
    for (size_t i = 0; i < s.n; i++) {
        if (!ok((unsigned char)s.p[i])) {
            return false;
        }
    }
    return true;
}

static inline bool char_is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

/* ASCII only. */
static inline bool char_is_alnum(unsigned char c)
{
    return char_is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* The value of a hexadecimal digit, or -1. */
int char_hex(unsigned char c);
