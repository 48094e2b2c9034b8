/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoke.h - taking a grant back at the source, when that harms nobody (contract §7, §9).
 *
 * Google's revocation kills the person's grant for the whole client, so it is only called
 * while no connected account has the same subject; a newer grant cancels it. Task and
 * lease survive a restart.
 */
#pragma once

#include "api/call.h"

struct db;

/* Inside the transaction that ends the grant: leaves a task where one is due. Sources
 * without revocation, and revoke = off, leave none. */
Res revoke_leave(
    struct cx *cx, struct db *db, const struct settings *settings, enum source_id source,
    Str subject, Str token) MUST; /* a refresh token, else an access token */
/* Takes and works on one task that is due: *did says whether there was one. Called at
 * once after revoke_leave by the background worker, and on its timer. */
Res revoke_one(
    struct cx *cx, struct worker *w, const struct settings *settings, bool *did) MUST;
/* How long to wait after so many failed attempts. */
int64_t revoke_delay_ms(int64_t attempts);
/* Name of the lease that excludes a revocation and a callback of one subject from each
 * other. */
Str revoke_lease_name(struct arena *mem, enum source_id source, Str subject);

/* The account's disappearance as the contract's DELETE does it, in one transaction; also
 * for the command line. FAIL_NOT_FOUND. */
Res account_disconnect(
    struct cx *cx, struct db *db, const struct settings *settings, int64_t account) MUST;
