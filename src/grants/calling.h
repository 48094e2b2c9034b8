/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calling.h - asks a source on behalf of an account, for work in the background: with an
 * access token, and once more with another one, when it is refused.
 */
#pragma once

#include "grants/access.h"
#include "sources/calendar_rights.h"
#include "sources/source_call.h"

struct calling {
    struct work *work;
    int64_t account;

    /* The result. */
    bool was_parked; /* another renews the account's token: no failure of the source */
    int64_t retry_after_s; /* after a failure, -1: not said */
};

typedef Res calling_ask(struct cx *cx, struct source_call *call, void *arg);

/* FAIL_UNAVAILABLE with was_parked. Else as access_get and `ask`. */
Res calling_run(struct cx *cx, struct calling *c, calling_ask *ask, void *arg) MUST;
/* What the person may do with a calendar, as calendar_rights_get. Asked in the middle of
 * other work, so *cx keeps the reason of that one's failure, and this one's code counts
 * alone. */
Res calling_get_rights(
    const struct cx *cx, struct calling *c, Str calendar_id, struct calendar_rights *ret)
    MUST;
