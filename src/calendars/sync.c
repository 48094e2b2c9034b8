/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync.c - takes an account, reads its due calendars, writes what came of each.
 *
 * The read lease of the account is renewed before each page. Everything that a read means
 * is written in one transaction under the lease, so that a node that lost it writes
 * nothing.
 */
#include "calendars/sync.h"

#include "base/clock.h"
#include "base/crash.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metric.h"
#include "calendars/freshness.h"
#include "calendars/noticing.h"
#include "calendars/reading.h"
#include "calendars/sealing.h"
#include "calendars/telling.h"
#include "grants/account_log.h"
#include "grants/account_state.h"
#include "sources/calendar_rights.h"
#include "store/calendar_channels.h"
#include "store/calendar_settings.h"
#include "store/pushed_copies.h"
#include "store/store.h"
#include "work/lanes.h"

enum {
    LARGE_EVENTS = 2000,
    SYNC_SETTLE_MS = 10 * 1000,
    SYNC_PUT_OFF_MS = 1000,
    DIGEST_BYTES = 16
};

/* The due calendars of one account. */
struct account_sync {
    struct work *work;
    const struct instance_keys *keys;
    enum source_id source;
    int64_t part;
    struct account_work account;
    struct lease lease;
};

/* One calendar. */
struct calendar_read {
    struct account_sync *account;
    struct sync_job job;
    struct image base;
    struct reading reading;
    Res res;               /* of the read */
    Str image;             /* sealed, to be written; empty: it is the one that is there */
    bool was_unnoticed;    /* nothing was noticed before this read */
    bool has_changed;      /* what the same window has */
    int64_t hold_until_ms; /* of the account, 0: none */
    enum sync_inactive was_inactive;
    struct busy_change change; /* of the busy time, if somebody wants to know */
    struct noticed noticed;    /* copies of events that are to be looked at */
    Str broken; /* why the account has to be connected again; empty: it needn't */
    struct account broken_account; /* that was marked so; no id: none was */
};

Str sync_key(struct arena *mem, int64_t settings)
{
    return str_cat(mem, S("sync:"), str_int(mem, settings));
}

/* Leases. */

static Res account_take_work(struct cx *cx, struct db *db, void *arg)
{
    struct account_sync *a = arg;

    a->lease.length_ms = LIMIT_READ_LEASE_MS;
    return calendar_reads_take(cx, db, a->source, a->part, &a->lease, &a->account);
}

static Res account_renew_work(struct cx *cx, struct db *db, void *arg)
{
    struct account_sync *a = arg;

    return calendar_reads_renew(cx, db, a->account.account, &a->lease);
}

static Res account_drop_work(struct cx *cx, struct db *db, void *arg)
{
    const struct account_sync *a = arg;

    return calendar_reads_drop(cx, db, a->account.account, a->lease.owner);
}

/* Before each page. */
static Res account_goes_on(struct cx *cx, void *arg)
{
    struct account_sync *a = arg;
    struct cx own = {.deadline_ms = clock_mono_ms() + SYNC_SETTLE_MS};

    if (work_is_stopping(a->work)) {
        return fail(cx, FAIL_UNAVAILABLE, "the process stops");
    }
    Res res = OK;

    if (lease_left_ms(&a->lease) < LIMIT_READ_LEASE_MS - LIMIT_EVENTS_PAGE_MS / 2) {
        res = store_write(&own, a->work->worker->store, account_renew_work, a);
    }
    cx->why = res.code == FAIL_NONE ? cx->why : own.why;
    cx_done(&own);
    return res;
}

/* Beginning. */

static Res calendar_begin_work(struct cx *cx, struct db *db, void *arg)
{
    struct calendar_read *c = arg;
    const struct account_sync *a = c->account;

    return calendar_reads_begin(
        cx, db, a->account.account, a->lease.owner, LIMIT_READ_LEASE_MS, &c->job);
}

