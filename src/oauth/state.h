/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h - a flow as it is sealed into `state`, and the secrets derived from its id.
 *
 * RFC 6749 §10.12, RFC 7636 §4.1, OpenID Connect Core §3.1.2.1. The browser can neither
 * read nor alter a state. The code verifier and the nonce are derived from the flow's id,
 * each under a key of its own, so they are neither sent nor stored.
 */
#pragma once

#include "base/kinds.h"
#include "seal/keyring.h"
#include "seal/pack.h"

enum { FLOW_ID_BYTES = 24, FLOW_SECRET_TEXT = 43 };

/* Values are sealed: never renumber. */
enum credential_kind { CREDENTIAL_TOKEN = 1, CREDENTIAL_JWT = 2 };

struct flow {
    unsigned char id[FLOW_ID_BYTES];
    uint32_t key_id; /* of the key that seals the state; set by state_seal, state_open */
    enum credential_kind credential;
    int64_t token_id; /* of CREDENTIAL_TOKEN */
    Str issuer;       /* of CREDENTIAL_JWT: the configured section's name */
    int64_t provider;
    enum mode mode;
    Str user; /* empty: none */
    enum source_id source;
    Str redirect_uri;
    int64_t expires_s;
    int64_t account; /* that is to be connected again; 0: any */
};

/* Fills id and key_id. Gives base64url text of at most LIMIT_STATE_BYTES. */
Res state_seal(struct cx *cx, const struct keyring *k, struct flow *flow, Str *ret) MUST;
/* FAIL_STATE_INVALID: the state is not genuine. The caller judges expires_s. */
Res state_open(struct cx *cx, const struct keyring *k, Str state, struct flow *ret) MUST;

/* The members behind `key_id`, for a sealed record that holds a flow. false: a value that
 * this version doesn't know. */
void state_flow_pack(struct buf *b, const struct flow *f);
bool state_flow_unpack(struct unpack *u, struct flow *ret);
/* The account, behind all else, if there is one: without it nothing is written. */
void state_account_pack(struct buf *b, const struct flow *f);
bool state_account_unpack(struct unpack *u, struct flow *ret);

struct flow_secrets {
    char verifier[FLOW_SECRET_TEXT]; /* RFC 7636 §4.1: 43 characters of base64url */
    char nonce[FLOW_SECRET_TEXT];
    char challenge[FLOW_SECRET_TEXT]; /* S256 of the verifier */
};

/* Names the flow in the context, too: by the begin of the challenge's hash, which is no
 * secret, since the browser has it. FAIL_STATE_INVALID: the key of the state is no longer
 * in the ring. */
Res state_derive_secrets(
    struct cx *cx, const struct keyring *k, const struct flow *flow,
    struct flow_secrets *ret) MUST;
/* base64url(SHA-256(verifier)), RFC 7636 §4.2; `hash` without the base64url. */
void state_pkce_challenge(
    struct arena *mem, Str verifier, unsigned char hash[SEAL_HASH_BYTES],
    char ret[FLOW_SECRET_TEXT]);
