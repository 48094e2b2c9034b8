/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "auth/rate.h"
#include "base/limits.h"
#include "base/testing.h"

enum { NOW_MS = 1000000 };

TEST(test_rate_take_lets_a_burst_through_and_no_more)
{
    struct rate_table *t = rate_table_open();
    int64_t wait_s = -7;

    for (int i = 0; i < 100; i++) {
        T_TRUE(rate_take(t, 1, NOW_MS, 10, 100, &wait_s));
    }
    T_INT(wait_s, -7); /* untouched so far */
    T_TRUE(!rate_take(t, 1, NOW_MS, 10, 100, &wait_s));
    T_INT(wait_s, 1);
    rate_table_unref(&t);
    T_TRUE(t == NULL);
}

TEST(test_rate_table_ref_goes_on_counting)
{
    struct rate_table *t = rate_table_open();
    struct rate_table *again = rate_table_ref(t);
    int64_t wait_s;

    T_TRUE(rate_take(t, 1, NOW_MS, 1, 1, &wait_s));
    rate_table_unref(&t);
    T_TRUE(t == NULL);
    T_TRUE(!rate_take(again, 1, NOW_MS, 1, 1, &wait_s));
    rate_table_unref(&again);
    rate_table_unref(&again); /* accepts NULL */
}

TEST(test_rate_take_fills_up_at_its_rate)
{
    struct rate_table *t = rate_table_open();
    int64_t wait_s;

    T_TRUE(rate_take(t, 1, NOW_MS, 10, 1, &wait_s));
    T_TRUE(!rate_take(t, 1, NOW_MS + 99, 10, 1, &wait_s)); /* one past the edge */
    T_TRUE(rate_take(t, 1, NOW_MS + 100, 10, 1, &wait_s));
    T_TRUE(!rate_take(t, 1, NOW_MS + 199, 10, 1, &wait_s));
    T_TRUE(rate_take(t, 1, NOW_MS + 5000, 10, 1, &wait_s)); /* a rest isn't saved up */
    T_TRUE(!rate_take(t, 1, NOW_MS + 5000, 10, 1, &wait_s));
    rate_table_unref(&t);
}

TEST(test_rate_take_says_when_to_come_again)
{
    struct rate_table *t = rate_table_open();
    int64_t wait_s = 0;

    T_TRUE(rate_take(t, 9, NOW_MS, 1, 2, &wait_s));
    T_TRUE(rate_take(t, 9, NOW_MS, 1, 2, &wait_s));
    T_TRUE(!rate_take(t, 9, NOW_MS, 1, 2, &wait_s));
    T_INT(wait_s, 1);
    T_TRUE(rate_take(t, 9, NOW_MS + 1000 * wait_s, 1, 2, &wait_s));
    rate_table_unref(&t);
}

TEST(test_rate_take_keeps_credentials_apart)
{
    struct rate_table *t = rate_table_open();
    int64_t wait_s;

    for (uint64_t key = 0; key < 1000; key++) {
        T_TRUE(rate_take(t, key, NOW_MS, 1, 1, &wait_s));
    }
    for (uint64_t key = 0; key < 1000; key++) {
        T_TRUE(!rate_take(t, key, NOW_MS, 1, 1, &wait_s));
    }
    rate_table_unref(&t);
}

/* Keys that are a whole table apart share a set of eight. */
TEST(test_rate_take_forgets_what_is_nearest_to_full)
{
    struct rate_table *t = rate_table_open();
    int64_t wait_s;

    for (uint64_t i = 0; i <= 8; i++) {
        uint64_t key = 1 + i * LIMIT_RATE_ENTRIES;

        T_TRUE(rate_take(t, key, NOW_MS + (int64_t)i, 1, 1, &wait_s));
    }
    T_TRUE(
        !rate_take(t, 1 + 8 * (uint64_t)LIMIT_RATE_ENTRIES, NOW_MS + 9, 1, 1, &wait_s));
    T_TRUE(
        !rate_take(t, 1 + 1 * (uint64_t)LIMIT_RATE_ENTRIES, NOW_MS + 9, 1, 1, &wait_s));
    T_TRUE(rate_take(t, 1, NOW_MS + 9, 1, 1, &wait_s)); /* was pushed out */
    rate_table_unref(&t);
}

enum { THREADS = 4, TRIES = 5000, BURST = 7000 };

static void *take_many(void *arg)
{
    struct rate_table *t = arg;
    intptr_t passed = 0;
    int64_t wait_s;

    for (int i = 0; i < TRIES; i++) {
        passed += rate_take(t, 1, NOW_MS, 1, BURST, &wait_s);
    }
    return (void *)passed;
}

TEST(test_rate_take_counts_over_all_threads)
{
    struct rate_table *t = rate_table_open();
    pthread_t threads[THREADS];
    intptr_t passed = 0;

    for (int i = 0; i < THREADS; i++) {
        T_INT(pthread_create(&threads[i], NULL, take_many, t), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *one;

        T_INT(pthread_join(threads[i], &one), 0);
        passed += (intptr_t)one;
    }
    T_INT(passed, BURST);
    rate_table_unref(&t);
}

T_MAIN(
    T(test_rate_take_lets_a_burst_through_and_no_more),
    T(test_rate_table_ref_goes_on_counting), T(test_rate_take_fills_up_at_its_rate),
    T(test_rate_take_says_when_to_come_again), T(test_rate_take_keeps_credentials_apart),
    T(test_rate_take_forgets_what_is_nearest_to_full),
    T(test_rate_take_counts_over_all_threads))
