/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbox.h - tells providers what has happened, in the transaction of what has happened:
 * never before it, and never lost (ADR 36).
 */
#pragma once

#include "base/kinds.h"
#include "store/webhook_types.h"

struct cx;
struct db;

/* What a message says beside its type: what doesn't concern it stays empty or 0. */
struct outbox_message {
    enum webhook_type type;
    int64_t provider;
    enum mode mode;
    Str user; /* empty: the business itself */
    int64_t account;
    int64_t settings;
    Str calendar_source; /* the code of the API */
    bool is_reconnect;   /* of account.connected */
    Str reason;
    Str by;          /* of account.disconnected: "application" or "operator" */
    int64_t after_s; /* of busy.changed: the range to ask for again */
    int64_t before_s;
    int64_t copy; /* of pushed_event.changed: what is joined */
    Str event_id; /* of pushed_event.…: the application's */
    bool is_all_day;
    int64_t start; /* of pushed_event.changed: seconds since 1970, or days */
    int64_t end;
};

/* Writes the message, and a delivery for each endpoint that wants it; where none does,
 * nothing. busy.changed waits LIMIT_WEBHOOK_JOIN_MS for others of its setting, with which
 * it becomes one message of a wider range; pushed_event.changed for others of its copy,
 * of which the last one counts. */
Res outbox_put(struct cx *cx, struct db *db, const struct outbox_message *m) MUST;
/* Whether some endpoint would get it now. */
Res outbox_wants(
    struct cx *cx, struct db *db, int64_t provider, enum webhook_type type, bool *ret)
    MUST;
/* The body of a message that tests an endpoint, and is not stored. */
Res outbox_ping(struct cx *cx, int64_t provider, Str *id, Str *body) MUST;
/* The time of the clock that deliveries are by. */
Res outbox_now(struct cx *cx, struct db *db, int64_t *ret) MUST;
