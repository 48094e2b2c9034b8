/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_times.c - windows, polls, back-off, spacing, at their edges.
 */
#include "base/clock.h"
#include "base/testing.h"
#include "calendars/times.h"
#include "config/settings.h"

#define NOW_MS (INT64_C(1774656000000) + 13 * CLOCK_HOUR_MS) /* 2026-03-28 13:00 */

static const struct sync_settings settings = {
    .horizon_ms = 180 * CLOCK_DAY_MS,
    .poll_ms = 15 * CLOCK_MINUTE_MS,
    .daily_polls = 400000};

/* At every moment until the next full read, the window covers 48 hours before and the
 * horizon after. */
TEST(test_times_window_covers_until_the_next_full_read)
{
    for (int source = SOURCE_GOOGLE; source <= SOURCE_COUNT; source++) {
        for (int64_t id = 1; id < 500; id++) {
            for (int64_t now = NOW_MS; now < NOW_MS + CLOCK_DAY_MS;
                 now += CLOCK_HOUR_MS * 5) {
                struct times_window w =
                    times_window_now(&settings, (enum source_id)source, now);
                int64_t due = times_full_due((enum source_id)source, id, now);

                assert_true(due > now);
                assert_true(w.from_s * 1000 <= now - 2 * CLOCK_DAY_MS);
                assert_true(w.to_s * 1000 >= due + settings.horizon_ms);
                T_INT(w.from_s % 86400, 0);
            }
        }
    }
}

/* A source lists an all-day event while its last day lasts in the calendar's zone, here
 * the foremost; in a setting's zone, here the hindmost, that is 26 hours later. */
TEST(test_times_events_are_asked_for_early_enough)
{
    struct times_window w = times_window_now(&settings, SOURCE_GOOGLE, NOW_MS);

    for (int64_t day = w.from_s - 5 * 86400; day <= w.from_s; day += 86400) {
        int64_t source_end = day + 86400 - 14 * 3600;
        int64_t end = day + 86400 + 12 * 3600;

        assert_true(end <= w.from_s || source_end > times_asked_from(&w));
    }
    assert_true(times_asked_from(&w) >= w.from_s - 86400);
}

TEST(test_times_channel_due)
{
    int64_t first = INT64_MAX;
    int64_t last = 0;

    for (int64_t id = 1; id < 500; id++) { /* a week: 24 to 36 hours before its end */
        int64_t left = NOW_MS + 7 * CLOCK_DAY_MS
                       - times_channel_due(id, NOW_MS, NOW_MS + 7 * CLOCK_DAY_MS);

        first = left < first ? left : first;
        last = left > last ? left : last;
    }
    assert_true(first >= 24 * CLOCK_HOUR_MS && first < 25 * CLOCK_HOUR_MS);
    assert_true(last > 35 * CLOCK_HOUR_MS && last <= 36 * CLOCK_HOUR_MS);
    /* Half of a life that is shorter than three days; ten minutes at least. */
    T_INT(
        times_channel_due(1, NOW_MS, NOW_MS + 70 * CLOCK_HOUR_MS),
        NOW_MS + 35 * CLOCK_HOUR_MS);
    T_INT(
        times_channel_due(1, NOW_MS, NOW_MS + CLOCK_HOUR_MS), NOW_MS + CLOCK_HOUR_MS / 2);
    T_INT(times_channel_due(1, NOW_MS, NOW_MS + 1000), NOW_MS + CLOCK_HOUR_MS / 6);
    T_INT(
        times_channel_due(1, NOW_MS, NOW_MS - CLOCK_DAY_MS), NOW_MS + CLOCK_HOUR_MS / 6);
}

TEST(test_times_full_reads_are_spread)
{
    int64_t first = INT64_MAX;
    int64_t last = 0;

    for (int64_t id = 1; id < 500; id++) {
        int64_t due = times_full_due(SOURCE_GOOGLE, id, NOW_MS);

        T_INT(due, times_full_due(SOURCE_GOOGLE, id, NOW_MS));
        first = due < first ? due : first;
        last = due > last ? due : last;
    }
    assert_true(
        first >= NOW_MS + 84 * CLOCK_HOUR_MS && first < NOW_MS + 90 * CLOCK_HOUR_MS);
    assert_true(
        last > NOW_MS + 160 * CLOCK_HOUR_MS && last <= NOW_MS + 168 * CLOCK_HOUR_MS);
}

