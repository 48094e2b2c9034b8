/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parking.h - jobs that wait for other work, each under the key that names this work.
 *
 * A job has a place from its first parking until parking_leave, also while it runs again
 * to check. Not thread-safe: the lanes call it under their lock.
 */
#pragma once

#include "work/job.h"

enum { PARKING_BUCKETS = 256 };

struct parking {
    struct job *buckets[PARKING_BUCKETS]; /* by the key's hash; the newest first */
    size_t n_parked;
    size_t n_of[PARK_WHATS]; /* the same, by what they wait for */
    unsigned round;          /* of checks */
};

/* How a job that is no longer parked is run. */
struct parking_run {
    void (*run)(void *arg, struct job *job);
    void *arg;
};

/* false: as many as `how` allows already wait under its key. */
bool parking_add(struct parking *p, struct job *job, const struct park *how) MUST;
/* Gives up the job's place; does nothing when it has none. */
void parking_leave(struct parking *p, struct job *job);
/* Runs every job that is parked under the key. */
void parking_wake(struct parking *p, Str key, const struct parking_run *run);
/* Runs one job of each key, which checks for all of them, and every job whose time is
 * over. */
void parking_check(struct parking *p, int64_t now_ms, const struct parking_run *run);
void parking_wake_all(struct parking *p, const struct parking_run *run);
