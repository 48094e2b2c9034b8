/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readiness.h - whether this node may do what needs the store and its keys (ADR 16).
 *
 * The keeper (app/keeper.h) writes it; every thread reads it without a lock.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct readiness {
    atomic_bool
        store_is_ready; /* migrated, and the keyring has every key that its data needs */
    _Atomic int64_t store_seen_ms; /* by clock_mono_ms: its last answer; 0: it gave none
                                      when last asked */
    _Atomic enum store_state store_state; /* when last asked */
    _Atomic int64_t trusted_until_ms;     /* by clock_mono_ms: other nodes count on our
                                             keys until then */
    atomic_bool is_draining; /* the node is about to stop: it serves what still comes, and
                                wants no more */
};

void readiness_note_store(struct readiness *r, enum store_state state);
/* What is the matter with the store, as far as is known. */
enum store_state readiness_store(const struct readiness *r);
/* True when the store is ready and has answered within LIMIT_STORE_SEEN_MS. */
bool readiness_store_is_seen(const struct readiness *r);
/* True when a load balancer should send requests here, but for draining. */
bool readiness_is_ready(const struct readiness *r);
/* This node is about to end: /readyz says so from here on. */
void readiness_note_draining(struct readiness *r);
/* True when the store was reached, nobody has brought its schema beyond this binary, and
 * the other nodes count on this node's keys. */
bool readiness_may_serve(const struct readiness *r);
