/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deliver.c - takes a due delivery, makes one attempt, writes what came of it.
 *
 * Only a delivery that is taken is sent, so two nodes never make the same attempt. A node
 * that dies between sending and writing leaves a double behind: at least once.
 */
#include "hooks/deliver.h"

#include "base/clock.h"
#include "base/crash.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metric.h"
#include "hooks/post.h"
#include "seal/seal.h"
#include "store/steps.h"
#include "store/store.h"

enum { SETTLE_MS = 10 * 1000 };

int64_t deliver_pause_ms(int64_t attempts)
{
    static const int64_t pauses[] = {
        5 * CLOCK_SECOND_MS, 5 * CLOCK_MINUTE_MS, 30 * CLOCK_MINUTE_MS,
        2 * CLOCK_HOUR_MS,   5 * CLOCK_HOUR_MS,   10 * CLOCK_HOUR_MS,
        14 * CLOCK_HOUR_MS,  20 * CLOCK_HOUR_MS,  24 * CLOCK_HOUR_MS};

    must_be(attempts > 0);
    return attempts <= (int64_t)COUNT(pauses) ? pauses[attempts - 1] : 0;
}

/* One attempt. */
struct delivery {
    struct work *work;
    int64_t endpoint;
    int64_t most; /* attempts at the endpoint at a time */
    struct lease lease;
    struct webhook_job job;
    bool got;
    struct post_result result;
    struct webhook_attempt attempt;
    bool disabled;
};

static int64_t pause_lengthened(int64_t ms)
{
    uint32_t chance;

    seal_random(&chance, sizeof(chance));
    return ms + ms / LIMIT_WEBHOOK_SPREAD * (int64_t)(chance % 1001) / 1000;
}

/* An endpoint that says when to come again is believed, where that is later. */
static int64_t delivery_again_in_ms(const struct delivery *d)
{
    static const int asking[] = {429, 502, 503, 504};
    int64_t pause_ms = deliver_pause_ms(d->job.attempts + 1);
    int64_t told_ms = 0;

    if (pause_ms == 0) {
        return 0;
    }
    pause_ms = pause_lengthened(pause_ms);
    for (size_t i = 0; i < COUNT(asking); i++) {
        told_ms = d->result.status == asking[i]
                      ? d->result.retry_after_s * CLOCK_SECOND_MS
                      : told_ms;
    }
    return told_ms > pause_ms ? told_ms : pause_ms;
}

/* The store. */

static Res delivery_take_work(struct cx *cx, struct db *db, void *arg)
{
    struct delivery *d = arg;

    d->lease.length_ms = LIMIT_WEBHOOK_LEASE_MS;
    d->job.endpoint = d->endpoint;
    return webhook_delivery_take(cx, db, d->most, &d->lease, &d->job, &d->got);
}

static Res delivery_give_back_work(struct cx *cx, struct db *db, void *arg)
{
    const struct delivery *d = arg;

    return webhook_delivery_give_back(cx, db, &d->job, d->lease.owner);
}

static Res delivery_finish_work(struct cx *cx, struct db *db, void *arg)
{
    struct delivery *d = arg;

    return webhook_delivery_finish(cx, db, d->lease.owner, &d->attempt, &d->disabled);
}

/* Whoever took the lease over makes an attempt of its own. */
static Res delivery_write(struct cx *cx, struct delivery *d, store_work *work)
{
    cx->deadline_ms = clock_mono_ms() + SETTLE_MS;
    Res res = store_write(cx, d->work->worker->store, work, d);

    return res.code == FAIL_CONFLICT ? OK : res;
}

static Res end_work(struct cx *cx, struct db *db, void *arg)
{
    struct deliver_end *e = arg;

    return webhook_deliveries_end(cx, db, e->endpoint, &e->more);
}

Res deliver_end_step(struct cx *cx, void *arg, bool *more)
{
    struct deliver_end *e = arg;

    TRY(store_write(cx, e->store, end_work, e));
    *more = e->more;
    return OK;
}

static bool deliver_is_stopping(const void *work)
{
    return work_is_stopping(work);
}

static Res deliver_end(struct cx *cx, struct work *work, int64_t endpoint)
{
    struct deliver_end end = {.store = work->worker->store, .endpoint = endpoint};

    return steps_run(
        cx, &(struct steps){
                .run = deliver_end_step,
                .arg = &end,
                .step_ms = SETTLE_MS,
                .is_stopping = deliver_is_stopping,
                .stop_arg = work,
            });
}

/* The attempt. */

static Res delivery_open(struct cx *cx, const struct delivery *d, struct sign_secrets *s)
{
    TRY(sign_open(cx, d->work->settings->keyring, d->job.endpoint, d->job.sealed, s));
    s->has_before = s->has_before && d->job.previous_until_ms > d->lease.now_ms;
    return OK;
}

static void delivery_send(struct cx *cx, struct delivery *d)
{
    struct sign_secrets secrets;
    const struct post post = {
        .url = d->job.url,
        .id = d->job.message,
        .body = d->job.body,
        .secrets = &secrets,
    };

    if (delivery_open(cx, d, &secrets).code != FAIL_NONE) {
        d->result =
            (struct post_result){.failure = S("secret_unreadable"), .retry_after_s = -1};
        return;
    }
    crash_point("deliver.before_send");
    post_send(cx, d->work->worker->net, &d->work->settings->hooks, &post, &d->result);
    crash_point("deliver.after_send");
    seal_wipe(&secrets, sizeof(secrets));
}

