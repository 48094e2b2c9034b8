/* SPDX-License-Identifier: Apache-2.0 */
/*
 * id_token.h - the person whom an ID token names (OpenID Connect Core §3.1.3.7).
 */
#pragma once

#include "oauth/jwks.h"

struct id_claims {
    Str iss;
    Str sub;
    Str tid; /* Microsoft */
    Str oid; /* Microsoft */
    Str email;
    Str preferred_username;
    Str hd; /* Google Workspace's domain */
};

struct id_expected {
    Str client_id;
    Str nonce;
    Str access_token; /* for at_hash */
    int64_t now_s;
    /* The source's own rule for `iss`, with the key's own issuer (may be empty). */
    bool (*issuer_fits)(const struct id_claims *claims, Str key_issuer, Str configured);
    Str issuer; /* as configured */
};

/* FAIL_IDENTITY_INVALID: a check fails. FAIL_SOURCE_…: the keys can't be fetched. RS256
 * only. */
Res id_token_verify(
    struct cx *cx, struct net *net, struct jwks *jwks, Str token,
    const struct id_expected *expected, struct id_claims *ret) MUST;
/* For a token that came with a refresh and is only compared (Core §12.2): neither its
 * signature nor its times are checked. FAIL_SOURCE_ERROR: it can't be read.
 * FAIL_IDENTITY_INVALID: it is for another client, or names nobody. */
Res id_token_read(struct cx *cx, Str token, Str client_id, struct id_claims *ret) MUST;
/* The checks of the claims alone, for a payload whose signature is good. */
Res id_claims_check(
    struct cx *cx, Str payload, Str key_issuer, const struct id_expected *expected,
    struct id_claims *ret) MUST;
