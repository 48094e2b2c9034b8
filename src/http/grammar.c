/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grammar.c - cuts header values into their parts, strictly and without memory.
 */
#include "http/grammar.h"

#include "base/arena.h"

bool grammar_char(Str *rest, char c)
{
    if (rest->n == 0 || rest->p[0] != c) {
        return false;
    }
    *rest = str_sub(*rest, 1, rest->n);
    return true;
}

void grammar_space(Str *rest)
{
    while (grammar_char(rest, ' ') || grammar_char(rest, '\t')) {
    }
}

static bool char_is_of_token(unsigned char c)
{
    size_t at;

    return char_is_alnum(c) || str_find(S("!#$%&'*+-.^_`|~"), (char)c, &at);
}

bool grammar_token(Str *rest, Str *ret)
{
    size_t n = 0;

    while (n < rest->n && char_is_of_token((unsigned char)rest->p[n])) {
        n++;
    }
    if (n == 0) {
        return false;
    }
    *ret = str_sub(*rest, 0, n);
    *rest = str_sub(*rest, n, rest->n);
    return true;
}

static bool char_is_of_line(unsigned char c)
{
    return c == '\t' || (c >= ' ' && c != 0x7F);
}

bool grammar_is_line(Str s)
{
    return str_is_only(s, char_is_of_line);
}

static bool grammar_quoted(Str *rest, Str *ret)
{
    if (rest->n == 0 || rest->p[0] != '"') {
        return false;
    }
    for (size_t i = 1; i < rest->n && char_is_of_line((unsigned char)rest->p[i]); i++) {
        if (rest->p[i] == '"') {
            *ret = str_sub(*rest, 0, i + 1);
            *rest = str_sub(*rest, i + 1, rest->n);
            return true;
        }
        if (rest->p[i] == '\\'
            && (++i == rest->n || !char_is_of_line((unsigned char)rest->p[i]))) {
            return false;
        }
    }
    return false;
}

bool grammar_value(Str *rest, Str *ret)
{
    return grammar_quoted(rest, ret) || grammar_token(rest, ret);
}

bool grammar_media_type(Str *rest, Str *type, Str *subtype)
{
    Str s = *rest;

    if (!grammar_token(&s, type) || !grammar_char(&s, '/')
        || !grammar_token(&s, subtype)) {
        return false;
    }
    *rest = s;
    return true;
}

bool grammar_param(Str *rest, Str *name, Str *value)
{
    for (;;) { /* a ';' may also stand alone */
        Str s = *rest;

        grammar_space(&s);
        if (!grammar_char(&s, ';')) {
            *rest = s;
            return false;
        }
        grammar_space(&s);
        if (grammar_token(&s, name)) {
            bool ok = grammar_char(&s, '=') && grammar_value(&s, value);

            *rest = ok ? s : *rest;
            return ok;
        }
        *rest = s;
    }
}

Str grammar_unquote(struct arena *mem, Str value)
{
    if (!str_starts(value, S("\""))) {
        return value;
    }
    char *p = arena_alloc(mem, value.n);
    size_t n = 0;

    for (size_t i = 1; i + 1 < value.n; i++) {
        if (value.p[i] == '\\') {
            i++;
        }
        p[n++] = value.p[i];
    }
    return (Str){p, n};
}
