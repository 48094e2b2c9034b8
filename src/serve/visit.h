/* SPDX-License-Identifier: Apache-2.0 */
/*
 * visit.h - one request's way through serve.c, from its exchange to its answer.
 *
 *   HTTP thread (a loop)                                 worker
 *   http_exchange: connection, request, arena, answer
 *     └ visit: snapshot, route, what is missing, result
 *         ├ call: what a handler sees; embeds struct work
 *         └ job ── visit_leave ── lanes_push ─────────►  run(job): identify or act
 *     ┌ http_post ◄───────────── http_post ◄───────────  visit_go_home
 *     ▼
 *   visit_finish: headers, log line, http_send
 *
 * The five structs live in the exchange's arena and end with the answer. `call` is the
 * part that api/ knows, and it only points to the rest. `job` and `http_post` are links
 * by which the lanes and the loop chain the visits that are on their way, so a crossing
 * allocates nothing.
 *
 * A request crosses to a worker at most twice, and comes home each time: first with a
 * cold credential (the worker loads it, the loop thread checks again), then with a
 * slow endpoint (the worker runs the handler, the loop thread sends the answer). In
 * between, the visit belongs to the worker alone. It then has its own reference to its
 * snapshot, since the loop may change to a newer one. A parked job still counts as away.
 * Only the loop thread sends, so a connection needs no lock.
 */
#pragma once

#include "api/endpoints.h"
#include "http/server.h"
#include "serve/service.h"

enum { IDS_AT_ONCE = 256 / sizeof(uint64_t) }; /* getrandom(2) gives 256 bytes */

/* The state of one HTTP thread. */
struct loop {
    struct service *service;
    struct auth_cache *cache;
    struct snapshot *snapshot;
    unsigned generation;       /* of the snapshot */
    uint64_t ids[IDS_AT_ONCE]; /* random, for requests to come */
    size_t n_ids;
};

/* Lives in its exchange's arena. */
struct visit {
    struct http_exchange *ex;
    struct loop *loop;
    struct snapshot *snapshot;   /* counted by the loop, while on its thread */
    bool has_ref;                /* a reference of its own, while away */
    const struct endpoint *path; /* any endpoint of its path; NULL: there is none */
    struct call call;
    struct job job;
    struct auth_gap gap;
    struct auth_loaded *loaded;
    Res res;
};

static inline bool visit_is_callback(const struct visit *v)
{
    return v->path != NULL && v->path->answers_itself;
}
