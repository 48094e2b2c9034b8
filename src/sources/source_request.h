/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_request.h - inside sources/ only: requests by which something is made, changed
 * or ended at a source, and what it means when the source refuses.
 *
 * There is one way to send them. What they say, and which words of a source mean what, is
 * data of whoever asks.
 */
#pragma once

#include "base/json.h"
#include "sources/source_call.h"

enum { SOURCE_PATH_PARTS = 5 };

struct source_request {
    enum net_method method;
    /* Below api_url, joined, a query included: the second and the fourth are escaped, the
     * others stand as they are. */
    Str path[SOURCE_PATH_PARTS];
    json_t *body; /* NULL: none; the caller's */
    const struct net_header *headers;
    size_t n_headers;
};

/* A meaning for an answer; the first row that fits decides. */
struct source_error {
    Str reason; /* as the body gives it; empty: any or none */
    int status; /* 0: any; 4: any of 4xx, and 5 likewise */
    enum fail kind;
    int why;               /* of the failures of whoever asks; 0: no more to say */
    bool if_told_to_wait;  /* only an answer with Retry-After */
    bool if_scope_is_lost; /* only where the grant lacks every scope that is enough */
    Str message;           /* a part of the body's message; empty: any or none */
};

/* What is the same at every source. */
struct source_topic {
    enum net_operation operation;
    const char *about; /* "the request for …", as a failure's reason begins */
    const struct source_error *errors;
    size_t n_errors;
};

/* What a source's own words mean. Where no row fits, those of the topic count, and then
 * the status alone. */
struct source_errors {
    const struct source_topic *topic;
    Str (*reason)(const json_t *body); /* that an error's body gives; empty: none */
    const struct source_error *rows;
    size_t n_rows;
    const Str *scopes; /* any of which is enough */
    size_t n_scopes;
};

/* Sends it. *ret: the body of a good answer (2xx), NULL where it is no JSON; the caller
 * closes it with CLEANUP(j_done). On failure *why is the row's, else 0. */
Res source_request_send(
    struct cx *cx, struct source_call *call, const struct source_request *request,
    const struct source_errors *errors, json_t **ret, int *why) MUST;
