/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parking.h - jobs that wait for another's work, each under the key that says whose.
 *
 * A job waits from its first parking until it leaves; while it runs again to look how
 * things are it keeps its place. Not thread-safe: the lanes' lock is around it.
 */
#pragma once

#include "app/lanes.h"

enum { PARKING_BUCKETS = 256 };

struct parking {
    struct job *buckets[PARKING_BUCKETS]; /* by the key's hash; the newest first */
    size_t n_parked;
    unsigned looks;
};

/* What runs a job again: with the job no longer parked. */
struct parking_run {
    void (*run)(void *arg, struct job *job);
    void *arg;
};

/* false when as many as `how` allows wait under its key. */
bool parking_add(struct parking *p, struct job *job, const struct park *how) MUST;
void parking_leave(struct parking *p, struct job *job); /* one that waits, or doesn't */
/* All that are parked under the key. */
void parking_wake(struct parking *p, Str key, const struct parking_run *run);
/* One for each key, to look whether the others can go on, and those whose time is over.
 */
void parking_look(struct parking *p, int64_t now_ms, const struct parking_run *run);
void parking_wake_all(struct parking *p, const struct parking_run *run);
