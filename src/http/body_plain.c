/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body_plain.c - reads the usual JSON body: one object of a few strings of printable
 * ASCII without escapes, short integers, true, false and null.
 *
 * The text is read in place, without a tree. Nothing is refused here: every other body,
 * right or wrong, is left to body_json.c. A fuzz target checks that both read alike.
 */
#include "http/body_plain.h"

#include "base/cx.h"
#include "http/grammar.h"

enum { PLAIN_FIELDS = 8, PLAIN_DIGITS = 18 /* fit into 64 bits */ };

static void plain_space_skip(Str *rest)
{
    size_t n = 0;

    while (n < rest->n
           && (rest->p[n] == ' ' || rest->p[n] == '\n' || rest->p[n] == '\r'
               || rest->p[n] == '\t')) {
        n++;
    }
    *rest = str_sub(*rest, n, rest->n);
}

/* These two also cut off the white space behind what they read. */
static bool plain_mark_next(Str *rest, char c)
{
    if (!grammar_char(rest, c)) {
        return false;
    }
    plain_space_skip(rest);
    return true;
}

static bool char_is_plain(char c)
{
    return c >= ' ' && c < 0x7F && c != '"' && c != '\\';
}

static bool plain_string_next(Str *rest, Str *ret)
{
    size_t n = 1;

    while (n < rest->n && char_is_plain(rest->p[n])) {
        n++;
    }
    if (n >= rest->n || rest->p[0] != '"' || rest->p[n] != '"') {
        return false;
    }
    *ret = str_sub(*rest, 1, n);
    *rest = str_sub(*rest, n + 1, rest->n);
    plain_space_skip(rest);
    return true;
}

/* As it is written from a number: no needless zero, no minus before zero. */
static bool plain_is_int(Str s)
{
    Str digits = str_sub(s, str_starts(s, S("-")) ? 1 : 0, s.n);

    if (digits.n == 0 || digits.n > PLAIN_DIGITS || !str_is_only(digits, char_is_digit)) {
        return false;
    }
    return digits.p[0] != '0' || s.n == 1;
}

static bool plain_word_next(Str *rest, struct field *ret)
{
    static const struct {
        Str word;
        enum field_kind kind;
    } words[] = {
        {SI("true"), FIELD_TRUE},
        {SI("false"), FIELD_FALSE},
        {SI("null"), FIELD_NULL},
    };

    size_t n = 0;

    while (n < rest->n
           && (char_is_alnum((unsigned char)rest->p[n]) || rest->p[n] == '-')) {
        n++;
    }
    Str word = str_sub(*rest, 0, n);

    ret->kind = FIELD_OTHER;
    for (size_t i = 0; i < COUNT(words); i++) {
        if (str_eq(word, words[i].word)) {
            ret->kind = words[i].kind;
        }
    }
    if (plain_is_int(word)) {
        ret->kind = FIELD_INT;
        ret->text = word;
    }
    *rest = str_sub(*rest, n, rest->n);
    plain_space_skip(rest);
    return ret->kind != FIELD_OTHER;
}

static bool plain_field_next(Str *rest, struct field *ret)
{
    ret->kind = FIELD_TEXT;
    return plain_string_next(rest, &ret->name) && plain_mark_next(rest, ':')
           && (plain_string_next(rest, &ret->text) || plain_word_next(rest, ret));
}

bool body_read_plain(struct cx *cx, Str body, struct fields *ret)
{
    struct field *at = NEW_N(&cx->mem, struct field, PLAIN_FIELDS);
    struct fields fields = {at, 0};
    bool goes_on;

    plain_space_skip(&body);
    if (!plain_mark_next(&body, '{')) {
        return false;
    }
    do {
        struct field *next = &at[fields.n];

        if (!plain_field_next(&body, next) || fields_find(&fields, next->name) != NULL) {
            return false;
        }
        fields.n++;
        goes_on = plain_mark_next(&body, ',');
    } while (goes_on && fields.n < PLAIN_FIELDS);
    if (goes_on || !plain_mark_next(&body, '}') || body.n > 0) {
        return false;
    }
    *ret = fields;
    return true;
}
