/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h - trade codes and refresh tokens at a source's token endpoint.
 *
 * RFC 6749 §4.1.3, §5, §6; RFC 7009. Stores nothing and logs nothing.
 */
#pragma once

#include "net/net.h"

struct oauth_client {
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

/* What a callback brought, and what proves that the flow is ours (RFC 7636 §4.5). */
struct token_code {
    Str code;
    Str verifier;
};

/* A grant's refresh, and what it granted so far: stays when the answer names no scope
 * (RFC 6749 §6). */
struct token_renewal {
    Str refresh_token;
    Str scope;
    int64_t retry_after_s; /* after a failure: as the source says it, -1: it doesn't */
};

/*
 * FAIL_CODE_REJECTED (invalid_grant), FAIL_SOURCE_MISCONFIGURED (our client, and unknown
 * OAuth errors), FAIL_ADMIN_CONSENT_REQUIRED and the others of contract §9,
 * FAIL_SOURCE_RATE_LIMITED (429), FAIL_SOURCE_UNAVAILABLE (network, 5xx),
 * FAIL_SOURCE_TIMEOUT, FAIL_SOURCE_ERROR (unusable). A code goes out once; only a refused
 * client is tried again, with the next secret.
 */
Res token_exchange(
    struct cx *cx, struct net *net, const struct net_options *options,
    const struct oauth_client *client, const struct token_code *code, struct tokens *ret)
    MUST;
/* As above, but FAIL_GRANT_REFUSED for what ends a grant for good (invalid_grant,
 * interaction_required, login_required, consent_required). */
Res token_refresh(
    struct cx *cx, struct net *net, const struct net_options *options,
    const struct oauth_client *client, struct token_renewal *renewal, struct tokens *ret)
    MUST;
/* OK also when the token was dead already (400 invalid_token). */
Res token_withdraw(
    struct cx *cx, struct net *net, const struct net_options *options, Str revoke_url,
    Str token) MUST;

/* The error codes of RFC 6749 §4.1.2.1 and §5.2 and the sources' own, as failures
 * (contract §9). */
enum fail oauth_error_kind(Str error, Str subcode, Str description, bool at_exchange);
