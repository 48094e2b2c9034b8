/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cached.h - inside auth/ only: what the caches hold about a credential or a provider,
 * and how long it counts.
 *
 * An entry is one immutable block of heap memory with a count of references, so that a
 * worker can hand it to the caches of several threads. A negative entry says that the
 * credential or the provider is unknown.
 */
#pragma once

#include <stdatomic.h>

#include "auth/auth.h"

struct cached {
    atomic_uint references;
    uint64_t key;     /* of the cache */
    int64_t read_ms;  /* of clock_mono_ms: when the read began */
    int64_t renew_ms; /* from here on it wants a renewal */
    int64_t ends_ms;  /* from here on it doesn't count any more */
    bool is_negative;
};

struct cached_credential {
    struct cached base;
    unsigned char hash[AUTH_TOKEN_HASH_BYTES];
    enum credential_kind kind;
    const struct auth_settings *settings; /* of a JWT: only compared, never followed */
    int64_t token_id;
    Str issuer;
    Str reason; /* of a negative entry: for the log, never for the caller */
    Str user;
    bool user_is_refused; /* a `sub` outside the alphabet */
    unsigned modes;
    const int64_t *providers; /* ascending */
    size_t n_providers;
};

struct cached_provider {
    struct cached base;
    int64_t id;
    bool has_feature;
    const Str *patterns;
    size_t n_patterns;
};

/* Either entry may be NULL. */
struct auth_loaded {
    struct cached_credential *credential;
    struct cached_provider *provider;
    bool is_counted;
};

uint64_t cached_key(const unsigned char hash[AUTH_TOKEN_HASH_BYTES]);
/* Both accept NULL. The last cached_unref frees the entry. */
void cached_ref(struct cached *c);
void cached_unref(struct cached *c);

/* Both copy the text and the arrays of `from`. */
struct cached_credential *cached_credential_new(const struct cached_credential *from);
struct cached_provider *cached_provider_new(const struct cached_provider *from);

bool cached_credential_has(const struct cached_credential *c, int64_t provider);
/* The provider that a request is for: `named`, or the only one when `named` is 0. 0: the
 * credential has several, or doesn't have the named one. */
int64_t cached_credential_provider(const struct cached_credential *c, int64_t named);
