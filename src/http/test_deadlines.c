/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "http/deadlines.h"

TEST(test_deadlines_add_and_remove_keep_the_order)
{
    struct deadlines list = {.wait_ms = 10};
    struct deadline d[4];

    for (uint64_t i = 0; i < COUNT(d); i++) {
        deadlines_add(&list, &d[i], 100 + i);
    }
    T_TRUE(list.first == &d[0] && d[0].at_ms == 110);
    T_TRUE(list.last == &d[3] && d[3].at_ms == 113);
    deadlines_remove(&list, &d[1]);
    T_TRUE(d[0].after == &d[2] && d[2].before == &d[0]);
    deadlines_remove(&list, &d[0]);
    T_TRUE(list.first == &d[2] && d[2].before == NULL);
    deadlines_remove(&list, &d[3]);
    T_TRUE(list.first == &d[2] && list.last == &d[2] && d[2].after == NULL);
    deadlines_add(&list, &d[0], 200); /* goes behind */
    T_TRUE(list.first == &d[2] && list.last == &d[0]);
    deadlines_remove(&list, &d[2]);
    deadlines_remove(&list, &d[0]);
    T_TRUE(list.first == NULL && list.last == NULL);
}

TEST(test_deadlines_set_wait_counts_from_the_same_start)
{
    struct deadlines list = {.wait_ms = 100};
    struct deadline d[3];

    deadlines_add(&list, &d[0], 1000);
    deadlines_add(&list, &d[1], 1090);
    deadlines_set_wait(&list, 10);
    T_INT(d[0].at_ms, 1010);
    T_INT(d[1].at_ms, 1100);
    deadlines_set_wait(&list, 20); /* longer: nothing changes */
    deadlines_add(&list, &d[2], 1095);
    T_INT(d[1].at_ms, 1100);
    T_INT(d[2].at_ms, 1105);
}

T_MAIN(
    T(test_deadlines_add_and_remove_keep_the_order),
    T(test_deadlines_set_wait_counts_from_the_same_start))
