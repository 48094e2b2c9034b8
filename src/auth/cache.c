/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.c - a set-associative table: a key has WAYS places, all side by side.
 *
 * No list, no lock, no memory beyond the table, which the system only backs where it has
 * been written to.
 */
#include "auth/cache.h"

#include "base/arena.h"
#include "base/limits.h"

enum { WAYS = 8, SET_BITS = 13, SETS = 1 << SET_BITS };

_Static_assert(WAYS *SETS == LIMIT_CACHE_ENTRIES, "the table has its named size");

struct place {
    uint64_t key;
    struct fact *fact; /* NULL: free */
    bool is_renewing;
};

struct cache {
    struct place sets[SETS][WAYS];
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

/* Keys are hashes or small numbers: spread by Fibonacci hashing. */
static struct place *set_of(struct cache *c, uint64_t key)
{
    return c->sets[key * 0x9E3779B97F4A7C15U >> (64 - SET_BITS)];
}

static struct place *place_of(struct cache *c, uint64_t key)
{
    struct place *set = set_of(c, key);

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].fact != NULL && set[i].key == key) {
            return &set[i];
        }
    }
    return NULL;
}

struct fact *cache_get(struct cache *c, uint64_t key, int64_t now_ms)
{
    struct place *p = place_of(c, key);

    return p != NULL && now_ms < p->fact->ends_ms ? p->fact : NULL;
}

/* How much a place is worth keeping: the least gives way. */
static int64_t place_worth(const struct place *p, int64_t now_ms)
{
    if (p->fact == NULL || p->fact->ends_ms <= now_ms) {
        return -1;
    }
    return p->fact->is_negative ? 0 : p->fact->ends_ms;
}

static struct place *place_for(struct cache *c, uint64_t key, int64_t now_ms)
{
    struct place *set = set_of(c, key);
    struct place *least = place_of(c, key);

    if (least != NULL) {
        return least;
    }
    least = &set[0];
    for (size_t i = 1; i < WAYS; i++) {
        if (place_worth(&set[i], now_ms) < place_worth(least, now_ms)) {
            least = &set[i];
        }
    }
    return least;
}

void cache_put(struct cache *c, struct fact *f)
{
    struct place *p = place_for(c, f->key, f->read_ms);

    if (f->is_negative && p->key != f->key && place_worth(p, f->read_ms) > 0) {
        return;
    }
    fact_hold(f);
    fact_drop(p->fact);
    *p = (struct place){.key = f->key, .fact = f};
}

bool cache_renew(struct cache *c, const struct fact *f, int64_t now_ms)
{
    struct place *p = now_ms < f->renew_ms ? NULL : place_of(c, f->key);

    if (p == NULL || p->is_renewing) {
        return false;
    }
    p->is_renewing = true;
    return true;
}

void cache_clear(struct cache *c, bool (*goes)(const struct fact *f))
{
    for (size_t i = 0; i < WAYS * SETS; i++) {
        struct place *p = &c->sets[i / WAYS][i % WAYS];

        if (p->fact != NULL && (goes == NULL || goes(p->fact))) {
            fact_drop(p->fact);
            *p = (struct place){0};
        }
    }
}