static Res calendar_image_work(struct cx *cx, struct db *db, void *arg)
{
    struct calendar_read *c = arg;

    return calendar_image_get(cx, db, c->job.sync.settings, &c->image);
}

/* Where the image doesn't open, the next one is written even if it is the same. */
static bool calendar_open_image(struct cx *cx, struct calendar_read *c)
{
    const struct account_sync *a = c->account;
    Res res = store_read(cx, a->work->worker->store, calendar_image_work, c);
    Str text;

    if (res.code != FAIL_NONE && res.code != FAIL_NOT_FOUND) {
        return false;
    }
    bool is_open = res.code == FAIL_NONE
                   && sealing_open(
                          cx, a->work->settings->keyring, KEY_IMAGE, c->job.sync.settings,
                          c->image, &text)
                              .code
                          == FAIL_NONE
                   && image_decode(cx, text, &c->base).code == FAIL_NONE;

    if (!is_open) {
        c->job.sync.image_digest = S("");
    }
    return is_open;
}

/* Of a calendar that blocks nothing no time is kept: it is read for the copies in it. */
static bool calendar_has_image(const struct calendar_read *c)
{
    return (c->job.switches & SWITCH_SOURCE) != 0;
}

static bool calendar_open_times(struct cx *cx, struct calendar_read *c)
{
    if (calendar_has_image(c)) {
        return calendar_open_image(cx, c);
    }
    c->base = (struct image){
        .from_s = c->job.sync.window_from_s, .to_s = c->job.sync.window_to_s};
    return true;
}

/* The image and the cursor of the read before. What doesn't open is read in full again.
 */
static bool calendar_open_base(struct cx *cx, struct calendar_read *c)
{
    const struct calendar_sync *s = &c->job.sync;

    return s->cursor.n > 0 && s->full_due_ms > c->job.now_ms && calendar_open_times(cx, c)
           && sealing_open(
                  cx, c->account->work->settings->keyring, KEY_CURSOR, s->settings,
                  s->cursor, &c->reading.cursor)
                      .code
                  == FAIL_NONE;
}

static void calendar_prepare(struct cx *cx, struct calendar_read *c)
{
    struct account_sync *a = c->account;
    struct calendar_sync *s = &c->job.sync;

    c->reading = (struct reading){
        .calling = {.work = a->work, .account = a->account.account},
        .keys = a->keys,
        .job = &c->job,
        .window = times_window_now(&a->work->settings->sync, a->source, c->job.now_ms),
        .goes_on = account_goes_on,
        .arg = a,
    };
    if (calendar_open_base(cx, c)) {
        c->reading.base = &c->base;
    }
    c->image = S("");
    c->was_unnoticed = s->noticed_ms == 0;
    s->read_ms = c->job.now_ms;
    s->recent = times_recent_add(s->recent, c->job.now_ms);
}

/* What came of it. */

static int64_t calendar_interval_ms(const struct calendar_read *c)
{
    const struct account_sync *a = c->account;
    bool is_pushed = c->job.sync.channel_until_ms > c->job.now_ms;

    return times_poll_ms(
        &a->work->settings->sync, shared_calendars(a->work->worker->shared, a->source),
        is_pushed);
}

/* Every read of a large window costs many pages; an increment of Google's doesn't. */
static bool calendar_is_large(const struct calendar_read *c)
{
    return c->account->source == SOURCE_MICROSOFT && c->job.sync.events > LARGE_EVENTS;
}

static int64_t calendar_next_due(const struct calendar_read *c)
{
    const struct calendar_sync *s = &c->job.sync;
    int64_t poll_ms = times_next_poll(c->job.now_ms, calendar_interval_ms(c));
    int64_t spaced_ms = times_spaced(s->recent, c->job.now_ms, calendar_is_large(c));

    poll_ms = s->full_due_ms < poll_ms ? s->full_due_ms : poll_ms;
    if (s->channel_until_ms > c->job.now_ms && s->channel_until_ms < poll_ms) {
        poll_ms = s->channel_until_ms; /* nobody notifies from then on */
    }
    if (s->due_ms == SYNC_WANTED && s->noticed_ms > 0) {
        /* Notices that were joined to the stored one may be younger than this read, which
         * began before their time (notices.h). */
        poll_ms = c->job.now_ms + LIMIT_NOTICE_MS;
    }
    return poll_ms > spaced_ms ? poll_ms : spaced_ms;
}

