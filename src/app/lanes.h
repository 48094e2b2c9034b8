/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lanes.h - the slow lane: bounded queues of jobs, worker threads, and parked jobs.
 *
 * Each worker has a network handle of its own. Cold credentials have a queue and workers
 * of their own, so that a flood of forged tokens never stands before a callback. No
 * worker waits for another: a job that must is parked under a key and run again when the
 * key is woken. Every LIMIT_PARK_LOOK_MS one of each key runs again to look: what they
 * wait for may have happened on another node.
 */
#pragma once

#include "api/call.h"

struct lanes;

enum lane_queue { QUEUE_SLOW, QUEUE_COLD };

struct job {
    /* On a worker. Afterwards the job is the runner's own business (it posts it home),
     * unless it parked itself, which is then the last that it did. */
    void (*run)(struct job *self, struct worker *w);
    /* When it can't run any more: the lanes stop. */
    void (*drop)(struct job *self);

    struct job *next; /* the lanes' own, as is all that follows */

    struct {
        struct job *next;
        struct job **at;               /* what points to it; NULL: it doesn't wait */
        char key[CALL_PARK_KEY_BYTES]; /* a copy: the runner's may change meanwhile */
        size_t key_bytes;
        int64_t until_ms;
        unsigned look;  /* the last one that it was chosen for */
        bool is_parked; /* it waits, and is not run again just now */
    } waiting;
};

struct park {
    Str key;          /* at most CALL_PARK_KEY_BYTES */
    size_t most;      /* how many may wait under it; 0: any number */
    int64_t until_ms; /* of clock_mono_ms: then it runs again for certain */
};

struct lanes_options {
    struct store *store;
    Str node;
    int workers;
    int queue;
};

struct lanes *lanes_open(const struct lanes_options *options);
void lanes_close(
    struct lanes **l); /* waits for what runs, drops what is queued or parked */

/* Calls to sources end by then (clock_mono_ms), so that what runs does. */
void lanes_end_by(struct lanes *l, int64_t mono_ms);

/* false at once when that queue is full or stopping. */
bool lanes_push(struct lanes *l, enum lane_queue queue, struct job *job) MUST;
/* From inside run(). false when too many wait under the key, or the lanes stop. */
bool lanes_park(struct lanes *l, struct job *job, const struct park *how) MUST;
/* From anywhere: what is parked under `key` runs again. */
void lanes_wake(struct lanes *l, Str key);
/* From inside run(), when it is done: it waits no more, and what is parked under `wake`
 * (nothing when empty) runs again. */
void lanes_leave(struct lanes *l, struct job *job, Str wake);
size_t lanes_depth(struct lanes *l, enum lane_queue queue);
