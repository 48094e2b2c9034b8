/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cx.c - the end of a context, and what is left of its time.
 */
#include "base/cx.h"

#include <string.h>

#include "base/clock.h"

void cx_done(struct cx *cx)
{
    arena_done(&cx->mem);
    cx->why.text[0] = 0;
    cx->flow[0] = 0;
}

int64_t cx_left_ms(const struct cx *cx, int64_t most_ms)
{
    if (cx->deadline_ms == 0) {
        return most_ms;
    }
    int64_t left = cx->deadline_ms - clock_mono_ms();

    if (left < 0) {
        return 0;
    }
    return left < most_ms ? left : most_ms;
}

void cx_name_flow(struct cx *cx, Str name)
{
    bool is_one = name.n == sizeof(cx->flow) - 1;

    memcpy(cx->flow, is_one ? name.p : "", is_one ? name.n : 1);
    cx->flow[sizeof(cx->flow) - 1] = 0;
}
