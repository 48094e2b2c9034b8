/* SPDX-License-Identifier: Apache-2.0 */
/*
 * response.c - what a source sends back beside `state`: a code, or an error.
 *
 * RFC 6749 §4.1.2, RFC 9207. Contract §9, "Callback": nothing of what is refused here
 * reaches the source.
 */
#include "api/connect.h"
#include "base/limits.h"

static bool some_come_twice(const struct param *params, size_t n)
{
    Str value;

    for (size_t i = 0; i < n; i++) {
        if (query_find(params, n, params[i].name, &value) > 1) {
            return true;
        }
    }
    return false;
}

static bool char_is_of_error(unsigned char c)
{
    return char_is_alnum(c) || c == '_';
}

/* `error` decides, `error_subcode` and Microsoft's number refine. What it describes is
 * for nobody's eyes; the code itself is for the log, when it looks like one. */
static Res response_error(struct cx *cx, const struct param *params, size_t n, Str error)
{
    Str subcode = S("");
    Str description = S("");

    (void)query_find(params, n, S("error_subcode"), &subcode);
    (void)query_find(params, n, S("error_description"), &description);
    Str shown = str_is_only(error, char_is_of_error) ? str_sub(error, 0, 64) : S("?");

    return fail(
        cx, oauth_error_kind(error, subcode, description, false),
        "the source answered with the error %.*s", (int)shown.n, shown.p);
}

Res response_read(
    struct cx *cx, const struct param *params, size_t n, const struct source_settings *s,
    Str *code)
{
    Str iss = S("");
    Str error = S("");
    Str found = S("");

    if (some_come_twice(params, n)) {
        return fail(cx, FAIL_SOURCE_ERROR, "a parameter comes twice");
    }
    if (query_find(params, n, S("iss"), &iss) > 0
        && !source_get(s->id)->response_issuer_fits(iss, s->issuer)) {
        return fail(cx, FAIL_IDENTITY_INVALID, "iss is another issuer's");
    }
    bool has_error = query_find(params, n, S("error"), &error) > 0;
    bool has_code = query_find(params, n, S("code"), &found) > 0;

    if (has_error == has_code) {
        return fail(cx, FAIL_SOURCE_ERROR, "code and error together, or neither");
    }
    if (has_error) {
        return response_error(cx, params, n, error);
    }
    if (found.n == 0 || found.n > LIMIT_CODE_BYTES) {
        return fail(cx, FAIL_SOURCE_ERROR, "a code of %zu bytes", found.n);
    }
    *code = found;
    return OK;
}
