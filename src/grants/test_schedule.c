/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/limits.h"
#include "base/testing.h"
#include "grants/schedule.h"
#include "seal/seal.h"
#include "sources/source.h"

enum { DRAWS = 300 };

static int64_t draw_google(void)
{
    return schedule_refresh_due_ms(source_get(SOURCE_GOOGLE), 0);
}

static int64_t draw_microsoft(void)
{
    return schedule_refresh_due_ms(source_get(SOURCE_MICROSOFT), 0);
}

static int64_t draw_first_delay(void)
{
    return schedule_refresh_delay_ms(1, -1);
}

static int64_t draw_last_delay(void)
{
    return schedule_refresh_delay_ms(70, -1);
}

static int64_t draw_refused(void)
{
    return schedule_refused_delay_ms(0);
}

/* What came at once must not come back at once. A draw that is even leaves out the first
 * quarter or the last once in 10^37 runs. */
TEST(test_due_times_and_pauses_are_spread_over_all_of_their_range)
{
    static const struct {
        int64_t (*draw)(void);
        int64_t from, to;
    } rows[] = {
        {draw_google, INT64_C(45) * CLOCK_DAY_MS, INT64_C(60) * CLOCK_DAY_MS},
        {draw_microsoft, INT64_C(45) * CLOCK_DAY_MS / 2, INT64_C(30) * CLOCK_DAY_MS},
        {draw_first_delay, LIMIT_REFRESH_FIRST_MS / 2, LIMIT_REFRESH_FIRST_MS},
        {draw_last_delay, LIMIT_REFRESH_MOST_MS / 2, LIMIT_REFRESH_MOST_MS},
        {draw_refused, LIMIT_HEAL_FIRST_MS,
         LIMIT_HEAL_FIRST_MS + LIMIT_HEAL_FIRST_MS / LIMIT_HEAL_SPREAD},
    };

    T_TRUE(seal_start());
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t quarter = (rows[i].to - rows[i].from) / 4;
        int64_t least = INT64_MAX;
        int64_t most = 0;

        for (int n = 0; n < DRAWS; n++) {
            int64_t drawn = rows[i].draw();

            least = drawn < least ? drawn : least;
            most = drawn > most ? drawn : most;
        }
        T_TRUE(least >= rows[i].from && least < rows[i].from + quarter);
        T_TRUE(most <= rows[i].to && most > rows[i].to - quarter);
    }
}

T_MAIN(T(test_due_times_and_pauses_are_spread_over_all_of_their_range))
