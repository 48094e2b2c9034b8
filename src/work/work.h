/* SPDX-License-Identifier: Apache-2.0 */
/*
 * work.h - the surroundings of a piece of domain work, whether a request, a chore or a
 * command started it.
 *
 * A request embeds one in its struct call. The domain (grants/) takes a struct work and
 * never a call, so that work without a request can do the same.
 */
#pragma once

#include "config/settings.h"
#include "work/worker.h"

struct work {
    const struct settings *settings;
    struct worker *worker; /* NULL on an HTTP thread, where nothing may block */

    /* Parking: work that waits for other work calls work_park and returns OK. It runs
     * again from its beginning when the key is woken, in the lanes' next round of checks,
     * or at its context's deadline. So its progress must outlive the return. */
    bool is_parked;
    enum work_pool move_to; /* with is_parked: runs again at once, in this pool */
    /* When the work ends unparked, everything parked under this key is woken. */
    Str park_key;
    enum park_what park_what;
    size_t park_most; /* how many may wait under the key; 0: any number */

    int64_t until_ms; /* of a chore: begin nothing afterwards; 0: no limit */

    int64_t retry_after_s; /* beside a failure; 0: the table of failures decides */
    bool has_revocation;   /* a revocation was stored: the runner wakes the chore */
    bool has_due_sync;     /* a calendar was made due: the same */
    bool has_due_push;     /* a copy was made due to be written: the same */
};

/* The worker's way to other servers. */
static inline struct net_via work_via(const struct work *w)
{
    return (struct net_via){w->worker->net, &w->settings->net};
}

static inline enum work_pool work_pool_of_source(enum source_id source)
{
    return (enum work_pool)((int)POOL_SOURCES + (int)source - 1);
}

/* A worker of POOL_STORE must not wait for a source, nor one of a source's pool for
 * another source. Returns true when the work has to return, to run again in the source's
 * own pool. */
bool work_move_to_source(struct work *w, enum source_id source);
/* Work on an HTTP thread has to return, to run again in this pool. */
void work_leave(struct work *w, enum work_pool pool);
/* True while the process stops: begin nothing that can wait for the next start. */
bool work_is_stopping(const struct work *w);
/* False between two items when the process stops, or the time of this run is over. */
bool work_goes_on(const struct work *w);
/* Asks the runner to park the work. `most` 0: any number may wait under the key. */
void work_park(struct work *w, enum park_what what, Str key, size_t most);
/* Makes an owner: the name under which one piece of work has claims and leases. It is not
 * the worker's name, because the worker does other work while this is parked. */
Str work_owner(struct arena *mem, const struct settings *settings);
