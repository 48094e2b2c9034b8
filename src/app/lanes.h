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
    struct job *next;
    /* On a worker. Afterwards the job is the runner's own business (it posts it home),
     * unless it parked itself: then `park_key` is set. */
    void (*run)(struct job *self, struct worker *w);
    /* When it can't run any more: the lanes stop, or too many are parked under its key.
     */
    void (*drop)(struct job *self);
    Str park_key;
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
/* From inside run(): parks; false when LIMIT_PARKED_PER_FLOW are parked under the key
 * already. */
bool lanes_park(struct lanes *l, struct job *job, Str key) MUST;
void lanes_wake(struct lanes *l, Str key);
size_t lanes_depth(const struct lanes *l, enum lane_queue queue);
