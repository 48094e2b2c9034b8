/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access.h - an access token for an account: the stored one, or a new one.
 *
 * Work that finds the token too old refreshes it, or parks until another has (docs/api.md
 * §8: one refresh at a time per account, across nodes).
 */
#pragma once

#include "auth/auth.h"
#include "base/kinds.h"
#include "work/work.h"

/* Lives as long as its work, parking included. */
struct access {
    struct work *work;
    const struct identity *who; /* the caller; an account that the caller may not see does
                                   not exist; NULL: the service itself */
    int64_t account;
    enum source_id source;
    Str token;
    Str scope; /* as granted */

    Str stale;       /* a token that won't do: too old, or refused by the source */
    bool is_refused; /* the source refused it */
    bool has_waited;
};

/* OK with the work parked: run it again. FAIL_NOT_FOUND: no such account.
 * FAIL_NEEDS_RECONNECT, FAIL_SOURCE_…, FAIL_UNAVAILABLE. */
Res access_get(struct cx *cx, struct access *a) MUST;
/* Notes that the source refused the token: the next access_get brings another. */
void access_refused(struct access *a);
