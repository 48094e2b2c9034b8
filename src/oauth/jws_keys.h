/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws_keys.h - inside a set of keys: for jws.c and jws_keys.c alone.
 */
#pragma once

#include <cjose/jwk.h>

#include "base/arena.h"
#include "base/limits.h"
#include "oauth/jws.h"

struct jws_key {
    cjose_jwk_t *jwk;
    enum jws_alg alg; /* the one that its type allows */
    Str kid;          /* empty: none; so is issuer */
    Str issuer;
};

struct jws_keys {
    struct arena mem; /* holds the text of the keys */
    size_t n;
    struct jws_key at[LIMIT_JWKS_KEYS];
};
