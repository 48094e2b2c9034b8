/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channels.c - takes an account, tends its due channels, writes what came of each.
 *
 *                      a setting wants one                  near its end
 *     no channel ─────────────────────────────► channel ◄─────────────────┐
 *         ▲                                       │  └────────────────────┘
 *         └───────────────────────────────────────┘     renewed, or a new one
 *          switched off, deleted, not wanted, gone          in its place
 *
 * It runs under the read lease of the account, as reading does, so that a calendar is
 * read again after its channel was made, and nobody makes two.
 */
#include "calendars/channels.h"

#include <time.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/uri.h"
#include "calendars/notify_token.h"
#include "calendars/times.h"
#include "grants/calling.h"
#include "sources/channels.h"
#include "store/calendar_channels.h"
#include "store/calendar_settings.h"
#include "store/store.h"

enum {
    CHANNEL_SETTLE_MS = 10 * 1000,
    ASK_MS = 60 * 1000, /* for the few requests of one channel */
    CHANNEL_PUT_OFF_MS = 1000,
};

/* Less than what the source allows, which is not the same everywhere. */
#define MICROSOFT_LIFE_MS (INT64_C(4200) * 60 * 1000)

bool channels_are_wanted(const struct settings *s)
{
    struct uri u = uri_split(s->public_url);

    return s->sync.notifications == 1 && str_eq_nocase(u.scheme, S("https"))
           && !uri_host_is_loopback(u.host);
}

/* The due channels of one account. */
struct tending {
    struct work *work;
    const struct instance_keys *keys;
    enum source_id source;
    enum channels_due which;
    struct account_work account;
    struct lease lease;
    bool is_put_off; /* something has to wait for others: enough for this run */
};

/* One channel. */
struct tended {
    struct tending *account;
    struct sync_job job;
    struct calling calling;
    struct channel old;  /* there is one, if its id isn't empty */
    struct channel made; /* or renewed */
    enum channel_failure why;
    bool is_new;              /* `made` */
    bool is_lost;             /* `old` was gone at the source, and there is no other */
    bool is_forgotten;        /* the setting waited for this only */
    int64_t hold_until_ms;    /* of the account, 0: none */
    int64_t refused_until_ms; /* by the source, whichever account; 0: it isn't */
    Str refused_why;
};

/* Leases. */

static Res tending_take_work(struct cx *cx, struct db *db, void *arg)
{
    struct tending *t = arg;

    t->lease.length_ms = LIMIT_READ_LEASE_MS;
    return calendar_channels_take(cx, db, t->source, t->which, &t->lease, &t->account);
}

static Res tending_renew_work(struct cx *cx, struct db *db, void *arg)
{
    struct tending *t = arg;

    return calendar_reads_renew(cx, db, t->account.account, &t->lease);
}

static Res tending_drop_work(struct cx *cx, struct db *db, void *arg)
{
    const struct tending *t = arg;

    return calendar_reads_drop(cx, db, t->account.account, t->lease.owner);
}

static Res tended_begin_work(struct cx *cx, struct db *db, void *arg)
{
    struct tended *c = arg;
    const struct tending *t = c->account;

    return calendar_channels_begin(
        cx, db, t->account.account, t->lease.owner, t->which, &c->job);
}

/* Asking. */

/* One of many requests at once: so many a second. */
static void tended_await_turn(const struct tended *c)
{
    int64_t ms =
        shared_channel_turn_ms(c->account->work->worker->shared) - clock_mono_ms();

    if (ms > 0) {
        (void)nanosleep(
            &(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000},
            NULL);
    }
}

static Res tended_make(struct cx *cx, struct tended *c, struct source_call *call)
{
    const struct tending *t = c->account;
    const struct calendar_sync *s = &c->job.sync;
    const struct notify_token token = {
        t->source, s->settings, (uint32_t)(s->channel_no + 1)};
    Str path = str_cat(&cx->mem, S("/notify/"), source_get(t->source)->name);
    const struct channel_wish wish = {
        .calendar_id = c->job.calendar_id,
        .id = seal_random_name(&cx->mem, S("cdk-")),
        .address = str_cat(&cx->mem, t->work->settings->public_url, path),
        .token = notify_token_make(&cx->mem, t->keys, &token),
        .until_ms = clock_now_ms() + MICROSOFT_LIFE_MS,
    };

    TRY(channel_make(cx, call, &wish, &c->made, &c->why));
    c->is_new = true;
    return OK;
}

