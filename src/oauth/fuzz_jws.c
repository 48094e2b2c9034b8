/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_jws.c - any text as a signed token, and any bytes as the payload of a token with a
 * good signature.
 *
 * A verified token was signed with the secret: signing its header and payload again gives
 * the same token.
 */
#include "base/cx.h"
#include "base/limits.h"
#include "oauth/jws.h"
#include "oauth/testjwt.h"
#include "seal/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const Str secret = SI("0123456789abcdef0123456789abcdef");

static Str fuzz_header(struct cx *cx, Str compact)
{
    Str part = S("");
    Str header = S("");

    must_be(str_next_part(&compact, '.', &part));
    must_be(b64url_decode(cx, part, &header).code == FAIL_NONE);
    return header;
}

static bool fuzz_verify(struct cx *cx, const struct jws_keys *keys, Str text)
{
    struct jws t = {.alg = JWS_HS256};
    Res res = jws_parse(cx, text, LIMIT_ID_TOKEN_BYTES, &t);

    must_be(res.code == FAIL_NONE || res.code == FAIL_PARSE_ERROR);
    if (res.code != FAIL_NONE) {
        return false;
    }
    must_be(str_starts(t.payload, S("{")) || t.payload.n > 2); /* maybe after a space */
    res = jws_verify(cx, keys, &t, JWS_RS256 | JWS_ES256 | JWS_HS256, NULL);
    must_be(res.code == FAIL_NONE || res.code == FAIL_PARSE_ERROR);
    if (res.code == FAIL_NONE) {
        Str header = fuzz_header(cx, text);

        must_be(str_eq(test_token_hs256(&cx->mem, secret, header, t.payload), text));
    }
    return res.code == FAIL_NONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jws_keys *keys;
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    Str input = {(const char *)data, size};

    if (keys == NULL) {
        must_be(seal_start());
        must_be(jws_keys_from_secret(&cx, secret, &keys).code == FAIL_NONE);
    }
    (void)fuzz_verify(&cx, keys, input);
    Str token = test_token_hs256(&cx.mem, secret, S("{\"alg\":\"HS256\"}"), input);

    if (fuzz_verify(&cx, keys, token)) {
        must_be(!fuzz_verify(&cx, keys, str_sub(token, 0, token.n - 1)));
    }
    return 0;
}
