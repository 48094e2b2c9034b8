/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.h - who asks, for which provider, in which mode, for which user (contract §2, §9).
 *
 * On the fast lane everything comes from caches that belong to one loop thread. What is
 * not there is cold: auth_check says so, a worker loads it (auth_load), the loop thread
 * keeps it (auth_keep) and runs auth_check again. Facts are at most LIMIT_CACHE_MS old,
 * counted from the start of the read; from LIMIT_CACHE_RENEW_MS on auth_check asks for a
 * renewal in the background. A verified JWT counts until it ends, or LIMIT_CACHE_JWT_MS.
 */
#pragma once

#include "auth/api_token.h"
#include "auth/issuers.h"
#include "auth/rate.h"
#include "base/kinds.h"
#include "http/request.h"
#include "oauth/state.h"

struct db;
struct store;
struct auth_cache;  /* one loop thread's own */
struct auth_loaded; /* what a worker found: heap memory, handed from thread to thread */

struct identity {
    enum credential_kind credential;
    int64_t token_id; /* of an API token */
    Str issuer;       /* of a JWT: the section's name */
    int64_t provider;
    enum mode mode;
    Str user;            /* empty: none known */
    const Str *patterns; /* the cache's own: valid until the fast lane is left */
    size_t n_patterns;
};

/* What is missing, or getting old. */
struct auth_need {
    bool credential;
    unsigned char hash[AUTH_TOKEN_HASH_BYTES];
    Str jwt; /* whole, in the request's arena; empty: an API token. Never in a renewal */
    bool provider;
    int64_t provider_id; /* 0: the only one that the credential has */
    bool is_renewal;     /* the request goes on; load this in the background */
    bool is_counted;     /* the rate limit has seen this request */
};

struct auth_settings {
    struct jwt_issuers issuers;
    int64_t rate; /* requests/s per credential and node; 0: off */
    int64_t burst;
    struct rate_table *rates; /* owned by the settings; NULL when rate is 0 */
};

struct auth_error {
    Str field; /* the header that FAIL_PARAMETER_INVALID is about */
    Str message;
    int64_t retry_after_s; /* of FAIL_THROTTLED */
};

struct auth_cache *auth_cache_open(void);
void auth_cache_close(struct auth_cache **c); /* accepts NULL */
/* After a reload of the configuration: forget all JWTs. */
void auth_cache_clear(struct auth_cache *c);

struct auth_ask {
    struct auth_cache *cache;
    const struct auth_settings *settings;
    const struct http_request *req;
    const struct auth_loaded *loaded; /* NULL at first */
    int64_t now_ms;                   /* clock_mono_ms */
};

/*
 * OK with need->credential or need->provider set and not is_renewal: cold, load and call
 * again with what was loaded. OK otherwise: `ret` is who asks, and `loaded` stays open
 * until the handler has left the fast lane. Failures are the contract's, in its order:
 * credential, 429, provider, mode, user, feature.
 */
Res auth_check(
    struct cx *cx, const struct auth_ask *ask, struct auth_need *need,
    struct identity *ret, struct auth_error *error) MUST;

/* In a worker. What is unknown is loaded as unknown. FAIL_UNAVAILABLE: the store or the
 * issuer's keys are away. */
Res auth_load(
    struct cx *cx, struct store *store, struct net *net,
    const struct auth_settings *settings, const struct auth_need *need,
    struct auth_loaded **ret) MUST;
/* On the loop thread; the caller still closes. */
void auth_keep(struct auth_cache *c, const struct auth_loaded *loaded);
void auth_loaded_close(struct auth_loaded **l); /* accepts NULL */

/* Both inside a transaction. Whether there still is a safe place to send the flow's
 * browser to: FAIL_STATE_INVALID when its provider or pattern is gone. */
Res auth_flow_place(struct cx *cx, struct db *db, const struct flow *flow) MUST;
/* Whether what began a flow may still end it (contract §6): the same, and
 * FAIL_FEATURE_NOT_ENABLED, FAIL_AUTHORIZATION_WITHDRAWN. */
Res auth_flow_check(
    struct cx *cx, struct db *db, const struct auth_settings *settings,
    const struct flow *flow) MUST;
bool patterns_match(const Str *patterns, size_t n, Str redirect_uri);
