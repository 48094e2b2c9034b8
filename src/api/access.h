/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access.h - an access token for the account that a call is about: the one that is
 * stored, or a new one.
 *
 * Who finds it too old refreshes it, or parks until the one who does is done (contract
 * §8: one refresh at a time per account, across nodes).
 */
#pragma once

#include "api/call.h"

struct access {
    struct call *call;
    int64_t account; /* its number; whether the caller may see it is found out here */
    enum source_id source;
    Str token;
    Str scope; /* as granted */

    Str stale;       /* a token that won't do: too old, or refused by the source */
    bool is_refused; /* the source refused it */
    bool has_waited;
};

/* OK with the call parked: run it again. FAIL_NOT_FOUND: no such account. FAIL_CONFLICT:
 * its user has to connect it again. FAIL_SOURCE_…, FAIL_UNAVAILABLE. */
Res access_get(struct access *a) MUST;
/* The source has refused the token: the next access_get brings another. */
void access_refused(struct access *a);
