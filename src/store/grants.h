/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grants.h - the sealed grant of each account, and its upkeep: who refreshes it, when it
 * may be tried again, when it has to be.
 *
 * A record is opaque here: oauth/grant.h seals and opens it.
 */
#pragma once

#include "store/hold.h"

struct cx;
struct db;

/* Of due_ms: nobody refreshes it. */
#define GRANT_NEVER INT64_MAX

struct grant_record {
    int64_t version; /* every write names the version that it replaces; the first is 1 */
    uint32_t key_id;
    Str sealed;
    int64_t due_ms; /* written only: when it has to be used, so that it lives on */

    int64_t leased_until_ms; /* read only, as is all that follows */
    int64_t failures;        /* of refreshes, in a row */
    int64_t retry_ms;        /* no refresh before */
};

Res grant_get(struct cx *cx, struct db *db, int64_t account, struct grant_record *ret)
    MUST; /* FAIL_NOT_FOUND */
/* `g->version` is the one that is replaced, 0 for the first. FAIL_CONFLICT when it isn't
 * that one. It is new: whoever was refreshing the old one loses the lease. */
Res grant_put(struct cx *cx, struct db *db, int64_t account, const struct grant_record *g)
    MUST;

/* *got: the lease on that version is the hold's now. Not before retry_ms. */
Res grant_lease(
    struct cx *cx, struct db *db, int64_t account, int64_t version,
    const struct hold *hold, bool *got) MUST;

/* The ways in which a lease ends. All are FAIL_CONFLICT when it was lost: what a stale
 * holder brings is thrown away. */
/* With a new grant. */
Res grant_refreshed(
    struct cx *cx, struct db *db, int64_t account, Str owner,
    const struct grant_record *g) MUST;
/* With one more failure. */
Res grant_failed(
    struct cx *cx, struct db *db, int64_t account, Str owner, int64_t retry_ms) MUST;
/* With a grant that nobody shall refresh any more. */
Res grant_ended(struct cx *cx, struct db *db, int64_t account, Str owner) MUST;
/* The same without a lease: of that version. */
Res grant_stop(struct cx *cx, struct db *db, int64_t account, int64_t version) MUST;

/* Accounts whose grant is due and not leased, the longest due first. */
Res grant_due(
    struct cx *cx, struct db *db, int64_t now_ms, int64_t limit, int64_t **ret, size_t *n)
    MUST;
