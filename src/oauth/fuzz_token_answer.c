/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_token_answer.c - any body as the answer of a token endpoint; the first byte
 * selects the status.
 *
 * An accepted answer has an access token within its limit and a lifetime that can be
 * added to a clock; every other answer is one of the failures of docs/api.md §9.
 */
#include "base/cx.h"
#include "base/limits.h"
#include "oauth/token_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int statuses[] = {200, 400, 401, 403, 302, 429, 503};

static bool fail_is_expected(enum fail kind)
{
    static const enum fail kinds[] = {
        FAIL_SOURCE_ERROR,         FAIL_SOURCE_UNAVAILABLE,     FAIL_SOURCE_RATE_LIMITED,
        FAIL_SOURCE_MISCONFIGURED, FAIL_ADMIN_CONSENT_REQUIRED, FAIL_ACCESS_DENIED,
        FAIL_CODE_REJECTED,        FAIL_GRANT_REFUSED,
    };

    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (kinds[i] == kind) {
            return true;
        }
    }
    return false;
}

static void fuzz_parse_answer(
    struct cx *cx, const struct net_reply *reply, enum oauth_leg leg)
{
    struct tokens t = {.expires_in_s = -1};
    struct token_note note;
    Res res = token_parse_answer(cx, reply, leg, S("asked"), &t, &note);

    must_be(note.rescued.n <= LIMIT_REFRESH_TOKEN_BYTES);
    must_be(note.rescued.n == 0 || res.code == FAIL_SOURCE_ERROR);

    must_be((res.code == FAIL_NONE) == (t.expires_in_s >= 0));
    if (res.code != FAIL_NONE) {
        must_be(fail_is_expected(res.code));
        return;
    }
    must_be(reply->status == 200 && !note.client_refused);
    must_be(t.access_token.n > 0 && t.access_token.n <= LIMIT_ACCESS_TOKEN_BYTES);
    must_be(t.scope.n > 0 && t.scope.n <= LIMIT_SCOPE_BYTES);
    must_be(t.expires_in_s <= LIMIT_EXPIRES_IN_S);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    Str input = {(const char *)data, size};
    const struct net_reply reply = {
        .status = size == 0 ? 200 : statuses[data[0] % COUNT(statuses)],
        .content_type = S("application/json"),
        .body = str_sub(input, 1, size),
    };

    fuzz_parse_answer(&cx, &reply, OAUTH_EXCHANGE);
    fuzz_parse_answer(&cx, &reply, OAUTH_REFRESH);
    Res res = token_parse_revocation(&cx, &reply);

    must_be(res.code == FAIL_NONE || fail_is_expected(res.code));
    return 0;
}
