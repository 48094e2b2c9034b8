/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared.h - what all loops of a server share.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

/* Limits that are reached, of which the log hears. */
enum shared_limit {
    SHARED_LIMIT_CONNECTIONS,
    SHARED_LIMIT_MEMORY,
    SHARED_LIMIT_FILES,
    SHARED_LIMITS,
};

struct http_shared {
    atomic_int connections;
    atomic_bool is_leaving; /* each answer is the last one of its connection */
    atomic_llong reached[SHARED_LIMITS]; /* so many times */
    struct log_seldom said[SHARED_LIMITS];
};

/* The limit is reached: counts that, and tells the log, if it is news. */
void shared_limit_reached(struct http_shared *shared, enum shared_limit limit);