static Res calendar_find_change(struct cx *cx, struct calendar_read *c)
{
    const struct telling telling = {
        .work = c->account->work,
        .job = &c->job,
        .before = c->reading.base,
        .after = &c->reading.image,
    };

    return telling_find_change(cx, &telling, &c->change);
}

/* The same image again is not written. */
static Res calendar_keep_image(struct cx *cx, struct calendar_read *c)
{
    const struct account_sync *a = c->account;
    struct calendar_sync *s = &c->job.sync;
    char *digest = arena_alloc(&cx->mem, DIGEST_BYTES);
    Str text;

    TRY(image_encode(cx, &c->reading.image, &text));
    seal_mac(a->keys->digests, text, (unsigned char *)digest, DIGEST_BYTES);
    if (s->image_version > 0 && str_eq(s->image_digest, (Str){digest, DIGEST_BYTES})) {
        return OK;
    }
    TRY(calendar_find_change(cx, c));
    c->has_changed = s->image_version > 0 && s->window_from_s == c->reading.image.from_s;
    s->image_digest = (Str){digest, DIGEST_BYTES};
    s->image_version++;
    c->image =
        sealing_lock(&cx->mem, a->work->settings->keyring, KEY_IMAGE, s->settings, text);
    return OK;
}

static void calendar_keep_cursor(struct cx *cx, struct calendar_read *c)
{
    struct calendar_sync *s = &c->job.sync;

    s->cursor = c->reading.next_cursor.n == 0
                    ? S("")
                    : sealing_lock(
                        &cx->mem, c->account->work->settings->keyring, KEY_CURSOR,
                        s->settings, c->reading.next_cursor);
}

static void calendar_deactivate(struct calendar_read *c, enum sync_inactive why)
{
    c->job.sync.inactive = why;
    c->job.sync.due_ms = c->job.now_ms + LIMIT_INACTIVE_MS;
}

/* What the source says of the calendar itself. */
/* Reading goes well where writing isn't allowed. */
static void calendar_judge_rights(struct cx *cx, struct calendar_read *c)
{
    struct calendar_rights rights;

    if (c->was_inactive != SYNC_READ_ONLY
        || (c->job.switches & SWITCH_DESTINATION) == 0) {
        return;
    }
    Res res = calling_get_rights(cx, &c->reading.calling, c->job.calendar_id, &rights);

    if (res.code != FAIL_NONE || !rights.can_write) {
        calendar_deactivate(c, SYNC_READ_ONLY);
    }
    if (res.code != FAIL_NONE) {
        c->job.sync.due_ms = times_back_off(c->job.now_ms, 1);
    }
}

static Res calendar_succeed(struct cx *cx, struct calendar_read *c)
{
    struct calendar_sync *s = &c->job.sync;

    if (c->reading.was_full) {
        s->full_due_ms = times_full_due(s->source, s->settings, c->job.now_ms);
    }
    if (calendar_has_image(c)) {
        TRY(calendar_keep_image(cx, c));
    }
    TRY(noticing_find(cx, c->account->work->worker->store, &c->reading, &c->noticed));
    calendar_keep_cursor(cx, c);
    s->state = SYNC_LIVE;
    s->inactive = SYNC_ACTIVE;
    s->window_from_s = c->reading.image.from_s;
    s->window_to_s = c->reading.image.to_s;
    s->synced_ms = c->job.now_ms;
    s->failures = 0;
    s->failure = S("");
    s->events = (int64_t)c->reading.image.n;
    s->top = c->reading.top;
    s->due_ms = calendar_next_due(c);
    calendar_judge_rights(cx, c);
    return OK;
}

