/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/testing.h"
#include "net/source_log.h"

TEST(test_source_state_note_tells_changes_and_the_bad_one_hourly)
{
    struct source_state s = {0};
    int64_t now = 1000;

    T_INT(source_state_note(&s, false, 3, now), SOURCE_NEWS_NONE);
    T_INT(source_state_note(&s, true, 3, now), SOURCE_NEWS_NONE);
    T_INT(source_state_note(&s, true, 3, now), SOURCE_NEWS_NONE);
    T_INT(source_state_note(&s, false, 3, now), SOURCE_NEWS_NONE); /* not in a row */
    T_INT(source_state_note(&s, true, 3, now), SOURCE_NEWS_NONE);
    T_INT(source_state_note(&s, true, 3, now), SOURCE_NEWS_NONE);
    T_INT(source_state_note(&s, true, 3, now), SOURCE_NEWS_BAD);
    T_INT(source_state_note(&s, true, 3, now), SOURCE_NEWS_NONE); /* told already */
    T_INT(source_state_note(&s, false, 3, now), SOURCE_NEWS_GOOD);
    T_INT(source_state_note(&s, false, 3, now), SOURCE_NEWS_NONE);
    now += LIMIT_SOURCE_SAID_MS - 1;
    T_INT(source_state_note(&s, true, 1, now), SOURCE_NEWS_NONE); /* too soon */
    T_INT(source_state_note(&s, false, 1, now), SOURCE_NEWS_NONE);
    T_INT(source_state_note(&s, true, 1, now + 1), SOURCE_NEWS_BAD);
}

T_MAIN(T(test_source_state_note_tells_changes_and_the_bad_one_hourly))
