/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body_plain.c - the usual JSON body: one object of a few strings of printable ASCII
 * without escapes.
 *
 * It is read where it stands, without a tree. It judges nothing: whatever is not of that
 * kind, right or wrong, is body_json.c's, and a fuzz target holds the two together.
 */
#include "base/cx.h"
#include "http/fields.h"
#include "http/grammar.h"

enum { PLAIN_FIELDS = 8 };

static void skip_space(Str *rest)
{
    size_t n = 0;

    while (n < rest->n
           && (rest->p[n] == ' ' || rest->p[n] == '\n' || rest->p[n] == '\r'
               || rest->p[n] == '\t')) {
        n++;
    }
    *rest = str_sub(*rest, n, rest->n);
}

/* Each of the two cuts off the white space behind it, too. */
static bool next_mark(Str *rest, char c)
{
    if (!grammar_char(rest, c)) {
        return false;
    }
    skip_space(rest);
    return true;
}

static bool is_plain(char c)
{
    return c >= ' ' && c < 0x7F && c != '"' && c != '\\';
}

static bool next_string(Str *rest, Str *ret)
{
    size_t n = 1;

    while (n < rest->n && is_plain(rest->p[n])) {
        n++;
    }
    if (n >= rest->n || rest->p[0] != '"' || rest->p[n] != '"') {
        return false;
    }
    *ret = str_sub(*rest, 1, n);
    *rest = str_sub(*rest, n + 1, rest->n);
    skip_space(rest);
    return true;
}

static bool next_field(Str *rest, struct field *ret)
{
    ret->kind = FIELD_TEXT;
    return next_string(rest, &ret->name) && next_mark(rest, ':')
           && next_string(rest, &ret->text);
}

bool body_read_plain(struct cx *cx, Str body, struct fields *ret)
{
    struct field *at = NEW_N(&cx->mem, struct field, PLAIN_FIELDS);
    struct fields fields = {at, 0};
    bool goes_on;

    skip_space(&body);
    if (!next_mark(&body, '{')) {
        return false;
    }
    do {
        struct field *next = &at[fields.n];

        if (!next_field(&body, next) || fields_find(&fields, next->name) != NULL) {
            return false;
        }
        fields.n++;
        goes_on = next_mark(&body, ',');
    } while (goes_on && fields.n < PLAIN_FIELDS);
    if (goes_on || !next_mark(&body, '}') || body.n > 0) {
        return false;
    }
    *ret = fields;
    return true;
}
