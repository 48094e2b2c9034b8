/* SPDX-License-Identifier: Apache-2.0 */
/*
 * push.c - takes an account, does what is due for its copies, writes what came of each.
 *
 * A copy is taken in one transaction, which says what is about to be done, and judged in
 * another, both under the write lease of the account. In between the source is asked
 * (push/writing.h). A node that lost the lease writes nothing.
 */
#include "push/push.h"

#include "base/clock.h"
#include "base/crash.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metric.h"
#include "calendars/times.h"
#include "grants/account_log.h"
#include "grants/account_state.h"
#include "push/news.h"
#include "push/writing.h"
#include "store/calendar_settings.h"
#include "store/store.h"

enum { SETTLE_MS = 10 * 1000, PUT_OFF_MS = 1000, WAIT_MS = 3600 * 1000 };

/* The due copies of one account. */
struct pushing {
    struct work *work;
    const struct instance_keys *keys;
    enum source_id source;
    int64_t part;
    struct account_work account;
    struct lease lease;
    int64_t until_ms; /* clock_mono_ms: others may want the account then */
    int written;
};

/* One copy. */
struct pushed {
    struct pushing *account;
    struct writing writing;
    bool is_waiting;       /* something is in its way, and nobody is asked */
    enum copy_news news;   /* what came of it */
    int64_t hold_until_ms; /* of the account, 0: none */
};

/* Leases. */

static Res pushing_take_work(struct cx *cx, struct db *db, void *arg)
{
    struct pushing *p = arg;

    p->lease.length_ms = LIMIT_WRITE_LEASE_MS;
    return pushed_writes_take(cx, db, p->source, p->part, &p->lease, &p->account);
}

static Res pushing_renew_work(struct cx *cx, struct db *db, void *arg)
{
    struct pushing *p = arg;

    return pushed_writes_renew(cx, db, p->account.account, &p->lease);
}

static Res pushing_drop_work(struct cx *cx, struct db *db, void *arg)
{
    const struct pushing *p = arg;

    return pushed_writes_drop(cx, db, p->account.account, p->lease.owner);
}

static bool pushing_goes_on(struct cx *cx, struct pushing *p)
{
    return work_goes_on(p->work) && p->written < LIMIT_WRITES_OF_LEASE
           && clock_mono_ms() < p->until_ms
           && (lease_left_ms(&p->lease) > LIMIT_WRITE_LEFT_MS
               || store_write(cx, p->work->worker->store, pushing_renew_work, p).code
                      == FAIL_NONE);
}

/* The process may have slept since the copy was taken. */
static Res pushing_check_lease(struct cx *cx, const struct pushing *p)
{
    return lease_left_ms(&p->lease) < cx_left_ms(cx, LIMIT_WRITE_MS)
               ? fail(cx, FAIL_CONFLICT, "the lease on writing would not last")
               : OK;
}

/* Taking. */

static bool job_must_wait(const struct push_job *job)
{
    if (!job->is_connected || !job->has_feature) {
        return true;
    }
    if ((job->switches & SWITCH_DESTINATION) == 0) {
        return false;
    }
    switch (job->inactive) {
    case SYNC_CALENDAR_GONE:
    case SYNC_NO_ACCESS:
    case SYNC_READ_ONLY:
        return true;
    case SYNC_ACTIVE:
    case SYNC_NEEDS_RECONNECT:
    case SYNC_TOO_LARGE:
        break;
    }
    return false;
}

static struct copy_home job_home(const struct pushing *p, const struct push_job *job)
{
    return (struct copy_home){
        .keys = p->keys,
        .owner = job->owner,
        .source = p->source,
        .subject = job->subject,
        .calendar_id = job->calendar_id,
    };
}

/* Who changed the row may not have known the keys. */
static Str pushed_key(
    struct cx *cx, const struct pushed *one, const struct pushed_copy *c)
{
    const struct copy_home home = job_home(one->account, &one->writing.job);

    return copy_key_make(&cx->mem, &home, c->event, c->generation);
}

/* What is begun stands in the row from here on; `writing.job` has it as it was. */
static Res pushed_begin_work(struct cx *cx, struct db *db, void *arg)
{
    struct pushed *one = arg;
    const struct pushing *p = one->account;
    struct push_job *job = &one->writing.job;
    struct pushed_copy c;

    TRY(pushed_writes_next(cx, db, p->account.account, p->lease.owner, job));
    job->copy.key = pushed_key(cx, one, &job->copy);
    one->writing.act = copy_state_act(job);
    one->is_waiting = one->writing.act != COPY_ACT_SKIP && job_must_wait(job);
    c = job->copy;
    if (one->writing.act == COPY_ACT_NONE) {
        c.due_ms = SYNC_NEVER;
    } else if (one->is_waiting) {
        copy_state_put_off(&c, job, true, job->now_ms + WAIT_MS);
    } else {
        copy_state_begin(&c, job, one->writing.act, job->now_ms + LIMIT_WRITE_LEASE_MS);
    }
    return pushed_copy_put(cx, db, &c);
}

