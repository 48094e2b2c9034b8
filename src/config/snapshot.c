/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.c - counts references. Each snapshot has one to the next newer one.
 */
#include "config/snapshot.h"

struct snapshot *snapshot_new(struct config *config, struct keyring *keyring, Str node)
{
    struct snapshot *s = heap_alloc(sizeof(*s));

    atomic_init(&s->refs, 1);
    s->config = config;
    s->keyring = keyring;
    s->settings = config->settings;
    s->settings.keyring = keyring;
    s->settings.node = node;
    return s;
}

struct snapshot *snapshot_ref(struct snapshot *s)
{
    (void)atomic_fetch_add(&s->refs, 1);
    return s;
}

void snapshot_unref(struct snapshot **snapshot)
{
    struct snapshot *s = *snapshot;

    *snapshot = NULL;
    while (s != NULL && atomic_fetch_sub(&s->refs, 1) == 1) {
        struct snapshot *newer = s->newer;

        keyring_close(&s->keyring);
        config_unref(&s->config);
        heap_free(s);
        s = newer;
    }
}

void snapshots_open(struct snapshots *all, struct snapshot *first)
{
    must_be(pthread_mutex_init(&all->lock, NULL) == 0);
    atomic_init(&all->generation, 0);
    all->now = first;
}

void snapshots_close(struct snapshots *all)
{
    snapshot_unref(&all->now);
    (void)pthread_mutex_destroy(&all->lock);
}

void snapshots_use(struct snapshots *all, struct snapshot *snapshot)
{
    must_be(pthread_mutex_lock(&all->lock) == 0);
    struct snapshot *before = all->now;

    before->newer = snapshot_ref(snapshot);
    keyring_follow(before->keyring, snapshot->keyring);
    all->now = snapshot;
    (void)atomic_fetch_add(&all->generation, 1);
    must_be(pthread_mutex_unlock(&all->lock) == 0);
    snapshot_unref(&before);
}

struct snapshot *snapshots_now(struct snapshots *all)
{
    must_be(pthread_mutex_lock(&all->lock) == 0);
    struct snapshot *now = snapshot_ref(all->now);

    must_be(pthread_mutex_unlock(&all->lock) == 0);
    return now;
}
