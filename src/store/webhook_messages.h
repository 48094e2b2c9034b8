/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook_messages.h - what providers are told, and the deliveries that are to bring it.
 *
 * outbox.h writes them. A message goes when it is old and nobody waits for it.
 */
#pragma once

#include "base/str.h"

struct cx;
struct db;

struct webhook_message {
    Str id; /* "msg_" and 32 hexadecimal digits */
    int64_t provider;
    Str subject; /* what messages are joined by; empty: this is joined with none */
    Str type;
    Str body;
    int64_t not_before_ms; /* joined until then, sent from then on */
    int64_t after_s;       /* of a joined one: the range that it tells */
    int64_t before_s;
    int64_t created_ms;
};

Res webhook_message_add(struct cx *cx, struct db *db, const struct webhook_message *m)
    MUST;
/* The message of this subject that no attempt has begun with. FAIL_NOT_FOUND. */
Res webhook_message_find_open(
    struct cx *cx, struct db *db, int64_t provider, Str subject, int64_t now_ms,
    struct webhook_message *ret) MUST;
/* Body and range. */
Res webhook_message_widen(struct cx *cx, struct db *db, const struct webhook_message *m)
    MUST;
/* To this endpoint; twice is once. */
Res webhook_message_deliver(
    struct cx *cx, struct db *db, const struct webhook_message *m, int64_t endpoint) MUST;

/* One step: removes messages that are older than `keep_ms`, and for which nobody waits.
 */
Res webhook_message_sweep(struct cx *cx, struct db *db, int64_t keep_ms, bool *more) MUST;
/* One step of removing all of a provider's. */
Res webhook_message_forget(struct cx *cx, struct db *db, int64_t provider, bool *more)
    MUST;
