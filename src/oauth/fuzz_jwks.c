/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_jwks.c - any text as a PEM, a JWK or a JWKS.
 *
 * A set of keys allows at least one algorithm and verifies no token that nobody signed.
 */
#include "base/cx.h"
#include "oauth/jws.h"
#include "oauth/testjwt.h"
#include "seal/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_verify_forged(struct cx *cx, const struct jws_keys *keys, Str header)
{
    struct jws t = {.alg = JWS_RS256};
    Str token = test_forged(&cx->mem, header, S("{}"));

    must_be(jws_parse(cx, token, 1024, &t).code == FAIL_NONE);
    Res res = jws_verify(cx, keys, &t, jws_keys_algs(keys), NULL);

    must_be(res.code == FAIL_PARSE_ERROR || res.code == FAIL_NOT_FOUND);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    CLEANUP(jws_keys_free) struct jws_keys *keys = NULL;
    Str text = {(const char *)data, size};

    must_be(seal_start());
    Res res = jws_keys_from_text(&cx, text, &keys);

    must_be((res.code == FAIL_NONE) == (keys != NULL));
    if (res.code != FAIL_NONE) {
        must_be(res.code == FAIL_CONFIG);
        return 0;
    }
    must_be(jws_keys_algs(keys) != 0);
    fuzz_verify_forged(&cx, keys, S("{\"alg\":\"RS256\"}"));
    fuzz_verify_forged(&cx, keys, S("{\"alg\":\"ES256\"}"));
    fuzz_verify_forged(&cx, keys, S("{\"alg\":\"HS256\"}"));
    return 0;
}
