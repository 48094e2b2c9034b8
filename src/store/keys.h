/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - which key seals for all nodes, which nodes serve and have which keys, what is
 * sealed with which (operations: `caldock keys`; ADR 16).
 *
 * The keys themselves are never here: ids are.
 */
#pragma once

#include "base/str.h"

struct cx;
struct db;

/* A node that serves, as it says itself. */
struct node {
    Str id; /* unique to the process */
    Str host;
    const uint32_t *keys; /* that it has loaded */
    size_t n_keys;
    uint32_t sealing; /* the one that it seals with */
};

/* The key that seals, for all. FAIL_NOT_FOUND: none has been chosen, since no node has
 * served yet. */
Res key_sealing(struct cx *cx, struct db *db, uint32_t *ret) MUST;
/* Makes it so. FAIL_CONFLICT with what to do: a live node hasn't loaded it, or it was
 * dropped. */
Res key_choose(struct cx *cx, struct db *db, uint32_t id, int64_t now_ms) MUST;
/* Nothing is sealed with it any more, nor will be. FAIL_CONFLICT with what to do, when
 * that isn't so: it seals, something is sealed with it, a flow may be. */
Res key_drop(struct cx *cx, struct db *db, uint32_t id, int64_t now_ms) MUST;
/* Every key id that a grant or a task is sealed with, and the sealing one. */
Res keys_in_use(struct cx *cx, struct db *db, uint32_t **ret, size_t *n) MUST;

struct key_use {
    int64_t grants;
    int64_t tasks;
    int64_t flows_until_ms; /* a flow that it sealed may be open until then; 0: none */
    bool is_dropped;
};

Res key_use_get(struct cx *cx, struct db *db, uint32_t id, struct key_use *ret) MUST;

/*
 * A node says what it has, that it goes on to seal with `sealing` for LIMIT_NODE_TRUST_MS
 * at most, and that a flow then lasts `flow_ms`; *sealing is the key that it shall seal
 * with from now on: the first node that ever serves chooses its own. FAIL_CONFIG: it
 * lacks that one and may not serve.
 */
Res node_report(
    struct cx *cx, struct db *db, const struct node *n, int64_t now_ms, int64_t flow_ms,
    uint32_t *sealing) MUST;
Res node_leave(struct cx *cx, struct db *db, Str id) MUST;
/* Those that live, by host. */
Res node_list(struct cx *cx, struct db *db, int64_t now_ms, struct node **ret, size_t *n)
    MUST;
bool node_has(const struct node *n, uint32_t key);
/* What was killed leaves a row behind. */
Res node_sweep(struct cx *cx, struct db *db, int64_t now_ms) MUST;

/* What is sealed, in the eyes of who seals it anew: a grant of an account, bound to
 * (provider, account); a task, bound to (source, subject). */
enum sealed_kind { SEALED_GRANT, SEALED_TASK, SEALED_KINDS };

struct sealed {
    int64_t id;
    int64_t where; /* provider, source */
    Str whom;      /* subject */
    int64_t stamp; /* changes when another writes the row */
    Str record;
};

struct sealed_page {
    enum sealed_kind kind;
    uint32_t key;  /* what is sealed with another than this */
    int64_t after; /* by id, behind this one */
    int64_t limit;
    struct sealed *at; /* what sealed_list finds */
    size_t n;
};

Res sealed_list(struct cx *cx, struct db *db, struct sealed_page *page) MUST;
Res sealed_count(
    struct cx *cx, struct db *db, enum sealed_kind kind, uint32_t key, int64_t *ret) MUST;
/* `s->record` is the new one, under `key`. *done: nobody has written the row meanwhile.
 */
Res sealed_replace(
    struct cx *cx, struct db *db, enum sealed_kind kind, const struct sealed *s,
    uint32_t key, bool *done) MUST;
