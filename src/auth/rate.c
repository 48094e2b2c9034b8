/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate.c - the generic cell rate algorithm (ITU-T I.371, annex A) over a bounded table.
 *
 * A set-associative table in shards, each under its own lock, held for a few comparisons.
 * When a set is full, the bucket that is nearest to full again gives way.
 */
#include "auth/rate.h"

#include <pthread.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/limits.h"

enum {
    WAYS = 8,
    SHARDS = 64,
    SETS = LIMIT_RATE_ENTRIES / WAYS / SHARDS, /* of a shard */
    NS_PER_MS = 1000000,
    NS_PER_S = 1000000000,
};

/* `full_ns` is when the bucket will be full again (the algorithm's TAT); what is past is
 * full. */
struct bucket {
    uint64_t key;
    int64_t full_ns;
};

struct shard {
    pthread_mutex_t lock;
    struct bucket sets[SETS][WAYS];
};

struct rate_table {
    struct shard shards[SHARDS];
};

struct rate_table *rate_table_open(void)
{
    struct rate_table *t = heap_alloc(sizeof(*t));

    for (size_t i = 0; i < SHARDS; i++) {
        must_be(pthread_mutex_init(&t->shards[i].lock, NULL) == 0);
    }
    return t;
}

void rate_table_close(struct rate_table **t)
{
    if (*t == NULL) {
        return;
    }
    for (size_t i = 0; i < SHARDS; i++) {
        (void)pthread_mutex_destroy(&(*t)->shards[i].lock);
    }
    heap_free(*t);
    *t = NULL;
}

/* The key's bucket, or the one that gives way to it. */
static struct bucket *bucket_of(struct bucket set[WAYS], uint64_t key)
{
    struct bucket *least = &set[0];

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key) {
            return &set[i];
        }
        if (set[i].full_ns < least->full_ns) {
            least = &set[i];
        }
    }
    *least = (struct bucket){.key = key};
    return least;
}

/* 0 when it may pass, else how long to wait. */
static int64_t bucket_take(
    struct bucket *b, int64_t now_ns, int64_t interval_ns, int64_t burst_ns)
{
    int64_t full_ns = (b->full_ns > now_ns ? b->full_ns : now_ns) + interval_ns;
    int64_t over_ns = full_ns - now_ns - burst_ns;

    if (over_ns > 0) {
        return over_ns;
    }
    b->full_ns = full_ns;
    return 0;
}

bool rate_take(
    struct rate_table *t, uint64_t key, int64_t now_ms, int64_t per_s, int64_t burst,
    int64_t *retry_after_s)
{
    struct shard *shard = &t->shards[key % SHARDS];
    struct bucket *set = shard->sets[key / SHARDS % SETS];
    int64_t interval_ns = NS_PER_S / per_s;

    (void)pthread_mutex_lock(&shard->lock);
    int64_t wait_ns = bucket_take(
        bucket_of(set, key), now_ms * NS_PER_MS, interval_ns, interval_ns * burst);
    (void)pthread_mutex_unlock(&shard->lock);

    if (wait_ns == 0) {
        return true;
    }
    *retry_after_s = (wait_ns + NS_PER_S - 1) / NS_PER_S;
    return false;
}
