/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "work/work.h"

/* Requests move to the pool of the source that they ask; background work stays. */
TEST(test_work_move_to_source)
{
    static const struct {
        enum work_pool from;
        bool moves[SOURCE_COUNT];
    } rows[] = {
        {POOL_STORE, {true, true}},
        {POOL_SOURCES, {false, true}},
        {(enum work_pool)(POOL_SOURCES + 1), {true, false}},
        {POOL_SYNC, {false, false}},
        {POOL_CHORES, {false, false}},
        {POOL_NONE, {false, false}},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int source = 1; source <= SOURCE_COUNT; source++) {
            struct worker worker = {.pool = rows[i].from};
            struct work work = {.worker = &worker};
            bool moves = rows[i].moves[source - 1];

            T_TRUE(work_move_to_source(&work, (enum source_id)source) == moves);
            T_TRUE(work.is_parked == moves);
            T_INT(
                work.move_to,
                moves ? work_pool_of_source((enum source_id)source) : POOL_NONE);
        }
    }
}

T_MAIN(T(test_work_move_to_source))
