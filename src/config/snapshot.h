/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.h - the configuration and keyring in force, and older ones still in use.
 *
 * A snapshot is one configuration with one keyring, immutable and counted. A loop thread
 * has a reference to the newest; a request that leaves the thread has one to the snapshot
 * that it began with.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "config/config.h"

struct snapshot {
    atomic_int refs;
    struct snapshot *newer; /* a reference, since the older keyring seals with
                                its key; NULL: this is the newest */
    struct config *config;
    struct keyring *keyring;
    struct settings settings;
};

/* Takes over both arguments. The caller has the first reference. */
struct snapshot *snapshot_new(struct config *config, struct keyring *keyring, Str node);
struct snapshot *snapshot_ref(struct snapshot *s);
void snapshot_unref(struct snapshot **s); /* accepts NULL */

/* The place of the snapshot in force. Any thread may use it. */
struct snapshots {
    pthread_mutex_t lock; /* guards `now` */
    struct snapshot *now;
    atomic_uint generation; /* counts changes of `now`; read without the lock */
};

/* Takes over the caller's reference. */
void snapshots_open(struct snapshots *all, struct snapshot *first);
void snapshots_close(struct snapshots *all);
/* Puts `snapshot` in force, and takes over the caller's reference. Requests that still
 * use the snapshot before seal with the new keyring's key from now on. */
void snapshots_use(struct snapshots *all, struct snapshot *snapshot);
/* Returns a reference to the snapshot in force. */
struct snapshot *snapshots_now(struct snapshots *all);
