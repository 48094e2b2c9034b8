/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws_keys.h - sets of keys that verify signed tokens: from PEM, JWK, JWKS and secrets
 * (RFC 7517, RFC 7518 §6).
 */
#pragma once

#include "base/str.h"

struct cx;
struct jws_keys; /* immutable, for any thread */

/* FAIL_CONFIG with words that an operator can act on. RSA keys under LIMIT_RSA_MIN_BITS
 * or over JWS_RSA_MAX_BITS, EC keys not on P-256, and secrets under
 * LIMIT_JWT_SECRET_MIN_BYTES are refused. In a JWKS, a key that can't be used here is
 * left out; a JWKS without any other is FAIL_CONFIG. */
Res jws_keys_from_text(struct cx *cx, Str pem_jwk_or_jwks, struct jws_keys **ret) MUST;
Res jws_keys_from_secret(struct cx *cx, Str secret, struct jws_keys **ret) MUST;
void jws_keys_free(struct jws_keys **k); /* accepts NULL */
/* The algorithms that any of the keys can verify. */
unsigned jws_keys_algs(const struct jws_keys *k);
/* Whether a token with that kid (empty: none) may mean one of the keys. */
bool jws_keys_know(const struct jws_keys *k, Str kid);
