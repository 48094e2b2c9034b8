/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_response.c - any bytes as the query of a callback, for each source.
 *
 * A code is given only when the query has exactly one, no error and no foreign issuer;
 * every other query is one of the failures of docs/api.md §9. No reason repeats a
 * parameter's value.
 */
#include "api/response.h"
#include "base/cx.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VALUE_BYTES = 70 }; /* an error's code may be in a reason, cut to 64 */

static bool fail_is_of_callback(enum fail kind)
{
    static const enum fail kinds[] = {
        FAIL_SOURCE_ERROR,           FAIL_IDENTITY_INVALID,   FAIL_ACCESS_DENIED,
        FAIL_ADMIN_CONSENT_REQUIRED, FAIL_SOURCE_UNAVAILABLE, FAIL_SOURCE_MISCONFIGURED,
    };

    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (kinds[i] == kind) {
            return true;
        }
    }
    return false;
}

static void fuzz_check_reason(const struct cx *cx, const struct param *params, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        must_be(
            params[i].value.n < VALUE_BYTES
            || !str_contains(str_from_z(cx->why.text), params[i].value));
    }
}

static void fuzz_read(struct cx *cx, Str query, const struct source_settings *s)
{
    struct param *params = NULL;
    size_t n = 0;
    Str code = S("");
    Str value = S("");

    url_query_parse_each(&cx->mem, query, &params, &n);
    Res res = response_read(cx, params, n, s, &code);

    if (res.code != FAIL_NONE) {
        must_be(fail_is_of_callback(res.code) && code.n == 0);
        fuzz_check_reason(cx, params, n);
        return;
    }
    must_be(code.n > 0 && code.n <= LIMIT_CODE_BYTES);
    must_be(url_query_find(params, n, S("code"), &value) == 1 && str_eq(value, code));
    must_be(url_query_find(params, n, S("error"), &value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct source_settings sources[] = {
        {.id = SOURCE_GOOGLE, .issuer = SI("https://accounts.google.com")},
        {.id = SOURCE_MICROSOFT,
         .issuer = SI("https://login.microsoftonline.com/{tenantid}/v2.0")},
    };
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    Str query = {(const char *)data, size};

    for (size_t i = 0; i < COUNT(sources); i++) {
        fuzz_read(&cx, query, &sources[i]);
    }
    return 0;
}
