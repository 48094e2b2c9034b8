/* SPDX-License-Identifier: Apache-2.0 */
/*
 * work.c - parks work, moves it to another pool, and names its owner.
 */
#include "work/work.h"

#include "base/clock.h"
#include "seal/seal.h"
#include "work/lanes.h"

void work_park(struct work *w, enum park_what what, Str key, size_t most)
{
    w->park_what = what;
    w->is_parked = true;
    w->move_to = POOL_NONE;
    w->park_key = key;
    w->park_most = most;
}

/* Of requests, which may have to do with one source after the other. */
static bool work_pool_has_requests(enum work_pool pool)
{
    return pool == POOL_STORE || (pool >= POOL_SOURCES && pool < POOL_SOURCES_END);
}

bool work_move_to_source(struct work *w, enum source_id source)
{
    enum work_pool to = work_pool_of_source(source);

    if (w->worker->pool == to || !work_pool_has_requests(w->worker->pool)) {
        return false;
    }
    w->is_parked = true;
    w->move_to = to;
    return true;
}

void work_leave(struct work *w, enum work_pool pool)
{
    w->is_parked = true;
    w->move_to = pool;
}

bool work_is_stopping(const struct work *w)
{
    return lanes_are_closing(w->worker->lanes);
}

bool work_goes_on(const struct work *w)
{
    return !work_is_stopping(w) && (w->until_ms == 0 || clock_mono_ms() < w->until_ms);
}

Str work_owner(struct arena *mem, const struct settings *settings)
{
    char unique[SEAL_NONCE_BYTES];

    seal_random(unique, sizeof(unique));
    return str_cat(
        mem, str_cat(mem, settings->node, S("/")),
        b64url_encode(mem, (Str){unique, sizeof(unique)}));
}
