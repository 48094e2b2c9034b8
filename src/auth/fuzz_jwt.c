/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_jwt.c - any bytes as a JWT, and any bytes as the claims of a JWT with a good
 * signature.
 *
 * A token is verified or refused, with no other outcome; a verified token has a user and
 * only providers of its issuer.
 */
#include "auth/testissuer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_verify_jwt(struct cx *cx, struct jwt_issuer *issuer, Str token)
{
    struct jwt_issuers all = {issuer, 1};
    struct jwt_facts facts = {0};
    Res res = jwt_verify(cx, &all, NULL, token, 1800000000, &facts);

    must_be(res.code == FAIL_NONE || res.code == FAIL_AUTHENTICATION_FAILED);
    must_be((res.code == FAIL_NONE) == (facts.user.n > 0));
    for (size_t i = 0; i < facts.n_providers; i++) {
        must_be(facts.providers[i] == 3 || facts.providers[i] == 5);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {0};
    struct jwt_issuer issuer = t_issuer(&cx);
    Str input = {(const char *)data, size};

    fuzz_verify_jwt(&cx, &issuer, input);
    fuzz_verify_jwt(&cx, &issuer, t_jwt(&cx, input));
    jws_keys_free(&issuer.keys);
    return 0;
}