TEST(test_times_poll)
{
    const struct {
        int64_t calendars;
        bool is_pushed;
        int64_t want;
    } rows[] = {
        {0, false, 15 * CLOCK_MINUTE_MS},
        {1000000, false, 15 * CLOCK_MINUTE_MS},
        {1, true, 15 * CLOCK_MINUTE_MS},
        {4166, true, 15 * CLOCK_MINUTE_MS},
        {100000, true, 6 * CLOCK_HOUR_MS},
        {200000, true, 12 * CLOCK_HOUR_MS},
        {INT64_C(9000000), true, 12 * CLOCK_HOUR_MS},
    };
    struct sync_settings fixed = settings;

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(
            times_poll_ms(&settings, rows[i].calendars, rows[i].is_pushed), rows[i].want);
    }
    fixed.poll_pushed_ms = 7 * CLOCK_MINUTE_MS;
    T_INT(times_poll_ms(&fixed, 1, true), 7 * CLOCK_MINUTE_MS);
    T_INT(times_poll_ms(&fixed, 1, false), 15 * CLOCK_MINUTE_MS);
}

static void spread_is(int64_t (*of)(int64_t arg), int64_t arg, int64_t low, int64_t high)
{
    int64_t least = INT64_MAX;
    int64_t most = 0;

    for (int i = 0; i < 2000; i++) {
        int64_t v = of(arg);

        least = v < least ? v : least;
        most = v > most ? v : most;
    }
    assert_true(least >= low && most <= high);
    assert_true(least < low + (high - low) / 10 && most > high - (high - low) / 10);
}

static int64_t next_poll(int64_t interval_ms)
{
    return times_next_poll(NOW_MS, interval_ms) - NOW_MS;
}

static int64_t back_off(int64_t failures)
{
    return times_back_off(NOW_MS, failures) - NOW_MS;
}

TEST(test_times_are_spread_by_a_quarter)
{
    spread_is(next_poll, 1000, 750, 1250);
    spread_is(back_off, 1, 22500, 37500);
    spread_is(back_off, 2, 45000, 75000);
    spread_is(back_off, 7, 24 * CLOCK_MINUTE_MS, 40 * CLOCK_MINUTE_MS);
    spread_is(back_off, 8, 45 * CLOCK_MINUTE_MS, 75 * CLOCK_MINUTE_MS);
    spread_is(back_off, INT32_MAX, 45 * CLOCK_MINUTE_MS, 75 * CLOCK_MINUTE_MS);
}

TEST(test_times_hold)
{
    const struct {
        int64_t told_s, step;
        bool is_quota;
        int64_t want;
    } rows[] = {
        {-1, 0, false, 30000},
        {-1, 1, false, 60000},
        {-1, 7, false, CLOCK_HOUR_MS},
        {-1, 1000, false, CLOCK_HOUR_MS},
        {17, 5, false, 17000},
        {0, 0, false, 1000},
        {17, 0, true, CLOCK_HOUR_MS},
        {-1, 0, true, CLOCK_HOUR_MS},
        {7200, 0, true, 2 * CLOCK_HOUR_MS},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(
            times_hold_until(NOW_MS, rows[i].told_s, rows[i].step, rows[i].is_quota)
                - NOW_MS,
            rows[i].want);
    }
}

/* 12 reads in 10 minutes are 5 seconds apart, the next ones a minute. */
TEST(test_times_spacing)
{
    int64_t recent = 0;
    int64_t now = NOW_MS;

    for (int i = 1; i <= 20; i++) {
        recent = times_recent_add(recent, now);
        T_INT(times_spaced(recent, now, false) - now, i <= 12 ? 5000 : 60000);
        T_INT(times_spaced(recent, now, true) - now, 5 * CLOCK_MINUTE_MS);
        now += 5000;
    }
    recent = times_recent_add(recent, NOW_MS + 10 * CLOCK_MINUTE_MS - 1000);
    T_INT(times_spaced(recent, now, false) - now, 60000);
    recent = times_recent_add(recent, NOW_MS + 10 * CLOCK_MINUTE_MS);
    T_INT(times_spaced(recent, now, false) - now, 5000);
    recent =
        times_recent_add(recent, NOW_MS - CLOCK_DAY_MS); /* a clock that was set back */
    T_INT(times_spaced(recent, now, false) - now, 5000);
}

T_MAIN(
    T(test_times_window_covers_until_the_next_full_read),
    T(test_times_events_are_asked_for_early_enough), T(test_times_full_reads_are_spread),
    T(test_times_channel_due), T(test_times_poll), T(test_times_are_spread_by_a_quarter),
    T(test_times_hold), T(test_times_spacing))
