/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url.c - percent-encoding undone, once, and what is split before that (RFC 3986 §2.4).
 */
#include "http/url.h"

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"

/* The byte that the escape at s[at] stands for, or -1. */
static int escaped_byte(Str s, size_t at)
{
    int high = s.n - at > 2 ? char_hex((unsigned char)s.p[at + 1]) : -1;
    int low = high >= 0 ? char_hex((unsigned char)s.p[at + 2]) : -1;

    return low >= 0 ? high * 16 + low : -1;
}

static bool means_itself(Str s, bool plus)
{
    size_t at;

    return !str_find(s, '%', &at) && !(plus && str_find(s, '+', &at));
}

Res url_decode(struct cx *cx, Str s, bool plus, Str *ret)
{
    if (means_itself(s, plus)) {
        *ret = s;
        return OK;
    }
    char *p = arena_alloc(&cx->mem, s.n);
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        int byte = plus && s.p[i] == '+' ? ' ' : (unsigned char)s.p[i];

        if (s.p[i] == '%') {
            byte = escaped_byte(s, i);
            i += 2;
        }
        if (byte < 0) {
            return fail(cx, FAIL_PARSE_ERROR, "a malformed percent-escape");
        }
        p[n++] = (char)(unsigned char)byte;
    }
    *ret = (Str){p, n};
    return OK;
}

/* Cuts at the next `c`, skipping what is empty. */
static bool next_piece(Str *rest, char c, Str *ret)
{
    while (str_next_part(rest, c, ret)) {
        if (ret->n > 0) {
            return true;
        }
    }
    return false;
}

Res path_split(struct cx *cx, Str path, Str *segments, size_t most, size_t *n)
{
    size_t found = 0;
    Str segment;

    if (!str_starts(path, S("/"))) {
        return fail(cx, FAIL_NOT_FOUND, "a path that does not begin with a slash");
    }
    while (next_piece(&path, '/', &segment)) {
        if (found == most) {
            return fail(cx, FAIL_NOT_FOUND, "a path of more than %zu segments", most);
        }
        if (url_decode(cx, segment, false, &segments[found]).code != FAIL_NONE) {
            return fail(cx, FAIL_NOT_FOUND, "a malformed percent-escape in the path");
        }
        found++;
    }
    *n = found;
    return OK;
}

static size_t params_count(Str query)
{
    size_t n = 0;
    Str part;

    while (n <= LIMIT_BODY_FIELDS && next_piece(&query, '&', &part)) {
        n++;
    }
    return n;
}

static Res param_parse(struct cx *cx, Str part, struct param *ret)
{
    size_t at = part.n;

    (void)str_find(part, '=', &at);
    TRY(url_decode(cx, str_sub(part, 0, at), true, &ret->name));
    return url_decode(cx, str_sub(part, at + 1, part.n), true, &ret->value);
}

Res query_parse(struct cx *cx, Str query, struct param **ret, size_t *n)
{
    size_t count = params_count(query);
    Str part;

    if (count > LIMIT_BODY_FIELDS) {
        return fail(
            cx, FAIL_PARSE_ERROR, "more than %d parameters", (int)LIMIT_BODY_FIELDS);
    }
    struct param *params = NEW_N(&cx->mem, struct param, count);

    for (size_t i = 0; next_piece(&query, '&', &part); i++) {
        TRY(param_parse(cx, part, &params[i]));
    }
    *ret = params;
    *n = count;
    return OK;
}

size_t query_find(const struct param *params, size_t n, Str name, Str *value)
{
    size_t found = 0;

    *value = S("");
    for (size_t i = 0; i < n; i++) {
        if (str_eq(params[i].name, name)) {
            *value = found == 0 ? params[i].value : *value;
            found++;
        }
    }
    return found;
}
