/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "http/deadlines.h"

static void test_deadlines_add_and_remove_keep_the_order(void **state)
{
    struct deadlines list = {.wait_ms = 10};
    struct deadline d[4];

    (void)state;
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

T_MAIN(T(test_deadlines_add_and_remove_keep_the_order))
