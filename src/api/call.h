/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h - one call of the API on its way through the handlers.
 *
 * It lives in the exchange's arena. An endpoint without a pool runs on its HTTP thread:
 * `work.worker` is NULL, and the handler never blocks. The handlers of all other
 * endpoints run on a worker and may use the store and the network.
 */
#pragma once

#include "auth/auth.h"
#include "base/cx.h"
#include "http/request.h"
#include "http/url.h"
#include "render/writer.h"
#include "work/work.h"

struct endpoint;
struct notices;
struct service;

struct field_error {
    Str field; /* "non_field_errors": the error concerns the whole body */
    Str message;
};

enum {
    CALL_ARGS = 2, /* variable segments of a path, at most */
    CALL_HINT_BYTES = 8 * 1024,
};

struct error_row;

struct call {
    struct cx *cx;
    const struct http_request *req;
    struct http_answer *answer;
    struct work work;
    const struct endpoint *endpoint;
    enum format format;
    Str args[CALL_ARGS]; /* the path's variable segments, decoded: {id},
                            {base64_calendar_id} */
    const struct param *params;
    size_t n_params;
    struct identity who; /* set for endpoints that want a credential */

    struct field_error *errors; /* with FAIL_PARAMETER_INVALID; in the arena */
    size_t n_errors;
    size_t room_errors;
    Str hint;    /* for the caller, after the envelope's message; empty: none */
    Str outcome; /* how a flow ended, for the log; empty: no flow */
    Str source;  /* the code of the flow's, for the log; empty: no flow */

    struct notices *notices;        /* calendars/notices.h; NULL in tests */
    void *progress;                 /* where a handler that parked goes on */
    void (*at_end)(struct call *c); /* gives back what the call has, however it ends: on
                                     * its HTTP thread, once, if it isn't NULL */
    struct service *service;        /* for the handlers of serve/; NULL in tests */
};

/* Notes a field error and returns FAIL_PARAMETER_INVALID; any number may be noted. */
Res call_field_error(struct call *c, Str field, Str message);
/* Adds a sentence to the message of a failure: a possible cause, or a remedy. Ignores an
 * empty sentence, and any that would pass CALL_HINT_BYTES. Never give it a secret. */
void call_hint(struct call *c, Str sentence);
/* Fills the answer with what was written. */
Res call_answer(struct call *c, int status, struct writer *w) MUST;
/* Fills the answer for a failure: the envelope of docs/api.md §4 in the call's format,
 * with its headers (WWW-Authenticate, Retry-After). Never fails. */
void call_answer_fail(struct call *c, enum fail kind);
/* What Retry-After says with that row's failure; 0: nothing. */
int64_t call_retry_s(const struct call *c, const struct error_row *row);
/* Makes an absolute URI below the public URL. */
Str call_url(struct call *c, Str path_and_query);
