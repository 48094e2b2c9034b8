/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwt.h - the issuers whose JWTs are believed, one per section [jwt NAME] of the
 * configuration; and what a JWT of theirs says (docs/api.md §2, §9).
 */
#pragma once

#include "oauth/jwks.h"

struct jwt_issuer {
    Str name; /* of the section */
    Str issuer;
    Str audience;             /* "*": any */
    const int64_t *providers; /* that it may speak for */
    size_t n_providers;
    bool all_providers;
    unsigned algs;
    struct jws_keys *keys; /* one of the two; owned by the settings */
    struct jwks *jwks;
    Str claim_user;
    Str claim_providers;
    Str claim_modes;
};

struct jwt_issuers {
    const struct jwt_issuer *at;
    size_t n;
};

const struct jwt_issuer *jwt_issuer_find(const struct jwt_issuers *all, Str name);

/* The content of a verified JWT. `expires_s` includes no leeway. */
struct jwt_facts {
    const struct jwt_issuer *issuer;
    Str user; /* as claimed: may be outside the alphabet of Caldock-User */
    unsigned modes;
    const int64_t *providers; /* claimed, and allowed to the issuer; ascending */
    size_t n_providers;
    int64_t expires_s;
};

/* FAIL_AUTHENTICATION_FAILED, whatever is wrong with the token. FAIL_UNAVAILABLE: the
 * keys of its issuer can't be fetched, or would have to be fetched and `net` is NULL. */
Res jwt_verify(
    struct cx *cx, const struct jwt_issuers *all, struct net *net, Str token,
    int64_t now_s, struct jwt_facts *ret) MUST;
/* Whether jwt_verify would fetch the keys of its issuer. */
bool jwt_needs_fetch(struct cx *cx, const struct jwt_issuers *all, Str token);
