/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy_key.h - the key of a copy: the same for the same event, calendar and generation,
 * after a crash and after its account was connected anew, so that a copy that was left
 * over is found and not made twice (docs/pushing.md §4).
 *
 * Its first OWNER_TAG_BYTES are the owner's tag, by which a read knows the owner's own
 * copies; the others are keyed for this installation.
 */
#pragma once

#include "calendars/changes.h"
#include "store/pushed_events.h"

/* The calendar that a copy is for. */
struct copy_home {
    const struct instance_keys *keys;
    struct pushed_owner owner;
    enum source_id source;
    Str subject; /* of the account */
    Str calendar_id;
};

/* EVENT_COPY_KEY_BYTES. `event`: its number. */
Str copy_key_make(
    struct arena *mem, const struct copy_home *home, int64_t event, int64_t generation);