/* A channel that was silent when it shouldn't have been, or that somebody gave up, isn't
 * renewed. */
static Res tended_renew(struct cx *cx, struct tended *c, struct source_call *call)
{
    if (c->old.id.n == 0 || !channel_is_renewable(call)
        || c->job.sync.channel_heard_ms == 0 || c->old.until_ms == 0) {
        return tended_make(cx, c, call);
    }
    c->made = c->old;
    Res res =
        channel_renew(cx, call, &c->made, clock_now_ms() + MICROSOFT_LIFE_MS, &c->why);

    if (res.code != FAIL_NONE && c->why == CHANNEL_GONE) {
        c->old.id = S("");
        res = tended_make(cx, c, call);
        c->is_lost = res.code != FAIL_NONE;
    }
    return res;
}

static Res tended_renew_ask(struct cx *cx, struct source_call *call, void *arg)
{
    return tended_renew(cx, arg, call);
}

static Res tended_end_ask(struct cx *cx, struct source_call *call, void *arg)
{
    const struct tended *c = arg;

    return channel_end(cx, call, &c->old);
}

static Res tended_ask(struct cx *cx, struct tended *c, calling_ask *ask)
{
    c->calling = (struct calling){
        .work = c->account->work, .account = c->account->account.account};
    tended_await_turn(c);
    return calling_run(cx, &c->calling, ask, c);
}

/* The best that can be done: a channel that goes on ends by its time, and nothing that it
 * says counts. */
static void tended_end_old(struct cx *cx, struct tended *c)
{
    struct cx own = {.deadline_ms = cx->deadline_ms};
    Res res = tended_ask(&own, c, tended_end_ask);

    if (res.code != FAIL_NONE) {
        log_event(
            LEVEL_INFO, EVENT_CHANNEL_NOT_ENDED, KI("setting", c->job.sync.settings),
            KZ("reason", own.why.text));
    }
    cx_done(&own);
}

/* What came of it. */

static void tended_keep(struct tended *c)
{
    struct calendar_sync *s = &c->job.sync;

    s->channel_id = c->made.id;
    s->resource_id = c->made.resource_id;
    s->channel_until_ms = c->made.until_ms;
    s->channel_made_ms = c->job.now_ms;
    s->channel_due_ms = times_channel_due(s->settings, c->job.now_ms, c->made.until_ms);
    s->channel_failures = 0;
    if (c->is_new) {
        s->channel_no++;
        s->channel_heard_ms = c->job.now_ms;
    }
}

static void tended_clear(struct tended *c, int64_t due_ms)
{
    struct calendar_sync *s = &c->job.sync;

    s->channel_id = S("");
    s->resource_id = S("");
    s->channel_until_ms = 0;
    s->channel_due_ms = due_ms;
    s->channel_failures = 0;
}

static void tended_fail(struct cx *cx, struct tended *c)
{
    struct calendar_sync *s = &c->job.sync;

    if (s->channel_failures++ == 0) {
        log_event(
            LEVEL_WARN, EVENT_CHANNEL_FAILED, KI("setting", s->settings),
            KZ("reason", cx->why.text));
    }
    s->channel_due_ms = times_back_off(c->job.now_ms, s->channel_failures);
}

/* The source has its reasons, or this calendar has: asking again soon is of no use. */
static bool tended_is_refused(struct cx *cx, struct tended *c)
{
    switch (c->why) {
    case CHANNEL_NOWHERE:
        c->refused_until_ms = c->job.now_ms + CLOCK_DAY_MS;
        c->refused_why = str_dup(&cx->mem, str_from_z(cx->why.text));
        c->job.sync.channel_due_ms = c->refused_until_ms;
        log_event(
            LEVEL_WARN, EVENT_CHANNEL_REFUSED,
            KV("source", source_get(c->account->source)->name),
            KZ("reason", cx->why.text));
        return true;
    case CHANNEL_NOT_HERE:
        c->job.sync.channel_due_ms = c->job.now_ms + 7 * CLOCK_DAY_MS;
        return true;
    case CHANNEL_OTHER:
    case CHANNEL_GONE:
        break;
    }
    return false;
}

