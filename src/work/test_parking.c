/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/testing.h"
#include "work/parking.h"

enum { MANY = 300, FOREVER = 1000 };

static struct parking parking;
static struct job jobs[MANY];
static int runs[MANY];

static void note(void *arg, struct job *job)
{
    (void)arg;
    T_TRUE(!job->waiting.is_parked);
    runs[job - jobs]++;
}

static const struct parking_run run = {note, NULL};

static int begin(void **state)
{
    (void)state;
    memset(&parking, 0, sizeof(parking));
    memset(jobs, 0, sizeof(jobs));
    memset(runs, 0, sizeof(runs));
    return 0;
}

static bool park(int job, Str key, size_t most, int64_t until_ms)
{
    const struct park how = {key, most, until_ms};

    return parking_add(&parking, &jobs[job], &how);
}

static int count_runs(int from, int to)
{
    int n = 0;

    for (int i = from; i < to; i++) {
        n += runs[i];
    }
    return n;
}

TEST(test_add_keeps_a_place_until_it_is_left)
{
    T_TRUE(park(0, S("a"), 2, FOREVER));
    T_TRUE(park(1, S("a"), 2, FOREVER));
    T_TRUE(!park(2, S("a"), 2, FOREVER));
    T_TRUE(park(2, S("b"), 1, FOREVER));
    T_TRUE(park(3, S("a"), 0, FOREVER)); /* any number */
    parking_wake(&parking, S("a"), &run);
    T_INT(count_runs(0, 4), 3);
    T_TRUE(!park(4, S("a"), 3, FOREVER)); /* they check, and keep their places */
    T_TRUE(park(0, S("a"), 3, FOREVER));  /* it has a place already */
    parking_leave(&parking, &jobs[1]);
    T_TRUE(park(4, S("a"), 3, FOREVER));
    T_INT(parking.n_parked, 3);
    parking_leave(&parking, &jobs[0]);
    parking_leave(&parking, &jobs[0]); /* a second call does nothing */
    T_INT(parking.n_parked, 2);
}

TEST(test_add_moves_to_another_key)
{
    T_TRUE(park(0, S("a"), 0, FOREVER));
    parking_wake(&parking, S("a"), &run);
    T_TRUE(park(0, S("b"), 0, FOREVER));
    parking_wake(&parking, S("a"), &run);
    T_INT(runs[0], 1);
    parking_wake(&parking, S("b"), &run);
    T_INT(runs[0], 2);
    T_INT(parking.n_parked, 0);
}

/* One job of each key checks, however many wait and whatever keys share their bucket. */
TEST(test_parking_check_runs_one_of_each_key)
{
    static char keys[MANY / 3][2];

    for (int i = 0; i < MANY; i++) {
        char *key = keys[i % (MANY / 3)];

        key[0] = (char)(i % (MANY / 3) % 10 + '0');
        key[1] = (char)(i % (MANY / 3) / 10 + '0');
        T_TRUE(park(i, (Str){key, 2}, 0, FOREVER));
    }
    for (int rounds = 1; rounds <= 2; rounds++) {
        parking_check(&parking, FOREVER - 1, &run);
        T_INT(count_runs(0, MANY), rounds * (MANY / 3));
        for (int i = 0; i < MANY / 3; i++) {
            T_INT(runs[i] + runs[i + MANY / 3] + runs[i + 2 * (MANY / 3)], rounds);
        }
        for (int i = 0; i < MANY; i++) {
            if (!jobs[i].waiting.is_parked) {
                T_TRUE(park(i, (Str){jobs[i].waiting.key, 2}, 0, FOREVER));
            }
        }
    }
    parking_wake_all(&parking, &run);
    T_INT(count_runs(0, MANY), MANY + 2 * (MANY / 3));
    T_INT(parking.n_parked, 0);
}

TEST(test_parking_check_runs_all_whose_time_is_over)
{
    for (int i = 0; i < 6; i++) {
        T_TRUE(park(i, S("a"), 0, i < 3 ? 10 : 11));
    }
    parking_check(&parking, 9, &run);
    T_INT(count_runs(0, 6), 1);
    begin(NULL);
    for (int i = 0; i < 6; i++) {
        T_TRUE(park(i, S("a"), 0, i < 3 ? 10 : 11));
    }
    parking_check(&parking, 10, &run);
    T_INT(count_runs(0, 3), 3);
    T_INT(count_runs(3, 6), 1);
}

#define TP(name) cmocka_unit_test_setup_teardown(name, begin, t_end)

T_MAIN(
    TP(test_add_keeps_a_place_until_it_is_left), TP(test_add_moves_to_another_key),
    TP(test_parking_check_runs_one_of_each_key),
    TP(test_parking_check_runs_all_whose_time_is_over))