/* Judging. */

static void pushed_hold(struct pushed *one, struct pushed_copy *c)
{
    const struct pushing *p = one->account;
    const struct writing *w = &one->writing;

    one->hold_until_ms = times_hold_until(
        w->job.now_ms, w->calling.retry_after_s, p->account.hold_step,
        w->why == WRITE_QUOTA);
    copy_state_held(c, &w->job, one->hold_until_ms);
}

static enum copy_news pushed_fail(struct pushed *one, struct pushed_copy *c, bool *gone)
{
    const struct writing *w = &one->writing;

    return copy_state_failed(
        c, &w->job,
        &(struct copy_failure){
            .is_clear = w->is_clear,
            .retry_after_s = w->calling.retry_after_s,
            .now_ms = w->job.now_ms,
        },
        gone);
}

/* *gone: the row goes. */
static enum copy_news pushed_judge(
    struct pushed *one, struct pushed_copy *c, int64_t now_ms, bool *gone)
{
    const struct writing *w = &one->writing;

    *gone = false;
    switch (w->outcome) {
    case WRITING_WROTE:
        copy_state_wrote(c, &w->job, &w->written, now_ms);
        break;
    case WRITING_REMOVED:
        *gone = copy_state_removed(c, &w->job, now_ms);
        break;
    case WRITING_MISSED:
        c->flags |= COPY_MISSED;
        c->due_ms = now_ms + LIMIT_WRITE_AGAIN_MS;
        break;
    case WRITING_SKIPPED:
        copy_state_skipped(c, &w->job);
        break;
    case WRITING_GONE:
        return copy_state_gone(c, now_ms);
    case WRITING_TAKEN:
        return copy_state_taken(c, &w->job, now_ms);
    case WRITING_LOOKED:
        return copy_state_looked(c, &w->job, &w->written);
    case WRITING_REFUSED:
        return copy_state_refused(c, &w->job);
    case WRITING_HELD:
        pushed_hold(one, c);
        break;
    case WRITING_BLOCKED: /* the account or the setting says why */
        copy_state_put_off(c, &w->job, true, now_ms + WAIT_MS);
        break;
    case WRITING_CUT:
        copy_state_put_off(c, &w->job, w->is_clear, now_ms + PUT_OFF_MS);
        break;
    case WRITING_FAILED:
        return pushed_fail(one, c, gone);
    }
    return COPY_NEWS_NONE;
}

/* Writing. */

static Res pushed_write_hold(struct cx *cx, struct db *db, const struct pushed *one)
{
    const struct pushing *p = one->account;
    enum writing_outcome outcome = one->writing.outcome;
    bool was_answered = outcome <= WRITING_LOOKED && outcome != WRITING_SKIPPED;

    if (one->hold_until_ms > 0) {
        return calendar_reads_hold(
            cx, db, p->account.account, one->hold_until_ms, p->account.hold_step + 1);
    }
    return was_answered && p->account.hold_step > 0
               ? calendar_reads_end_hold(cx, db, p->account.account)
               : OK;
}

static Res pushed_write_row(
    struct cx *cx, struct db *db, const struct pushed *one, struct pushed_copy *c,
    bool gone)
{
    int64_t known = one->writing.job.event.generations;

    if (gone) {
        TRY(pushed_copy_delete(cx, db, c->id));
        return calendar_settings_forget(cx, db, c->settings);
    }
    if (c->generation > known) {
        TRY(pushed_event_note_generation(cx, db, c->event, c->generation));
    }
    c->key = pushed_key(cx, one, c);
    return pushed_copy_put(cx, db, c);
}

static Res pushed_write_work(struct cx *cx, struct db *db, void *arg)
{
    struct pushed *one = arg;
    struct writing *w = &one->writing;
    struct pushed_copy c;
    int64_t now_ms;
    bool gone;

    TRY(calendar_sync_now(cx, db, &now_ms));
    TRY(pushed_writes_get(cx, db, one->account->lease.owner, &w->job, &c));
    one->news = pushed_judge(one, &c, now_ms, &gone);

    TRY(pushed_write_row(cx, db, one, &c, gone));
    TRY(news_put(cx, db, &w->job, &c, one->news));
    TRY(news_put_blocked(cx, db, w));
    return pushed_write_hold(cx, db, one);
}

static void pushed_log_as(
    const struct pushed *one, Str flow, enum log_level level, enum event event,
    const char *reason)
{
    const struct pushed_copy *c = &one->writing.job.copy;

    log_event(
        level, event, KV("flow", flow), KI("copy", c->id), KI("setting", c->settings),
        KI("account", c->account), KZ("reason", reason));
}

