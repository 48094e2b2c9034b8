/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate.c - the generic cell rate algorithm (ITU-T I.371, annex A) over a bounded table.
 *
 * The table is set-associative and divided into shards. Each shard has a lock, held for a
 * few comparisons. A full set gives up the bucket that will be full again first.
 */
#include "auth/rate.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/limits.h"

enum {
    RATE_WAYS = 8,
    RATE_SHARDS = 64,
    RATE_SETS = LIMIT_RATE_ENTRIES / RATE_WAYS / RATE_SHARDS, /* of a shard */
    NS_PER_MS = 1000000,
    NS_PER_S = 1000000000,
};

/* `full_ns` is the time at which the bucket will be full again (TAT in I.371). A bucket
 * whose time has passed is full. */
struct bucket {
    uint64_t key;
    int64_t full_ns;
};

struct shard {
    pthread_mutex_t lock;
    struct bucket sets[RATE_SETS][RATE_WAYS];
};

struct rate_table {
    atomic_int refs;
    struct shard shards[RATE_SHARDS];
};

struct rate_table *rate_table_open(void)
{
    struct rate_table *t = heap_alloc(sizeof(*t));

    atomic_init(&t->refs, 1);
    for (size_t i = 0; i < RATE_SHARDS; i++) {
        must_be(pthread_mutex_init(&t->shards[i].lock, NULL) == 0);
    }
    return t;
}

struct rate_table *rate_table_ref(struct rate_table *t)
{
    atomic_fetch_add(&t->refs, 1);
    return t;
}

void rate_table_unref(struct rate_table **table)
{
    struct rate_table *t = *table;

    *table = NULL;
    if (t == NULL || atomic_fetch_sub(&t->refs, 1) > 1) {
        return;
    }
    for (size_t i = 0; i < RATE_SHARDS; i++) {
        (void)pthread_mutex_destroy(&t->shards[i].lock);
    }
    heap_free(t);
}

/* The key's bucket, or a new one in the place of the least used. */
static struct bucket *bucket_find(struct bucket set[RATE_WAYS], uint64_t key)
{
    struct bucket *least = &set[0];

    for (size_t i = 0; i < RATE_WAYS; i++) {
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

/* 0: the request may pass. Else how long to wait. */
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
    struct shard *shard = &t->shards[key % RATE_SHARDS];
    struct bucket *set = shard->sets[key / RATE_SHARDS % RATE_SETS];
    int64_t interval_ns = NS_PER_S / per_s;

    (void)pthread_mutex_lock(&shard->lock);
    int64_t wait_ns = bucket_take(
        bucket_find(set, key), now_ms * NS_PER_MS, interval_ns, interval_ns * burst);
    (void)pthread_mutex_unlock(&shard->lock);

    if (wait_ns == 0) {
        return true;
    }
    *retry_after_s = (wait_ns + NS_PER_S - 1) / NS_PER_S;
    return false;
}
