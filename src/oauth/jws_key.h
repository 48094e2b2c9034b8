/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws_key.h - inside jws*.c only: one key, made of its numbers.
 *
 * All forms of keys end here, so that one set of checks holds for all of them.
 */
#pragma once

#include <openssl/evp.h>

#include "oauth/jws_alg.h"

struct cx;

enum {
    JWS_P256_BYTES = 32,
    JWS_RSA_MAX_BITS = 16384, /* OpenSSL verifies with no larger keys */
};

struct jws_key {
    enum jws_key_type type;
    size_t bits;
    unsigned algs;    /* those that it may be used for */
    EVP_PKEY *public; /* NULL: a secret */
    Str secret;       /* empty: a public key */
    Str kid;          /* empty: none; so is issuer */
    Str issuer;
};

/* All three: FAIL_CONFIG when the key is too small, too large or malformed. Numbers are
 * big-endian. The secret is not copied. */
Res jws_key_of_rsa(struct cx *cx, Str n, Str e, struct jws_key *ret) MUST;
Res jws_key_of_p256(struct cx *cx, Str x, Str y, struct jws_key *ret) MUST;
Res jws_key_of_secret(struct cx *cx, Str secret, struct jws_key *ret) MUST;
void jws_key_done(struct jws_key *k);
/* Whether a token with that kid may mean the key: a key or a token without an id may be
 * meant by any. */
bool jws_key_is_meant(const struct jws_key *k, Str kid);

struct jws_keys;
const struct jws_key *jws_keys_list(const struct jws_keys *k, size_t *n);
