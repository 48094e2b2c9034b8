/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writing.c - requests for one copy, and the table of what answers mean.
 */
#include "push/writing.h"

#include "base/cx.h"
#include "base/limits.h"
#include "push/event_values.h"
#include "sources/calendar_rights.h"
#include "store/calendar_settings.h"
#include "work/lanes.h"

/* What is sent. */

struct writing_ask {
    struct writing *writing;
    struct write_place place;
    struct write_wish wish;
};

static Res writing_update(struct cx *cx, struct source_call *call, struct writing_ask *a)
{
    struct writing *w = a->writing;
    Res res = write_update(cx, call, &a->place, &a->wish, &w->written, &w->why);

    TRY(res);
    w->outcome = w->written.is_cancelled ? WRITING_GONE : WRITING_WROTE;
    return OK;
}

/* One that is there under the key is taken on; where it is gone, the key is used up. */
static Res writing_adopt(struct cx *cx, struct source_call *call, struct writing_ask *a)
{
    struct writing *w = a->writing;
    Res res = write_find(cx, call, &a->place, &w->written, &w->why);

    if (res.code == FAIL_NOT_FOUND
        || (res.code == FAIL_NONE && w->written.is_cancelled)) {
        w->outcome = WRITING_TAKEN;
        return OK;
    }
    TRY(res);
    a->place.id = w->written.id;
    TRY(writing_update(cx, call, a));
    if (w->outcome == WRITING_GONE) {
        w->outcome = WRITING_TAKEN;
    }
    return OK;
}

/* Where the source chooses the id, one that may be there is looked for before. */
static Res writing_create(struct cx *cx, struct source_call *call, struct writing_ask *a)
{
    struct writing *w = a->writing;
    bool may_be_there = (w->job.copy.flags & COPY_UNCLEAR) != 0;

    if (may_be_there && a->place.id.n == 0) {
        TRY(writing_adopt(cx, call, a));
        if (w->outcome == WRITING_WROTE) {
            return OK;
        }
    }
    Res res = write_create(cx, call, &a->place, &a->wish, &w->written, &w->why);

    if (res.code == FAIL_CONFLICT) {
        return writing_adopt(cx, call, a);
    }
    TRY(res);
    w->outcome = WRITING_WROTE;
    return OK;
}

static Res writing_remove(struct cx *cx, struct source_call *call, struct writing_ask *a)
{
    struct writing *w = a->writing;

    if (a->place.id.n == 0) {
        Res res = write_find(cx, call, &a->place, &w->written, &w->why);

        if (res.code == FAIL_NOT_FOUND) {
            bool is_again = (w->job.copy.flags & COPY_MISSED) != 0;

            w->outcome = is_again ? WRITING_REMOVED : WRITING_MISSED;
            return OK;
        }
        TRY(res);
        a->place.id = w->written.id;
    }
    TRY(write_remove(cx, call, &a->place, &w->why));
    w->outcome = WRITING_REMOVED;
    return OK;
}

static Res writing_look(struct cx *cx, struct source_call *call, struct writing_ask *a)
{
    struct writing *w = a->writing;

    TRY(write_look(cx, call, &a->place, &w->written, &w->why));
    w->outcome = w->written.is_cancelled ? WRITING_GONE : WRITING_LOOKED;
    return OK;
}

static Res writing_send(struct cx *cx, struct source_call *call, void *arg)
{
    struct writing_ask *a = arg;

    switch (a->writing->act) {
    case COPY_ACT_CREATE:
        return writing_create(cx, call, a);
    case COPY_ACT_UPDATE:
        return writing_update(cx, call, a);
    case COPY_ACT_REMOVE:
        return writing_remove(cx, call, a);
    case COPY_ACT_LOOK:
        return writing_look(cx, call, a);
    case COPY_ACT_NONE:
    case COPY_ACT_SKIP:
        break;
    }
    a->writing->outcome = WRITING_SKIPPED;
    return OK;
}

/* What failures mean. */

/* The event's values are sent. */
static bool writing_puts(const struct writing *w)
{
    return w->act == COPY_ACT_CREATE || w->act == COPY_ACT_UPDATE;
}

/* Whether it is the calendar's fault; the reason of the failure stays. A setting that
 * doesn't receive any more has copies to remove alone: nobody would find out that its
 * calendar is well again, so they are tried as often as others. Where the calendar can't
 * be looked at, it is found out at another attempt: then false. */
