/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deadlines.h - a list of connections in the order of their deadlines.
 *
 * All members of a list wait equally long, so the one added last expires last, and
 * setting a deadline costs a few pointers. Times are those of uv_now.
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
    uint64_t wait_ms;
};

void deadlines_add(struct deadlines *list, struct deadline *d, uint64_t now_ms);
/* From now on; those that have waited longer are due. Never a longer wait than before. */
void deadlines_set_wait(struct deadlines *list, uint64_t wait_ms);
void deadlines_remove(struct deadlines *list, struct deadline *d);
