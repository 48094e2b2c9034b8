/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h - what a flow carries in `state`, sealed; and what is derived from its id.
 *
 * RFC 6749 §10.12, RFC 7636 §4.1, OpenID Connect Core §3.1.2.1. The browser can neither
 * read nor alter it. The code verifier and the nonce are derived from the flow's id under
 * keys of their own, of the key that the state names, so they are neither sent nor
 * stored.
 */
#pragma once

#include "base/kinds.h"
#include "seal/keyring.h"

enum { FLOW_ID_BYTES = 24, FLOW_SECRET_TEXT = 43 };

/* Values are sealed: never renumber. */
enum credential_kind { CREDENTIAL_TOKEN = 1, CREDENTIAL_JWT = 2 };

struct flow {
    unsigned char id[FLOW_ID_BYTES];
    uint32_t key_id; /* which key the state names: set by seal and open */
    enum credential_kind credential;
    int64_t token_id; /* of CREDENTIAL_TOKEN */
    Str issuer;       /* of CREDENTIAL_JWT: the configured section's name */
    int64_t provider;
    enum mode mode;
    Str user; /* empty: none */
    enum source_id source;
    Str redirect_uri;
    int64_t expires_s;
};

/* Fills id and key_id. base64url text of at most LIMIT_STATE_BYTES. */
Res state_seal(struct cx *cx, const struct keyring *k, struct flow *flow, Str *ret) MUST;
/* FAIL_STATE_INVALID for all that is not genuine. Expiry is the caller's to judge. */
Res state_open(struct cx *cx, const struct keyring *k, Str state, struct flow *ret) MUST;

struct flow_secrets {
    char verifier[FLOW_SECRET_TEXT]; /* RFC 7636 §4.1: 43 characters of base64url */
    char nonce[FLOW_SECRET_TEXT];
    char challenge[FLOW_SECRET_TEXT]; /* S256 of the verifier */
};

/* FAIL_STATE_INVALID when the ring has lost the key. */
Res flow_derive(
    struct cx *cx, const struct keyring *k, const struct flow *flow,
    struct flow_secrets *ret) MUST;
/* base64url(SHA-256(verifier)), RFC 7636 §4.2. */
void pkce_challenge(struct arena *mem, Str verifier, char ret[FLOW_SECRET_TEXT]);
