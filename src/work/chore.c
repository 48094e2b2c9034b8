/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chore.c - starts chores by two flags of each row: wanted, and under way.
 */
#include "work/chore.h"

#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/log.h"

/* When the queue is full, the next tick tries again. */
static void chore_try_now(struct chore *c)
{
    if (lanes_are_closing(c->all->lanes)) {
        return;
    }
    if (atomic_load(&c->is_wanted) && !atomic_exchange(&c->is_under_way, true)
        && !lanes_push(c->all->lanes, c->row->pool, &c->job)) {
        atomic_store(&c->is_under_way, false);
    }
}

/* When the store goes, all work fails for one reason: one chore tells of it. */
static bool chore_may_tell(struct chore *c, Res res)
{
    struct chore *nobody = NULL;

    return res.code != FAIL_UNAVAILABLE
           || atomic_compare_exchange_strong(&c->all->teller, &nobody, c);
}

static void chore_log_change(struct chore *c, const struct cx *cx, Res res)
{
    bool failed = res.code != FAIL_NONE;

    if (failed && !c->has_told && chore_may_tell(c, res)) {
        log_event(
            LEVEL_WARN, EVENT_CHORE_FAILED, KV("what", c->row->name),
            KZ("reason", cx->why.text));
        c->has_told = true;
    }
    if (!failed && c->has_told) {
        struct chore *self = c;

        log_event(LEVEL_INFO, EVENT_CHORE_RECOVERED, KV("what", c->row->name));
        c->has_told = false;
        (void)atomic_compare_exchange_strong(&c->all->teller, &self, NULL);
    }
}

static void chore_run(struct job *job, struct worker *w)
{
    struct chore *c = (struct chore *)job; /* its first member */
    struct chores *all = c->all;
    struct snapshot *snapshot = snapshots_now(all->snapshots);
    struct work work = {
        .settings = &snapshot->settings,
        .worker = w,
        .until_ms = clock_mono_ms() + LIMIT_CHORE_RUN_MS,
    };
    struct cx cx = {.deadline_ms = clock_mono_ms() + snapshot->settings.total_timeout_ms};

    atomic_store(&c->is_wanted, false);
    if (c->row->is_for_all || readiness_may_serve(all->readiness)) {
        Res res = c->row->run(&cx, &work, c);

        if (!work_is_stopping(
                &work)) { /* a chore that a stop cuts short has not failed */
            chore_log_change(c, &cx, res);
        }
    }
    cx_done(&cx);
    snapshot_unref(&snapshot);
    atomic_store(&c->is_under_way, false);
    chore_try_now(c);
}

/* Nothing is lost: the work that is left is in the store. */
static void chore_drop(struct job *job)
{
    (void)job;
}

static void chore_add(struct chores *all, const struct chore_row *row)
{
    size_t parts = row->at_once > 0 ? row->at_once : 1;

    must_be(all->n + parts <= CHORES_MOST);
    for (size_t part = 0; part < parts; part++) {
        all->at[all->n++] = (struct chore){
            .job = {.run = chore_run, .drop = chore_drop},
            .all = all,
            .row = row,
            .part = part,
        };
    }
}

void chores_open(struct chores *all, const struct chore_row *rows, size_t n)
{
    all->n = 0;
    for (size_t i = 0; i < n; i++) {
        chore_add(all, &rows[i]);
    }
}

static void chore_want(struct chore *c)
{
    atomic_store(&c->is_wanted, true);
    chore_try_now(c);
}

typedef bool row_choice(const struct chore_row *row);

static void chores_want_each(struct chores *all, row_choice *is_wanted)
{
    for (size_t i = 0; i < all->n; i++) {
        if (is_wanted(all->at[i].row)) {
            chore_want(&all->at[i]);
        }
    }
}

static bool row_revokes(const struct chore_row *row)
{
    return row->revokes;
}

static bool row_syncs(const struct chore_row *row)
{
    return row->syncs;
}

void chores_want_revocation(struct chores *all)
{
    chores_want_each(all, row_revokes);
}

void chores_want_sync(struct chores *all)
{
    chores_want_each(all, row_syncs);
}

/* The part of the row that begins at `first` which has nothing to do; else the first. */
static struct chore *chore_idle_part(struct chores *all, size_t first)
{
    const struct chore_row *row = all->at[first].row;

    for (size_t i = first; i < all->n && all->at[i].row == row; i++) {
        if (!atomic_load(&all->at[i].is_under_way)) {
            return &all->at[i];
        }
    }
    return &all->at[first];
}

/* One worker is enough for one copy: waking all of them cost a PUT more than its
 * transaction. The others see at their next tick whether there is more. */
void chores_want_push(struct chores *all)
{
    for (size_t i = 0; i < all->n; i++) {
        if (all->at[i].row->pushes && all->at[i].part == 0) {
            chore_want(chore_idle_part(all, i));
        }
    }
}

void chores_want(struct chores *all, const struct chore_row *row)
{
    for (size_t i = 0; i < all->n; i++) {
        if (all->at[i].row == row) {
            chore_want(&all->at[i]);
        }
    }
}

void chores_tick(struct chores *all)
{
    int64_t now = clock_mono_ms();

    for (size_t i = 0; i < all->n; i++) {
        struct chore *c = &all->at[i];

        if (now >= c->due_ms) {
            c->due_ms = now + c->row->every_ms;
            atomic_store(&c->is_wanted, true);
        }
        chore_try_now(c);
    }
}
