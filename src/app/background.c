/* SPDX-License-Identifier: Apache-2.0 */
/*
 * background.c - the table of chores: due revocations, grants that disuse would end, keys
 * that get old, flows, leases and tokens that are over.
 */
#include "app/background.h"

#include "app/keeper.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/log.h"
#include "calendars/channels.h"
#include "calendars/sync.h"
#include "grants/refresh.h"
#include "grants/resume.h"
#include "grants/revoke.h"
#include "hooks/deliver.h"
#include "push/push.h"
#include "push/sweep.h"
#include "store/flows.h"
#include "store/gauges.h"
#include "store/grants.h"
#include "store/leases.h"
#include "store/nodes.h"
#include "store/pushed_events.h"
#include "store/revocations.h"
#include "store/steps.h"
#include "store/store.h"
#include "store/tokens.h"
#include "store/webhook_messages.h"

static struct cx background_cx(const struct work *work)
{
    return (struct cx){.deadline_ms = clock_mono_ms() + work->settings->total_timeout_ms};
}

static Res background_revoke(struct cx *cx, struct work *work, const struct chore *chore)
{
    const struct revocation_line line = {
        chore->row->source,
        chore->row->newest_first ? REVOCATION_NEWEST : REVOCATION_OLDEST,
    };
    bool did = true;

    while (did && work_goes_on(work)) {
        struct cx one = background_cx(work);
        Res res = revoke_one(&one, work, line, &did);

        cx->why = one.why;
        cx_done(&one);
        TRY(res);
    }
    return OK;
}

static Res background_resume(struct cx *cx, struct work *work, const struct chore *chore)
{
    bool did = true;

    (void)chore;
    while (did && work_goes_on(work)) {
        struct cx one = background_cx(work);
        Res res = resume_one(&one, work, &did);

        cx->why = one.why;
        cx_done(&one);
        TRY(res);
    }
    return OK;
}

static Res background_refresh(struct cx *cx, struct work *work, const struct chore *chore)
{
    return refresh_due(
        cx, work,
        &(struct due_page){
            .source = chore->row->source,
            .part = (int64_t)chore->part,
            .parts = LIMIT_REFRESH_AT_ONCE,
        });
}

static Res background_sync(struct cx *cx, struct work *work, const struct chore *chore)
{
    return sync_due(cx, work, chore->row->source, (int64_t)chore->part);
}

static Res background_push(struct cx *cx, struct work *work, const struct chore *chore)
{
    return push_due(cx, work, chore->row->source, (int64_t)chore->part);
}

static Res background_push_sweep(
    struct cx *cx, struct work *work, const struct chore *chore)
{
    (void)chore;
    return sweep_due(cx, work);
}

static Res background_deliver(struct cx *cx, struct work *work, const struct chore *chore)
{
    return deliver_due(cx, work, (int64_t)chore->part);
}

static Res background_channels(
    struct cx *cx, struct work *work, const struct chore *chore)
{
    return channels_tend(cx, work, chore->row->source, (int64_t)chore->part);
}

static Res background_renew(struct cx *cx, struct work *work, struct jwks *keys)
{
    struct cx one = background_cx(work);
    Res res = keys == NULL ? OK : jwks_renew(&one, keys, work->worker->net);

    if (res.code != FAIL_NONE) {
        cx->why = one.why;
    }
    cx_done(&one);
    return res;
}

/* One source or issuer that is away keeps none of the others from being asked. */
static Res background_renew_keys(
    struct cx *cx, struct work *work, const struct chore *chore)
{
    const struct jwt_issuers *issuers = &work->settings->auth.issuers;
    Res res = OK;

    (void)chore;
    for (size_t i = 0; i < SOURCE_COUNT + issuers->n && work_goes_on(work); i++) {
        Res this = background_renew(
            cx, work,
            i < SOURCE_COUNT ? work->settings->sources[i].jwks
                             : issuers->at[i - SOURCE_COUNT].jwks);

        res = this.code != FAIL_NONE ? this : res;
    }
    return res;
}

/* A part of a sweep, and the result of a step. */
struct sweep {
    struct store *store;
    Res (*part)(struct cx *cx, struct db *db, bool *more);
    bool more;
};

static Res background_sweep_nodes(struct cx *cx, struct db *db, void *unreadable)
{
    TRY(node_sweep(cx, db));
    TRY(grant_name_sources(cx, db));
    return revocation_count_unreadable(cx, db, unreadable);
}

