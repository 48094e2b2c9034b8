/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy_key.c - a tag, and a keyed hash of what makes a copy another one.
 */
#include "push/copy_key.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "seal/pack.h"

enum { COPY_KEY_TEXT_BYTES = LIMIT_SUBJECT_BYTES + LIMIT_CALENDAR_ID_BYTES + 64 };

Str copy_key_make(
    struct arena *mem, const struct copy_home *home, int64_t event, int64_t generation)
{
    unsigned char *key = arena_alloc(mem, EVENT_COPY_KEY_BYTES);
    struct buf b = {.mem = mem, .max = COPY_KEY_TEXT_BYTES};

    pack_int(&b, home->source);
    pack_text(&b, home->subject);
    pack_text(&b, home->calendar_id);
    pack_int(&b, event);
    pack_int(&b, generation);
    must_be(!b.full);
    changes_owner_tag(
        home->keys, home->owner.provider, (int)home->owner.mode, home->owner.user, key);
    seal_mac(
        home->keys->copies, buf_text(&b), key + OWNER_TAG_BYTES,
        EVENT_COPY_KEY_BYTES - OWNER_TAG_BYTES);
    return (Str){(const char *)key, EVENT_COPY_KEY_BYTES};
}