static void calendar_pause(struct calendar_read *c)
{
    c->job.sync.state = SYNC_PAUSED;
    c->job.sync.due_ms = SYNC_NEVER;
}

static void calendar_hold(struct calendar_read *c)
{
    c->hold_until_ms = times_hold_until(
        c->job.now_ms, c->reading.calling.retry_after_s, c->account->account.hold_step,
        c->reading.why == EVENTS_QUOTA);
    c->job.sync.due_ms = c->hold_until_ms;
}

/* For who asks which calendars fail, and why: the log has all of it. */
static Str failure_word(enum fail kind)
{
    static const struct {
        enum fail kind;
        Str word;
    } rows[] = {
        {FAIL_SOURCE_TIMEOUT, SI("source_timeout")},
        {FAIL_SOURCE_UNAVAILABLE, SI("source_unavailable")},
        {FAIL_SOURCE_MISCONFIGURED, SYNC_MISCONFIGURED},
        {FAIL_NOT_FOUND, SI("not_found")},
        {FAIL_UNAVAILABLE, SI("unavailable")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].kind == kind) {
            return rows[i].word;
        }
    }
    return S("source_error");
}

/* A cursor that was given up is of no use later either. */
static void calendar_fail(struct calendar_read *c)
{
    struct calendar_sync *s = &c->job.sync;

    if (c->reading.was_full) {
        s->state = s->state == SYNC_LIVE ? SYNC_FULL : s->state;
        s->cursor = S("");
    }
    s->failures++;
    s->failure = failure_word(c->res.code);
    s->top = c->reading.top;
    s->due_ms = times_back_off(c->job.now_ms, s->failures);
}

/* Events that aren't found: is the calendar gone? */
static void calendar_not_found(struct cx *cx, struct calendar_read *c)
{
    struct calendar_rights rights;
    Res res = calling_get_rights(cx, &c->reading.calling, c->job.calendar_id, &rights);

    if (res.code == FAIL_NOT_FOUND) {
        calendar_deactivate(c, SYNC_CALENDAR_GONE);
    } else {
        calendar_fail(c);
    }
}

/* Cut by a stop, or another renews the token of the account: no failure of the read, and
 * none that a query may take for one. */
static bool calendar_was_put_off(
    struct calendar_read *c, const struct calendar_sync *before)
{
    bool is_cut = c->reading.calling.was_parked || work_is_stopping(c->account->work);

    if (c->res.code != FAIL_NONE && is_cut) {
        c->job.sync.read_ms = before->read_ms;
        c->job.sync.recent = before->recent;
        c->job.sync.due_ms = c->job.now_ms + SYNC_PUT_OFF_MS;
        return true;
    }
    return false;
}

static void calendar_break(struct calendar_read *c)
{
    c->broken = S("missing_scopes");
    calendar_pause(c);
}

static void calendar_refused(struct calendar_read *c)
{
    calendar_deactivate(c, SYNC_NO_ACCESS);
}

static void calendar_outgrown(struct calendar_read *c)
{
    calendar_deactivate(c, SYNC_TOO_LARGE);
}

static Res calendar_judge(struct cx *cx, struct calendar_read *c)
{
    static const struct {
        enum fail kind;
        void (*act)(struct calendar_read *c);
    } rows[] = {
        {FAIL_MISSING_SCOPES, calendar_break},
        {FAIL_NEEDS_RECONNECT, calendar_pause},
        {FAIL_PERMISSION_DENIED, calendar_refused},
        {FAIL_LIMIT, calendar_outgrown},
        {FAIL_SOURCE_RATE_LIMITED, calendar_hold},
    };

    if (c->res.code == FAIL_NONE) {
        return calendar_succeed(cx, c);
    }
    if (c->res.code == FAIL_CONFLICT) { /* the lease was lost: whoever has it reads */
        return c->res;
    }
    if (c->res.code == FAIL_NOT_FOUND) {
        calendar_not_found(cx, c);
        return OK;
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].kind == c->res.code) {
            rows[i].act(c);
            return OK;
        }
    }
    calendar_fail(c);
    return OK;
}

