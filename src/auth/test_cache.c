/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "auth/cache.h"
#include "base/limits.h"
#include "base/testing.h"

static struct cached_provider *t_cached_provider(
    int64_t id, int64_t read_ms, bool is_negative)
{
    return cached_provider_new(&(struct cached_provider){
        .id = id,
        .base = {
            .read_ms = read_ms,
            .renew_ms = is_negative ? INT64_MAX : read_ms + 2000,
            .ends_ms = read_ms + (is_negative ? 1000 : 4000),
            .is_negative = is_negative}});
}

/* The cache alone holds it afterwards. */
static void t_cache_put(struct cache *c, int64_t id, int64_t read_ms, bool is_negative)
{
    struct cached_provider *p = t_cached_provider(id, read_ms, is_negative);

    cache_put(c, &p->base);
    cached_unref(&p->base);
}

static bool t_cache_has(struct cache *c, int64_t id, int64_t now_ms)
{
    const struct cached *f = cache_get(c, (uint64_t)id, now_ms);

    return f != NULL && ((const struct cached_provider *)f)->id == id;
}

TEST(test_cache_get_ends_with_the_fact)
{
    struct cache *c = cache_open();

    t_cache_put(c, 7, 100, false);
    T_TRUE(t_cache_has(c, 7, 100) && t_cache_has(c, 7, 4099));
    T_TRUE(!t_cache_has(c, 7, 4100));
    T_TRUE(!t_cache_has(c, 8, 100));
    t_cache_put(c, 7, 3000, true); /* it went away meanwhile */
    T_TRUE(cache_get(c, 7, 3999)->is_negative);
    T_TRUE(cache_get(c, 7, 4000) == NULL);
    cache_close(&c);
    T_TRUE(c == NULL);
    cache_close(&c);
}

TEST(test_cache_renew_asks_once)
{
    struct cache *c = cache_open();

    t_cache_put(c, 7, 100, false);
    T_TRUE(!cache_renew(c, cache_get(c, 7, 2099), 2099));
    T_TRUE(cache_renew(c, cache_get(c, 7, 2100), 2100));
    T_TRUE(!cache_renew(c, cache_get(c, 7, 2101), 2101));
    t_cache_put(c, 7, 2100, false);
    T_TRUE(!cache_renew(c, cache_get(c, 7, 2101), 2101));
    T_TRUE(cache_renew(c, cache_get(c, 7, 4100), 4100));
    cache_close(&c);
}

TEST(test_cache_put_is_bounded)
{
    struct cache *c = cache_open();
    size_t kept = 0;

    for (int64_t id = 1; id <= 2 * LIMIT_CACHE_ENTRIES; id++) {
        t_cache_put(c, id, 100, false);
    }
    for (int64_t id = 1; id <= 2 * LIMIT_CACHE_ENTRIES; id++) {
        kept += cache_get(c, (uint64_t)id, 0) != NULL;
    }
    T_TRUE(kept <= LIMIT_CACHE_ENTRIES && kept > LIMIT_CACHE_ENTRIES / 2);
    T_TRUE(
        t_cache_has(c, 2 * LIMIT_CACHE_ENTRIES, 0)); /* the newest always finds a place */
    cache_close(&c);
}

/* A flood of unknown credentials leaves the known ones where they are. */
TEST(test_cache_put_never_trades_a_positive_for_a_negative)
{
    struct cache *c = cache_open();

    for (int64_t id = 1; id <= 1000; id++) {
        t_cache_put(c, id, 100, false);
    }
    for (int64_t id = 1001; id <= 10 * LIMIT_CACHE_ENTRIES; id++) {
        t_cache_put(c, id, 200, true);
    }
    for (int64_t id = 1; id <= 1000; id++) {
        T_TRUE(t_cache_has(c, id, 300));
    }
    for (int64_t id = LIMIT_CACHE_ENTRIES; id <= 3 * LIMIT_CACHE_ENTRIES / 2; id++) {
        t_cache_put(c, id, 300, false); /* negative ones give way first */
    }
    size_t kept = 0;

    for (int64_t id = 1; id <= 1000; id++) {
        kept += t_cache_has(c, id, 300);
    }
    T_TRUE(kept == 1000);
    cache_close(&c);
}

static bool is_even(const struct cached *f)
{
    return f->key % 2 == 0;
}

TEST(test_cache_clear_takes_what_it_is_told)
{
    struct cache *c = cache_open();

    t_cache_put(c, 1, 100, false);
    t_cache_put(c, 2, 100, false);
    cache_clear(c, is_even);
    T_TRUE(t_cache_has(c, 1, 100) && !t_cache_has(c, 2, 100));
    cache_clear(c, NULL);
    T_TRUE(!t_cache_has(c, 1, 100));
    cache_close(&c);
}

/* A thread with a cache of its own puts an entry, gets it, and forgets it. */
static void *keep_and_forget(void *arg)
{
    struct cached_provider *p = arg;
    struct cache *c = cache_open();
    intptr_t good = 0;

    for (int i = 0; i < 1000; i++) {
        cache_put(c, &p->base);
        good += t_cache_has(c, 7, 100);
        cache_clear(c, NULL);
    }
    cache_close(&c);
    cached_unref(&p->base);
    return (void *)good;
}

TEST(test_fact_is_shared_by_threads)
{
    struct cached_provider *p = t_cached_provider(7, 100, false);
    pthread_t threads[4];

    for (size_t i = 0; i < COUNT(threads); i++) {
        cached_ref(&p->base);
        T_INT(pthread_create(&threads[i], NULL, keep_and_forget, p), 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *good;

        T_INT(pthread_join(threads[i], &good), 0);
        T_INT((intptr_t)good, 1000);
    }
    T_INT(atomic_load(&p->base.references), 1);
    cached_unref(&p->base);
}

TEST(test_credential_fact_new_copies_all_that_it_points_to)
{
    int64_t ids[] = {3, 5, INT64_MAX};
    char user[] = "amy";
    struct cached_credential *c = cached_credential_new(&(struct cached_credential){
        .providers = ids, .n_providers = 3, .user = {user, 3}, .issuer = S("shop")});

    ids[0] = 0;
    user[0] = 'x';
    T_STR(c->user, S("amy"));
    T_STR(c->issuer, S("shop"));
    T_TRUE(cached_credential_has(c, 3) && cached_credential_has(c, INT64_MAX));
    T_TRUE(!cached_credential_has(c, 0) && !cached_credential_has(c, 4));
    cached_unref(&c->base);
}

TEST(test_credential_provider_implies_only_a_single_one)
{
    static const int64_t ids[] = {3, 5};

    static const struct {
        size_t n;
        int64_t wish, want;
    } rows[] = {
        {0, 0, 0}, {0, 3, 0}, {1, 0, 3}, {1, 3, 3}, {1, 5, 0}, {2, 0, 0}, {2, 5, 5},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cached_credential c = {.providers = ids, .n_providers = rows[i].n};

        T_INT(cached_credential_provider(&c, rows[i].wish), rows[i].want);
    }
}

T_MAIN(
    T(test_cache_get_ends_with_the_fact), T(test_cache_renew_asks_once),
    T(test_cache_put_is_bounded),
    T(test_cache_put_never_trades_a_positive_for_a_negative),
    T(test_cache_clear_takes_what_it_is_told), T(test_fact_is_shared_by_threads),
    T(test_credential_fact_new_copies_all_that_it_points_to),
    T(test_credential_provider_implies_only_a_single_one))
