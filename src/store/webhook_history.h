/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook_history.h - the deliveries of an endpoint that are kept: to be shown, sent
 * again, or removed with it.
 */
#pragma once

#include "store/webhook_deliveries.h"

struct webhook_delivery {
    Str message;
    Str type;
    enum webhook_delivery_state state;
    int64_t attempts;
    int64_t made_ms;
    int64_t due_ms;  /* while it waits */
    int64_t last_ms; /* when the last attempt was; 0: there was none */
    int64_t took_ms;
    int status; /* as in struct webhook_attempt */
    Str failure;
};

/* Set `endpoint`, and `after_ms` to read from there on; the rest is the page's. */
struct webhook_history {
    int64_t endpoint;
    int64_t after_ms;
    Str after_message;
    struct webhook_delivery *at;
    size_t n;
    bool more;
};

/* The next page, of at most LIMIT_STEP_ROWS, the oldest first. */
Res webhook_history_read(struct cx *cx, struct db *db, struct webhook_history *page) MUST;
/* Sends it again, with all attempts before it. *did: it was over. FAIL_NOT_FOUND: the
 * endpoint has no such message. */
Res webhook_history_replay(
    struct cx *cx, struct db *db, int64_t endpoint, Str message, bool *did) MUST;
/* One step of removing all of an endpoint. */
Res webhook_history_forget(struct cx *cx, struct db *db, int64_t endpoint, bool *more)
    MUST;
