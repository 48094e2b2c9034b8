/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoke.h - revoking a grant at its source, when that harms nobody (docs/api.md §7, §9).
 *
 * Google's revocation ends the person's grant for the whole client. It is called only
 * while no connected account has the same subject, and a newer grant cancels it. A stored
 * revocation and its lease survive a restart.
 */
#pragma once

#include "store/revocations.h"
#include "work/work.h"

struct db;

/* Inside the transaction that ends a grant: stores a revocation where one is due. Sources
 * without revocation, and revoke = off, need none. `token`: a refresh token, else an
 * access token. The revocation is of the context's flow. */
Res revoke_store(
    struct cx *cx, struct db *db, const struct settings *settings, enum source_id source,
    Str subject, Str token) MUST;
/* Takes one revocation that is due and carries it out; *did: whether there was one. */
Res revoke_one(struct cx *cx, struct work *work, struct revocation_line line, bool *did)
    MUST;
/* The lease on a person: while one has it, no revocation and no callback of the same
 * person gets in between. */
Str revoke_lease_name(struct arena *mem, enum source_id source, Str subject);
