/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url.c - splits paths and queries, then undoes percent-encoding, once (RFC 3986 §2.4).
 */
#include "http/url.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"

/* The byte of the escape at s[at], or -1. */
static int escaped_byte(Str s, size_t at)
{
    int high = s.n - at > 2 ? char_hex((unsigned char)s.p[at + 1]) : -1;
    int low = high >= 0 ? char_hex((unsigned char)s.p[at + 2]) : -1;

    return low >= 0 ? high * 16 + low : -1;
}

static bool url_means_itself(Str s, bool plus)
{
    size_t at;

    return !str_find(s, '%', &at) && !(plus && str_find(s, '+', &at));
}

static bool url_escapes_undo(struct arena *mem, Str s, bool plus, Str *ret)
{
    if (url_means_itself(s, plus)) {
        *ret = s;
        return true;
    }
    char *p = arena_alloc(mem, s.n);
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        int byte = plus && s.p[i] == '+' ? ' ' : (unsigned char)s.p[i];

        if (s.p[i] == '%') {
            byte = escaped_byte(s, i);
            i += 2;
        }
        if (byte < 0) {
            return false;
        }
        p[n++] = (char)(unsigned char)byte;
    }
    *ret = (Str){p, n};
    return true;
}

Res url_decode(struct cx *cx, Str s, bool plus, Str *ret)
{
    if (!url_escapes_undo(&cx->mem, s, plus, ret)) {
        return fail(cx, FAIL_PARSE_ERROR, "a malformed percent-escape");
    }
    return OK;
}

/* Cuts at the next `c`, skipping empty pieces. */
static bool url_piece_next(Str *rest, char c, Str *ret)
{
    while (str_next_part(rest, c, ret)) {
        if (ret->n > 0) {
            return true;
        }
    }
    return false;
}

Res url_path_split(struct cx *cx, Str path, Str *segments, size_t most, size_t *n)
{
    size_t found = 0;
    Str segment;

    if (!str_starts(path, S("/"))) {
        return fail(cx, FAIL_NOT_FOUND, "a path that does not begin with a slash");
    }
    while (url_piece_next(&path, '/', &segment)) {
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

static size_t params_count(Str query, size_t most)
{
    size_t n = 0;
    Str part;

    while (n < most && url_piece_next(&query, '&', &part)) {
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

Res url_query_parse(struct cx *cx, Str query, struct param **ret, size_t *n)
{
    size_t count = params_count(query, LIMIT_BODY_FIELDS + 1);
    Str part;

    if (count > LIMIT_BODY_FIELDS) {
        return fail(
            cx, FAIL_PARSE_ERROR, "more than %d parameters", (int)LIMIT_BODY_FIELDS);
    }
    struct param *params = NEW_N(&cx->mem, struct param, count);

    for (size_t i = 0; url_piece_next(&query, '&', &part); i++) {
        TRY(param_parse(cx, part, &params[i]));
    }
    *ret = params;
    *n = count;
    return OK;
}

void url_query_parse_each(struct arena *mem, Str query, struct param **ret, size_t *n)
{
    struct param *params = NEW_N(mem, struct param, params_count(query, SIZE_MAX));
    size_t found = 0;
    Str part;

    while (url_piece_next(&query, '&', &part)) {
        struct param *p = &params[found];
        size_t at = part.n;

        (void)str_find(part, '=', &at);
        if (url_escapes_undo(mem, str_sub(part, 0, at), true, &p->name)) {
            p->is_unreadable =
                !url_escapes_undo(mem, str_sub(part, at + 1, part.n), true, &p->value);
            found++;
        }
    }
    *ret = params;
    *n = found;
}

size_t url_query_find(const struct param *params, size_t n, Str name, Str *value)
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

static int query_compare_names(const void *a, const void *b)
{
    return str_cmp(*(const Str *)a, *(const Str *)b);
}

bool url_query_has_repeats(struct arena *mem, const struct param *params, size_t n)
{
    Str *names = NEW_N(mem, Str, n);

    for (size_t i = 0; i < n; i++) {
        names[i] = params[i].name;
    }
    qsort(names, n, sizeof(names[0]), query_compare_names);
    for (size_t i = 1; i < n; i++) {
        if (str_eq(names[i - 1], names[i])) {
            return true;
        }
    }
    return false;
}

bool url_query_is_unreadable(const struct param *params, size_t n, Str name)
{
    for (size_t i = 0; i < n; i++) {
        if (params[i].is_unreadable && str_eq(params[i].name, name)) {
            return true;
        }
    }
    return false;
}
