/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_redirect.c - a redirect URI and, after a line end, a pattern.
 *
 * What is kept is a fixed point of its parser and has no byte that could end a header; a
 * URI that matches has the scheme and the host of the pattern, and a path below it.
 */
#include "base/cx.h"
#include "base/limits.h"
#include "oauth/redirect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_visible(unsigned char c)
{
    return c > ' ' && c < 0x7F && c != '\\' && c != '#';
}

static void kept_is_safe(Str kept)
{
    must_be(kept.n > 0 && kept.n <= LIMIT_REDIRECT_URI_BYTES);
    must_be(str_is_only(kept, is_visible));
    must_be(!str_contains(kept, S("/../")) || str_contains(kept, S("?")));
}

static bool parse(struct cx *cx, Str uri, Str *ret)
{
    Str again;

    if (redirect_parse(cx, uri, ret).code != FAIL_NONE) {
        must_be(str_ends(str_from_z(cx->why.text), S(".")));
        return false;
    }
    kept_is_safe(*ret);
    must_be(redirect_parse(cx, *ret, &again).code == FAIL_NONE && str_eq(again, *ret));
    return true;
}

static bool parse_pattern(struct cx *cx, Str pattern, Str *ret)
{
    Str again;

    if (redirect_pattern_parse(cx, pattern, ret).code != FAIL_NONE) {
        return false;
    }
    kept_is_safe(*ret);
    must_be(redirect_pattern_parse(cx, *ret, &again).code == FAIL_NONE);
    must_be(str_eq(again, *ret));
    return true;
}

/* Scheme and host: what a browser looks at to decide where it goes. */
static Str place_of(struct arena *mem, Str uri)
{
    size_t at = 0;
    size_t bracket = 0;
    size_t colon = 0;
    Str rest = uri;
    Str host;

    must_be(str_find(uri, ':', &at));
    Str scheme = str_sub(uri, 0, at);

    if (!str_starts(str_sub(uri, at, uri.n), S("://"))) {
        return str_lower(mem, scheme);
    }
    rest = str_sub(uri, at + 3, uri.n);
    must_be(str_next_word(&rest, S("/?"), &host));
    (void)str_find(host, ']', &bracket);
    if (str_find(str_sub(host, bracket, host.n), ':', &colon)) {
        host = str_sub(host, 0, bracket + colon);
    }
    return str_lower(mem, str_cat(mem, scheme, str_cat(mem, S("://"), host)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    Str rest = {(const char *)data, size};
    Str text = S("");
    Str uri;
    Str pattern;

    (void)str_next_part(&rest, '\n', &text);
    if (!parse(&cx, text, &uri)) {
        return 0;
    }
    Str end = redirect_with(&cx.mem, uri, S("success=1"));

    must_be(str_starts(end, uri) && str_ends(end, S("success=1")));
    if (parse_pattern(&cx, rest, &pattern) && redirect_matches(uri, pattern)) {
        must_be(str_eq(place_of(&cx.mem, uri), place_of(&cx.mem, pattern)));
    }
    return 0;
}