static void tended_judge_failure(struct cx *cx, struct tended *c, Res res)
{
    struct calendar_sync *s = &c->job.sync;

    if (c->calling.was_parked || work_is_stopping(c->account->work)) {
        s->channel_due_ms = c->job.now_ms + CHANNEL_PUT_OFF_MS;
        c->account->is_put_off = true;
    } else if (res.code == FAIL_SOURCE_RATE_LIMITED) {
        c->hold_until_ms = times_hold_until(
            c->job.now_ms, c->calling.retry_after_s, c->account->account.hold_step,
            false);
        s->channel_due_ms = c->hold_until_ms;
    } else if (res.code == FAIL_NEEDS_RECONNECT || res.code == FAIL_MISSING_SCOPES) {
        s->channel_due_ms = c->job.now_ms + CLOCK_HOUR_MS;
    } else if (!tended_is_refused(cx, c)) {
        tended_fail(cx, c);
    }
}

/* One channel. */

static bool tended_is_over(const struct tended *c)
{
    return c->job.is_deleted || (c->job.switches & SWITCHES_SYNC) == 0
           || !channels_are_wanted(c->account->work->settings);
}

static bool tended_is_paused(const struct tended *c)
{
    return !c->job.is_connected || !c->job.has_feature
           || c->job.sync.inactive != SYNC_ACTIVE;
}

/* Where channels aren't wanted at present, one is due for the time when they are. */
static void tended_end(struct cx *cx, struct tended *c)
{
    bool is_wanted_later = !c->job.is_deleted && (c->job.switches & SWITCHES_SYNC) != 0;

    if (c->old.id.n > 0 && c->job.is_connected) {
        tended_end_old(cx, c);
    }
    if (c->calling.was_parked) {
        c->job.sync.channel_due_ms = c->job.now_ms + CHANNEL_PUT_OFF_MS;
        c->account->is_put_off = true;
        return;
    }
    tended_clear(c, is_wanted_later ? c->job.now_ms : SYNC_NEVER);
    c->is_forgotten = c->job.is_deleted;
}

/* Nobody notifies any more: the calendar is polled, and read now. */
static void tended_note_lost(struct tended *c)
{
    struct calendar_sync *s = &c->job.sync;

    s->channel_id = s->resource_id = S("");
    s->channel_until_ms = 0;
}

static void tended_go_on(struct cx *cx, struct tended *c)
{
    struct calendar_sync *s = &c->job.sync;

    if (tended_is_paused(c)) {
        s->channel_due_ms = c->job.now_ms + CLOCK_HOUR_MS;
        return;
    }
    if (c->old.id.n > 0 && c->job.now_ms < s->channel_made_ms + LIMIT_CHANNEL_PAUSE_MS) {
        s->channel_due_ms = s->channel_made_ms + LIMIT_CHANNEL_PAUSE_MS;
        return;
    }
    Res res = tended_ask(cx, c, tended_renew_ask);

    if (res.code != FAIL_NONE) {
        if (c->is_lost) {
            tended_note_lost(c);
        }
        tended_judge_failure(cx, c, res);
        return;
    }
    tended_keep(c);
}

static Res tended_write_work(struct cx *cx, struct db *db, void *arg)
{
    const struct tended *c = arg;
    const struct tending *t = c->account;

    if (c->refused_until_ms > 0) {
        TRY(calendar_channels_refuse(
            cx, db, t->source, c->refused_until_ms, c->refused_why));
    }
    TRY(calendar_channels_write(
        cx, db, t->lease.owner, &c->job, c->is_new || c->is_lost));
    if (c->hold_until_ms > 0) {
        TRY(calendar_reads_hold(
            cx, db, t->account.account, c->hold_until_ms, t->account.hold_step + 1));
    }
    return c->is_forgotten ? calendar_channels_forget(cx, db, c->job.sync.settings) : OK;
}

