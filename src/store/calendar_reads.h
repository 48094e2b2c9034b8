/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_reads.h - who reads the calendars of an account, and what a read leaves
 * behind.
 *
 * Each statement is right whatever others commit meanwhile: results are written only by
 * who holds the account's read lease.
 */
#pragma once

#include "store/calendar_sync.h"
#include "store/lease.h"

/* A calendar that is due, with what its read needs to know. */
struct sync_job {
    struct calendar_sync sync;
    Str calendar_id;
    int switches;    /* enum calendar_switch */
    Str time_zone;   /* of the setting; empty: none */
    bool is_deleted; /* the setting: it waits for the end of its channel */
    int64_t provider;
    enum mode mode;
    Str user;
    bool is_connected; /* the account */
    bool has_feature;  /* the provider, which is not going */
    bool had_digest;   /* of its image */
    int64_t now_ms;    /* when it was taken */
    int64_t claim_ms;  /* due again then, should this node die */
};

enum { SYNC_DUE_MOST = 16 };

/* Who reads an account's calendars, and until when nobody may ask its source. */
struct account_work {
    int64_t account; /* 0: none is due */
    int64_t hold_until_ms;
    int64_t hold_step;
};

/* Takes the read lease of an account with a due calendar: among the first of a source's
 * due accounts that nobody reads, workers begin at different ones by `part`. ret->account
 * is 0 where there is none; else the lease is the owner's. */
Res calendar_reads_take(
    struct cx *cx, struct db *db, enum source_id source, int64_t part,
    struct lease *lease, struct account_work *ret) MUST;
/* How many accounts such a worker would find, up to SYNC_DUE_MOST. */
Res calendar_reads_due(struct cx *cx, struct db *db, enum source_id source, int64_t *ret)
    MUST;
/* Under the lease: the calendar of the account that is due the longest, noted as being
 * read since now: due again after `claim_ms`. FAIL_NOT_FOUND: none is due. */
Res calendar_reads_begin(
    struct cx *cx, struct db *db, int64_t account, Str owner, int64_t claim_ms,
    struct sync_job *ret) MUST;
/* Lengthens the lease. FAIL_CONFLICT: it was lost. */
Res calendar_reads_renew(
    struct cx *cx, struct db *db, int64_t account, struct lease *lease) MUST;
Res calendar_reads_drop(struct cx *cx, struct db *db, int64_t account, Str owner) MUST;
/* Writes what a read or a failure made of job->sync, but keeps a due time that came in
 * meanwhile. `is_true`: what was noticed before the read is read now. FAIL_CONFLICT: the
 * lease was lost, the setting is gone, or what the read built on was erased: its image,
 * or the wish to read it. */
Res calendar_reads_write(
    struct cx *cx, struct db *db, Str owner, const struct sync_job *job, uint32_t key_id,
    bool is_true) MUST;
/* Nobody asks the source for this account before; its calendars are due then. Of this
 * hold and one of before, as others ask the source meanwhile, the longer one stays, and
 * the higher step. */
Res calendar_reads_hold(
    struct cx *cx, struct db *db, int64_t account, int64_t until_ms, int64_t step) MUST;
/* The source answers again: the next hold begins with the first step. One that lasts, as
 * another has set it meanwhile, stays. */
Res calendar_reads_end_hold(struct cx *cx, struct db *db, int64_t account) MUST;
/* 0: not held. */
Res calendar_reads_held_until(struct cx *cx, struct db *db, int64_t account, int64_t *ret)
    MUST;
