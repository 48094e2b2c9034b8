/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same is asked of both ways to random bytes, where this system has both.
 */
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/testing.h"
#include "seal/seal.h"

enum { ID_BYTES = 24, IDS = 2000, THREADS = 4, MOST_BYTES = 600 };

static int begin(void **state)
{
    (void)state;
    if (!seal_thread_begin()) {
        print_message("no getrandom in the vDSO here: the kernel is asked\n");
    }
    return 0;
}

static int end(void **state)
{
    seal_thread_end();
    return t_end(state);
}

/* Every byte takes other values, at any length, and none behind the last is touched. */
TEST(test_random_fills_exactly_what_is_asked_for)
{
    for (size_t n = 0; n <= MOST_BYTES; n++) {
        unsigned char seen[MOST_BYTES + 1] = {0};

        for (int i = 0; i < 8; i++) {
            unsigned char bytes[MOST_BYTES + 1] = {0};

            seal_random(bytes, n);
            T_INT(bytes[n], 0);
            for (size_t k = 0; k < n; k++) {
                seen[k] |= bytes[k];
            }
        }
        for (size_t k = 0; k < n; k++) {
            T_TRUE(seen[k] != 0); /* by chance, once in 2^64 */
        }
    }
}

static void draw_all(unsigned char ids[IDS][ID_BYTES])
{
    for (int i = 0; i < IDS; i++) {
        seal_random(ids[i], ID_BYTES);
    }
}

static unsigned char drawn[THREADS][IDS][ID_BYTES];

static void *draw_on_thread(void *ids)
{
    (void)seal_thread_begin();
    draw_all(ids);
    seal_thread_end();
    return NULL;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, ID_BYTES);
}

TEST(test_random_never_gives_the_same_on_any_thread)
{
    unsigned char(*all)[ID_BYTES] = drawn[0];
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++) {
        T_TRUE(pthread_create(&threads[i], NULL, draw_on_thread, drawn[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        T_TRUE(pthread_join(threads[i], NULL) == 0);
    }
    qsort(all, (size_t)THREADS * IDS, ID_BYTES, compare);
    for (int i = 1; i < THREADS * IDS; i++) {
        T_TRUE(memcmp(all[i - 1], all[i], ID_BYTES) != 0);
    }
}

/* A copy of a process, as one of a machine, never goes on with what the original draws.
 */
TEST(test_random_differs_after_a_fork)
{
    unsigned char ours[ID_BYTES], theirs[ID_BYTES];
    int ends[2];

    seal_random(ours, sizeof(ours));
    T_TRUE(pipe(ends) == 0);
    pid_t child = fork();

    if (child == 0) {
        seal_random(theirs, sizeof(theirs));
        _exit(write(ends[1], theirs, sizeof(theirs)) == (ssize_t)sizeof(theirs) ? 0 : 1);
    }
    seal_random(ours, sizeof(ours));
    T_INT(read(ends[0], theirs, sizeof(theirs)), sizeof(theirs));
    T_INT(waitpid(child, NULL, 0), child);
    T_TRUE(memcmp(ours, theirs, sizeof(ours)) != 0);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

#define BOTH_WAYS(test) T(test), cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_WAYS(test_random_fills_exactly_what_is_asked_for),
        BOTH_WAYS(test_random_never_gives_the_same_on_any_thread),
        BOTH_WAYS(test_random_differs_after_a_fork),
    };

    must_be(seal_start());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
