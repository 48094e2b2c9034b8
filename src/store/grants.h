/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grants.h - the sealed grant of each account, and its upkeep: who refreshes it, when it
 * may be tried again, when it has to be.
 *
 * A record is opaque here: oauth/grant.h seals and opens it.
 */
#pragma once

#include "base/kinds.h"
#include "store/lease.h"

struct cx;
struct db;

/* A due_ms, or the delay until it: nobody refreshes the grant. */
#define GRANT_NEVER INT64_MAX

struct grant_record {
    int64_t version; /* every write names the version that it replaces; the first is 1 */
    uint32_t key_id;
    Str sealed;
    int64_t due_ms; /* written only: when it has to be used, so that it lives on */

    int64_t failures; /* of refreshes, in a row; written by grant_refreshed alone */
    int64_t retry_ms; /* no refresh before; as failures */

    int64_t refusals; /* by the source, in a row; as failures */

    int64_t leased_until_ms; /* read only */
};

Res grant_get(struct cx *cx, struct db *db, int64_t account, struct grant_record *ret)
    MUST; /* FAIL_NOT_FOUND */
/* `g->version` is the one that is replaced, 0 for the first. FAIL_CONFLICT when it isn't
 * that one. It is new: whoever was refreshing the old one loses the lease. */
Res grant_put(struct cx *cx, struct db *db, int64_t account, const struct grant_record *g)
    MUST;

/* *got: the lease on that version is the owner's now. Not before its retry_ms. */
Res grant_lease(
    struct cx *cx, struct db *db, int64_t account, int64_t version, struct lease *lease,
    bool *got) MUST;

/* The ways in which a lease ends. All are FAIL_CONFLICT when the lease was lost, and then
 * change nothing. */
/* With a new grant; with failures, when nothing but its refresh token is new. */
Res grant_refreshed(
    struct cx *cx, struct db *db, int64_t account, Str owner,
    const struct grant_record *g) MUST;
/* As if it had never begun. */
Res grant_give_back(struct cx *cx, struct db *db, int64_t account, Str owner) MUST;
/* With one more failure. */
Res grant_failed(
    struct cx *cx, struct db *db, int64_t account, Str owner, int64_t delay_ms) MUST;
/* With one more refusal, which is no failure: due again after `delay_ms`. */
Res grant_refused(
    struct cx *cx, struct db *db, int64_t account, Str owner, int64_t delay_ms) MUST;
/* With a grant that nobody shall refresh any more. */
Res grant_ended(struct cx *cx, struct db *db, int64_t account, Str owner) MUST;
/* The same without a lease, while the grant is that version. */
Res grant_stop(struct cx *cx, struct db *db, int64_t account, int64_t version) MUST;

/* Not due for `delay_ms`: for a grant that can't be worked on here. */
Res grant_postpone(struct cx *cx, struct db *db, int64_t account, int64_t delay_ms) MUST;

struct due_grant {
    int64_t account;
    int64_t due_ms;
};

/* Which grants: those of one source, and of these the part that one of several workers
 * has: accounts that leave `part` when they are divided by `parts`. */
struct due_page {
    enum source_id source;
    int64_t part;
    int64_t parts;
    int64_t limit;
    struct due_grant after; /* they were due later than this one, or beside it */
};

/* Where the first page begins. */
#define DUE_FIRST ((struct due_grant){.due_ms = INT64_MIN})

/* Grants that are due, readable and not leased, the longest due first. */
Res grant_due(
    struct cx *cx, struct db *db, const struct due_page *page, struct due_grant **ret,
    size_t *n) MUST;
/* Names the source of grants that a release wrote which did not: nobody takes them
 * before. */
Res grant_name_sources(struct cx *cx, struct db *db) MUST;
