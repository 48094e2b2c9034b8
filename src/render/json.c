/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.c - the JSON back end: compact, straight into the answer's text (RFC 8259).
 *
 * Escapes only what it must; other text stays UTF-8.
 */
#include "render/json.h"

#include <string.h>

#include "render/backend.h"

/* Whether eight bytes can be written as they are: a byte that is too small, or equal,
 * borrows from its top bit when it is subtracted from, and the lowest such byte always
 * does. */
static bool json_are_plain(const char *p)
{
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t tops = ones * 0x80;
    uint64_t x;

    memcpy(&x, p, sizeof(x));
    uint64_t quote = x ^ (ones * '"');
    uint64_t slash = x ^ (ones * '\\');

    return ((x | (x - ones * 0x20) | (quote - ones) | (slash - ones)) & tops) == 0;
}

static bool char_is_unescaped(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* How many bytes from the start of a text are written as they are. It goes by words,
 * since an answer is mostly one long URL. */
static size_t json_plain_length(Str s)
{
    size_t n = 0;

    while (s.n - n >= sizeof(uint64_t) && json_are_plain(s.p + n)) {
        n += sizeof(uint64_t);
    }
    while (n < s.n && char_is_unescaped((unsigned char)s.p[n])) {
        n++;
    }
    return n;
}

static void json_escape_add(struct buf *b, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[] = "\"\"\\\\\nn\rr\tt\bb\ff"; /* pairs: byte, letter */

    for (size_t i = 0; i + 1 < sizeof(letters); i += 2) {
        if ((unsigned char)letters[i] == c) {
            buf_add(b, (Str){(const char[]){'\\', letters[i + 1]}, 2});
            return;
        }
    }
    buf_add(b, S("\\u00"));
    buf_add(b, (Str){(const char[]){hex[c >> 4], hex[c & 15]}, 2});
}

static void json_quoted_add(struct buf *b, Str s)
{
    size_t n = json_plain_length(s);

    buf_add_char(b, '"');
    buf_add(b, str_sub(s, 0, n));
    while (n < s.n) {
        bool ok;
        Str c = str_sub(s, n, s.n);

        c.n = str_utf8_step(c, &ok);
        if (ok && c.n == 1) {
            json_escape_add(b, (unsigned char)c.p[0]);
        } else {
            buf_add(b, ok ? c : S(REPLACEMENT));
        }
        s = str_sub(s, n + c.n, s.n);
        n = json_plain_length(s);
        buf_add(b, str_sub(s, 0, n));
    }
    buf_add_char(b, '"');
}

static void json_name_add(struct writer *w, Str name)
{
    if (w->comma) {
        buf_add_char(&w->out, ',');
    }
    w->comma = true;
    if (w->depth > 0 && !writer_in_array(w)) {
        buf_add_char(&w->out, '"');
        buf_add(&w->out, name);
        buf_add(&w->out, S("\":"));
    }
}

static void json_value(struct writer *w, Str name, Str text, enum writer_value kind)
{
    json_name_add(w, name);
    switch (kind) {
    case WRITER_QUOTED:
        json_quoted_add(&w->out, text);
        break;
    case WRITER_PLAIN:
        buf_add(&w->out, text);
        break;
    case WRITER_NULL:
        buf_add(&w->out, S("null"));
        break;
    }
}

static void json_begin(struct writer *w, Str name, bool is_array)
{
    json_name_add(w, name);
    buf_add_char(&w->out, is_array ? '[' : '{');
    w->comma = false;
}

static void json_end(struct writer *w, bool is_array)
{
    buf_add_char(&w->out, is_array ? ']' : '}');
    w->comma = true;
}

static Res json_done(struct cx *cx, struct writer *w, Str *ret)
{
    return buf_done(cx, &w->out, ret);
}

const struct writer_backend writer_json = {
    .value = json_value,
    .begin = json_begin,
    .end = json_end,
    .done = json_done,
};
