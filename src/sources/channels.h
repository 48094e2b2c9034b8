/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channels.h - asks a source to say when a calendar changes, and to stop saying it
 * (docs/calendar.md §7). All text of results lives in the context's arena.
 */
#pragma once

#include "sources/source_call.h"

/* By which a source notifies of one calendar. */
struct channel {
    Str id;
    Str resource_id; /* Google: beside the id, to stop it */
    int64_t until_ms;
};

struct channel_wish {
    Str calendar_id;
    Str id;           /* Google lets its client choose it: never used before */
    Str address;      /* where to notify */
    Str token;        /* what to send with each notification */
    int64_t until_ms; /* as long as the source may let it live */
};

/* Why a channel was not made, beside the kind of the failure. */
enum channel_failure {
    CHANNEL_OTHER,
    CHANNEL_NOT_HERE, /* the source doesn't notify of this calendar */
    CHANNEL_NOWHERE,  /* it doesn't notify this service at all, as things are */
    CHANNEL_GONE,     /* there is no such channel any more */
};

/* FAIL_TOKEN_REFUSED (401), FAIL_SOURCE_RATE_LIMITED (throttled; call->retry_after_s),
 * FAIL_SOURCE_…; on failure *why says more. */
Res channel_make(
    struct cx *cx, struct source_call *call, const struct channel_wish *wish,
    struct channel *ret, enum channel_failure *why) MUST;
/* False: a new channel has to be made in time (Google). */
bool channel_is_renewable(const struct source_call *call);
/* Lengthens the life of a channel, until_ms at most. */
Res channel_renew(
    struct cx *cx, struct source_call *call, struct channel *channel, int64_t until_ms,
    enum channel_failure *why) MUST;
/* OK also where it had ended before. */
Res channel_end(struct cx *cx, struct source_call *call, const struct channel *channel)
    MUST;
