/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwks_text.c - counts brackets outside strings; the reader of JSON judges each key.
 */
#include "oauth/jwks_text.h"

static bool char_is_json_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static Str text_skip_space(Str s)
{
    size_t i = 0;

    while (i < s.n && char_is_json_space(s.p[i])) {
        i++;
    }
    return str_sub(s, i, s.n);
}

/* Takes `c` off the text, and the white space around it; false: something else is there.
 */
static bool text_take(Str *rest, char c)
{
    Str s = text_skip_space(*rest);

    if (s.n == 0 || s.p[0] != c) {
        return false;
    }
    *rest = text_skip_space(str_sub(s, 1, s.n));
    return true;
}

/* The bytes of the string that the text begins with, its quotes included; 0: it has no
 * end. */
static size_t text_string_bytes(Str s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == '"') {
            return i + 1;
        }
        i += s.p[i] == '\\';
    }
    return 0;
}

/* The bytes of the value that the text begins with, up to a comma or a closing bracket
 * that is not its own; 0: it has none, or no end. */
static size_t text_value_bytes(Str s)
{
    size_t depth = 0;
    size_t i = 0;

    while (i < s.n) {
        char c = s.p[i];
        bool opens = c == '{' || c == '[';
        bool closes = c == '}' || c == ']';
        size_t step = c == '"' ? text_string_bytes(str_sub(s, i, s.n)) : 1;

        if (step == 0 || (depth == 0 && (closes || c == ','))) {
            return step == 0 ? 0 : i;
        }
        depth = depth + opens - closes;
        i += step;
    }
    return 0;
}

/* Takes a value off the text. */
static bool text_take_value(Str *rest, Str *ret)
{
    size_t n = text_value_bytes(*rest);

    *ret = str_sub(*rest, 0, n);
    *rest = str_sub(*rest, n, rest->n);
    return n > 0;
}

/* Takes a member off an object. */
static bool text_take_member(Str *rest, Str *name, Str *value)
{
    size_t n = rest->n > 0 && rest->p[0] == '"' ? text_string_bytes(*rest) : 0;

    *name = str_sub(*rest, 0, n);
    *rest = str_sub(*rest, n, rest->n);
    return n > 0 && text_take(rest, ':') && text_take_value(rest, value);
}

bool jwks_text_open(Str text, struct jwks_text *ret)
{
    Str rest = text;
    Str list = S("");
    Str name, value;
    size_t lists = 0;
    bool is_more = text_take(&rest, '{');

    while (is_more) {
        if (!text_take_member(&rest, &name, &value)) {
            return false;
        }
        if (str_eq(name, S("\"keys\""))) {
            list = value;
            lists++;
        }
        is_more = text_take(&rest, ',');
    }
    if (lists != 1 || !text_take(&rest, '}') || rest.n > 0) {
        return false;
    }
    ret->rest = text_take(&list, '[') ? list : S("");
    return true;
}

bool jwks_text_next(struct jwks_text *t, Str *key)
{
    if (!text_take_value(&t->rest, key)) {
        return false;
    }
    (void)text_take(&t->rest, ',');
    return true;
}
