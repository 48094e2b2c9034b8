/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - which key seals for all nodes, and what may be said and done about the others
 * (docs/keys.md; ADR 16). The store has ids of keys, never a key.
 */
#pragma once

#include "base/str.h"

struct cx;
struct db;
struct node;

/* The key that seals, for all. FAIL_NOT_FOUND: none has been chosen, since no node has
 * served yet. */
Res key_sealing(struct cx *cx, struct db *db, uint32_t *ret) MUST;
/* Makes it so. FAIL_CONFLICT with what to do: a live node hasn't loaded it, or it was
 * dropped. */
Res key_choose(struct cx *cx, struct db *db, uint32_t id) MUST;
/* Nothing is sealed with it any more, nor will be. FAIL_CONFLICT with what to do, when
 * that isn't so: it seals, something is sealed with it, a flow may be. */
Res key_drop(struct cx *cx, struct db *db, uint32_t id) MUST;
/* Every key id that something is sealed with, and the sealing one. */
Res keys_in_use(struct cx *cx, struct db *db, uint32_t **ret, size_t *n) MUST;

struct key_use {
    int64_t grants;
    int64_t revocations;
    int64_t calendars;      /* images and cursors of calendars, and the instance secret */
    int64_t webhooks;       /* secrets of webhook endpoints */
    int64_t events;         /* values of pushed events */
    int64_t flows;          /* that have tokens on record */
    int64_t flows_until_ms; /* a flow that it sealed may be open until then; 0: none */
    bool is_dropped;
};

Res key_use_get(struct cx *cx, struct db *db, uint32_t id, struct key_use *ret) MUST;

/*
 * A node reports its keys, that it goes on to seal with `n->sealing` for
 * LIMIT_NODE_TRUST_MS at most, and that a flow then lasts `flow_ms`. *sealing is the key
 * that it has to seal with from now on; the first node that ever serves chooses its own.
 * FAIL_CONFIG: the node lacks that key and may not serve.
 */
Res keys_report(
    struct cx *cx, struct db *db, const struct node *n, int64_t flow_ms,
    uint32_t *sealing) MUST;
/* Without writing, for a node that can't report because another program holds the lock:
 * OK where nobody but this node can serve, and its key is still the one that seals.
 * FAIL_UNAVAILABLE otherwise. */
Res keys_confirm(struct cx *cx, struct db *db, uint32_t sealing) MUST;
