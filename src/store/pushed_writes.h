/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pushed_writes.h - who writes into the calendars of an account: one at a time, over all
 * nodes (docs/pushing.md §3).
 *
 * Each statement is right whatever others commit meanwhile: results are written only by
 * who holds the account's write lease.
 */
#pragma once

#include "store/calendar_reads.h"
#include "store/pushed_copies.h"

enum { PUSH_DUE_MOST = 16 };

/* A copy that is due, with what its writing needs to know. */
struct push_job {
    struct pushed_copy copy;
    bool has_event; /* else it is gone, and `event` is empty */
    struct pushed_event event;
    Str calendar_id;
    int switches; /* enum calendar_switch; of a deleted setting none is on */
    int64_t reminder_minutes;
    enum sync_inactive inactive; /* of the setting */
    struct pushed_owner owner;   /* of the account */
    Str subject;                 /* of the account */
    bool is_connected;           /* the account */
    bool has_feature;            /* the provider, which is not going */
    int64_t now_ms;              /* when it was taken */
};

/* How many accounts of a source have due copies and nobody who writes, up to
 * PUSH_DUE_MOST. */
Res pushed_writes_due(struct cx *cx, struct db *db, enum source_id source, int64_t *ret)
    MUST;
/* Takes the write lease of one of them, workers different ones by `part`. ret->account is
 * 0 where there is none; else the lease is the owner's. */
Res pushed_writes_take(
    struct cx *cx, struct db *db, enum source_id source, int64_t part,
    struct lease *lease, struct account_work *ret) MUST;
/* Lengthens the lease. FAIL_CONFLICT: it was lost. */
Res pushed_writes_renew(
    struct cx *cx, struct db *db, int64_t account, struct lease *lease) MUST;
Res pushed_writes_drop(struct cx *cx, struct db *db, int64_t account, Str owner) MUST;
/* Under the lease: the copy of the account that is due the longest. FAIL_NOT_FOUND: none
 * is due, or the account is held by now. */
Res pushed_writes_next(
    struct cx *cx, struct db *db, int64_t account, Str owner, struct push_job *ret) MUST;
/* Under the lease: the row as it is now. FAIL_CONFLICT: the lease was lost.
 * FAIL_NOT_FOUND: the row is gone. */
Res pushed_writes_get(
    struct cx *cx, struct db *db, Str owner, const struct push_job *job,
    struct pushed_copy *ret) MUST;
/* Makes the setting inactive, and has its calendar looked at as an inactive one is.
 * False: it is so already, or doesn't receive any more. */
Res pushed_writes_deactivate(
    struct cx *cx, struct db *db, int64_t settings, enum sync_inactive why, bool *ret)
    MUST;
