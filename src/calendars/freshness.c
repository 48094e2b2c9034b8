/* SPDX-License-Identifier: Apache-2.0 */
/*
 * freshness.c - fresh, stale, unknown. Unknown is never free.
 */
#include "calendars/freshness.h"

#include "base/clock.h"

/* What keeps a setting from being read, by enum sync_inactive from SYNC_NEEDS_RECONNECT
 * on, then what else may be in the way. */
enum { NOT_READ_YET = SYNC_TOO_LARGE, OUT_OF_RANGE, SOURCE_ERROR, LATE };

const Str freshness_reasons[FRESHNESS_REASONS] = {
    SI("needs_reconnect"), SI("calendar_gone"),      SI("no_access"),
    SI("read_only"),       SI("calendar_too_large"), SI("not_read_yet"),
    SI("out_of_range"),    SI("source_error"),       SI("late"),
};

Str freshness_name(enum freshness f)
{
    static const Str names[] = {
        [FRESH] = SI("fresh"), [STALE] = SI("stale"), [UNKNOWN] = SI("unknown")};

    return names[f];
}

Str freshness_inactive(enum sync_inactive why, bool is_connected)
{
    if (is_connected && why == SYNC_ACTIVE) {
        return S("");
    }
    return freshness_reasons
        [(is_connected ? why : SYNC_NEEDS_RECONNECT) - SYNC_NEEDS_RECONNECT];
}

static bool covers(const struct calendar_sync *s, const struct freshness_query *q)
{
    return s->window_from_s <= q->from_s && s->window_to_s >= q->to_s;
}

/* A failed read alone doesn't end it; age does. */
static bool is_true_enough(const struct calendar_sync *s, const struct freshness_query *q)
{
    if (s->noticed_ms > 0 && q->now_ms - s->noticed_ms > CLOCK_MINUTE_MS) {
        return false;
    }
    if (q->since_ms > 0) {
        return s->synced_ms >= q->since_ms;
    }
    return q->now_ms - s->synced_ms <= q->interval_ms + q->interval_ms / 2;
}

enum freshness freshness_of(
    const struct calendar_sync *s, const struct freshness_query *q, Str *reason)
{
    Str inactive = freshness_inactive(s->inactive, q->is_connected);
    bool has_image = q->has_image && s->synced_ms > 0;
    bool is_whole = has_image && covers(s, q);

    *reason = S("");
    if (inactive.n == 0 && is_whole && is_true_enough(s, q)) {
        return FRESH;
    }
    if (inactive.n > 0) {
        *reason = inactive;
    } else if (!has_image) {
        *reason = freshness_reasons[NOT_READ_YET];
    } else if (!is_whole) {
        *reason = freshness_reasons[OUT_OF_RANGE];
    } else {
        *reason = freshness_reasons[s->failures > 0 ? SOURCE_ERROR : LATE];
    }
    return is_whole && q->now_ms - s->synced_ms <= CLOCK_DAY_MS ? STALE : UNKNOWN;
}
