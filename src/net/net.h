/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net.h - one call to another server: libcurl behind one function.
 *
 * TLS is verified always; redirects are never followed; size and time are limited; only
 * https, or http to exactly a loopback host. One struct net per thread, reused, so that
 * connections are. URLs come from configuration; a link that an answer holds goes through
 * net_same_origin first.
 */
#pragma once

#include "base/str.h"

struct cx;
struct net;

struct net_options {
    const char *ca_file; /* NULL: the system's; the caller keeps it as long as the net */
    int64_t connect_timeout_ms;
    int64_t timeout_ms; /* per call; the context's deadline cuts it further */
};

/* Once per process, before threads. */
bool net_start(void);
void net_stop(void);

struct net *net_open(void);
void net_close(struct net **n); /* accepts NULL */

/* From any thread: calls on it end by then (clock_mono_ms), as if the source were away.
 */
void net_end_by(struct net *n, int64_t mono_ms);

struct net_request {
    Str url;
    bool is_post;
    Str form;   /* application/x-www-form-urlencoded body of a POST */
    Str bearer; /* Authorization: Bearer, when not empty */
    size_t max_bytes;
};

struct net_reply {
    int status;
    Str content_type;      /* as sent, may be empty */
    Str body;              /* in the context's arena */
    int64_t retry_after_s; /* from Retry-After (seconds or date), -1: none */
    int64_t max_age_s;     /* from Cache-Control, -1: none; 0 for no-store and no-cache */
};

/*
 * Any status is a reply; the caller judges. FAIL_SOURCE_UNAVAILABLE: DNS, refused, TLS,
 * reset, cut. FAIL_SOURCE_TIMEOUT: out of time. FAIL_SOURCE_ERROR: more than max_bytes,
 * or no HTTP. Reasons name host and curl's words, never a query, a body or a header.
 */
Res net_perform(
    struct cx *cx, struct net *net, const struct net_options *options,
    const struct net_request *req, struct net_reply *ret) MUST;

/* What a status says that is neither 2xx nor 4xx, or is 429: FAIL_SOURCE_RATE_LIMITED
 * (429), FAIL_SOURCE_UNAVAILABLE (5xx), else FAIL_SOURCE_ERROR. */
Res net_reply_check(struct cx *cx, const struct net_reply *reply) MUST;
/* Whether the reply's media type is `type`, whatever its parameters. */
bool net_reply_is(const struct net_reply *reply, Str type);

/* https, or http on exactly localhost, 127.0.0.1 or [::1]; a host; no user info, no
 * fragment. */
bool net_url_is_allowed(Str url);
/* Scheme, host and port are the same. */
bool net_same_origin(Str a, Str b);