static Res background_sweep_work(struct cx *cx, struct db *db, void *arg)
{
    struct sweep *s = arg;

    return s->part(cx, db, &s->more);
}

static Res background_sweep_step(struct cx *cx, void *arg, bool *more)
{
    struct sweep *s = arg;

    TRY(store_write(cx, s->store, background_sweep_work, s));
    *more = s->more;
    return OK;
}

static bool background_is_stopping(const void *work)
{
    return work_is_stopping(work);
}

/* Removes what is over, in steps: a day's flows may be a million. */
static Res background_sweep_steps(
    struct cx *cx, struct work *work, Res (*run)(struct cx *cx, void *arg, bool *more),
    void *arg)
{
    return steps_run(
        cx, &(struct steps){
                .run = run,
                .arg = arg,
                .step_ms = work->settings->total_timeout_ms,
                .is_stopping = background_is_stopping,
                .stop_arg = work,
            });
}

static Res background_sweep_part(
    struct cx *cx, struct work *work,
    Res (*part)(struct cx *cx, struct db *db, bool *more))
{
    struct sweep sweep = {.store = work->worker->store, .part = part};

    return background_sweep_steps(cx, work, background_sweep_step, &sweep);
}

/* Where the walk over all tokens is. A try of a step that fails must not move it. */
struct token_walk {
    struct store *store;
    int64_t after;
    int64_t last; /* of the step's last try */
};

static Res background_tokens_work(struct cx *cx, struct db *db, void *arg)
{
    struct token_walk *w = arg;

    return token_sweep(cx, db, w->after, &w->last);
}

static Res background_tokens_step(struct cx *cx, void *arg, bool *more)
{
    struct token_walk *w = arg;

    TRY(store_write(cx, w->store, background_tokens_work, w));
    w->after = w->last;
    *more = w->last != 0;
    return OK;
}

static Res background_sweep_tokens(struct cx *cx, struct work *work)
{
    struct token_walk walk = {.store = work->worker->store};

    return background_sweep_steps(cx, work, background_tokens_step, &walk);
}

/* Messages go by the keeping time of the settings. */
struct message_sweep {
    struct store *store;
    int64_t keep_ms;
    bool more;
};

static Res background_messages_work(struct cx *cx, struct db *db, void *arg)
{
    struct message_sweep *s = arg;

    return webhook_message_sweep(cx, db, s->keep_ms, &s->more);
}

static Res background_messages_step(struct cx *cx, void *arg, bool *more)
{
    struct message_sweep *s = arg;

    TRY(store_write(cx, s->store, background_messages_work, s));
    *more = s->more;
    return OK;
}

static Res background_sweep_messages(struct cx *cx, struct work *work)
{
    struct message_sweep sweep = {
        .store = work->worker->store, .keep_ms = work->settings->hooks.keep_ms};

    return background_sweep_steps(cx, work, background_messages_step, &sweep);
}

static Res background_sweep(struct cx *cx, struct work *work, const struct chore *chore)
{
    int64_t unreadable = 0;

    (void)chore;
    TRY(store_write(cx, work->worker->store, background_sweep_nodes, &unreadable));
    TRY(background_sweep_part(cx, work, flow_sweep));
    TRY(background_sweep_part(cx, work, lease_sweep));
    TRY(background_sweep_tokens(cx, work));
    TRY(background_sweep_messages(cx, work));
    TRY(background_sweep_part(cx, work, pushed_event_sweep));
    if (unreadable > 0) {
        log_event(
            LEVEL_ERROR, EVENT_REVOCATION_UNREADABLE, KN("waiting", unreadable),
            KZ("reason", "of a source or with a key that this caldock doesn't know"));
    }
    return OK;
}

static Res background_gauges_work(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return gauges_read(cx, db);
}

/* For the metrics: what only the store knows. */
static Res background_gauges(struct cx *cx, struct work *work, const struct chore *chore)
{
    struct store *store = work->worker->store;
    int64_t free_bytes = store_free_bytes(store);

    (void)chore;
    metric_set(METRIC_STORE_FREE, 0, free_bytes < 0 ? METRIC_UNKNOWN : free_bytes);
    return store_read(cx, store, background_gauges_work, NULL);
}

/* A source that hangs holds up its own rows alone. Of two rows that revoke,
 * one begins with the newest, so that a fresh DELETE does not wait behind a backlog, and
 * one with the oldest, so that the backlog ends. */
