/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwks.h - the keys behind a URL, cached for all threads.
 *
 * Fresh as long as Cache-Control says, within 5 minutes and 24 hours; an unknown kid is
 * looked up at once, then at most every 30 seconds; while the URL is down, cached keys
 * serve for 24 hours at most (contract §9).
 */
#pragma once

#include "net/net.h"
#include "oauth/jws.h"

struct jwks;

/* The URL and options are copied. */
struct jwks *jwks_open(Str url, const struct net_options *options);
void jwks_close(struct jwks **j); /* accepts NULL */

/* As jws_verify, fetching when it must. FAIL_SOURCE_… when no usable key could be fetched
 * at all. *key_issuer is copied into the arena. */
Res jwks_verify(
    struct cx *cx, struct jwks *j, struct net *net, const struct jws *t, unsigned algs,
    Str *key_issuer) MUST;
/* From memory alone: FAIL_NOT_FOUND when the keys are absent, stale, or don't know the
 * kid. */
Res jwks_verify_cached(struct cx *cx, struct jwks *j, const struct jws *t, unsigned algs)
    MUST;
/* In the background: fetches when it was fetched before and is due, else does nothing. */
Res jwks_renew(struct cx *cx, struct jwks *j, struct net *net) MUST;
/* Fetches now, whatever is cached: for `caldock check`. */
Res jwks_fetch(struct cx *cx, struct jwks *j, struct net *net) MUST;
