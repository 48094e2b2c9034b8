/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify_token.h - the token that a source sends back with its notifications: it names a
 * setting and one of its channels, and nobody else can make one (docs/calendar.md §7).
 *
 * Version, source, the setting's id, the channel's number, and a MAC of these, in
 * base64url. Whether that channel still counts is for the store to say.
 */
#pragma once

#include "base/kinds.h"
#include "calendars/shared.h"

enum { NOTIFY_TOKEN_CHARS = 40 };

struct notify_token {
    enum source_id source;
    int64_t settings;
    uint32_t channel;
};

Str notify_token_make(
    struct arena *mem, const struct instance_keys *keys, const struct notify_token *t);
/* False for any text that notify_token_make can't have made for this source; *ret is left
 * alone then. Compares in constant time, and asks nobody. */
bool notify_token_check(
    struct cx *cx, const struct instance_keys *keys, enum source_id source, Str text,
    struct notify_token *ret) MUST;