static bool writing_blame(struct cx *cx, struct writing *w)
{
    w->inactive = SYNC_ACTIVE;
    if ((w->job.switches & SWITCH_DESTINATION) == 0) {
        return true;
    }
    struct calendar_rights rights;
    struct calling calling = {.work = w->calling.work, .account = w->calling.account};
    Res res = calling_get_rights(cx, &calling, w->job.calendar_id, &rights);

    if (res.code == FAIL_NOT_FOUND) {
        w->inactive = SYNC_CALENDAR_GONE;
    } else if (res.code == FAIL_NONE && !rights.can_write) {
        w->inactive = SYNC_READ_ONLY;
    }
    return res.code == FAIL_NONE || res.code == FAIL_NOT_FOUND;
}

static void writing_not_found(struct cx *cx, struct writing *w)
{
    bool is_sure = writing_blame(cx, w);

    if (w->inactive == SYNC_CALENDAR_GONE) {
        w->outcome = WRITING_BLOCKED;
        return;
    }
    w->inactive = SYNC_ACTIVE; /* read only is no reason not to find */
    w->outcome = is_sure && w->act != COPY_ACT_CREATE ? WRITING_GONE : WRITING_FAILED;
    w->is_clear = true;
}

static void writing_forbidden(struct cx *cx, struct writing *w)
{
    bool is_sure = writing_blame(cx, w);

    if (w->inactive != SYNC_ACTIVE) {
        w->outcome = WRITING_BLOCKED;
        return;
    }
    w->outcome = is_sure && writing_puts(w) ? WRITING_REFUSED : WRITING_FAILED;
    w->is_clear = true;
}

/* A removal that is refused is wanted all the same. */
static void writing_failed(struct writing *w)
{
    bool is_refused = w->why == WRITE_REFUSED && writing_puts(w);

    w->outcome = is_refused ? WRITING_REFUSED : WRITING_FAILED;
    w->is_clear = w->why == WRITE_REFUSED;
}

static void writing_held(struct cx *cx, struct writing *w)
{
    (void)cx;
    w->outcome = WRITING_HELD;
}

static void writing_blocked(struct cx *cx, struct writing *w)
{
    (void)cx;
    w->outcome = WRITING_BLOCKED;
}

static void writing_lacks_scopes(struct cx *cx, struct writing *w)
{
    w->lacks_scopes = true;
    writing_blocked(cx, w);
}

static void writing_judge(struct cx *cx, struct writing *w, Res res)
{
    static const struct {
        enum fail kind;
        void (*act)(struct cx *cx, struct writing *w);
    } rows[] = {
        {FAIL_NOT_FOUND, writing_not_found},
        {FAIL_PERMISSION_DENIED, writing_forbidden},
        {FAIL_SOURCE_RATE_LIMITED, writing_held},
        {FAIL_MISSING_SCOPES, writing_lacks_scopes},
        {FAIL_NEEDS_RECONNECT, writing_blocked},
    };

    if (w->calling.was_parked || work_is_stopping(w->calling.work)) {
        w->outcome = WRITING_CUT;
        w->is_clear = w->calling.was_parked; /* what a stop cuts may have been done */
        return;
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].kind == res.code) {
            rows[i].act(cx, w);
            return;
        }
    }
    writing_failed(w);
}

/* Beginning. */

static int64_t reminder_minutes(const struct push_job *job)
{
    if ((job->switches & SWITCH_REMINDERS) == 0) {
        return -1;
    }
    return job->reminder_minutes < LIMIT_REMINDER_MINUTES ? job->reminder_minutes
                                                          : LIMIT_REMINDER_MINUTES;
}

/* An event whose values don't open waits for its key, or for the application to say them
 * again. */
static Res writing_open(struct cx *cx, struct writing_ask *a)
{
    const struct writing *w = a->writing;
    const struct push_job *job = &w->job;
    struct event_values values;

    a->place = (struct write_place){
        .calendar_id = job->calendar_id,
        .key = job->copy.key,
        .id = job->copy.external_id,
    };
    if (a->place.id.n == 0) {
        a->place.id = write_id_of_key(&cx->mem, job->copy.source, job->copy.key);
    }
    if (!writing_puts(w)) {
        return OK;
    }
    TRY(event_values_open(
        cx, w->calling.work->settings->keyring, job->event.id, job->event.sealed,
        &values));
    a->wish = event_values_wish(&cx->mem, &values);
    a->wish.reminder_minutes = reminder_minutes(job);
    return OK;
}

Res writing_run(struct cx *cx, struct writing *w)
{
    struct writing_ask a = {.writing = w};

    w->why = WRITE_OTHER;
    w->is_clear = true; /* until something is sent */
    w->outcome = WRITING_FAILED;
    TRY(writing_open(cx, &a));
    if (w->act == COPY_ACT_SKIP) {
        w->outcome = WRITING_SKIPPED;
        return OK;
    }
    w->is_clear = false;
    Res res = calling_run(cx, &w->calling, writing_send, &a);

    if (res.code != FAIL_NONE) {
        writing_judge(cx, w, res);
    }
    return res;
}
