/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nodes.h - the nodes that serve, and the keys that each of them has loaded (ADR 16).
 */
#pragma once

#include "base/str.h"

struct cx;
struct db;

/* The length of a node's id, which begins the owners of its leases. */
enum { NODE_ID_CHARS = 12 };

/* Values are stored: never renumber. */
enum node_ready { NODE_READY_UNKNOWN = 0, NODE_IS_READY = 1, NODE_IS_UNREADY = 2 };

/* A node that serves, as it says itself. */
struct node {
    Str id; /* unique to the process */
    Str host;
    const uint32_t *keys; /* that it has loaded */
    size_t n_keys;
    uint32_t sealing; /* the one that it seals with */
    Str version;      /* empty: unknown, as all that follows is for an older release */
    int64_t began_ms; /* when it began to serve; 0: unknown */
    enum node_ready ready;
    int64_t requests; /* in 1000 seconds; -1: unknown */
    int64_t p99_us;   /* of these: at most; negative: longer; 0: unknown */
    Str sources; /* what they said of our client: "google=refused microsoft=accepted" */
    int64_t seen_ms; /* its last report; given by node_list alone */
};

/* FAIL_CONFIG: this machine's clock differs from the database's by more than
 * LIMIT_CLOCK_SKEW_MS, so that times which it writes mean something else to others. */
Res node_check_clock(struct cx *cx, struct db *db) MUST;
/* A node's report of itself: it lives from now on, for LIMIT_NODE_LIVE_MS. */
Res node_write(struct cx *cx, struct db *db, const struct node *n) MUST;
/* When a node listens: on SQLite, where nobody else can serve then, all other rows are of
 * nodes that died. */
Res node_drop_others(struct cx *cx, struct db *db, Str id) MUST;
Res node_leave(struct cx *cx, struct db *db, Str id) MUST;
/* The nodes that live, by host. */
Res node_list(struct cx *cx, struct db *db, struct node **ret, size_t *n) MUST;
bool node_has(const struct node *n, uint32_t key);
/* Removes the rows of nodes that died without leaving. */
Res node_sweep(struct cx *cx, struct db *db) MUST;
