/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sweep.c - goes through the copies of settings whose switches have changed, in steps: a
 * destination gets a copy of each event that is to come, and of one that isn't any more
 * they are removed.
 *
 * Each step is a transaction that notes how far it came, so that any node may go on with
 * any setting.
 */
#include "push/sweep.h"

#include "base/cx.h"
#include "base/limits.h"
#include "push/copy_keep.h"
#include "push/copy_state.h"
#include "store/calendar_settings.h"
#include "store/push_sweeps.h"
#include "store/steps.h"
#include "store/store.h"

struct sweeping {
    struct work *work;
    const struct instance_keys *keys;
    int64_t after; /* settings up to this one are done, or were tried */
    struct push_sweep setting;
    int64_t now_ms;
    int64_t last; /* of this step; 0: it was the last one */
    bool more;
};

static struct copy_home sweep_home(const struct sweeping *s)
{
    return (struct copy_home){
        .keys = s->keys,
        .owner = s->setting.owner,
        .source = s->setting.source,
        .subject = s->setting.subject,
        .calendar_id = s->setting.calendar_id,
    };
}

/* A destination. */

static Res sweep_event(
    struct cx *cx, struct db *db, const struct sweeping *s, const struct pushed_event *e)
{
    const struct copy_home home = sweep_home(s);
    const struct copy_wish wish = {
        .rev = e->rev,
        .ends_s = e->ends_s,
        .has_attendees = e->has_attendees,
        .switches = s->setting.switches,
        .now_ms = s->now_ms,
    };
    struct pushed_copies_page copies;
    struct pushed_copy c = {
        .event = e->id,
        .settings = s->setting.settings,
        .account = s->setting.account,
        .source = s->setting.source,
    };

    TRY(pushed_copies_of_event(cx, db, e->id, &copies));
    return copy_keep(cx, db, &copies, &home, &wish, &c);
}

static Res sweep_events(struct cx *cx, struct db *db, struct sweeping *s)
{
    struct pushed_events_page page;

    TRY(pushed_events_next(
        cx, db, &s->setting.owner, s->setting.after, s->now_ms / 1000, &page));
    for (size_t i = 0; i < page.n; i++) {
        TRY(sweep_event(cx, db, s, &page.at[i]));
        s->last = page.at[i].id;
    }
    if (page.n + page.n_unreadable < LIMIT_STEP_ROWS) {
        s->last = 0;
    }
    return OK;
}

/* No destination any more. */

static Res sweep_copy(
    struct cx *cx, struct db *db, const struct sweeping *s, struct pushed_copy *c)
{
    bool is_kept = s->setting.is_deleted && s->setting.keeps_events;

    if (is_kept || copy_state_leave(c, s->now_ms, true)) {
        return pushed_copy_delete(cx, db, c->id);
    }
    return pushed_copy_put(cx, db, c);
}

static Res sweep_copies(struct cx *cx, struct db *db, struct sweeping *s)
{
    struct pushed_copies_page page;

    TRY(pushed_copies_of_setting(cx, db, s->setting.settings, s->setting.after, &page));
    for (size_t i = 0; i < page.n; i++) {
        TRY(sweep_copy(cx, db, s, &page.at[i].copy));
        s->last = page.at[i].copy.id;
    }
    if (page.n + page.n_unreadable < LIMIT_STEP_ROWS) {
        s->last = 0;
    }
    return OK;
}

/* A step. */

static Res sweep_step_work(struct cx *cx, struct db *db, void *arg)
{
    struct sweeping *s = arg;
    const struct push_sweep *setting = &s->setting;
    Res res = push_sweeps_next(cx, db, s->after, &s->setting);

    s->more = res.code == FAIL_NONE;
    s->last = 0;
    if (res.code == FAIL_NOT_FOUND) {
        return OK;
    }
    TRY(res);
    TRY(calendar_sync_now(cx, db, &s->now_ms));
    bool is_wanted =
        !setting->is_deleted && (setting->switches & SWITCH_DESTINATION) != 0;

    TRY(is_wanted ? sweep_events(cx, db, s) : sweep_copies(cx, db, s));
    TRY(push_sweeps_note(cx, db, setting->settings, s->last));
    return s->last == 0 ? calendar_settings_forget(cx, db, setting->settings) : OK;
}

static Res sweep_step(struct cx *cx, void *arg, bool *more)
{
    struct sweeping *s = arg;

    TRY(store_write(cx, s->work->worker->store, sweep_step_work, s));
    *more = s->more;
    return OK;
}

static Res sweep_look_work(struct cx *cx, struct db *db, void *arg)
{
    struct sweeping *s = arg;
    Res res = push_sweeps_next(cx, db, 0, &s->setting);

    s->more = res.code == FAIL_NONE;
    return res.code == FAIL_NOT_FOUND ? OK : res;
}

static bool sweep_is_stopping(const void *work)
{
    return !work_goes_on(work);
}

Res sweep_due(struct cx *cx, struct work *work)
{
    struct sweeping s = {.work = work};
    struct store *store = work->worker->store;

    TRY(store_read(cx, store, sweep_look_work, &s));
    if (!s.more) {
        return OK;
    }
    TRY(shared_keys(cx, work->worker->shared, store, work->settings->keyring, &s.keys));
    return steps_run(
        cx, &(struct steps){
                .run = sweep_step,
                .arg = &s,
                .step_ms = work->settings->total_timeout_ms,
                .is_stopping = sweep_is_stopping,
                .stop_arg = work,
            });
}
