/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/testing.h"
#include "grants/refusals.h"

enum { START_MS = 7000 * 1000 };

/* So many refusals by Google at that moment; what the last of them gave. */
static int64_t refused_at(struct refusals *all, int n, int64_t ms)
{
    int64_t last = 0;

    for (int i = 0; i < n; i++) {
        last = refusals_note(all, SOURCE_GOOGLE, ms);
    }
    return last;
}

TEST(test_refusals_warn_of_as_many_as_the_limit)
{
    CLEANUP(refusals_close) struct refusals *all = refusals_open();

    T_INT(refused_at(all, LIMIT_REFUSALS_TOGETHER - 1, START_MS), 0);
    T_INT(refused_at(all, 1, START_MS), LIMIT_REFUSALS_TOGETHER);
}

TEST(test_refusals_count_those_of_a_minute)
{
    CLEANUP(refusals_close) struct refusals *in_time = refusals_open();
    CLEANUP(refusals_close) struct refusals *too_late = refusals_open();
    const int n = LIMIT_REFUSALS_TOGETHER - 1;

    T_INT(refused_at(in_time, n, START_MS), 0);
    T_INT(refused_at(too_late, n, START_MS), 0);
    T_INT(refused_at(in_time, 1, START_MS + LIMIT_REFUSALS_MS - 1), n + 1);
    T_INT(refused_at(too_late, 1, START_MS + LIMIT_REFUSALS_MS), 0);
}

TEST(test_refusals_warn_once_a_minute)
{
    CLEANUP(refusals_close) struct refusals *all = refusals_open();
    const int n = LIMIT_REFUSALS_TOGETHER;

    T_INT(refused_at(all, n, START_MS), n);
    T_INT(refused_at(all, n, START_MS + 1000), 0);
    T_INT(refused_at(all, n, START_MS + LIMIT_REFUSALS_MS - 1), 0);
    T_INT(refused_at(all, 1, START_MS + LIMIT_REFUSALS_MS), 2 * n + 1);
}

TEST(test_refusals_are_counted_for_each_source)
{
    CLEANUP(refusals_close) struct refusals *all = refusals_open();

    T_INT(refused_at(all, LIMIT_REFUSALS_TOGETHER - 1, START_MS), 0);
    T_INT(refusals_note(all, SOURCE_MICROSOFT, START_MS), 0);
    T_INT(refused_at(all, 1, START_MS), LIMIT_REFUSALS_TOGETHER);
}

TEST(test_refusals_need_no_counter)
{
    T_INT(refused_at(NULL, LIMIT_REFUSALS_TOGETHER, START_MS), 0);
}

T_MAIN(
    T(test_refusals_warn_of_as_many_as_the_limit),
    T(test_refusals_count_those_of_a_minute), T(test_refusals_warn_once_a_minute),
    T(test_refusals_are_counted_for_each_source), T(test_refusals_need_no_counter))
