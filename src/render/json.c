/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.c - the JSON back end: compact, straight into the answer's text (RFC 8259).
 *
 * Escapes only what it must; other text stays UTF-8.
 */
#include "render/back.h"

static void add_escape(struct buf *b, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[] = "\"\"\\\\\nn\rr\tt\bb\ff"; /* pairs: byte, letter */

    for (size_t i = 0; i + 1 < sizeof(letters); i += 2) {
        if ((unsigned char)letters[i] == c) {
            buf_add(
                b, (Str){
                       (const char[]){'\\', letters[i + 1]},
                        2
            });
            return;
        }
    }
    buf_add(b, S("\\u00"));
    buf_add(
        b, (Str){
               (const char[]){hex[c >> 4], hex[c & 15]},
                2
    });
}

/* Copies in as few pieces as possible: most text needs no escape at all. */
static void add_quoted(struct buf *b, Str s)
{
    size_t from = 0;
    size_t step = 1;

    buf_add_char(b, '"');
    for (size_t i = 0; i < s.n; i += step) {
        unsigned char c = (unsigned char)s.p[i];
        bool is_utf8 = true;

        step = c < 0x80 ? 1 : str_utf8_step(str_sub(s, i, s.n), &is_utf8);
        if (is_utf8 && c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        buf_add(b, str_sub(s, from, i));
        if (is_utf8) {
            add_escape(b, c);
        } else {
            buf_add(b, S(REPLACEMENT));
        }
        from = i + step;
    }
    buf_add(b, str_sub(s, from, s.n));
    buf_add_char(b, '"');
}

static void add_name(struct writer *w, Str name)
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

static void json_value(struct writer *w, Str name, Str text, enum value_kind kind)
{
    add_name(w, name);
    switch (kind) {
    case VALUE_QUOTED:
        add_quoted(&w->out, text);
        break;
    case VALUE_PLAIN:
        buf_add(&w->out, text);
        break;
    case VALUE_NULL:
        buf_add(&w->out, S("null"));
        break;
    }
}

static void json_begin(struct writer *w, Str name, bool is_array)
{
    add_name(w, name);
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

const struct writer_back writer_json = {
    .value = json_value,
    .begin = json_begin,
    .end = json_end,
    .done = json_done,
};