/* `how`: of the calls; `written`: whether what came of them stands in the copy's row. */
static void pushed_log(
    const struct cx *cx, const struct pushed *one, Res how, Res written)
{
    Str flow = str_from_z(cx->flow);

    if (written.code == FAIL_NONE && one->news == COPY_NEWS_FAILED) {
        pushed_log_as(
            one, flow, LEVEL_ERROR, EVENT_PUSH_GIVEN_UP,
            one->writing.outcome == WRITING_TAKEN ? "the keys of the copy are used up"
                                                  : cx->why.text);
    } else if (
        how.code == FAIL_NONE && written.code == FAIL_NONE
        && one->writing.outcome < WRITING_REFUSED) {
        pushed_log_as(one, flow, LEVEL_DEBUG, EVENT_PUSH_DONE, "");
    } else {
        pushed_log_as(one, flow, LEVEL_WARN, EVENT_PUSH_FAILED, cx->why.text);
    }
}

static void pushed_count(const struct writing *w, enum source_id source)
{
    const size_t values[] = {(size_t)source - 1, (size_t)w->act - 1, (size_t)w->outcome};

    metric_add(METRIC_PUSHES, metric_place_of(METRIC_PUSHES, values), 1);
}

/* The row may be gone, with its account: then there is nothing to write. */
static Res pushed_write(struct cx *cx, struct pushed *one)
{
    struct cx own = {.deadline_ms = clock_mono_ms() + SETTLE_MS};

    crash_point("push.before_write");
    Res res =
        store_write(&own, one->account->work->worker->store, pushed_write_work, one);

    crash_point("push.after_write");
    if (res.code == FAIL_NONE) {
        account_log_break(cx, &one->writing.broken, REASON_SCOPES);
    } else {
        cx->why = own.why;
    }
    cx_done(&own);
    return res.code == FAIL_NOT_FOUND ? OK : res;
}

static Res pushed_run(struct cx *cx, struct pushed *one)
{
    struct writing *w = &one->writing;
    struct pushing *p = one->account;

    if (one->is_waiting || w->act == COPY_ACT_NONE) {
        return OK;
    }
    w->calling = (struct calling){.work = p->work, .account = p->account.account};
    crash_point("push.before_request");
    TRY(pushing_check_lease(cx, p));
    Res res = writing_run(cx, w);

    pushed_count(w, p->source);
    p->written++;
    Res written = pushed_write(cx, one);

    pushed_log(cx, one, res, written);
    TRY(written);
    return one->hold_until_ms > 0 ? fail(cx, FAIL_NOT_FOUND, "the account is held") : OK;
}

/* FAIL_NOT_FOUND: none is due any more. */
static Res pushing_next(struct cx *reason, struct pushing *p)
{
    struct cx cx = {.deadline_ms = clock_mono_ms() + LIMIT_WRITE_MS};
    struct pushed *one = NEW(&cx.mem, struct pushed);

    one->account = p;
    crash_point("push.before_intent");
    Res res = store_write(&cx, p->work->worker->store, pushed_begin_work, one);

    if (res.code == FAIL_NONE) {
        res = pushed_run(&cx, one);
    }
    if (res.code != FAIL_NONE) {
        reason->why = cx.why;
    }
    cx_done(&cx);
    return res;
}

/* An account. */

static Res pushing_run(struct cx *cx, struct pushing *p)
{
    Res res = OK;

    p->lease.owner = work_owner(&cx->mem, p->work->settings);
    p->until_ms = clock_mono_ms() + LIMIT_WRITES_MS;
    p->written = 0;
    TRY(store_write(cx, p->work->worker->store, pushing_take_work, p));
    if (p->account.account == 0) {
        return OK;
    }
    while (res.code == FAIL_NONE && pushing_goes_on(cx, p)) {
        res = pushing_next(cx, p);
        cx->deadline_ms = clock_mono_ms() + SETTLE_MS; /* however long it took */
    }
    TRY(store_write(cx, p->work->worker->store, pushing_drop_work, p));
    return res.code == FAIL_NOT_FOUND || res.code == FAIL_CONFLICT ? OK : res;
}

/* One worker looks what is due, and as many take part as there are accounts. */
static Res pushing_look_work(struct cx *cx, struct db *db, void *arg)
{
    const struct pushing *p = arg;
    int64_t n;

    TRY(pushed_writes_due(cx, db, p->source, &n));
    shared_due_set(p->work->worker->shared, SHARED_PUSH, p->source, n);
    return OK;
}

Res push_due(struct cx *cx, struct work *work, enum source_id source, int64_t part)
{
    struct shared *shared = work->worker->shared;
    struct store *store = work->worker->store;
    struct pushing p = {.work = work, .source = source, .part = part};

    if (shared_look(shared, SHARED_PUSH, source)) {
        TRY(store_read(cx, store, pushing_look_work, &p));
    }
    if (!shared_take_due(shared, SHARED_PUSH, source)) {
        return OK;
    }
    TRY(shared_keys(cx, shared, store, work->settings->keyring, &p.keys));
    do {
        struct cx own = {.deadline_ms = clock_mono_ms() + SETTLE_MS};
        Res res = pushing_run(&own, &p);

        cx->why = own.why;
        cx_done(&own);
        TRY(res);
    } while (p.account.account != 0 && work_goes_on(work));
    return OK;
}
