/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service.h - inside app: what a running service is made of, and the settings in force.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "app/app.h"
#include "app/lanes.h"
#include "http/server.h"

/* One configuration with one keyring, immutable. A loop thread holds the one in force; a
 * request that leaves it holds the one that it began with. */
struct snapshot {
    atomic_int holders;
    struct snapshot *newer; /* held, since the keyring follows its keyring; NULL: none */
    struct config *config;
    struct keyring *keyring;
    struct settings settings;
};

/* Takes over both; the caller is the first holder. */
struct snapshot *snapshot_new(struct config *config, struct keyring *keyring, Str node);
struct snapshot *snapshot_hold(struct snapshot *s);
void snapshot_drop(struct snapshot **s); /* accepts NULL */

enum chore_id { CHORE_REVOKE, CHORE_REFRESH, CHORE_KEYS, CHORE_SWEEP, CHORES };

struct service;

/* Work of the background, run in the slow lane, one of a kind at a time. */
struct chore {
    struct job job;
    struct service *service;
    enum chore_id id;
    int64_t due_ms;  /* of the main thread alone */
    bool has_failed; /* of who has it under way alone */
    atomic_bool is_under_way;
    atomic_bool is_wanted; /* somebody has left work for it */
};

struct service {
    struct store *store;
    struct lanes *lanes;
    struct http_server *server;
    Str node;
    Str openapi;
    atomic_bool store_is_ready;       /* migrated, and every key that it needs is there */
    _Atomic int64_t trusted_until_ms; /* of the monotonic clock: node.c */
    struct chore chores[CHORES];

    pthread_mutex_t lock;      /* for what follows */
    struct snapshot *snapshot; /* in force */
    atomic_uint generation;    /* changes with it; read without the lock */
};

/* In force from now on; the service takes over the caller's hold. */
void service_use(struct service *s, struct snapshot *snapshot);
struct snapshot *service_snapshot(struct service *s); /* the caller drops it */

/* node.c: reports the keyring in force; *sealing is the key that it shall seal with.
 * FAIL_CONFIG: it lacks that one. */
Res node_share(struct cx *cx, struct service *s, uint32_t *sealing) MUST;
void node_end(struct service *s); /* nothing is served any more */
/* Whether the store has been reached, and the others reckon with this node's keys. */
bool node_may_serve(struct service *s);

/* serve.c: the handler and the threads of http/. */
void serve_handle(struct http_exchange *ex);
void *serve_thread_start(void *service, struct http_loop *http);
void serve_thread_stop(void *service, void *loop_data);
/* For the handlers of documents.c. */
struct service *service_of_call(struct call *c);

/* background.c */
void background_start(struct service *s);
/* From the main thread, every second or so. */
void background_tick(struct service *s);
/* From any thread: there is something to revoke. */
void background_want(struct service *s, enum chore_id id);
