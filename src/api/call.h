/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h - one call of the API on its way through the handlers.
 *
 * It lives in the exchange's arena. On the fast lane `worker` is NULL and a handler never
 * blocks; on the slow lane a worker thread runs it and may use the store and the network.
 */
#pragma once

#include "api/settings.h"
#include "auth/auth.h"
#include "base/cx.h"
#include "http/request.h"
#include "http/url.h"
#include "render/writer.h"

struct store;
struct endpoint;

struct lanes;

struct worker {
    struct store *store;
    struct net *net;
    Str owner; /* unique among all workers of all nodes: for claims and leases */
    /* Runs again what is parked under a key; NULL where nothing can be. */
    void (*wake)(struct lanes *lanes, Str key);
    struct lanes *lanes;
};

struct field_error {
    Str field; /* "non_field_errors" for what concerns the whole body */
    Str message;
};

enum { CALL_FIELD_ERRORS = 8, CALL_PARK_KEY_BYTES = 64 };

struct call {
    struct cx *cx;
    const struct http_request *req;
    struct http_answer *answer;
    const struct settings *settings;
    struct worker *worker;
    const struct endpoint *endpoint;
    enum format format;
    Str args[2]; /* the path's variable segments, decoded: {id}, {base64_calendar_id} */
    const struct param *params;
    size_t n_params;
    struct identity who; /* of endpoints that need a credential */

    struct field_error errors[CALL_FIELD_ERRORS]; /* with FAIL_PARAMETER_INVALID */
    size_t n_errors;
    int64_t retry_after_s; /* with FAIL_THROTTLED, FAIL_UNAVAILABLE, FAIL_SOURCE_ERROR; 0:
                              the table's */
    Str outcome;           /* for the log and metrics: how a flow ended; empty: no flow */

    /* Parking: a slow handler that has to wait for another sets these and returns OK; it
     * is run again when the key is woken, or to look (app/lanes.h), at the latest when
     * its time is over, and keeps its progress in `progress`. */
    bool is_parked;
    /* Whoever leaves a slow handler with this set and not parked wakes that key, which
     * has at most CALL_PARK_KEY_BYTES. */
    Str park_key;
    size_t park_most; /* how many may wait under it; 0: any number */
    void *progress;
};

/* Notes a field error and returns FAIL_PARAMETER_INVALID; several may be noted. */
Res call_field_error(struct call *c, Str field, Str message);
/* Nothing where nothing can be parked. */
void worker_wake(const struct worker *w, Str key);
/* Who holds a claim or a lease: this piece of work alone, not its worker, which serves
 * others while the work is parked. */
Str owner_new(struct arena *mem, const struct settings *settings);
/* Fills the answer from the writer. */
Res call_answer(struct call *c, int status, struct writer *w) MUST;
/* Fills the answer for a failure: the envelope of contract §4 in the call's format, with
 * its headers (WWW-Authenticate, Retry-After). Never fails. */
void call_answer_fail(struct call *c, enum fail kind);
/* An absolute URI below the public URL. */
Str call_url(struct call *c, Str path_and_query);