static void delivery_judge(struct delivery *d)
{
    bool has_succeeded = post_has_succeeded(&d->result);

    d->attempt = (struct webhook_attempt){
        .message = d->job.message,
        .endpoint = d->job.endpoint,
        .took_ms = d->result.took_ms,
        .status = d->result.status,
        .failure = d->result.failure,
        .has_succeeded = has_succeeded,
        .is_gone = d->result.status == 410,
        .again_in_ms = has_succeeded ? 0 : delivery_again_in_ms(d),
    };
}

static Str delivery_counts_as(const struct webhook_attempt *a)
{
    if (a->has_succeeded) {
        return S("delivered");
    }
    if (a->is_gone) {
        return S("gone");
    }
    if (a->status == 0) {
        return S("no_answer");
    }
    return a->status >= 500 ? S("failed") : S("refused");
}

/* Cut by a stop, or there is too little time: as if it had not been taken. */
static bool delivery_may_begin(const struct delivery *d)
{
    return !work_is_stopping(d->work)
           && lease_left_ms(&d->lease) > d->work->settings->hooks.net.timeout_ms;
}

static void delivery_log(const struct delivery *d)
{
    const struct webhook_attempt *a = &d->attempt;
    enum log_level level = LEVEL_DEBUG;
    enum event event = EVENT_WEBHOOK_DELIVERED;

    if (!a->has_succeeded) {
        level = a->again_in_ms > 0 ? LEVEL_WARN : LEVEL_ERROR;
        event = a->again_in_ms > 0 ? EVENT_WEBHOOK_FAILED : EVENT_WEBHOOK_GIVEN_UP;
    }
    log_event(
        level, event, KI("endpoint", a->endpoint), KV("message", a->message),
        KI("status", a->status), KN("took_ms", a->took_ms), KV("reason", a->failure));
}

static Res delivery_attempt(struct cx *cx, struct delivery *d)
{
    if (!delivery_may_begin(d)) {
        return delivery_write(cx, d, delivery_give_back_work);
    }
    cx->deadline_ms = clock_mono_ms() + d->work->settings->hooks.net.timeout_ms;
    delivery_send(cx, d);
    if (d->result.status == 0 && work_is_stopping(d->work)) {
        return delivery_write(cx, d, delivery_give_back_work);
    }
    delivery_judge(d);
    METRIC_COUNT(METRIC_WEBHOOK_ATTEMPTS, delivery_counts_as(&d->attempt));
    TRY(delivery_write(cx, d, delivery_finish_work));
    crash_point("deliver.after_write");
    delivery_log(d);
    if (!d->disabled) {
        return OK;
    }
    log_event(
        LEVEL_WARN, EVENT_WEBHOOK_DISABLED, KI("endpoint", d->endpoint),
        KV("reason", d->attempt.is_gone ? S("gone") : S("failing")));
    return deliver_end(cx, d->work, d->endpoint);
}

/* One endpoint after the other, until a delivery is taken. */

struct round {
    struct work *work;
    int64_t part;
    int64_t most;
    struct webhook_due *due;
    size_t n;
    bool is_due;
    bool is_orphaned;
};

static Res round_look_work(struct cx *cx, struct db *db, void *arg)
{
    struct round *r = arg;

    return webhook_deliveries_look(cx, db, &r->is_due, &r->is_orphaned);
}

static Res round_reclaim_work(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return webhook_deliveries_reclaim(cx, db);
}

static Res round_due_work(struct cx *cx, struct db *db, void *arg)
{
    struct round *r = arg;

    return webhook_deliveries_due(cx, db, r->most, &r->due, &r->n);
}

static Res round_try(
    struct cx *cx, const struct round *r, const struct webhook_due *due, bool *did)
{
    struct delivery d = {.work = r->work, .endpoint = due->endpoint, .most = r->most};

    *did = false;
    if (due->is_disabled) {
        return deliver_end(cx, r->work, due->endpoint);
    }
    if (r->part == 0 && due->is_failing) {
        return OK;
    }
    d.lease.owner = work_owner(&cx->mem, r->work->settings);
    cx->deadline_ms = clock_mono_ms() + SETTLE_MS;
    TRY(store_write(cx, r->work->worker->store, delivery_take_work, &d));
    *did = d.got;
    return d.got ? delivery_attempt(cx, &d) : OK;
}

static Res round_run(struct cx *cx, struct round *r, bool *did)
{
    TRY(store_read(cx, r->work->worker->store, round_due_work, r));
    for (size_t i = 0; i < r->n && !*did && work_goes_on(r->work); i++) {
        TRY(round_try(cx, r, &r->due[i], did));
    }
    return OK;
}

Res deliver_due(struct cx *cx, struct work *work, int64_t part)
{
    int64_t workers = work->settings->hooks.workers;
    struct round r = {
        .work = work,
        .part = part,
        .most = workers < LIMIT_WEBHOOK_AT_ONCE ? workers : LIMIT_WEBHOOK_AT_ONCE,
    };
    bool did = true;

    if (part > workers) {
        return OK;
    }
    TRY(store_read(cx, work->worker->store, round_look_work, &r));
    if (r.is_orphaned) {
        TRY(store_write(cx, work->worker->store, round_reclaim_work, &r));
    }
    did = r.is_due || r.is_orphaned;
    while (did && work_goes_on(work)) {
        struct cx own = {.deadline_ms = clock_mono_ms() + SETTLE_MS};

        did = false;
        Res res = round_run(&own, &r, &did);

        cx->why = own.why;
        cx_done(&own);
        TRY(res);
    }
    return OK;
}
