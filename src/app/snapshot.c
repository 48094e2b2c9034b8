/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.c - the settings in force, and those that requests still hold.
 */
#include "app/service.h"

struct snapshot *snapshot_new(struct config *config, struct keyring *keyring, Str node)
{
    struct snapshot *s = heap_alloc(sizeof(*s));

    atomic_init(&s->holders, 1);
    s->config = config;
    s->keyring = keyring;
    s->settings = config->settings;
    s->settings.keyring = keyring;
    s->settings.node = node;
    return s;
}

struct snapshot *snapshot_hold(struct snapshot *s)
{
    (void)atomic_fetch_add(&s->holders, 1);
    return s;
}

void snapshot_drop(struct snapshot **snapshot)
{
    struct snapshot *s = *snapshot;

    *snapshot = NULL;
    while (s != NULL && atomic_fetch_sub(&s->holders, 1) == 1) {
        struct snapshot *newer = s->newer;

        keyring_close(&s->keyring);
        config_free(&s->config);
        heap_free(s);
        s = newer;
    }
}

void service_use(struct service *s, struct snapshot *snapshot)
{
    must_be(pthread_mutex_lock(&s->lock) == 0);
    struct snapshot *before = s->snapshot;

    before->newer = snapshot_hold(snapshot);
    keyring_follow(before->keyring, snapshot->keyring);
    s->snapshot = snapshot;
    (void)atomic_fetch_add(&s->generation, 1);
    must_be(pthread_mutex_unlock(&s->lock) == 0);
    snapshot_drop(&before);
}

struct snapshot *service_snapshot(struct service *s)
{
    must_be(pthread_mutex_lock(&s->lock) == 0);
    struct snapshot *now = snapshot_hold(s->snapshot);

    must_be(pthread_mutex_unlock(&s->lock) == 0);
    return now;
}
