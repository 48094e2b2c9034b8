/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.h - a piece of work for a worker thread, and how it waits for another.
 *
 *   lanes_push ──► queued ──► run by a worker ──► done
 *                    ▲             │
 *                    │ woken       │ lanes_park
 *                    └── parked ◄──┘
 *
 * A job belongs to its runner, which embeds it in something larger. The lanes only link
 * it, so it must live until `run` has returned without parking, or `drop` was called.
 */
#pragma once

#include "base/kinds.h"
#include "base/str.h"

struct worker;

enum { PARK_KEY_BYTES = 64 };

/* The pools of workers. A dependency that hangs, or a flood of one kind of work, occupies
 * the workers of its own pool only. */
enum work_pool {
    POOL_NONE,    /* no worker: an HTTP thread, a command, a test */
    POOL_STORE,   /* requests that need the store alone */
    POOL_COLD,    /* credentials that must be loaded */
    POOL_ISSUERS, /* JWTs whose issuer's keys must be fetched */
    POOL_CHORES,  /* background work */
    POOL_KEEPER,  /* the node itself: its reports, its key file, a reload */
    POOL_NOTICES, /* what sources notify of, until it is stored */
    POOL_SOURCES, /* calls to a source, a pool for each: work_pool_of_source */
    POOL_SOURCES_END = POOL_SOURCES + SOURCE_COUNT,
    POOL_SYNC = POOL_SOURCES_END, /* reading calendars, a pool for each source */
    POOL_SYNC_END = POOL_SYNC + SOURCE_COUNT,
    POOL_PUSH = POOL_SYNC_END, /* writing into calendars, a pool for each source */
    POOL_PUSH_END = POOL_PUSH + SOURCE_COUNT,
    POOL_WEBHOOKS = POOL_PUSH_END, /* telling applications what has happened */
    POOLS
};

struct job {
    /* Runs on a worker. After it has parked itself it may not touch the job again. */
    void (*run)(struct job *self, struct worker *w);
    /* Called instead of `run` when the lanes close. */
    void (*drop)(struct job *self);

    /* The members below belong to the lanes. */
    struct job *next;
    enum work_pool pool; /* whose workers run it */

    struct {
        struct job *next;
        struct job **at; /* the link that points to this job; NULL: not waiting */
        char key[PARK_KEY_BYTES]; /* a copy, because the runner's may change */
        size_t key_bytes;
        int64_t until_ms;
        int what;       /* enum park_what */
        unsigned round; /* the last round of checks that chose it */
        bool is_parked; /* false while it runs again; it keeps its place then */
    } waiting;
};

/* What a parked job waits for. */
enum park_what {
    PARK_FLOW,
    PARK_PERSON,
    PARK_GRANT,
    PARK_CALENDAR,
    PARK_NOTICE,
    PARK_WHATS
};

/* How a job parks. */
struct park {
    Str key;          /* at most PARK_KEY_BYTES */
    size_t most;      /* how many may wait under the key; 0: any number */
    int64_t until_ms; /* by clock_mono_ms: the job runs again then at the latest */
    enum park_what what;
};
