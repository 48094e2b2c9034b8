/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwks.h - the keys behind a URL, cached for all threads (docs/api.md §9).
 *
 * Keys are fresh as long as Cache-Control says, within 5 minutes and 24 hours, and serve
 * for 24 hours more while the URL is down. An unknown kid is looked up at once, then at
 * most every 30 seconds. One fetch is under way at a time; for 30 seconds after a failed
 * one nothing is fetched.
 */
#pragma once

#include "net/net.h"
#include "oauth/jws.h"

struct jwks; /* counted */

/* The URL and options are copied. */
struct jwks *jwks_open(Str url, const struct net_options *options);
/* A reference to `j`, with what it has fetched, when URL and options are the same; else
 * NULL. `j` may be NULL. */
struct jwks *jwks_ref_same(struct jwks *j, Str url, const struct net_options *options);
void jwks_unref(struct jwks **j); /* accepts NULL */

/* For the log and the metrics: the keys are this source's. */
void jwks_note_source(struct jwks *j, enum source_id source);
/* Since the keys were fetched; -1: they never were. */
int64_t jwks_age_s(struct jwks *j);

/* On whose behalf keys are fetched. */
struct jwks_caller {
    struct net *net;  /* NULL: nothing is fetched */
    bool is_stranger; /* nothing about it is verified yet: its fetch takes at most
                         LIMIT_JWKS_STRANGER_MS, and it waits for no other fetch */
};

/* As jws_verify, fetching when it must. FAIL_SOURCE_…: no usable key could be fetched.
 * FAIL_UNAVAILABLE: a fetch is needed that this caller may not begin or wait for.
 * *key_issuer (may be NULL) is copied into the arena. */
Res jwks_verify(
    struct cx *cx, struct jwks *j, const struct jwks_caller *caller, const struct jws *t,
    unsigned algs, Str *key_issuer) MUST;
/* Whether jwks_verify would fetch for that kid now. */
bool jwks_needs_fetch(struct jwks *j, Str kid);
/* In the background: fetches keys that are no longer fresh, and again what could not be
 * fetched; else does nothing. */
Res jwks_renew(struct cx *cx, struct jwks *j, struct net *net) MUST;
/* Fetches in any case: for `caldock check`. */
Res jwks_fetch(struct cx *cx, struct jwks *j, struct net *net) MUST;
