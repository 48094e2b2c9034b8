/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testjwt.h - for tests and fuzz targets: keys and signed tokens.
 *
 * OpenSSL makes them, so that our code is not checked against itself.
 */
#pragma once

#include <openssl/evp.h>

#include "base/str.h"

/* Of 2048 bits there are two, in turn; of 2040 and of 1024 there is one. */
EVP_PKEY *test_rsa(unsigned bits);
EVP_PKEY *test_ec(const char *curve);
void test_key_done(EVP_PKEY **key);

/* Any header over any payload; the algorithm is the key's: RS256 or ES256. */
Str test_token(struct arena *mem, EVP_PKEY *key, Str header, Str payload);
Str test_token_hs256(struct arena *mem, Str secret, Str header, Str payload);
/* Encodes the three parts, whatever they are. */
Str test_parts(struct arena *mem, Str header, Str payload, Str signature);
/* With a signature of zeros, as long as the header's algorithm wants it. */
Str test_forged(struct arena *mem, Str header, Str payload);

/* The public half: {"kty":…,…} with `more` inside, e.g. ,"kid":"1". */
Str test_jwk(struct arena *mem, EVP_PKEY *key, Str more);
Str test_jwks(struct arena *mem, Str keys);
Str test_pem(struct arena *mem, EVP_PKEY *key);
Str test_pem_private(struct arena *mem, EVP_PKEY *key);
Str test_certificate(struct arena *mem, EVP_PKEY *key);
