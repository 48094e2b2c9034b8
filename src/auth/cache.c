/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.c - a set-associative table: each key has CACHE_WAYS places, side by side in
 * memory.
 *
 * The table has no list, no lock and no memory beyond itself. The system backs only the
 * pages that have been written.
 */
#include "auth/cache.h"

#include "base/arena.h"
#include "base/limits.h"

enum { CACHE_WAYS = 8, CACHE_SET_BITS = 13, CACHE_SETS = 1 << CACHE_SET_BITS };

_Static_assert(
    CACHE_WAYS *CACHE_SETS == LIMIT_CACHE_ENTRIES, "the table has its named size");

struct cache_place {
    uint64_t key;
    struct cached *entry; /* NULL: free */
    bool is_renewing;
};

struct cache {
    struct cache_place sets[CACHE_SETS][CACHE_WAYS];
};

struct cache *cache_open(void)
{
    return heap_alloc(sizeof(struct cache));
}

void cache_close(struct cache **c)
{
    if (*c != NULL) {
        cache_clear(*c, NULL);
        heap_free(*c);
        *c = NULL;
    }
}

/* Keys are hashes or small numbers: Fibonacci hashing spreads both. */
static struct cache_place *cache_set(struct cache *c, uint64_t key)
{
    return c->sets[key * 0x9E3779B97F4A7C15U >> (64 - CACHE_SET_BITS)];
}

static struct cache_place *cache_place(struct cache *c, uint64_t key)
{
    struct cache_place *set = cache_set(c, key);

    for (size_t i = 0; i < CACHE_WAYS; i++) {
        if (set[i].entry != NULL && set[i].key == key) {
            return &set[i];
        }
    }
    return NULL;
}

struct cached *cache_get(struct cache *c, uint64_t key, int64_t now_ms)
{
    struct cache_place *p = cache_place(c, key);

    return p != NULL && now_ms < p->entry->ends_ms ? p->entry : NULL;
}

/* How much a place is worth keeping: the lowest is given up first. */
static int64_t cache_place_worth(const struct cache_place *p, int64_t now_ms)
{
    if (p->entry == NULL || p->entry->ends_ms <= now_ms) {
        return -1;
    }
    return p->entry->is_negative ? 0 : p->entry->ends_ms;
}

static struct cache_place *cache_place_for(struct cache *c, uint64_t key, int64_t now_ms)
{
    struct cache_place *set = cache_set(c, key);
    struct cache_place *least = cache_place(c, key);

    if (least != NULL) {
        return least;
    }
    least = &set[0];
    for (size_t i = 1; i < CACHE_WAYS; i++) {
        if (cache_place_worth(&set[i], now_ms) < cache_place_worth(least, now_ms)) {
            least = &set[i];
        }
    }
    return least;
}

void cache_put(struct cache *c, struct cached *entry)
{
    struct cache_place *p = cache_place_for(c, entry->key, entry->read_ms);

    if (entry->is_negative && p->key != entry->key
        && cache_place_worth(p, entry->read_ms) > 0) {
        return;
    }
    cached_ref(entry);
    cached_unref(p->entry);
    *p = (struct cache_place){.key = entry->key, .entry = entry};
}

bool cache_renew(struct cache *c, const struct cached *entry, int64_t now_ms)
{
    struct cache_place *p = now_ms < entry->renew_ms ? NULL : cache_place(c, entry->key);

    if (p == NULL || p->is_renewing) {
        return false;
    }
    p->is_renewing = true;
    return true;
}

void cache_clear(struct cache *c, bool (*goes)(const struct cached *entry))
{
    for (size_t i = 0; i < CACHE_WAYS * CACHE_SETS; i++) {
        struct cache_place *p = &c->sets[i / CACHE_WAYS][i % CACHE_WAYS];

        if (p->entry != NULL && (goes == NULL || goes(p->entry))) {
            cached_unref(p->entry);
            *p = (struct cache_place){0};
        }
    }
}
