/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_mend.c - copies JSON token by token, and replaces the few that jansson refuses.
 *
 * The text need not be JSON: what is no string and no number is copied as it is, and
 * jansson judges the result.
 */
#include "base/json_mend.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"

struct mender {
    struct arena *mem;
    Str rest;
    struct buf out;
    bool mends_all;
};

/* Moves the next `n` bytes to the output. */
static void mender_copy(struct mender *m, size_t n)
{
    buf_add(&m->out, str_sub(m->rest, 0, n));
    m->rest = str_sub(m->rest, n, m->rest.n);
}

/* Puts `with` in the place of the next `n` bytes. */
static void mender_replace(struct mender *m, size_t n, Str with)
{
    buf_add(&m->out, with);
    m->rest = str_sub(m->rest, n, m->rest.n);
}

static bool char_is_number(unsigned char c)
{
    return char_is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static bool is_whole(Str number)
{
    return str_is_only(str_sub(number, number.p[0] == '-', number.n), char_is_digit);
}

static void mend_number(struct mender *m)
{
    int64_t value;
    size_t n = 1;

    while (n < m->rest.n && char_is_number((unsigned char)m->rest.p[n])) {
        n++;
    }
    Str number = str_sub(m->rest, 0, n);

    if (str_to_int(number, &value)) {
        mender_copy(m, n);
    } else if (m->mends_all && isinf(strtod(str_zdup(m->mem, number), NULL))) {
        mender_replace(m, n, number.p[0] == '-' ? S("-1e308") : S("1e308"));
    } else {
        mender_copy(m, n);
        buf_add(&m->out, is_whole(number) ? S("e0") : S(""));
    }
}

/* The code unit of an escape \uXXXX at the beginning of `s`, or -1. */
static int unit_at(Str s)
{
    int unit = 0;

    if (s.n < 6 || s.p[0] != '\\' || s.p[1] != 'u') {
        return -1;
    }
    for (size_t i = 2; i < 6; i++) {
        int digit = char_hex((unsigned char)s.p[i]);

        if (digit < 0) {
            return -1;
        }
        unit = unit * 16 + digit;
    }
    return unit;
}

static bool is_high(int unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low(int unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

static void mend_escape(struct mender *m)
{
    int unit = unit_at(m->rest);

    if (unit < 0) {
        mender_copy(m, 2);
    } else if (is_high(unit) && is_low(unit_at(str_sub(m->rest, 6, m->rest.n)))) {
        mender_copy(m, 12);
    } else if (unit == 0 || is_high(unit) || is_low(unit)) {
        mender_replace(m, 6, S("\\uFFFD"));
    } else {
        mender_copy(m, 6);
    }
}

static void mend_control(struct mender *m)
{
    static const char hex[] = "0123456789ABCDEF";
    unsigned char c = (unsigned char)m->rest.p[0];
    char escape[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

    mender_replace(m, 1, c == 0 ? S("\\uFFFD") : (Str){escape, sizeof(escape)});
}

static void mend_char(struct mender *m)
{
    bool ok;
    size_t n = str_utf8_step(m->rest, &ok);

    if (ok) {
        mender_copy(m, n);
    } else {
        mender_replace(m, n, S("\xEF\xBF\xBD"));
    }
}

static void mend_string(struct mender *m)
{
    mender_copy(m, 1);
    while (m->rest.n > 0 && m->rest.p[0] != '"') {
        if (m->rest.p[0] == '\\') {
            mend_escape(m);
        } else if ((unsigned char)m->rest.p[0] < ' ') {
            mend_control(m);
        } else {
            mend_char(m);
        }
    }
    mender_copy(m, 1);
}

static void string_copy(struct mender *m)
{
    size_t n = 1;

    while (n < m->rest.n && m->rest.p[n] != '"') {
        n += m->rest.p[n] == '\\' ? 2 : 1;
    }
    mender_copy(m, n + 1);
}

static Str text_mend(struct arena *mem, Str text, bool mends_all)
{
    struct mender m = {
        .mem = mem,
        .rest = text,
        .out = {.mem = mem, .max = text.n * 2 + 64}, /* more is not worth mending */
        .mends_all = mends_all};

    (void)buf_reserve(&m.out, text.n + text.n / 8);
    while (m.rest.n > 0) {
        unsigned char c = (unsigned char)m.rest.p[0];

        if (c == '"' && mends_all) {
            mend_string(&m);
        } else if (c == '"') {
            string_copy(&m);
        } else if (c == '-' || char_is_digit(c)) {
            mend_number(&m);
        } else {
            mender_copy(&m, 1);
        }
    }
    return m.out.full ? text : buf_text(&m.out);
}

Str json_mend_integers(struct arena *mem, Str text)
{
    return text_mend(mem, text, false);
}

Str json_mend_all(struct arena *mem, Str text)
{
    return text_mend(mem, text, true);
}
