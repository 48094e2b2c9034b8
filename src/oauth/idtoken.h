/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idtoken.h - who is it: the ID token verified as OpenID Connect Core §3.1.3.7 wants.
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

/* FAIL_IDENTITY_INVALID for any check that fails; FAIL_SOURCE_… when the keys can't be
 * had. RS256 only. */
Res id_token_verify(
    struct cx *cx, struct net *net, struct jwks *jwks, Str token,
    const struct id_expected *expected, struct id_claims *ret) MUST;
/* Whom it names and whether it is for us, no more: for a token that came with a refresh,
 * over TLS from where the first one did, and is only compared (Core §12.2). Unreadable:
 * FAIL_SOURCE_ERROR; for another client: FAIL_IDENTITY_INVALID. */
Res id_token_read(struct cx *cx, Str token, Str client_id, struct id_claims *ret) MUST;
/* The checks of the claims alone, for a payload whose signature stands. */
Res id_claims_check(
    struct cx *cx, Str payload, Str key_issuer, const struct id_expected *expected,
    struct id_claims *ret) MUST;
