/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_redirect.c - a redirect URI and, after a line end, a pattern.
 *
 * A parsed URI is a fixed point of its parser and has no byte that could end a header. A
 * URI that matches a pattern has its scheme and its host, and a path below it. The query
 * of the redirect that ends a flow has exactly one `success`, and keeps the URI's own.
 */
#include "base/cx.h"
#include "base/limits.h"
#include "oauth/redirect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool char_is_safe(unsigned char c)
{
    return c > ' ' && c < 0x7F && c != '\\' && c != '#';
}

static void check_kept(Str kept)
{
    must_be(kept.n > 0 && kept.n <= LIMIT_REDIRECT_URI_BYTES);
    must_be(str_is_only(kept, char_is_safe));
    must_be(!str_contains(kept, S("/../")) || str_contains(kept, S("?")));
}

static bool fuzz_parse_uri(struct cx *cx, Str uri, Str *ret)
{
    Str again;

    if (redirect_parse(cx, uri, ret).code != FAIL_NONE) {
        must_be(str_ends(str_from_z(cx->why.text), S(".")));
        return false;
    }
    check_kept(*ret);
    must_be(redirect_parse(cx, *ret, &again).code == FAIL_NONE && str_eq(again, *ret));
    return true;
}

static bool fuzz_parse_pattern(struct cx *cx, Str pattern, Str *ret)
{
    Str again;

    if (redirect_pattern_parse(cx, pattern, ret).code != FAIL_NONE) {
        return false;
    }
    check_kept(*ret);
    must_be(redirect_pattern_parse(cx, *ret, &again).code == FAIL_NONE);
    must_be(str_eq(again, *ret));
    return true;
}

/* Scheme and host: what a browser looks at to decide where it goes. */
static Str fuzz_place(struct arena *mem, Str uri)
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

static Str fuzz_query(Str uri)
{
    size_t at = uri.n;

    return str_find(uri, '?', &at) ? str_sub(uri, at + 1, uri.n) : S("");
}

/* Cut as a browser and most frameworks cut a query: at its first '?', and at each '&'. */
static size_t fuzz_count(Str query, Str name, Str *value)
{
    size_t n = 0;
    Str part;

    while (str_next_word(&query, S("&"), &part)) {
        size_t at = part.n;

        (void)str_find(part, '=', &at);
        if (str_eq_nocase(str_sub(part, 0, at), name)) {
            *value = str_sub(part, at + 1, part.n);
            n++;
        }
    }
    return n;
}

static void fuzz_check_end(struct cx *cx, Str uri)
{
    Str end = redirect_with(&cx->mem, uri, S("success=1&account=7"));
    Str value = S("");

    must_be(str_starts(end, uri) && str_starts(fuzz_query(end), fuzz_query(uri)));
    must_be(fuzz_count(fuzz_query(uri), S("success"), &value) == 0);
    must_be(fuzz_count(fuzz_query(end), S("success"), &value) == 1);
    must_be(str_eq(value, S("1")));
    must_be(fuzz_count(fuzz_query(end), S("account"), &value) == 1);
    must_be(str_eq(value, S("7")));
    must_be(fuzz_count(fuzz_query(end), S("error"), &value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    Str rest = {(const char *)data, size};
    Str text = S("");
    Str uri;
    Str pattern;

    (void)str_next_part(&rest, '\n', &text);
    if (!fuzz_parse_uri(&cx, text, &uri)) {
        return 0;
    }
    fuzz_check_end(&cx, uri);
    if (fuzz_parse_pattern(&cx, rest, &pattern) && redirect_matches(uri, pattern)) {
        must_be(str_eq(fuzz_place(&cx.mem, uri), fuzz_place(&cx.mem, pattern)));
    }
    return 0;
}
