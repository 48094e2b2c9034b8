/* SPDX-License-Identifier: Apache-2.0 */
/*
 * room.h - a budget of bytes that several pieces of work have together, and the part of
 * it that one of them has.
 *
 * Who takes bytes asks before they are there. A part belongs to one thread at a time.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct room {
    size_t most;
    _Atomic size_t taken; /* by all parts */
};

/* Zero-initialised it is of no room: then there is no end. */
struct room_part {
    struct room *room;
    size_t taken;
    bool was_refused; /* since it was made */
};

/* False: there is no room for them, and nothing was taken. Accepts NULL, as no room. */
bool room_take(struct room_part *p, size_t bytes);
/* So many of those that it has. Accepts NULL. */
void room_give(struct room_part *p, size_t bytes);
