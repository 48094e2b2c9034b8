/* SPDX-License-Identifier: Apache-2.0 */
/*
 * visit.h - one request's way through serve.c, from its exchange to its answer.
 */
#pragma once

#include "api/endpoints.h"
#include "app/service.h"

enum { ID_BYTES = 12, IDS_AT_ONCE = 256 / ID_BYTES }; /* getrandom(2) gives 256 bytes */

/* What belongs to one loop thread. */
struct loop {
    struct service *service;
    struct auth_cache *cache;
    struct snapshot *snapshot;
    unsigned generation;                      /* of the snapshot */
    unsigned char ids[IDS_AT_ONCE][ID_BYTES]; /* random, for requests to come */
    size_t n_ids;
};

/* In its exchange's arena. */
struct visit {
    struct http_exchange *ex;
    struct loop *loop;
    struct snapshot *snapshot; /* valid: the loop's own, or held */
    bool is_held;
    const struct endpoint *path; /* any endpoint of its path; NULL: none, or not read */
    struct call call;
    struct job job;
    struct auth_need need;
    struct auth_loaded *loaded;
    Res res;
};

bool visit_is_callback(const struct visit *v);
/* What every answer gets: X-Request-Id, Cache-Control, nosniff; of a callback
 * Referrer-Policy, of all else Vary and CORS. */
void visit_headers(struct visit *v);
/* The one line per request. */
void visit_log(const struct visit *v);
