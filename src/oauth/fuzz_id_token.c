/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_id_token.c - any payload as the claims of an ID token whose signature is good.
 *
 * Accepted claims are from the configured issuer, for this client and this flow, and name
 * a person.
 */
#include "base/cx.h"
#include "base/limits.h"
#include "oauth/id_token.h"
#include "seal/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool fuzz_issuer_fits(
    const struct id_claims *claims, Str key_issuer, Str configured)
{
    return key_issuer.n == 0 && str_eq(claims->iss, configured);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct id_expected expected = {
        .client_id = SI("us"),
        .nonce = SI("nonce-of-this-flow"),
        .access_token = SI("access"),
        .now_s = 1800000000,
        .issuer_fits = fuzz_issuer_fits,
        .issuer = SI("https://i"),
    };
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    Str payload = {(const char *)data, size};
    struct id_claims c = {.sub = S("")};

    must_be(seal_start());
    Res res = id_claims_check(&cx, payload, S(""), &expected, &c);

    must_be((res.code == FAIL_NONE) == (c.sub.n > 0));
    if (res.code == FAIL_NONE) {
        must_be(str_eq(c.iss, expected.issuer));
        must_be(c.sub.n <= LIMIT_SUBJECT_BYTES && c.email.n <= LIMIT_USERNAME_BYTES);
        must_be(str_contains(payload, expected.nonce) || str_contains(payload, S("\\")));
        return 0;
    }
    must_be(res.code == FAIL_IDENTITY_INVALID);
    return 0;
}
