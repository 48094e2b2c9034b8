/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readiness.c - reads and writes four atomics.
 */
#include "work/readiness.h"

#include "base/clock.h"
#include "base/limits.h"

void readiness_note_store(struct readiness *r, enum store_state state)
{
    atomic_store(&r->store_state, state);
    atomic_store(&r->store_seen_ms, state == STORE_OK ? clock_mono_ms() : 0);
}

enum store_state readiness_store(const struct readiness *r)
{
    enum store_state state = atomic_load(&r->store_state);

    return state == STORE_OK && !readiness_store_is_seen(r) ? STORE_AWAY : state;
}

bool readiness_store_is_seen(const struct readiness *r)
{
    int64_t seen_ms = atomic_load(&r->store_seen_ms);

    return atomic_load(&r->store_is_ready) && seen_ms != 0
           && clock_mono_ms() - seen_ms < LIMIT_STORE_SEEN_MS;
}

bool readiness_is_ready(const struct readiness *r)
{
    return readiness_store(r) == STORE_OK && readiness_may_serve(r);
}

void readiness_note_draining(struct readiness *r)
{
    atomic_store(&r->is_draining, true);
}

bool readiness_may_serve(const struct readiness *r)
{
    return atomic_load(&r->store_is_ready)
           && atomic_load(&r->store_state) != STORE_TOO_NEW
           && clock_mono_ms() < atomic_load(&r->trusted_until_ms);
}
