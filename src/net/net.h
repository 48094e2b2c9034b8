/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net.h - one call to another server: libcurl behind one function.
 *
 * TLS is always verified, 1.2 at least; redirects are never followed; a request goes out
 * once; size and time are limited. URLs come from the configuration and are https, or
 * http to exactly a loopback host; a link that an answer holds goes through
 * net_same_origin (net/origin.h) first.
 *
 * A call whose URL a tenant names has a guard (net/guard.h), which judges the address of
 * its connection. It speaks HTTP/1.1 without compression, and uses no proxy.
 */
#pragma once

#include "base/str.h"
#include "net/purpose.h"

struct cx;
struct net_guard;
struct room_part;
struct net; /* a thread's connections, kept for its next calls; never shared */

struct net_options {
    const char *ca_file; /* PEM, in the place of the system's; NULL: those */
    uint64_t ca_mark; /* of its content: where it differs, no connection, session or key
                       * that was made before counts */
    int64_t connect_timeout_ms;    /* for name, connection and TLS together */
    int64_t timeout_ms;            /* for the whole call */
    const struct net_guard *guard; /* where a tenant names the URL; NULL: nowhere */
};

/* How a call is made. Both belong to the caller and outlive the call. */
struct net_via {
    struct net *net;
    const struct net_options *options;
};

/* Once per process: before threads, and after them. net_start ignores SIGPIPE. */
bool net_start(void);
void net_stop(void);

struct net *net_open(void);
void net_close(struct net **n); /* accepts NULL */

/* From any thread: calls on it end by then (clock_mono_ms), as if the server were away.
 */
void net_end_by(struct net *n, int64_t mono_ms);

enum net_method { NET_GET, NET_POST, NET_PUT, NET_PATCH, NET_DELETE };

#define NET_FORM S("application/x-www-form-urlencoded")
#define NET_JSON S("application/json")

struct net_header {
    Str name;
    Str value;
};

/* Everything in it belongs to the caller. net_perform itself says what it accepts (JSON,
 * gzip), who asks, and the body's length. */
struct net_request {
    enum net_method method;
    Str url;
    Str body;         /* of POST, PUT and PATCH; must be empty with the others */
    Str content_type; /* of the body; empty: not said */
    Str bearer;       /* Authorization: Bearer; empty: none */
    const struct net_header *headers; /* more of them */
    size_t n_headers;
    size_t max_bytes; /* of the answer's body, decoded; at most LIMIT_REPLY_BYTES */
    bool drops_body;  /* the head of the answer is the reply: of its body so many bytes
                       * are read, so that the connection can be used again, and dropped */
    struct room_part *room; /* takes the bytes of the body; NULL: nobody counts them */
    int64_t timeout_ms;     /* less than the options' one; 0: no less */
    const char *field;      /* of the answer's head, to be read besides; NULL: none */
    struct net_purpose purpose;
};

struct net_reply {
    int status;
    Str content_type;      /* as sent, may be empty */
    Str body;              /* all text is in the context's arena */
    int64_t date_s;        /* Date, since 1970; -1: not said, as in all that follow */
    int64_t retry_after_s; /* Retry-After from Date on, at most LIMIT_RETRY_AFTER_S, with
                            * a guard LIMIT_GUARDED_RETRY_AFTER_S */
    int64_t max_age_s;     /* Cache-Control less Age; 0 for no-store and no-cache */
    Str field;             /* the value of the field that was asked for; may be empty */
};

/*
 * Any status is a reply; the caller judges. On failure *ret is left alone.
 *
 * FAIL_SOURCE_UNAVAILABLE: no such name, refused, TLS, reset, cut, or net_end_by.
 * FAIL_SOURCE_TIMEOUT: the options', the request's or the context's time is over.
 * FAIL_SOURCE_ERROR: an answer that is too long, no HTTP, or coded otherwise than by
 * gzip; a URL or a header that must not be sent.
 * FAIL_ADDRESS_REFUSED: the guard refuses the URL, or every address of its host.
 * FAIL_LIMIT: max_bytes is over LIMIT_REPLY_BYTES.
 * FAIL_UNAVAILABLE: there is no room for the body.
 *
 * Reasons name the host and libcurl's words, never a query, a body or a header.
 */
Res net_perform(
    struct cx *cx, const struct net_via *via, const struct net_request *req,
    struct net_reply *ret) MUST;

/* OK for a status of 2xx, or of 4xx without 429. FAIL_SOURCE_RATE_LIMITED: 429.
 * FAIL_SOURCE_UNAVAILABLE: 5xx. FAIL_SOURCE_ERROR: any other. */
Res net_reply_check(struct cx *cx, const struct net_reply *reply) MUST;
/* Whether the reply's media type is `type`, whatever its parameters. */
bool net_reply_is(const struct net_reply *reply, Str type);