/* Writing. */

static Res calendar_write_hold(
    struct cx *cx, struct db *db, const struct calendar_read *c)
{
    const struct account_sync *a = c->account;

    if (c->hold_until_ms > 0) {
        return calendar_reads_hold(
            cx, db, a->account.account, c->hold_until_ms, a->account.hold_step + 1);
    }
    return c->res.code == FAIL_NONE && a->account.hold_step > 0
               ? calendar_reads_end_hold(cx, db, a->account.account)
               : OK;
}

/* Polling found what its channel should have told: after a week of silence it is not
 * believed any more. */
static Res calendar_write_doubt(
    struct cx *cx, struct db *db, const struct calendar_read *c)
{
    const struct calendar_sync *s = &c->job.sync;
    bool is_pushed = s->channel_until_ms > c->job.now_ms;
    bool is_silent = c->job.now_ms - s->channel_heard_ms > LIMIT_CHANNEL_SILENT_MS;

    return c->has_changed && c->was_unnoticed && is_pushed && is_silent
               ? calendar_channels_distrust(cx, db, s->settings, c->job.now_ms)
               : OK;
}

/* Copies that waited for the calendar. */
static Res calendar_write_awake(
    struct cx *cx, struct db *db, const struct calendar_read *c)
{
    const struct calendar_sync *s = &c->job.sync;

    return s->inactive == SYNC_ACTIVE && c->was_inactive != SYNC_ACTIVE
               ? pushed_copies_wake_setting(cx, db, s->settings)
               : OK;
}

static Res calendar_write_work(struct cx *cx, struct db *db, void *arg)
{
    struct calendar_read *c = arg;
    const struct calendar_sync *s = &c->job.sync;
    uint32_t key = 0;

    if (s->cursor.n > 0) {
        must_be(keyring_record_key(s->cursor, &key));
    }
    TRY(calendar_reads_write(
        cx, db, c->account->lease.owner, &c->job, key, c->res.code == FAIL_NONE));
    if (c->image.n > 0) {
        must_be(keyring_record_key(c->image, &key));
        TRY(calendar_image_put(cx, db, s->settings, s->image_version, key, c->image));
    }
    TRY(calendar_write_hold(cx, db, c));
    TRY(telling_put_change(cx, db, &c->job, &c->change));
    TRY(telling_put_inactive(cx, db, &c->job, c->was_inactive));
    TRY(calendar_write_doubt(cx, db, c));
    TRY(noticing_put(cx, db, &c->noticed));
    TRY(calendar_write_awake(cx, db, c));
    return c->broken.n == 0
               ? OK
               : account_state_break(cx, db, s->account, c->broken, &c->broken_account);
}

/* A calendar that begins to fail, or changes between active and inactive, is news. */
static void calendar_log(
    struct cx *cx, const struct calendar_read *c, const struct calendar_sync *before)
{
    const struct calendar_sync *s = &c->job.sync;

    if (s->inactive != before->inactive) {
        log_event(
            s->inactive == SYNC_ACTIVE ? LEVEL_INFO : LEVEL_WARN,
            s->inactive == SYNC_ACTIVE ? EVENT_SYNC_ACTIVE : EVENT_SYNC_INACTIVE,
            KZ("flow", cx->flow), KI("setting", s->settings), KI("account", s->account),
            KV("reason", freshness_inactive(s->inactive, true)));
    }
    if (c->res.code == FAIL_NONE) {
        log_event(
            LEVEL_DEBUG, EVENT_SYNC_DONE, KZ("flow", cx->flow),
            KI("setting", s->settings), KI("account", s->account));
    }
    if (s->failures == 1 && before->failures == 0) {
        log_event(
            LEVEL_WARN, EVENT_SYNC_FAILED, KZ("flow", cx->flow),
            KI("setting", s->settings), KI("account", s->account),
            KZ("reason", cx->why.text));
    }
    if (s->failures == 0 && before->failures > 0) {
        log_event(
            LEVEL_INFO, EVENT_SYNC_RECOVERED, KZ("flow", cx->flow),
            KI("setting", s->settings), KI("account", s->account));
    }
}

