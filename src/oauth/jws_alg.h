/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws_alg.h - the algorithms of signed tokens, one row each (RFC 7518 §3).
 */
#pragma once

#include "base/str.h"

struct jws_key;

enum jws_alg { JWS_RS256 = 1, JWS_ES256 = 2, JWS_HS256 = 4 };

enum jws_key_type { JWS_KEY_RSA, JWS_KEY_P256, JWS_KEY_SECRET };

struct jws_alg_row {
    enum jws_alg alg;
    Str name;
    enum jws_key_type type;
    size_t key_bits;        /* at least */
    size_t signature_bytes; /* exactly; 0: as many as the key has */
    /* The algorithm and the length of the signature suit the key. */
    bool (*verify)(const struct jws_key *key, Str input, Str signature);
};

const struct jws_alg_row *jws_alg_row(enum jws_alg alg);
/* NULL: no algorithm here has that name. */
const struct jws_alg_row *jws_alg_by_name(Str name);
/* "RS256 ES256 HS256", for messages. */
Str jws_alg_names(struct arena *mem);
/* The algorithms whose keys may be published: a shared secret may not. */
unsigned jws_alg_public(void);
/* The algorithms that a key of that type and size can be used for. *least_bits: the least
 * size for any. */
unsigned jws_alg_of_key(enum jws_key_type type, size_t bits, size_t *least_bits);
/* Whether a signature can have that length, with whatever key. */
bool jws_alg_length_is_possible(const struct jws_alg_row *row, size_t bytes);
