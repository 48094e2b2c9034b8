/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocations.h - revocations that are still due.
 */
#pragma once

#include "base/kinds.h"
#include "store/lease.h"

struct cx;
struct db;

/* Who is next. */
enum revocation_order {
    REVOCATION_OLDEST, /* the longest due */
    REVOCATION_NEWEST, /* of those that were never tried: what a user has just done never
                          waits behind a backlog */
};

/* What one worker goes through. */
struct revocation_line {
    enum source_id source;
    enum revocation_order order;
};

struct revocation {
    int64_t id;
    enum source_id source;
    Str subject;
    uint32_t key_id;
    Str sealed; /* the refresh token, under KEY_TASK */
    int64_t attempts;
    int64_t next_ms;
    int64_t give_up_ms;
    Str flow; /* of the grant, as the log names it; empty: not known */
};

Res revocation_insert(
    struct cx *cx, struct db *db, const struct revocation *t, int64_t *ret) MUST;
/* Leases one that is due, not leased, and readable. FAIL_NOT_FOUND. */
Res revocation_take(
    struct cx *cx, struct db *db, struct revocation_line line, struct lease *lease,
    struct revocation *ret) MUST;
/* These only while `owner` still holds it: FAIL_CONFLICT otherwise. */
Res revocation_done(struct cx *cx, struct db *db, int64_t id, Str owner) MUST;
/* As if it had not been taken: no attempt, and due at once. */
Res revocation_give_back(struct cx *cx, struct db *db, int64_t id, Str owner) MUST;
/* One more attempt has failed: due again after `delay_ms`. */
Res revocation_again(
    struct cx *cx, struct db *db, int64_t id, Str owner, int64_t delay_ms) MUST;
/* A newer grant of that subject cancels what is due. */
Res revocation_cancel(struct cx *cx, struct db *db, enum source_id source, Str subject)
    MUST;
Res revocation_count(struct cx *cx, struct db *db, int64_t *ret) MUST;
/* Those that wait for a binary that knows them. */
Res revocation_count_unreadable(struct cx *cx, struct db *db, int64_t *ret) MUST;