static Str calendar_counts_as(const struct calendar_read *c, bool is_put_off)
{
    const struct calendar_sync *s = &c->job.sync;

    if (is_put_off) {
        return S("cut");
    }
    if (c->res.code == FAIL_NONE) {
        return S("done");
    }
    if (c->hold_until_ms > 0) {
        return S("held");
    }
    if (s->inactive != SYNC_ACTIVE) {
        return S("inactive");
    }
    return s->state == SYNC_PAUSED ? S("paused") : S("failed");
}

/* Why a read was of the whole window. */
static Str calendar_full_because(
    const struct calendar_read *c, const struct calendar_sync *before)
{
    if (before->synced_ms == 0) {
        return S("first");
    }
    if (before->state == SYNC_FULL || before->cursor.n == 0) {
        return S("lost");
    }
    return before->full_due_ms <= c->job.now_ms ? S("scheduled") : S("unreadable");
}

static Str calendar_kind(const struct calendar_read *c)
{
    if (c->account->source == SOURCE_MICROSOFT) {
        return S("window");
    }
    return c->reading.was_full ? S("full") : S("increment");
}

/* What somebody made due at once has no time from which it was. */
static void calendar_count(
    const struct calendar_read *c, bool is_put_off, const struct calendar_sync *before)
{
    Str source = metric_source(c->account->source);
    Str kind = calendar_kind(c);
    int64_t late_ms = c->job.now_ms - before->due_ms;

    METRIC_COUNT(METRIC_SYNCS, source, kind, calendar_counts_as(c, is_put_off));
    if (str_eq(kind, S("full"))) {
        METRIC_COUNT(METRIC_FULL_READS, source, calendar_full_because(c, before));
    }
    if (c->res.code == FAIL_NONE && before->due_ms > SYNC_WANTED && late_ms >= 0) {
        metric_observe_us(METRIC_SYNC_LAG, 0, late_ms * 1000);
    }
}

static Res calendar_write(struct cx *cx, struct calendar_read *c)
{
    cx->deadline_ms = clock_mono_ms() + SYNC_SETTLE_MS;
    crash_point("sync.before_write");
    Res res = store_write(cx, c->account->work->worker->store, calendar_write_work, c);

    crash_point("sync.after_write");
    if (res.code == FAIL_NONE) {
        account_log_break(cx, &c->broken_account, c->broken);
    }
    lanes_wake(c->account->work->worker->lanes, sync_key(&cx->mem, c->job.sync.settings));
    return res;
}

/* One calendar. */

/* Nothing is to be read: until something changes, or for a while. */
static bool calendar_must_wait(struct calendar_read *c)
{
    struct calendar_sync *s = &c->job.sync;
    int64_t spaced_ms = times_spaced(s->recent, s->read_ms, calendar_is_large(c));

    if ((c->job.switches & SWITCHES_SYNC) == 0) {
        s->due_ms = SYNC_NEVER;
        return true;
    }
    if (!c->job.is_connected || !c->job.has_feature) {
        calendar_pause(c);
        return true;
    }
    if (c->account->account.hold_until_ms > c->job.now_ms) {
        s->due_ms = c->account->account.hold_until_ms;
        return true;
    }
    if (s->due_ms > SYNC_WANTED && s->failures == 0 && spaced_ms > c->job.now_ms) {
        s->due_ms = spaced_ms;
        return true;
    }
    return false;
}

