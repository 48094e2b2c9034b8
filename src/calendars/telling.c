/* SPDX-License-Identifier: Apache-2.0 */
/*
 * telling.c - compares images where somebody wants to know, and makes the messages.
 */
#include "calendars/telling.h"

#include "base/cx.h"
#include "calendars/freshness.h"
#include "calendars/sealing.h"
#include "store/calendar_settings.h"
#include "store/outbox.h"
#include "store/store.h"

struct telling_look {
    const struct telling *telling;
    bool is_wanted;
    Str image; /* sealed; empty: there is none, or it is not needed */
};

static Res telling_look_work(struct cx *cx, struct db *db, void *arg)
{
    struct telling_look *l = arg;
    const struct telling *t = l->telling;
    const struct calendar_sync *s = &t->job->sync;

    l->image = S("");
    TRY(outbox_wants(cx, db, t->job->provider, WEBHOOK_BUSY_CHANGED, &l->is_wanted));
    if (!l->is_wanted || t->before != NULL || s->image_version == 0) {
        return OK;
    }
    Res res = calendar_image_get(cx, db, s->settings, &l->image);

    return res.code == FAIL_NOT_FOUND ? OK : res;
}

/* Of an image before that doesn't open nobody knows what has changed: all may have. */
static Res telling_compare(
    struct cx *cx, const struct telling *t, const struct telling_look *l,
    struct busy_change *ret)
{
    const struct settings *settings = t->work->settings;
    const struct busy at = {
        .from_s = t->job->now_ms / 1000,
        .days.default_name = settings->sync.default_time_zone};
    const struct busy_rules rules = {
        .only_busy = (t->job->switches & SWITCH_ONLY_BUSY) != 0,
        .time_zone = t->job->time_zone};
    const struct image *before = t->before;
    struct image opened;
    Str text;

    if (before == NULL && l->image.n > 0) {
        TRY(sealing_open(
            cx, settings->keyring, KEY_IMAGE, t->job->sync.settings, l->image, &text));
        TRY(image_decode(cx, text, &opened));
        before = &opened;
    }
    return busy_change_find(cx, before, t->after, &rules, &at, ret);
}

Res telling_find_change(struct cx *cx, const struct telling *t, struct busy_change *ret)
{
    struct telling_look l = {.telling = t};

    *ret = (struct busy_change){.is_one = false};
    TRY(store_read(cx, t->work->worker->store, telling_look_work, &l));
    if (l.is_wanted && telling_compare(cx, t, &l, ret).code != FAIL_NONE) {
        *ret = (struct busy_change){
            .is_one = true, .range = {t->job->now_ms / 1000, t->after->to_s}};
    }
    return OK;
}

static struct outbox_message telling_message(
    const struct sync_job *job, enum webhook_type type)
{
    return (struct outbox_message){
        .type = type,
        .provider = job->provider,
        .mode = job->mode,
        .user = job->user,
        .account = job->sync.account,
        .settings = job->sync.settings,
    };
}

Res telling_put_change(
    struct cx *cx, struct db *db, const struct sync_job *job,
    const struct busy_change *change)
{
    struct outbox_message m = telling_message(job, WEBHOOK_BUSY_CHANGED);

    m.after_s = change->range.start_s;
    m.before_s = change->range.end_s;
    return change->is_one ? outbox_put(cx, db, &m) : OK;
}

Res telling_put_inactive(
    struct cx *cx, struct db *db, const struct sync_job *job, enum sync_inactive before)
{
    enum sync_inactive now = job->sync.inactive;
    struct outbox_message m = telling_message(
        job, now == SYNC_ACTIVE ? WEBHOOK_SETTINGS_ACTIVE : WEBHOOK_SETTINGS_INACTIVE);

    m.reason = freshness_inactive(now, true);
    return now == before ? OK : outbox_put(cx, db, &m);
}
