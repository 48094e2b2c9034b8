/* SPDX-License-Identifier: Apache-2.0 */
/*
 * times.c - windows, polls, back-off, spacing.
 */
#include "calendars/times.h"

#include "base/clock.h"
#include "base/limits.h"
#include "config/settings.h"
#include "seal/seal.h"

enum {
    WINDOW_MARGIN_DAYS = 2,
    GOOGLE_DAYS = 7, /* the window belongs to the cursor */
    MICROSOFT_DAYS = 1,
    STRETCH_S = 600,
    STRETCH_MOST = 12,
    STRETCH_SHIFT = 10, /* bits of the count */
    SPACE_S = 5,
    SPACE_BUSY_S = 60,
    SPACE_LARGE_S = 300,
};

static int64_t generation_days(enum source_id source)
{
    return source == SOURCE_GOOGLE ? GOOGLE_DAYS : MICROSOFT_DAYS;
}

struct times_window times_window_now(
    const struct sync_settings *s, enum source_id source, int64_t now_ms)
{
    int64_t today_s = now_ms / CLOCK_DAY_MS * CLOCK_DAY_S;
    int64_t from_s = today_s - WINDOW_MARGIN_DAYS * CLOCK_DAY_S;
    int64_t ahead_s = s->horizon_ms / CLOCK_SECOND_MS
                      + (generation_days(source) + 2 * WINDOW_MARGIN_DAYS) * CLOCK_DAY_S;

    return (struct times_window){from_s, from_s + ahead_s};
}

/* One day is enough: a window begins with a day. The day before ends up to 12 hours in
 * the window, in a zone that is so far behind; the one before that does so nowhere. */
int64_t times_asked_from(const struct times_window *w)
{
    return w->from_s - CLOCK_DAY_S;
}

/* 0 to 999, the same for a setting at all times. */
static int64_t settings_spread(int64_t settings)
{
    uint64_t x = (uint64_t)settings * UINT64_C(0x9e3779b97f4a7c15);

    return (int64_t)((x >> 32) % 1000);
}

int64_t times_full_due(enum source_id source, int64_t settings, int64_t now_ms)
{
    int64_t generation_ms = generation_days(source) * CLOCK_DAY_MS;

    return now_ms + generation_ms / 2
           + generation_ms / 2 * settings_spread(settings) / 1000;
}

/* From `part` less to `part` more of v. */
static int64_t by_chance(int64_t v, int64_t part)
{
    uint32_t r;
    int64_t width = 2 * v / part;

    seal_random(&r, sizeof(r));
    return v - v / part + width * (int64_t)(r % 1000) / 1000;
}

/* Notifications get lost, and nobody tells. So a calendar is looked at beside its
 * channel, as often as a source's polls stay under a number a day. */
int64_t times_poll_ms(const struct sync_settings *s, int64_t calendars, bool is_pushed)
{
    const int64_t most_ms = 12 * CLOCK_HOUR_MS;

    if (!is_pushed) {
        return s->poll_ms;
    }
    if (s->poll_pushed_ms > 0) {
        return s->poll_pushed_ms;
    }
    int64_t fair_ms = calendars * (CLOCK_DAY_MS / s->daily_polls);

    if (fair_ms < s->poll_ms) {
        return s->poll_ms;
    }
    return fair_ms < most_ms ? fair_ms : most_ms;
}

int64_t times_next_poll(int64_t now_ms, int64_t interval_ms)
{
    return now_ms + by_chance(interval_ms, 4);
}

static int64_t doubled(int64_t first_ms, int64_t times, int64_t most_ms)
{
    int64_t v = first_ms;

    for (int64_t i = 0; i < times && v < most_ms; i++) {
        v *= 2;
    }
    return v < most_ms ? v : most_ms;
}

int64_t times_back_off(int64_t now_ms, int64_t failures)
{
    int64_t steps = failures > 0 ? failures - 1 : 0;

    return now_ms + by_chance(doubled(30 * CLOCK_SECOND_MS, steps, CLOCK_HOUR_MS), 4);
}

int64_t times_hold_until(int64_t now_ms, int64_t told_s, int64_t step, bool is_quota)
{
    int64_t ms = told_s >= 0 ? told_s * CLOCK_SECOND_MS
                             : doubled(30 * CLOCK_SECOND_MS, step, CLOCK_HOUR_MS);

    if (is_quota && ms < CLOCK_HOUR_MS) {
        ms = CLOCK_HOUR_MS;
    }
    return now_ms + (ms < CLOCK_SECOND_MS ? CLOCK_SECOND_MS : ms);
}

int64_t times_channel_due(int64_t settings, int64_t now_ms, int64_t until_ms)
{
    int64_t life_ms = until_ms - now_ms;
    int64_t before_ms =
        CLOCK_DAY_MS + CLOCK_DAY_MS / 2 * settings_spread(settings) / 1000;
    int64_t after_ms = life_ms < 3 * CLOCK_DAY_MS ? life_ms / 2 : life_ms - before_ms;

    return now_ms
           + (after_ms > LIMIT_CHANNEL_PAUSE_MS ? after_ms : LIMIT_CHANNEL_PAUSE_MS);
}

int64_t times_recent_add(int64_t recent, int64_t now_ms)
{
    int64_t now_s = now_ms / CLOCK_SECOND_MS;
    int64_t begin_s = recent >> STRETCH_SHIFT;
    int64_t n = recent & ((1 << STRETCH_SHIFT) - 1);

    if (now_s < begin_s || now_s >= begin_s + STRETCH_S) {
        return now_s << STRETCH_SHIFT | 1;
    }
    return begin_s << STRETCH_SHIFT | (n < STRETCH_MOST + 1 ? n + 1 : n);
}

int64_t times_spaced(int64_t recent, int64_t now_ms, bool is_large)
{
    int64_t n = recent & ((1 << STRETCH_SHIFT) - 1);
    int64_t space_s = n > STRETCH_MOST ? SPACE_BUSY_S : SPACE_S;

    if (is_large && space_s < SPACE_LARGE_S) {
        space_s = SPACE_LARGE_S;
    }
    return now_ms + space_s * CLOCK_SECOND_MS;
}
