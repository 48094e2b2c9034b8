/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_freshness.c - what an answer says about a calendar, at each edge.
 */
#include "base/clock.h"
#include "base/testing.h"
#include "calendars/freshness.h"

#define NOW_MS INT64_C(1774656000000)

static struct calendar_sync sync_true(void)
{
    return (struct calendar_sync){
        .state = SYNC_LIVE,
        .window_from_s = 100,
        .window_to_s = 200,
        .synced_ms = NOW_MS - CLOCK_MINUTE_MS,
    };
}

static struct freshness_query query_now(void)
{
    return (struct freshness_query){
        .now_ms = NOW_MS,
        .from_s = 100,
        .to_s = 200,
        .interval_ms = 10 * CLOCK_MINUTE_MS,
        .is_connected = true,
        .has_image = true,
    };
}

static void says(
    const struct calendar_sync *s, const struct freshness_query *q, enum freshness want,
    Str want_reason)
{
    Str reason;

    T_STR(freshness_name(freshness_of(s, q, &reason)), freshness_name(want));
    T_STR(reason, want_reason);
}

TEST(test_freshness_by_age)
{
    const struct {
        int64_t age_ms;
        enum freshness want;
        Str reason;
    } rows[] = {
        {0, FRESH, SI("")},
        {15 * CLOCK_MINUTE_MS, FRESH, SI("")},
        {15 * CLOCK_MINUTE_MS + 1, STALE, SI("late")},
        {24 * CLOCK_HOUR_MS, STALE, SI("late")},
        {24 * CLOCK_HOUR_MS + 1, UNKNOWN, SI("late")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct calendar_sync s = sync_true();
        struct freshness_query q = query_now();

        s.synced_ms = NOW_MS - rows[i].age_ms;
        says(&s, &q, rows[i].want, rows[i].reason);
        s.failures = 1; /* alone it ends nothing, and says why */
        says(&s, &q, rows[i].want, rows[i].want == FRESH ? S("") : S("source_error"));
    }
}

TEST(test_freshness_after_a_notice)
{
    struct calendar_sync s = sync_true();
    struct freshness_query q = query_now();

    s.noticed_ms = NOW_MS - CLOCK_MINUTE_MS;
    says(&s, &q, FRESH, S(""));
    s.noticed_ms--;
    says(&s, &q, STALE, S("late"));
}

TEST(test_freshness_with_refresh)
{
    struct calendar_sync s = sync_true();
    struct freshness_query q = query_now();

    q.since_ms = s.synced_ms;
    says(&s, &q, FRESH, S(""));
    q.since_ms++;
    says(&s, &q, STALE, S("late"));
}

TEST(test_freshness_of_a_range)
{
    const struct {
        int64_t from_s, to_s;
        enum freshness want;
    } rows[] = {{100, 200, FRESH}, {99, 200, UNKNOWN}, {100, 201, UNKNOWN}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct calendar_sync s = sync_true();
        struct freshness_query q = query_now();

        q.from_s = rows[i].from_s;
        q.to_s = rows[i].to_s;
        says(&s, &q, rows[i].want, rows[i].want == FRESH ? S("") : S("out_of_range"));
    }
}

TEST(test_freshness_without_an_image)
{
    struct calendar_sync s = sync_true();
    struct freshness_query q = query_now();

    q.has_image = false;
    says(&s, &q, UNKNOWN, S("not_read_yet"));
    q.has_image = true;
    s.synced_ms = 0;
    says(&s, &q, UNKNOWN, S("not_read_yet"));
}

/* Never fresh, whatever the age. */
TEST(test_freshness_of_an_inactive_one)
{
    const struct {
        enum sync_inactive why;
        bool is_connected;
        Str reason;
    } rows[] = {
        {SYNC_ACTIVE, false, SI("needs_reconnect")},
        {SYNC_CALENDAR_GONE, true, SI("calendar_gone")},
        {SYNC_NO_ACCESS, true, SI("no_access")},
        {SYNC_READ_ONLY, true, SI("read_only")},
        {SYNC_TOO_LARGE, true, SI("calendar_too_large")},
        {SYNC_TOO_LARGE, false, SI("needs_reconnect")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct calendar_sync s = sync_true();
        struct freshness_query q = query_now();

        s.inactive = rows[i].why;
        q.is_connected = rows[i].is_connected;
        says(&s, &q, STALE, rows[i].reason);
        s.synced_ms = NOW_MS - 24 * CLOCK_HOUR_MS - 1;
        says(&s, &q, UNKNOWN, rows[i].reason);
    }
}

T_MAIN(
    T(test_freshness_by_age), T(test_freshness_after_a_notice),
    T(test_freshness_with_refresh), T(test_freshness_of_a_range),
    T(test_freshness_without_an_image), T(test_freshness_of_an_inactive_one))
