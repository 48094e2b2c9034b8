/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lanes.h - the slow lane: bounded queues of jobs, worker threads, and parked jobs.
 *
 * Each worker has a network handle of its own. Cold credentials have a queue and workers
 * of their own, so that a flood of forged tokens never stands before a callback. No
 * worker waits for another: a job that must is parked under a key and run again when the
 * key is woken, or LIMIT_PARK_LOOK_MS later.
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

    /* The lanes' own. */
    struct job *next;
    struct job *next_waiting;
    char key[CALL_PARK_KEY_BYTES]; /* a copy: the runner's may change while others look */
    size_t key_bytes;
    bool is_waiting; /* it parked, and has not left since */
    bool is_parked;  /* it parked, and was not woken since */
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

/* false at once when that queue is full or stopping. */
bool lanes_push(struct lanes *l, enum lane_queue queue, struct job *job) MUST;
/* From inside run(): parks under `key`, of at most CALL_PARK_KEY_BYTES. false when
 * LIMIT_PARKED_PER_FLOW others wait under it, or the lanes stop. */
bool lanes_park(struct lanes *l, struct job *job, Str key) MUST;
/* From inside run(), when it is done: it waits no more, and what is parked under `wake`
 * (nothing when empty) runs again. */
void lanes_leave(struct lanes *l, struct job *job, Str wake);
size_t lanes_depth(struct lanes *l, enum lane_queue queue);
