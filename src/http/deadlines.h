/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deadlines.h - connections in the order of their deadlines.
 *
 * All of one list wait equally long, so who comes last ends last, and setting a deadline
 * costs a few pointers. Times are of uv_now.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct deadline {
    struct deadline *before;
    struct deadline *after;
    uint64_t at_ms;
};

struct deadlines {
    struct deadline *first;
    struct deadline *last;
    uint64_t wait_ms; /* 0: no deadline, only a list */
};

void deadlines_add(struct deadlines *list, struct deadline *d, uint64_t now_ms);
void deadlines_remove(struct deadlines *list, struct deadline *d);
