/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roff.c - escapes text for roff, and breaks its lines.
 */
#include "cli/roff.h"

#include "base/arena.h"

enum { WIDTH = 76 };

static const Str ellipsis = SI("\xE2\x80\xA6");

static void roff_end_line(struct roff *r)
{
    if (r->column > 0) {
        buf_add_char(&r->b, '\n');
        r->column = 0;
    }
}

void roff_macro(struct roff *r, Str macro)
{
    roff_end_line(r);
    buf_add(&r->b, macro);
    buf_add_char(&r->b, '\n');
}

static void roff_add_char(struct roff *r, char c, bool *is_bold)
{
    if (c == '`') {
        *is_bold = !*is_bold;
        buf_add(&r->b, *is_bold ? S("\\fB") : S("\\fP"));
    } else if (c == '\\') {
        buf_add(&r->b, S("\\e"));
    } else if (c == '-') {
        buf_add(&r->b, S("\\-"));
    } else {
        buf_add_char(&r->b, c);
    }
}

static void roff_word(struct roff *r, Str word, bool *is_bold)
{
    if (r->column + word.n >= WIDTH) {
        roff_end_line(r);
    } else if (r->column > 0) {
        buf_add_char(&r->b, ' ');
    }
    if (r->column == 0 && (str_starts(word, S(".")) || str_starts(word, S("'")))) {
        buf_add(&r->b, S("\\&")); /* no macro */
    }
    r->column += word.n + 1;
    for (size_t i = 0; i < word.n; i++) {
        if (str_starts(str_sub(word, i, word.n), ellipsis)) {
            buf_add(&r->b, S("..."));
            i += ellipsis.n - 1;
        } else {
            roff_add_char(r, word.p[i], is_bold);
        }
    }
}

void roff_text(struct roff *r, Str text)
{
    bool is_bold = false;
    Str word;

    while (str_next_word(&text, S(" \n"), &word)) {
        roff_word(r, word, &is_bold);
    }
}

void roff_bold(struct roff *r, Str text)
{
    bool is_bold = false;

    roff_end_line(r);
    buf_add(&r->b, S("\\fB"));
    for (size_t i = 0; i < text.n; i++) {
        roff_add_char(r, text.p[i], &is_bold);
    }
    buf_add(&r->b, S("\\fP"));
    r->column = text.n;
}

void roff_sentence(struct roff *r, Str text)
{
    char *sentence = str_zdup(r->b.mem, text);

    if (text.n > 0 && sentence[0] >= 'a' && sentence[0] <= 'z') {
        sentence[0] = (char)(sentence[0] - 'a' + 'A');
    }
    Str end = str_ends(text, S(".")) ? S("") : S(".");

    roff_text(r, str_cat(r->b.mem, (Str){sentence, text.n}, end));
}
