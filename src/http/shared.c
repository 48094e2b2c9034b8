/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared.c - tells the log of limits that are reached, rarely.
 */
#include "http/shared.h"

#include "base/clock.h"

void shared_limit_reached(struct http_shared *shared, enum shared_limit limit)
{
    static const enum event events[] = {
        [SHARED_LIMIT_CONNECTIONS] = EVENT_LIMITS_CONNECTIONS,
        [SHARED_LIMIT_MEMORY] = EVENT_LIMITS_MEMORY,
        [SHARED_LIMIT_FILES] = EVENT_LIMITS_FILES,
    };

    int64_t times = atomic_fetch_add(&shared->reached[limit], 1) + 1;

    if (log_seldom_count(&shared->said[limit], clock_mono_ms()) > 0) {
        log_event(
            LEVEL_WARN, events[limit],
            KN("connections", atomic_load(&shared->connections)), KN("times", times));
    }
}
