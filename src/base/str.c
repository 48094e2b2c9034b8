/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str.c - text as pointer and length: compare, cut, convert.
 */
#include "base/str.h"

#include "base/arena.h"
#include "base/cx.h"

Str str_from_z(const char *z)
{
    return z == NULL ? S("") : (Str){z, strlen(z)};
}

Str str_dup(struct arena *mem, Str s)
{
    return str_cat(mem, s, S(""));
}

Str str_cat(struct arena *mem, Str a, Str b)
{
    char *p = arena_alloc(mem, a.n + b.n);

    if (a.n > 0) {
        memcpy(p, a.p, a.n);
    }
    if (b.n > 0) {
        memcpy(p + a.n, b.p, b.n);
    }
    return (Str){p, a.n + b.n};
}

Str str_int(struct arena *mem, int64_t v)
{
    char room[STR_INT_BYTES];

    return str_dup(mem, str_digits(v, room));
}

Str str_digits(int64_t v, char room[STR_INT_BYTES])
{
    size_t i = STR_INT_BYTES;
    uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

    do {
        room[--i] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (v < 0) {
        room[--i] = '-';
    }
    return (Str){room + i, STR_INT_BYTES - i};
}

char *str_zdup(struct arena *mem, Str s)
{
    char *z = arena_alloc(mem, s.n + 1); /* zeroed, and so is its end */

    if (s.n > 0) {
        memcpy(z, s.p, s.n);
    }
    return z;
}

Res str_z(struct cx *cx, Str s, const char **ret)
{
    if (s.n > 0 && memchr(s.p, 0, s.n) != NULL) {
        return fail(cx, FAIL_PARAMETER_INVALID, "text with a NUL inside");
    }
    *ret = str_zdup(&cx->mem, s);
    return OK;
}

static unsigned char byte_lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

bool str_same_letters(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (a[i] != b[i]
            && byte_lower((unsigned char)a[i]) != byte_lower((unsigned char)b[i])) {
            return false;
        }
    }
    return true;
}

bool str_starts(Str s, Str prefix)
{
    return s.n >= prefix.n && str_eq(str_sub(s, 0, prefix.n), prefix);
}

bool str_ends(Str s, Str suffix)
{
    return s.n >= suffix.n && str_eq(str_sub(s, s.n - suffix.n, s.n), suffix);
}

bool str_find(Str s, char c, size_t *at)
{
    const char *p = s.n == 0 ? NULL : memchr(s.p, c, s.n);

    if (p == NULL) {
        return false;
    }
    *at = (size_t)(p - s.p);
    return true;
}

bool str_contains(Str s, Str part)
{
    return part.n == 0 || (s.n > 0 && memmem(s.p, s.n, part.p, part.n) != NULL);
}

int str_cmp(Str a, Str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

    if (order != 0) {
        return order;
    }
    return a.n < b.n ? -1 : a.n > b.n;
}

static bool char_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

Str str_trim(Str s)
{
    while (s.n > 0 && char_is_space(s.p[0])) {
        s = str_sub(s, 1, s.n);
    }
    while (s.n > 0 && char_is_space(s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

Str str_lower(struct arena *mem, Str s)
{
    char *p = arena_alloc(mem, s.n);

    for (size_t i = 0; i < s.n; i++) {
        p[i] = (char)byte_lower((unsigned char)s.p[i]);
    }
    return (Str){p, s.n};
}

bool str_next_word(Str *rest, Str separators, Str *ret)
{
    size_t from = 0;
    size_t at;

    while (from < rest->n && str_find(separators, rest->p[from], &at)) {
        from++;
    }
    size_t to = from;

    while (to < rest->n && !str_find(separators, rest->p[to], &at)) {
        to++;
    }
    if (from == to) {
        return false;
    }
    *ret = str_sub(*rest, from, to);
    *rest = str_sub(*rest, to, rest->n);
    return true;
}

bool str_next_part(Str *rest, char c, Str *ret)
{
    size_t at;

    if (rest->p == NULL) {
        return false;
    }
    if (!str_find(*rest, c, &at)) {
        *ret = *rest;
        *rest = (Str){NULL, 0};
        return true;
    }
    *ret = str_sub(*rest, 0, at);
    *rest = (Str){rest->p + at + 1, rest->n - at - 1};
    return true;
}

bool str_to_int(Str s, int64_t *ret)
{
    bool minus = s.n > 0 && s.p[0] == '-';
    Str digits = str_sub(s, minus ? 1 : 0, s.n);
    int64_t v = 0;

    if (digits.n == 0 || !str_is_only(digits, char_is_digit)) {
        return false;
    }
    for (size_t i = 0; i < digits.n; i++) { /* downwards: INT64_MIN has no positive */
        if (__builtin_mul_overflow(v, 10, &v)
            || __builtin_sub_overflow(v, digits.p[i] - '0', &v)) {
            return false;
        }
    }
    if (!minus && __builtin_sub_overflow((int64_t)0, v, &v)) {
        return false;
    }
    *ret = v;
    return true;
}

/* Unicode 15, table 3-7 */
static const struct utf8_row {
    unsigned char first, last; /* of the first byte */
    unsigned char low, high;   /* of the second */
    size_t length;
} utf8_rows[] = {
    {0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
    {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

static const struct utf8_row *utf8_row(unsigned char first)
{
    for (size_t r = 0; r < COUNT(utf8_rows); r++) {
        if (first >= utf8_rows[r].first && first <= utf8_rows[r].last) {
            return &utf8_rows[r];
        }
    }
    return NULL;
}

size_t str_utf8_step(Str s, bool *ok)
{
    const unsigned char *p = (const unsigned char *)s.p;
    const struct utf8_row *row = utf8_row(p[0]);
    size_t i = 1;

    if (row == NULL) {
        *ok = false;
        return 1;
    }
    if (row->length > 1 && s.n > 1 && p[1] >= row->low && p[1] <= row->high) {
        i = 2;
    }
    while (i >= 2 && i < row->length && i < s.n && p[i] >= 0x80 && p[i] <= 0xBF) {
        i++;
    }
    *ok = i == row->length;
    return i;
}

bool str_is_utf8(Str s)
{
    bool ok = true;

    while (ok && s.n > 0) {
        s = str_sub(s, str_utf8_step(s, &ok), s.n);
    }
    return ok;
}

int char_hex(unsigned char c)
{
    if (char_is_digit(c)) {
        return c - '0';
    }
    c = byte_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
