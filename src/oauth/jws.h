/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws.h - signed compact tokens, and the keys that verify them.
 *
 * RFC 7515 §5.2, RFC 7517, RFC 8725. Strict checks of ours before cjose: exactly three
 * parts of canonical base64url, no duplicate members, no `crit`, RS256, ES256 or HS256
 * only; key material in the header (jwk, jku, x5u, x5c) is ignored. An algorithm must fit
 * the key's type.
 */
#pragma once

#include "base/str.h"

struct cx;
struct jws_keys; /* immutable, any thread */

enum jws_alg { JWS_RS256 = 1, JWS_ES256 = 2, JWS_HS256 = 4 };

struct jws {
    Str compact;
    Str payload; /* decoded: a JSON object's text, not yet verified */
    Str kid;     /* empty: none */
    enum jws_alg alg;
};

/* FAIL_PARSE_ERROR for anything that isn't well-formed or not allowed. */
Res jws_parse(struct cx *cx, Str compact, size_t max_bytes, struct jws *ret) MUST;

/* FAIL_CONFIG with words that an operator can act on. RSA keys under LIMIT_RSA_MIN_BITS,
 * EC keys not on P-256 and secrets under LIMIT_JWT_SECRET_MIN_BYTES are refused. In a
 * JWKS, a key of no use here (another type, use other than "sig", too small) is left out;
 * none left is FAIL_CONFIG. */
Res jws_keys_from_text(struct cx *cx, Str pem_jwk_or_jwks, struct jws_keys **ret) MUST;
Res jws_keys_from_secret(struct cx *cx, Str secret, struct jws_keys **ret) MUST;
void jws_keys_free(struct jws_keys **k);          /* accepts NULL */
unsigned jws_keys_algs(const struct jws_keys *k); /* what the keys' types allow */

/*
 * FAIL_NOT_FOUND: no key with that kid (a token without kid tries each that fits).
 * FAIL_PARSE_ERROR: the signature is wrong, or the algorithm is not in `algs` or does not
 * fit the key. *key_issuer (may be NULL): the key's own "issuer" member (Microsoft),
 * empty if it has none; lives as long as the keys.
 */
Res jws_verify(
    struct cx *cx, const struct jws_keys *k, const struct jws *t, unsigned algs,
    Str *key_issuer) MUST;
