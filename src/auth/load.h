/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.h - fills a gap of the caches on a worker.
 */
#pragma once

#include "auth/auth.h"

struct net;
struct store;
struct auth_loaded; /* heap memory, handed from thread to thread */

/* Unknown credentials and providers are loaded as unknown. FAIL_UNAVAILABLE: the store or
 * the keys of the JWT's issuer are away; with `net` NULL nothing is fetched, so those
 * keys are away, too, when they would have to be fetched. */
Res auth_load(
    struct cx *cx, struct store *store, struct net *net,
    const struct auth_settings *settings, const struct auth_gap *gap,
    struct auth_loaded **ret) MUST;
/* Whether auth_load would fetch keys for the gap. An unverified token can cause that, so
 * a fetch must not hold up the workers that load other credentials. */
bool auth_needs_fetch(
    struct cx *cx, const struct auth_settings *settings, const struct auth_gap *gap);
void auth_loaded_close(struct auth_loaded **l); /* accepts NULL */
