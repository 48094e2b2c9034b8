/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - the identity of a request, from the caches of one HTTP thread.
 *
 * auth_check never blocks. When the caches lack something, it reports a gap: a worker
 * fills the gap (auth_load), the HTTP thread keeps what was loaded (auth_keep) and runs
 * auth_check again. Cached data is at most LIMIT_CACHE_MS old, counted from the start of
 * the read; from LIMIT_CACHE_RENEW_MS on, auth_check asks for a renewal in the
 * background. A verified JWT counts until it expires, or for LIMIT_CACHE_JWT_MS.
 */
#pragma once

#include "auth/auth.h"
#include "http/request.h"

struct auth_cache;  /* belongs to one HTTP thread */
struct auth_loaded; /* auth/load.h */

struct auth_cache *auth_cache_open(void);
void auth_cache_close(struct auth_cache **c); /* accepts NULL */
/* Forgets all JWTs: for a reload of the configuration. */
void auth_cache_clear(struct auth_cache *c);

struct auth_ask {
    struct auth_cache *cache;
    const struct auth_settings *settings;
    const struct http_request *req;
    const struct auth_loaded *loaded; /* NULL at first */
    int64_t now_ms;                   /* clock_mono_ms */
};

/*
 * OK with gap->credential or gap->provider set and not is_renewal: the credential is
 * cold; fill the gap and call again with what was loaded. OK otherwise: `ret` is the
 * identity; `loaded` must stay open, and the cache as it is, until auth_detach.
 * Failures come in the order of docs/api.md §2: credential, 429, provider, mode, user,
 * feature.
 */
Res auth_check(
    struct cx *cx, const struct auth_ask *ask, struct auth_gap *gap, struct identity *ret,
    struct auth_error *error) MUST;

/* Whoever leaves the fast lane takes along what the cache may drop meanwhile: what `who`
 * borrows becomes a copy in `mem`. */
void auth_detach(struct arena *mem, struct identity *who);

/* On the HTTP thread. The caller still closes `loaded`. */
void auth_keep(struct auth_cache *c, const struct auth_loaded *loaded);
