/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.h - who asks, for which provider, in which mode, for which user (contract §2, §9).
 *
 * On the fast lane everything comes from caches that belong to one loop thread. What is
 * not there is cold: auth_check says so in `need`, a worker loads it (auth_load), the
 * loop thread keeps it (auth_keep) and runs auth_check again with it. Facts are at most
 * LIMIT_CACHE_MS old, counted from the start of the read; from LIMIT_CACHE_RENEW_MS on
 * auth_check asks for a renewal in the background.
 */
#pragma once

#include "auth/issuers.h"
#include "auth/rate.h"
#include "base/kinds.h"
#include "http/request.h"
#include "oauth/state.h"

struct cx;
struct store;
struct auth_cache; /* one loop thread's own */

struct identity {
    enum credential_kind credential;
    int64_t token_id; /* of an API token */
    Str issuer;       /* of a JWT: the section's name */
    int64_t provider;
    enum mode mode;
    Str user; /* empty: none known */
    /* Redirect patterns of the provider, in normal form. Owned by the cache: only valid
     * until the handler leaves the fast lane. */
    const Str *patterns;
    size_t n_patterns;
};

enum { AUTH_TOKEN_HASH_BYTES = 32 };

/* What is missing, or getting old. */
struct auth_need {
    bool credential; /* by hash (API token) or whole (JWT, in the request's arena) */
    bool is_jwt;
    unsigned char hash[AUTH_TOKEN_HASH_BYTES];
    Str jwt; /* never set in a renewal, so that one may outlive its request */
    bool provider;
    int64_t provider_id; /* 0: the only one that the credential has */
    bool is_renewal;     /* the request goes on; load this in the background */
    bool is_counted;     /* the rate limit has seen this request */
};

struct auth_loaded; /* what a worker found: heap memory, handed from thread to thread */

struct auth_settings {
    struct jwt_issuers issuers;
    int64_t rate; /* requests/s per credential and node; 0: off */
    int64_t burst;
    struct rate_table *rates; /* owned by the settings; NULL when rate is 0 */
};

/* The field that a header error is about, for field_errors; `message` is for the caller.
 */
struct auth_error {
    Str field;
    Str message;
    int64_t retry_after_s; /* of FAIL_THROTTLED */
};

struct auth_cache *auth_cache_open(void);
void auth_cache_close(struct auth_cache **c); /* accepts NULL */

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
 * until the handler has left the fast lane. Failures are the contract's: 401, 403,
 * provider_required, mode_required, parameter_invalid (then `error` names the header).
 * The order is credential, 429, provider, mode, user, feature.
 */
Res auth_check(
    struct cx *cx, const struct auth_ask *ask, struct auth_need *need,
    struct identity *ret, struct auth_error *error) MUST;

/* In a worker: reads the store, or verifies the JWT. What is unknown is loaded too, as
 * unknown. FAIL_UNAVAILABLE: the store or the issuer's keys are away. */
Res auth_load(
    struct cx *cx, struct store *store, struct net *net,
    const struct auth_settings *settings, const struct auth_need *need,
    struct auth_loaded **ret) MUST;
/* On the loop thread: takes a reference of its own; the caller still closes. */
void auth_keep(struct auth_cache *cache, const struct auth_loaded *loaded);
void auth_loaded_close(struct auth_loaded **l); /* accepts NULL */
/* After a reload of the configuration: forget all JWTs. */
void auth_cache_clear(struct auth_cache *cache);

/* Whether what began a flow may still end it (contract §6): FAIL_AUTHORIZATION_WITHDRAWN,
 * FAIL_FEATURE_NOT_ENABLED, FAIL_STATE_INVALID (provider or pattern gone). Inside a
 * transaction. */
struct db;
Res auth_flow_check(
    struct cx *cx, struct db *db, const struct auth_settings *settings,
    const struct flow *flow) MUST;

/* A new API token, "cdk_…", and its hash. */
Str api_token_new(struct arena *mem, unsigned char hash[AUTH_TOKEN_HASH_BYTES]);
void api_token_hash(Str token, unsigned char ret[AUTH_TOKEN_HASH_BYTES]);
/* 1 to LIMIT_USER_BYTES characters of the contract's alphabet. */
bool user_is_valid(Str user);
