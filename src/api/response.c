/* SPDX-License-Identifier: Apache-2.0 */
/*
 * response.c - finds the code or the error. The source never sees a code that is refused
 * here.
 */
#include "api/response.h"

#include "base/cx.h"
#include "base/limits.h"
#include "oauth/oauth_error.h"

static bool char_is_of_error(unsigned char c)
{
    return char_is_alnum(c) || c == '_';
}

/* `error` decides, `error_subcode` and Microsoft's number refine. The log never gets the
 * description, and the error's code only when it has the form of one. */
static Res response_error(struct cx *cx, const struct param *params, size_t n, Str error)
{
    Str subcode = S("");
    Str description = S("");

    (void)url_query_find(params, n, S("error_subcode"), &subcode);
    (void)url_query_find(params, n, S("error_description"), &description);
    Str shown = str_is_only(error, char_is_of_error) ? str_sub(error, 0, 64) : S("?");

    return fail(
        cx, oauth_error_kind(error, subcode, description, OAUTH_CALLBACK),
        "the source answered with the error %.*s", STR_ARG(shown));
}

Res response_read(
    struct cx *cx, const struct param *params, size_t n, const struct source_settings *s,
    Str *code)
{
    Str iss = S("");
    Str error = S("");
    Str found = S("");

    if (url_query_has_repeats(&cx->mem, params, n)) {
        return fail(cx, FAIL_SOURCE_ERROR, "a parameter comes twice");
    }
    if (url_query_find(params, n, S("iss"), &iss) > 0
        && !url_query_is_unreadable(params, n, S("iss"))
        && !source_get(s->id)->response_issuer_fits(iss, s->issuer)) {
        return fail(cx, FAIL_IDENTITY_INVALID, "iss is another issuer's");
    }
    if (url_query_is_unreadable(params, n, S("code"))
        || url_query_is_unreadable(params, n, S("error"))) {
        return fail(cx, FAIL_SOURCE_ERROR, "code or error can't be decoded");
    }
    bool has_error = url_query_find(params, n, S("error"), &error) > 0;
    bool has_code = url_query_find(params, n, S("code"), &found) > 0;

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