static Res tended_run(struct cx *cx, struct tended *c)
{
    const struct calendar_sync *s = &c->job.sync;
    struct store *store = c->account->work->worker->store;

    c->old = (struct channel){s->channel_id, s->resource_id, s->channel_until_ms};
    if (c->old.until_ms > 0 && c->old.until_ms <= c->job.now_ms) {
        c->old.id = S("");
    }
    if (tended_is_over(c)) {
        tended_end(cx, c);
    } else {
        tended_go_on(cx, c);
    }
    cx->deadline_ms = clock_mono_ms() + CHANNEL_SETTLE_MS;
    crash_point("channels.before_write");
    TRY(store_write(cx, store, tended_write_work, c));
    crash_point("channels.after_write");
    if (c->is_new && c->old.id.n > 0) {
        cx->deadline_ms = clock_mono_ms() + ASK_MS;
        tended_end_old(cx, c);
    }
    return c->hold_until_ms > 0 || c->refused_until_ms > 0
               ? fail(cx, FAIL_NOT_FOUND, "nobody is to be asked any more")
               : OK;
}

/* FAIL_NOT_FOUND: none is due any more. */
static Res tending_next(struct cx *reason, struct tending *t)
{
    struct cx cx = {.deadline_ms = clock_mono_ms() + ASK_MS};
    struct tended *c = NEW(&cx.mem, struct tended);

    c->account = t;
    Res res = store_write(&cx, t->work->worker->store, tended_begin_work, c);

    if (res.code == FAIL_NONE) {
        res = tended_run(&cx, c);
    }
    if (res.code != FAIL_NONE) {
        reason->why = cx.why;
    }
    cx_done(&cx);
    return res;
}

/* An account. */

static bool tending_goes_on(struct cx *cx, struct tending *t)
{
    return work_goes_on(t->work) && !t->is_put_off
           && (lease_left_ms(&t->lease) > ASK_MS + CHANNEL_SETTLE_MS
               || store_write(cx, t->work->worker->store, tending_renew_work, t).code
                      == FAIL_NONE);
}

static Res tending_run(struct cx *cx, struct tending *t)
{
    Res res = OK;

    t->lease.owner = work_owner(&cx->mem, t->work->settings);
    TRY(store_write(cx, t->work->worker->store, tending_take_work, t));
    if (t->account.account == 0) {
        return OK;
    }
    while (res.code == FAIL_NONE && tending_goes_on(cx, t)) {
        res = tending_next(cx, t);
        cx->deadline_ms = clock_mono_ms() + CHANNEL_SETTLE_MS;
    }
    TRY(store_write(cx, t->work->worker->store, tending_drop_work, t));
    return res.code == FAIL_NOT_FOUND || res.code == FAIL_CONFLICT ? OK : res;
}

/* Nothing is due at a source that refuses. */
static Res tending_look_work(struct cx *cx, struct db *db, void *arg)
{
    const struct tending *t = arg;
    int64_t refused_until_ms;
    int64_t now_ms;
    int64_t n = 0;
    Str why;

    TRY(calendar_sync_now(cx, db, &now_ms));
    TRY(calendar_channels_refusal(cx, db, t->source, &refused_until_ms, &why));
    if (t->which == CHANNELS_LIVING || refused_until_ms <= now_ms) {
        TRY(calendar_channels_due(cx, db, t->source, t->which, &n));
    }
    shared_due_set(t->work->worker->shared, SHARED_CHANNELS, t->source, n);
    return OK;
}

Res channels_tend(struct cx *cx, struct work *work, enum source_id source, int64_t part)
{
    struct shared *shared = work->worker->shared;
    struct store *store = work->worker->store;
    struct tending t = {
        .work = work,
        .source = source,
        .which = channels_are_wanted(work->settings) ? CHANNELS_DUE : CHANNELS_LIVING,
    };

    if (part == 0) {
        TRY(store_read(cx, store, tending_look_work, &t));
    }
    while (shared_take_due(shared, SHARED_CHANNELS, source) && work_goes_on(work)
           && !t.is_put_off) {
        struct cx own = {.deadline_ms = clock_mono_ms() + CHANNEL_SETTLE_MS};
        Res res = shared_keys(&own, shared, store, work->settings->keyring, &t.keys);

        if (res.code == FAIL_NONE) {
            res = tending_run(&own, &t);
        }
        cx->why = own.why;
        cx_done(&own);
        TRY(res);
    }
    return OK;
}
