/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base64_id.c - undoes what makes standard base64 of base64url, and decodes that.
 */
#include "api/base64_id.h"

#include "base/cx.h"
#include "seal/seal.h"

static Str text_without_padding(Str s)
{
    size_t n = s.n;

    while (n > 0 && s.n % 4 == 0 && n + 2 > s.n && s.p[n - 1] == '=') {
        n--;
    }
    return str_sub(s, 0, n);
}

static char char_for_url(char c)
{
    if (c == '+') {
        return '-';
    }
    if (c == '/') {
        return '_';
    }
    return c;
}

Res base64_id_read(struct cx *cx, Str text, Str *ret)
{
    Str bare = text_without_padding(text);
    char *p = arena_alloc(&cx->mem, bare.n);

    for (size_t i = 0; i < bare.n; i++) {
        p[i] = char_for_url(bare.p[i]);
    }
    if (b64url_decode(cx, (Str){p, bare.n}, ret).code != FAIL_NONE) {
        return fail(cx, FAIL_NOT_FOUND, "not the base64 of a calendar's id");
    }
    return OK;
}
