/* SPDX-License-Identifier: Apache-2.0 */
/*
 * background.c - what nobody asks for: revocations that are due, grants that would die of
 * disuse, keys that get old, flows that are over.
 *
 * The main thread ticks and never waits; the work is done by the slow lane, one job of a
 * kind at a time.
 */
#include "api/refresh.h"
#include "api/revoke.h"
#include "app/service.h"
#include "base/clock.h"
#include "store/flows.h"
#include "store/keys.h"

static struct cx chore_cx(const struct snapshot *s)
{
    return (struct cx){.deadline_ms = clock_mono_ms() + s->settings.total_timeout_ms};
}

static Res revoke_all(struct cx *cx, struct worker *w, const struct snapshot *snapshot)
{
    bool did = true;

    while (did) {
        struct cx one = chore_cx(snapshot);
        Res res = revoke_one(&one, w, &snapshot->settings, &did);

        cx->why = one.why;
        cx_done(&one);
        TRY(res);
    }
    return OK;
}

static Res renew(
    struct cx *cx, struct worker *w, const struct snapshot *s, struct jwks *keys)
{
    struct cx one = chore_cx(s);
    Res res = keys == NULL ? OK : jwks_renew(&one, keys, w->net);

    if (res.code != FAIL_NONE) {
        cx->why = one.why;
    }
    cx_done(&one);
    return res;
}

static Res refresh_some(struct cx *cx, struct worker *w, const struct snapshot *snapshot)
{
    return refresh_due(cx, w, &snapshot->settings);
}

/* A source that is away keeps none of the others from being asked. */
static Res renew_keys(struct cx *cx, struct worker *w, const struct snapshot *s)
{
    const struct jwt_issuers *issuers = &s->settings.auth.issuers;
    Res res = OK;

    for (size_t i = 0; i < SOURCE_COUNT + issuers->n; i++) {
        Res this = renew(
            cx, w, s,
            i < SOURCE_COUNT ? s->settings.sources[i].jwks
                             : issuers->at[i - SOURCE_COUNT].jwks);

        res = this.code != FAIL_NONE ? this : res;
    }
    return res;
}

static Res sweep_work(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    TRY(node_sweep(cx, db, clock_now_ms()));
    return flow_sweep(cx, db, clock_now_ms());
}

static Res sweep(struct cx *cx, struct worker *w, const struct snapshot *snapshot)
{
    (void)snapshot;
    return store_write(cx, w->store, sweep_work, NULL);
}

static const struct chore_kind {
    Str name;
    int64_t every_ms;
    Res (*run)(struct cx *cx, struct worker *w, const struct snapshot *snapshot);
} kinds[CHORES] = {
    [CHORE_REVOKE] = {SI("revoke"),     1000,           revoke_all  },
    [CHORE_REFRESH] = {SI("refresh"),    15 * 1000,      refresh_some},
    [CHORE_KEYS] = {SI("renew_keys"), 30 * 1000,      renew_keys  },
    [CHORE_SWEEP] = {SI("sweep"),      10 * 60 * 1000, sweep       },
};

/* Queues it when it is wanted and not under way; a full queue leaves it to the next tick.
 */
static void try_now(struct chore *c)
{
    if (atomic_load(&c->is_wanted) && !atomic_exchange(&c->is_under_way, true)
        && !lanes_push(c->service->lanes, QUEUE_SLOW, &c->job)) {
        atomic_store(&c->is_under_way, false);
    }
}

static void log_end(struct chore *c, const struct cx *cx, Res res)
{
    bool failed = res.code != FAIL_NONE;

    if (failed && !c->has_failed) {
        log_event(
            LEVEL_WARN, "background_failed", KV("what", kinds[c->id].name),
            KZ("reason", cx->why.text));
    }
    if (!failed && c->has_failed) {
        log_event(LEVEL_INFO, "background_recovered", KV("what", kinds[c->id].name));
    }
    c->has_failed = failed;
}

static void run_chore(struct job *job, struct worker *w)
{
    struct chore *c = (struct chore *)job; /* its first member */
    struct snapshot *snapshot = service_snapshot(c->service);
    struct cx cx = chore_cx(snapshot);

    atomic_store(&c->is_wanted, false);
    if (node_may_serve(c->service)) {
        log_end(c, &cx, kinds[c->id].run(&cx, w, snapshot));
    }
    cx_done(&cx);
    snapshot_drop(&snapshot);
    atomic_store(&c->is_under_way, false);
    try_now(c);
}

static void drop_chore(struct job *job)
{
    (void)job; /* a task that is left undone is in the store */
}

void background_start(struct service *s)
{
    for (size_t i = 0; i < CHORES; i++) {
        s->chores[i].job = (struct job){.run = run_chore, .drop = drop_chore};
        s->chores[i].service = s;
        s->chores[i].id = (enum chore_id)i;
    }
}

void background_want(struct service *s, enum chore_id id)
{
    atomic_store(&s->chores[id].is_wanted, true);
    try_now(&s->chores[id]);
}

void background_tick(struct service *s)
{
    int64_t now = clock_mono_ms();

    for (size_t i = 0; i < CHORES; i++) {
        struct chore *c = &s->chores[i];

        if (now >= c->due_ms) {
            c->due_ms = now + kinds[i].every_ms;
            atomic_store(&c->is_wanted, true);
        }
        try_now(c);
    }
}