static Res calendar_read(struct cx *cx, struct calendar_read *c)
{
    const struct calendar_sync before = c->job.sync;

    c->was_inactive = before.inactive;
    if (calendar_must_wait(c)) {
        c->res = fail(cx, FAIL_UNAVAILABLE, "not now");
        return calendar_write(cx, c);
    }
    calendar_prepare(cx, c);
    crash_point("sync.before_read");
    c->res = reading_run(cx, &c->reading);
    bool is_put_off = calendar_was_put_off(c, &before);

    if (!is_put_off) {
        cx->deadline_ms =
            clock_mono_ms() + SYNC_SETTLE_MS; /* however long the pages took */
        TRY(calendar_judge(cx, c));
    }
    calendar_count(c, is_put_off, &before);
    calendar_log(cx, c, &before);
    TRY(calendar_write(cx, c));
    return c->hold_until_ms > 0 ? fail(cx, FAIL_NOT_FOUND, "the account is held") : OK;
}

/* FAIL_NOT_FOUND: none is due any more. */
static Res account_read_next(struct cx *reason, struct account_sync *a)
{
    struct cx cx = {.deadline_ms = clock_mono_ms() + LIMIT_READ_MS};
    struct calendar_read *c = NEW(&cx.mem, struct calendar_read);

    c->account = a;
    Res res = store_write(&cx, a->work->worker->store, calendar_begin_work, c);

    if (res.code == FAIL_NONE) {
        res = calendar_read(&cx, c);
    }
    if (res.code != FAIL_NONE) {
        reason->why = cx.why;
    }
    cx_done(&cx);
    return res;
}

/* An account. */

static Res account_read_all(struct cx *cx, struct account_sync *a)
{
    Res res = OK;

    while (res.code == FAIL_NONE && work_goes_on(a->work)
           && account_goes_on(cx, a).code == FAIL_NONE) {
        res = account_read_next(cx, a);
    }
    cx->deadline_ms = clock_mono_ms() + SYNC_SETTLE_MS; /* however long the reads took */
    TRY(store_write(cx, a->work->worker->store, account_drop_work, a));
    return res.code == FAIL_NOT_FOUND || res.code == FAIL_CONFLICT ? OK : res;
}

static Res sync_one(struct cx *cx, struct account_sync *a)
{
    a->lease.owner = work_owner(&cx->mem, a->work->settings);
    TRY(store_write(cx, a->work->worker->store, account_take_work, a));
    return a->account.account == 0 ? OK : account_read_all(cx, a);
}

/* One worker looks what is due, and as many take part as there are accounts. */
static Res sync_look_work(struct cx *cx, struct db *db, void *arg)
{
    const struct account_sync *a = arg;
    struct shared *shared = a->work->worker->shared;
    int64_t n;

    TRY(calendar_reads_due(cx, db, a->source, &n));
    shared_due_set(shared, SHARED_SYNC, a->source, n);
    if (shared_calendars_is_old(shared, a->source)) {
        TRY(calendar_sync_count(cx, db, a->source, &n));
        shared_calendars_set(shared, a->source, n);
    }
    return OK;
}

Res sync_due(struct cx *cx, struct work *work, enum source_id source, int64_t part)
{
    struct shared *shared = work->worker->shared;
    struct store *store = work->worker->store;
    struct account_sync a = {.work = work, .source = source, .part = part};
    bool more = true;

    if (shared_look(shared, SHARED_SYNC, source)) {
        /* HTTP threads need the keys, too, and can't read them. */
        TRY(shared_keys(cx, shared, store, work->settings->keyring, &a.keys));
        TRY(store_read(cx, store, sync_look_work, &a));
    }
    if (!shared_take_due(shared, SHARED_SYNC, source)) {
        return OK;
    }
    TRY(shared_keys(cx, shared, store, work->settings->keyring, &a.keys));
    while (more && work_goes_on(work)) {
        struct cx own = {.deadline_ms = clock_mono_ms() + SYNC_SETTLE_MS};
        Res res = sync_one(&own, &a);

        more = a.account.account != 0;
        cx->why = own.why;
        cx_done(&own);
        TRY(res);
    }
    return OK;
}
