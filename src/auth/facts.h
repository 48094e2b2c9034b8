/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.h - inside auth/ only: what is known about a credential or a provider, and for
 * how long.
 *
 * A fact is one immutable piece of heap memory, counted, so that a worker can hand it to
 * the caches of several threads. What is unknown is a fact too: a negative one.
 */
#pragma once

#include <stdatomic.h>

#include "auth/auth.h"

struct fact {
    atomic_uint references;
    uint64_t key;     /* of the cache */
    int64_t read_ms;  /* of clock_mono_ms: when the read began */
    int64_t renew_ms; /* from here on it wants a renewal */
    int64_t ends_ms;  /* from here on it doesn't count any more */
    bool is_negative;
};

struct credential_fact {
    struct fact fact;
    unsigned char hash[AUTH_TOKEN_HASH_BYTES];
    enum credential_kind kind;
    const struct auth_settings *settings; /* of a JWT: only compared, never followed */
    int64_t token_id;
    Str issuer;
    Str user;
    bool user_is_refused; /* a `sub` outside the alphabet */
    unsigned modes;
    const int64_t *providers; /* ascending */
    size_t n_providers;
};

struct provider_fact {
    struct fact fact;
    int64_t id;
    bool has_feature;
    const Str *patterns;
    size_t n_patterns;
};

/* Either may be NULL. */
struct auth_loaded {
    struct credential_fact *credential;
    struct provider_fact *provider;
    bool is_counted;
};

uint64_t fact_key(const unsigned char hash[AUTH_TOKEN_HASH_BYTES]);
/* Both accept NULL. */
void fact_hold(struct fact *f);
void fact_drop(struct fact *f);

/* The arguments' text and arrays are copied. */
struct credential_fact *credential_fact_new(const struct credential_fact *from);
struct provider_fact *provider_fact_new(const struct provider_fact *from);

bool credential_has_provider(const struct credential_fact *c, int64_t provider);
/* Which provider a request is for that names `wish` (0: none): 0 when the credential
 * leaves that open or doesn't have it. */
int64_t credential_provider(const struct credential_fact *c, int64_t wish);
