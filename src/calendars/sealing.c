/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealing.c - what an image and a cursor are bound to.
 */
#include "calendars/sealing.h"

#include "base/cx.h"

static Str sealing_bound_to(struct arena *mem, int64_t settings)
{
    return str_cat(mem, S("setting "), str_int(mem, settings));
}

Str sealing_lock(
    struct arena *mem, const struct keyring *k, enum key_purpose purpose,
    int64_t settings, Str text)
{
    return keyring_seal(mem, k, purpose, text, sealing_bound_to(mem, settings));
}

Res sealing_open(
    struct cx *cx, const struct keyring *k, enum key_purpose purpose, int64_t settings,
    Str record, Str *ret)
{
    return keyring_unseal(
        cx, k, purpose, record, sealing_bound_to(&cx->mem, settings), ret);
}
