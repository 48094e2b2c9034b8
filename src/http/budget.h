/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget.h - how much the connections of one loop hold in memory, and how much they may.
 *
 * Counted are unparsed input, requests up to the moment at which a handler has them, and
 * answers that are not written. A connection that holds nothing of these isn't counted:
 * LIMIT_CONNECTION_BYTES and max_connections bound it.
 */
#pragma once

#include <stddef.h>

#include "base/budgets.h"

/* Each level also does what the levels below it do. */
enum budget_level {
    BUDGET_EASY,
    BUDGET_TIGHT, /* half: connections that hold more than their share are read in turn */
    BUDGET_SHORT, /* three quarters: those are not read at all, and new requests are
                     refused */
    BUDGET_OVER,  /* connections are closed */
};

struct budget {
    size_t most_bytes;
    size_t bytes;
};

static inline enum budget_level budget_level(const struct budget *b)
{
    if (b->bytes < b->most_bytes / 2) {
        return BUDGET_EASY;
    }
    if (b->bytes < b->most_bytes / 4 * 3) {
        return BUDGET_TIGHT;
    }
    return b->bytes <= b->most_bytes ? BUDGET_SHORT : BUDGET_OVER;
}

/* `*counted` of a holder becomes `now`. */
static inline void budget_count(struct budget *b, size_t *counted, size_t now)
{
    b->bytes = b->bytes - *counted + now;
    *counted = now;
}

/* One loop's part of `most_bytes`; 0 stands for LIMIT_CONNECTIONS_BYTES. */
static inline size_t budget_of_loop(size_t most_bytes, int threads)
{
    size_t least = most_bytes == 0 ? LIMIT_LOOP_BYTES : 0;
    size_t part = (most_bytes == 0 ? LIMIT_CONNECTIONS_BYTES : most_bytes);

    part /= (size_t)threads;
    return part < least ? least : part;
}
