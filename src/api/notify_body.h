/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify_body.h - what a notification says of calendars: nothing is believed but its
 * tokens, and what a lifecycle event says of its own channel (docs/calendar.md §7).
 */
#pragma once

#include "api/call.h"
#include "calendars/shared.h"
#include "store/calendar_notices.h"

/* Whose tokens are ours. */
struct notify_items {
    struct calendar_notice *at;
    size_t n;
    size_t n_forged; /* of others */
};

/* false: it is no token of ours. `ret->what` is left to the caller. */
bool notify_body_token(
    struct cx *cx, const struct instance_keys *keys, enum source_id source, Str text,
    struct calendar_notice *ret);
/* The body of a notification of Microsoft's. Items without a token of ours are left out.
 */
Res notify_body_read(
    struct call *c, const struct instance_keys *keys, struct notify_items *ret) MUST;
Res notify_body_too_large(struct call *c, int most_bytes) MUST;
