/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h - trades codes and refresh tokens at a source's token endpoint.
 *
 * RFC 6749 §4.1.3, §5, §6; RFC 7009. Stores nothing and logs nothing.
 */
#pragma once

#include "net/net.h"

struct oauth_client {
    enum source_id source; /* for the log and the metrics; 0: neither */
    Str client_id;
    Str client_secret;
    Str client_secret_next; /* tried when the first is refused; empty: none */
    Str redirect_uri;       /* ours, registered with the source */
    Str authorize_url;
    Str token_url;
    Str revoke_url; /* empty: the source has none */
    Str scopes;     /* as configured, separated by single spaces */
};

struct tokens {
    Str access_token;
    Str refresh_token; /* empty: none was given */
    Str id_token;      /* empty: none was given */
    Str scope; /* as granted; when the answer has none, as requested (RFC 6749 §5.1) */
    int64_t expires_in_s;
};

/* The code of a callback, and the proof that the flow is ours (RFC 7636 §4.5). */
struct token_code {
    Str code;
    Str verifier;
    bool client_refused; /* the result: our secret is wrong */
};

/* A refresh, and after a failure what the source said besides. */
struct token_renewal {
    Str refresh_token;
    Str scope; /* granted so far: counts when the answer names none (RFC 6749 §6) */
    int64_t retry_after_s; /* -1: not said */
    bool client_refused;   /* our secret is wrong */
    Str rescued; /* a new refresh token in an answer that can't be used otherwise: it has
                    to be stored; empty: none */
};

/*
 * FAIL_CODE_REJECTED (invalid_grant), FAIL_SOURCE_MISCONFIGURED (our client, and unknown
 * OAuth errors), FAIL_ADMIN_CONSENT_REQUIRED and the others of docs/api.md §9,
 * FAIL_SOURCE_RATE_LIMITED (429), FAIL_SOURCE_UNAVAILABLE (network, 5xx),
 * FAIL_SOURCE_TIMEOUT, FAIL_SOURCE_ERROR (unusable). A code goes out once; only a refused
 * client is tried again, with the next secret.
 */
Res token_exchange(
    struct cx *cx, const struct net_via *via, const struct oauth_client *client,
    struct token_code *code, struct tokens *ret) MUST;
/* The same request with the client's first secret alone, for `caldock check`: the answer
 * to a code that nobody was given says whether the client is accepted. FAIL_SOURCE_…: no
 * answer. */
Res token_try(
    struct cx *cx, const struct net_via *via, const struct oauth_client *client,
    const struct token_code *code, struct net_reply *ret) MUST;
/* Fails as above, but with FAIL_GRANT_REFUSED for errors that end a grant
 * (oauth_error.h).
 */
Res token_refresh(
    struct cx *cx, const struct net_via *via, const struct oauth_client *client,
    struct token_renewal *renewal, struct tokens *ret) MUST;
/* OK also when the token was dead already (400 invalid_token). */
Res token_withdraw(
    struct cx *cx, const struct net_via *via, const struct oauth_client *client,
    Str token) MUST;