static const struct chore_row chore_rows[] = {
    {SI("keeper"), CLOCK_SECOND_MS, keeper_run, .pool = POOL_KEEPER, .is_for_all = true},
    {SI("revoke_google"), CLOCK_SECOND_MS, background_revoke, .pool = POOL_CHORES,
     .at_once = LIMIT_REVOKE_AT_ONCE, .source = SOURCE_GOOGLE, .revokes = true,
     .newest_first = true},
    {SI("revoke_backlog_google"), CLOCK_SECOND_MS, background_revoke, .pool = POOL_CHORES,
     .at_once = LIMIT_REVOKE_AT_ONCE, .source = SOURCE_GOOGLE},
    /* It has no revocation: what a change of that left is removed. */
    {SI("revoke_microsoft"), 60 * CLOCK_SECOND_MS, background_revoke, .pool = POOL_CHORES,
     .source = SOURCE_MICROSOFT},
    {SI("refresh_google"), 15 * CLOCK_SECOND_MS, background_refresh, .pool = POOL_CHORES,
     .at_once = LIMIT_REFRESH_AT_ONCE, .source = SOURCE_GOOGLE},
    {SI("refresh_microsoft"), 15 * CLOCK_SECOND_MS, background_refresh,
     .pool = POOL_CHORES, .at_once = LIMIT_REFRESH_AT_ONCE, .source = SOURCE_MICROSOFT},
    {SI("sync_google"), CLOCK_SECOND_MS, background_sync, .pool = POOL_SYNC,
     .at_once = LIMIT_SYNC_AT_ONCE, .source = SOURCE_GOOGLE, .syncs = true},
    {SI("sync_microsoft"), CLOCK_SECOND_MS, background_sync,
     .pool = (enum work_pool)((int)POOL_SYNC + SOURCE_MICROSOFT - SOURCE_GOOGLE),
     .at_once = LIMIT_SYNC_AT_ONCE, .source = SOURCE_MICROSOFT, .syncs = true},
    {SI("push_google"), CLOCK_SECOND_MS, background_push, .pool = POOL_PUSH,
     .at_once = LIMIT_PUSH_AT_ONCE, .source = SOURCE_GOOGLE, .pushes = true},
    {SI("push_microsoft"), CLOCK_SECOND_MS, background_push,
     .pool = (enum work_pool)((int)POOL_PUSH + SOURCE_MICROSOFT - SOURCE_GOOGLE),
     .at_once = LIMIT_PUSH_AT_ONCE, .source = SOURCE_MICROSOFT, .pushes = true},
    {SI("push_sweep"), CLOCK_SECOND_MS, background_push_sweep, .pool = POOL_CHORES},
    {SI("webhooks"), CLOCK_SECOND_MS, background_deliver, .pool = POOL_WEBHOOKS,
     .at_once = 1 + LIMIT_WEBHOOK_WORKERS},
    {SI("channels_google"), CLOCK_SECOND_MS, background_channels, .pool = POOL_SYNC,
     .at_once = LIMIT_CHANNELS_AT_ONCE, .source = SOURCE_GOOGLE},
    {SI("channels_microsoft"), CLOCK_SECOND_MS, background_channels,
     .pool = (enum work_pool)((int)POOL_SYNC + SOURCE_MICROSOFT - SOURCE_GOOGLE),
     .at_once = LIMIT_CHANNELS_AT_ONCE, .source = SOURCE_MICROSOFT},
    {SI("resume_flows"), 5 * CLOCK_SECOND_MS, background_resume, .pool = POOL_CHORES},
    {SI("renew_keys"), 30 * CLOCK_SECOND_MS, background_renew_keys, .pool = POOL_CHORES},
    {SI("gauges"), 60 * CLOCK_SECOND_MS, background_gauges, .pool = POOL_CHORES},
    {SI("sweep"), 600 * CLOCK_SECOND_MS, background_sweep, .pool = POOL_CHORES},
};

void background_open(struct chores *all)
{
    chores_open(all, chore_rows, COUNT(chore_rows));
    size_t others =
        1
        + SOURCE_COUNT
              * (LIMIT_SYNC_AT_ONCE + LIMIT_CHANNELS_AT_ONCE + LIMIT_PUSH_AT_ONCE)
        + 1 + LIMIT_WEBHOOK_WORKERS; /* these have pools of their own */

    must_be(all->n - others <= LIMIT_CHORE_WORKERS); /* no chore waits for another */
}

const struct chore_row *background_keeper(void)
{
    return &chore_rows[0];
}
