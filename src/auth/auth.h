/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.h - the types that the stages of identification share: who asks, for which
 * provider, in which mode, for which user (docs/api.md §2, §9).
 */
#pragma once

#include "auth/api_token.h"
#include "auth/jwt.h"
#include "auth/rate.h"
#include "base/kinds.h"
#include "oauth/state.h"

struct identity {
    enum credential_kind credential;
    int64_t token_id; /* of an API token */
    Str issuer;       /* of a JWT: the name of its section */
    int64_t provider;
    enum mode mode;
    Str user;            /* empty: no user is known */
    const Str *patterns; /* borrowed from the thread's cache, until auth_detach */
    size_t n_patterns;
};

/* The entries that the caches lack, or that are old enough for a renewal. */
struct auth_gap {
    bool credential;
    unsigned char hash[AUTH_TOKEN_HASH_BYTES];
    Str jwt; /* whole, in the request's arena; empty: an API token. Never in a renewal */
    bool provider;
    int64_t provider_id;       /* 0: the only provider that the credential has */
    bool is_renewal;           /* the request goes on; load this in the background */
    bool is_counted;           /* the rate limit has counted this request */
    enum credential_kind kind; /* 0: there is none that could be one */
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
    Str hint;              /* what helps, for the caller; empty: nothing is known */
    int64_t retry_after_s; /* of FAIL_THROTTLED */
    struct identity who;   /* what is known of the credential, for the log */
};
