/* SPDX-License-Identifier: Apache-2.0 */
/*
 * room.c - takes from a budget, and gives back.
 */
#include "base/room.h"

#include "base/fail.h"

bool room_take(struct room_part *p, size_t bytes)
{
    if (p == NULL || p->room == NULL) {
        return true;
    }
    size_t taken = atomic_load(&p->room->taken);

    do {
        if (bytes > p->room->most - taken) {
            p->was_refused = true;
            return false;
        }
    } while (!atomic_compare_exchange_weak(&p->room->taken, &taken, taken + bytes));
    p->taken += bytes;
    return true;
}

void room_give(struct room_part *p, size_t bytes)
{
    if (p == NULL || p->room == NULL) {
        return;
    }
    must_be(bytes <= p->taken);
    p->taken -= bytes;
    (void)atomic_fetch_sub(&p->room->taken, bytes);
}
