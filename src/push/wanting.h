/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wanting.h - takes what the application wants of an event, and says so to its copies
 * (docs/pushing.md §1, §3).
 *
 * Every function runs in the caller's transaction and writes all that the wish means.
 * Nothing is written to a calendar here: push.h does that.
 */
#pragma once

#include "push/event_values.h"
#include "store/pushed_events.h"

struct db;

struct wanted_event {
    const struct keyring *keyring;
    const struct instance_keys *keys;
    struct pushed_owner owner;
    Str event_id;
    struct event_values values;
    int64_t version; /* or PUSHED_NO_VERSION, which leaves the stored one */
    bool restores;   /* what the person deleted or moved is put back */
};

/* Keeps the event, and has its copies written. *is_new: it was unknown. FAIL_CONFLICT:
 * the stored version is newer. FAIL_LIMIT: the owner has LIMIT_PUSHED_FUTURE others that
 * end in the future. */
Res wanting_put(struct cx *cx, struct db *db, const struct wanted_event *w, bool *is_new)
    MUST;
/* Forgets the event, and has its copies removed. FAIL_NOT_FOUND. */
Res wanting_delete(
    struct cx *cx, struct db *db, const struct pushed_owner *owner, Str event_id) MUST;
