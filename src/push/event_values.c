/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_values.c - the packed form of an event's values, its seal and its digest.
 */
#include "push/event_values.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "calendars/shared.h"
#include "seal/keyring.h"
#include "seal/pack.h"
#include "sources/writes.h"

enum {
    VERSION = 1,
    UTF8_MOST = 4,
    NUMBERS_BYTES = 128,
    VALUES_BYTES = NUMBERS_BYTES
                   + UTF8_MOST
                         * (LIMIT_PUSHED_TITLE + LIMIT_PUSHED_DESCRIPTION
                            + LIMIT_PUSHED_LOCATION + LIMIT_PUSHED_LINK),
};

enum { BIT_ALL_DAY = 1, BIT_FREE = 2, BIT_PRIVATE = 4, BIT_ATTENDEES = 8, BITS_ALL = 15 };

int64_t event_values_start_s(const struct event_values *v)
{
    return v->is_all_day ? v->start * CLOCK_DAY_S : v->start;
}

int64_t event_values_end_s(const struct event_values *v)
{
    return v->is_all_day ? v->end * CLOCK_DAY_S : v->end;
}

static int values_bits(const struct event_values *v)
{
    return (v->is_all_day ? BIT_ALL_DAY : 0) | (v->is_free ? BIT_FREE : 0)
           | (v->is_private ? BIT_PRIVATE : 0) | (v->has_attendees ? BIT_ATTENDEES : 0);
}

static Str values_pack(struct arena *mem, const struct event_values *v)
{
    struct buf b = {.mem = mem, .max = VALUES_BYTES};

    pack_int(&b, VERSION);
    pack_int(&b, values_bits(v));
    pack_int(&b, v->start);
    pack_int(&b, v->end);
    pack_text(&b, v->title);
    pack_text(&b, v->description);
    pack_text(&b, v->location);
    pack_text(&b, v->link);
    return buf_text(&b);
}

static Res values_unpack(struct cx *cx, Str text, struct event_values *ret)
{
    struct unpack u = {.rest = text};
    int64_t version = pack_read_int(&u);
    int64_t bits = pack_read_int(&u);
    struct event_values v = {
        .is_all_day = (bits & BIT_ALL_DAY) != 0,
        .is_free = (bits & BIT_FREE) != 0,
        .is_private = (bits & BIT_PRIVATE) != 0,
        .has_attendees = (bits & BIT_ATTENDEES) != 0,
    };

    v.start = pack_read_int(&u);
    v.end = pack_read_int(&u);
    v.title = pack_read_text(&u);
    v.description = pack_read_text(&u);
    v.location = pack_read_text(&u);
    v.link = pack_read_text(&u);
    if (version != VERSION || bits < 0 || bits > BITS_ALL || !pack_read_done(&u)) {
        return fail(cx, FAIL_UNREADABLE, "values of an event in an unknown form");
    }
    *ret = v;
    return OK;
}

static Str values_bound_to(struct arena *mem, int64_t event)
{
    return str_cat(mem, S("pushed event "), str_int(mem, event));
}

Str event_values_seal(
    struct arena *mem, const struct keyring *k, int64_t event,
    const struct event_values *v)
{
    return keyring_seal(
        mem, k, KEY_EVENT, values_pack(mem, v), values_bound_to(mem, event));
}

Res event_values_open(
    struct cx *cx, const struct keyring *k, int64_t event, Str record,
    struct event_values *ret)
{
    Str text;

    TRY(keyring_unseal(
        cx, k, KEY_EVENT, record, values_bound_to(&cx->mem, event), &text));
    return values_unpack(cx, text, ret);
}

Res event_values_renew(
    struct cx *cx, const struct keyring *k, int64_t event, Str record, Str *ret)
{
    Str bound_to = values_bound_to(&cx->mem, event);
    Str text;

    TRY(keyring_unseal(cx, k, KEY_EVENT, record, bound_to, &text));
    *ret = keyring_seal(&cx->mem, k, KEY_EVENT, text, bound_to);
    return OK;
}

Str event_values_digest(
    struct arena *mem, const struct instance_keys *keys, const struct event_values *v)
{
    char *digest = arena_alloc(mem, EVENT_DIGEST_BYTES);

    seal_mac(
        keys->values, values_pack(mem, v), (unsigned char *)digest, EVENT_DIGEST_BYTES);
    return (Str){digest, EVENT_DIGEST_BYTES};
}

static Str values_text(struct arena *mem, const struct event_values *v)
{
    if (v->link.n == 0) {
        return v->description;
    }
    return v->description.n == 0
               ? v->link
               : str_cat(mem, v->description, str_cat(mem, S("\n\n"), v->link));
}

struct write_wish event_values_wish(struct arena *mem, const struct event_values *v)
{
    return (struct write_wish){
        .title = v->title,
        .description = values_text(mem, v),
        .location = v->location,
        .is_all_day = v->is_all_day,
        .start = v->start,
        .end = v->end,
        .is_free = v->is_free,
        .is_private = v->is_private,
        .reminder_minutes = -1,
    };
}
