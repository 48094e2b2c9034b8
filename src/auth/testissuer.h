/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testissuer.h - for tests and fuzz targets: an issuer with a shared secret, and its JWTs
 * (HS256).
 */
#pragma once

#include "auth/jwt.h"
#include "base/cx.h"
#include "seal/seal.h"

#define T_SECRET "0123456789abcdef0123456789abcdef"

static inline Str t_jwt_with(struct cx *cx, Str header, Str payload, const char *secret)
{
    unsigned char mac[SEAL_HASH_BYTES];
    Str text = str_cat(
        &cx->mem, str_cat(&cx->mem, b64url_encode(&cx->mem, header), S(".")),
        b64url_encode(&cx->mem, payload));

    seal_hmac((const unsigned char *)secret, text, mac);
    return str_cat(
        &cx->mem, str_cat(&cx->mem, text, S(".")),
        b64url_encode(&cx->mem, (Str){(char *)mac, sizeof(mac)}));
}

static inline Str t_jwt(struct cx *cx, Str payload)
{
    return t_jwt_with(cx, S("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"), payload, T_SECRET);
}

/* The caller frees `keys`. */
static inline struct jwt_issuer t_issuer(struct cx *cx)
{
    static const int64_t providers[] = {3, 5};
    struct jwt_issuer i = {
        .name = S("shop"),
        .issuer = S("https://shop.example"),
        .audience = S("caldock"),
        .providers = providers,
        .n_providers = COUNT(providers),
        .algs = JWS_HS256,
        .claim_user = S("sub"),
        .claim_providers = S("providers"),
        .claim_modes = S("modes"),
    };

    must_be(jws_keys_from_secret(cx, S(T_SECRET), &i.keys).code == FAIL_NONE);
    return i;
}
