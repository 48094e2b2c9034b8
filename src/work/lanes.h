/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lanes.h - the slow lane: pools of worker threads by purpose, each with a bounded queue
 * of jobs, and one place for parked jobs.
 *
 * A pool's workers run nothing of another pool, so that a flood of one kind of work never
 * stands before another kind. No worker waits for another: a job that must wait is parked
 * under a key and runs again when the key is woken. Every LIMIT_PARK_CHECK_MS one job of
 * each key runs again to check, because the work that it waits for may have been done by
 * another node.
 */
#pragma once

#include "base/fail.h"
#include "work/job.h"
#include "work/worker.h"

struct pool_options {
    int workers;    /* at most; one starts at once. 0: the pool doesn't exist */
    int queue;      /* jobs that may wait for a worker */
    bool gives_way; /* its threads have a higher nice value than the HTTP threads */
};

struct lanes_options {
    struct store *store;
    struct refusals *refusals; /* of every worker */
    struct shared *shared;     /* the same */
    struct pool_options pools[POOLS];
};

struct lanes *lanes_open(const struct lanes_options *options);
/* Says that the process is stopping. Calls to sources end by `mono_ms` (clock_mono_ms),
 * so that jobs end too. Requests under way go on; work that can wait for the next start
 * asks lanes_are_closing. */
void lanes_end_by(struct lanes *l, int64_t mono_ms);
/* Tells whether lanes_end_by was called. NULL lanes never close. */
bool lanes_are_closing(struct lanes *l);
/* Waits until `mono_ms` for the jobs that run, drops those that are queued or parked, and
 * then sets *l to NULL: jobs may use the lanes until they end. Accepts NULL. Returns
 * false when a job has not ended. Nothing is freed then, and the process should exit. */
bool lanes_close(struct lanes **l, int64_t mono_ms) MUST;

struct lanes_state {
    size_t queued[POOLS]; /* jobs that wait for a worker */
    size_t workers;
    size_t idle; /* of the workers */
    size_t parked[PARK_WHATS];
};

/* As it is now. */
void lanes_look(struct lanes *l, struct lanes_state *ret);

/* Never waits. false: the pool's queue is full, or the lanes close. */
bool lanes_push(struct lanes *l, enum work_pool pool, struct job *job) MUST;
/* Called inside run(). false: too many wait under the key, or the lanes close. */
bool lanes_park(struct lanes *l, struct job *job, const struct park *how) MUST;
/* Called inside run(): a worker of another pool runs the job again. false: that pool's
 * queue is full, or the lanes close. */
bool lanes_move(struct lanes *l, struct job *job, enum work_pool pool) MUST;
/* Lets everything parked under `key` run again. Any thread may call it. Accepts NULL
 * lanes. */
void lanes_wake(struct lanes *l, Str key);
/* Called inside run() when the job is done: the job gives up its place, and everything
 * parked under `wake` runs again. An empty `wake` wakes nothing. */
void lanes_done(struct lanes *l, struct job *job, Str wake);
