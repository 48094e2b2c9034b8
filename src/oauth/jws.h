/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws.h - signed tokens in compact form: parsed strictly, and verified with a set of
 * keys.
 *
 * RFC 7515 §5.2, RFC 8725. A token has exactly three parts of canonical base64url, no
 * duplicate members, no `crit`, and an algorithm of jws_alg.h. Key material in the header
 * (jwk, jku, x5u, x5c) is ignored.
 */
#pragma once

#include "oauth/jws_alg.h"
#include "oauth/jws_keys.h"

struct jws {
    Str input;     /* what is signed: header and payload as they were sent */
    Str payload;   /* decoded: the text of a JSON object, not yet verified */
    Str signature; /* decoded: of a length that `alg` allows */
    Str kid;       /* empty: none */
    enum jws_alg alg;
};

/* FAIL_PARSE_ERROR for anything that isn't well-formed, or not allowed. */
Res jws_parse(struct cx *cx, Str compact, size_t max_bytes, struct jws *ret) MUST;

/*
 * FAIL_NOT_FOUND: no key has the token's kid (a token without kid tries each key that
 * fits). FAIL_PARSE_ERROR: the signature is wrong, or the algorithm is not in `algs` or
 * not the key's. *key_issuer (may be NULL): the "issuer" member of the key (Microsoft),
 * empty when it has none; lives as long as the keys.
 */
Res jws_verify(
    struct cx *cx, const struct jws_keys *k, const struct jws *t, unsigned algs,
    Str *key_issuer) MUST;
