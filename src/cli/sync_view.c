/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync_view.c - judges a calendar, and writes its fields.
 */
#include "cli/sync_view.h"

#include "api/staff_settings_view.h"
#include "base/clock.h"
#include "base/limits.h"
#include "calendars/freshness.h"
#include "calendars/times.h"

Res sync_view_count(struct cx *cx, struct db *db, struct sync_view *v)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        TRY(calendar_sync_count(cx, db, (enum source_id)(i + 1), &v->calendars[i]));
    }
    return OK;
}

/* Why nothing is read, where only the operator is told. */
static Str sync_view_obstacle(const struct sync_view *v, const struct calendar_state *s)
{
    if (!s->has_feature) {
        return S("feature_off");
    }
    return s->hold_until_ms > v->now_ms ? S("held") : S("");
}

struct sync_standing sync_view_judge(
    const struct sync_view *v, const struct calendar_state *s)
{
    const struct calendar_sync *sync = &s->setting.sync;
    const struct freshness_query q = {
        .now_ms = v->now_ms,
        .from_s = v->now_ms / CLOCK_SECOND_MS - LIMIT_BUSY_BEFORE_S,
        .to_s = (v->now_ms + v->settings->horizon_ms) / CLOCK_SECOND_MS,
        .interval_ms = times_poll_ms(
            v->settings, v->calendars[s->setting.source - 1],
            sync->channel_until_ms > v->now_ms),
        .is_connected = s->setting.is_connected,
        .has_image = sync->image_version > 0,
    };
    struct sync_standing ret = {.status = S("off"), .reason = S(""), .is_off = true};

    if ((s->setting.switches & SWITCH_SOURCE) == 0) {
        return ret;
    }
    enum freshness f = freshness_of(sync, &q, &ret.reason);
    Str obstacle = sync_view_obstacle(v, s);
    bool is_active = freshness_inactive(sync->inactive, s->setting.is_connected).n == 0;

    ret.is_off = false;
    ret.is_fresh = f == FRESH;
    ret.status = freshness_name(f);
    if (!ret.is_fresh && is_active && obstacle.n > 0) {
        ret.reason = obstacle;
    }
    return ret;
}

/* Fields. */

static Str sync_view_state(enum sync_state state)
{
    static const Str names[] = {
        [SYNC_NEW] = SI("new"),
        [SYNC_LIVE] = SI("live"),
        [SYNC_FULL] = SI("full"),
        [SYNC_PAUSED] = SI("paused"),
    };

    return names[state];
}

/* What is due at once has no time of its own. */
static int64_t sync_view_due_ms(const struct sync_view *v, const struct calendar_sync *s)
{
    if (s->due_ms == SYNC_NEVER) {
        return 0;
    }
    return s->due_ms <= SYNC_WANTED ? v->now_ms : s->due_ms;
}

/* The begin of the last read, if it failed; 0: it didn't. */
static int64_t sync_view_failed_ms(const struct calendar_sync *s)
{
    bool has_failed = s->failures > 0 || s->inactive != SYNC_ACTIVE;

    return has_failed && s->read_ms > s->synced_ms ? s->read_ms : 0;
}

static void sync_view_write_age(
    struct writer *w, const struct sync_view *v, const struct calendar_sync *s)
{
    writer_time_or_null(w, S("synced_at"), s->synced_ms);
    if (s->synced_ms > 0) {
        writer_int(w, S("age_s"), (v->now_ms - s->synced_ms) / CLOCK_SECOND_MS);
    } else {
        writer_null(w, S("age_s"));
    }
}

static void sync_view_write_owner(struct writer *w, const struct calendar_state *s)
{
    writer_text(w, S("mode"), s->mode == MODE_CUSTOMER ? S("customer") : S("provider"));
    writer_text_or_null(w, S("user"), s->user);
    writer_text(w, S("username"), s->setting.username);
    writer_bool(w, S("blocks"), (s->setting.switches & SWITCH_SOURCE) != 0);
    writer_bool(w, S("receives"), (s->setting.switches & SWITCH_DESTINATION) != 0);
    writer_text_or_null(w, S("time_zone"), s->setting.time_zone);
    writer_time_or_null(w, S("created_at"), s->setting.created_ms);
}

static void sync_view_write_rest(struct writer *w, const struct calendar_state *s)
{
    const struct calendar_sync *sync = &s->setting.sync;

    sync_view_write_owner(w, s);
    writer_time_or_null(w, S("read_at"), sync->read_ms);
    writer_time_or_null(w, S("noticed_at"), sync->noticed_ms);
    writer_time_or_null(w, S("full_due_at"), sync->full_due_ms);
    writer_time_or_null(w, S("held_until"), s->hold_until_ms);
    writer_second_or_null(w, S("window_from"), sync->window_from_s);
    writer_second_or_null(w, S("window_to"), sync->window_to_s);
}

void sync_view_write(
    struct writer *w, const struct sync_view *v, const struct calendar_state *s,
    enum sync_reader reader)
{
    const struct calendar_sync *sync = &s->setting.sync;
    struct sync_standing standing = sync_view_judge(v, s);

    writer_int(w, S("id"), s->setting.id);
    writer_text(w, S("name"), s->setting.calendar_id);
    writer_int(w, S("account"), s->setting.account);
    writer_int(w, S("provider"), s->provider);
    writer_text(w, S("calendar_source"), source_get(s->setting.source)->code);
    writer_text(w, S("status"), standing.status);
    writer_text_or_null(w, S("reason"), standing.reason);
    writer_text(w, S("state"), sync_view_state(sync->state));
    sync_view_write_age(w, v, sync);
    writer_time_or_null(w, S("due_at"), sync_view_due_ms(v, sync));
    writer_int(w, S("events"), sync->events);
    writer_int(w, S("failures"), sync->failures);
    writer_time_or_null(w, S("failed_at"), sync_view_failed_ms(sync));
    writer_text_or_null(w, S("failure"), sync->failure);
    writer_text(w, S("notifications"), staff_settings_view_notifications(&s->setting));
    writer_time_or_null(w, S("channel_until"), sync->channel_until_ms);
    if (reader == SYNC_ALONE) {
        sync_view_write_rest(w, s);
    }
}
