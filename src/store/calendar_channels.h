/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_channels.h - calendars whose channels are to be made, renewed or ended, and
 * sources that refuse them.
 *
 * Who holds an account's read lease (calendar_reads.h) does this, too.
 */
#pragma once

#include "store/calendar_reads.h"

/* Which channels are somebody's work. */
enum channels_due {
    CHANNELS_DUE,   /* those that are due */
    CHANNELS_LIVING /* all that there are: they are to be ended */
};

/* As calendar_reads_take and _due, of accounts that may be asked about. */
Res calendar_channels_take(
    struct cx *cx, struct db *db, enum source_id source, enum channels_due which,
    struct lease *lease, struct account_work *ret) MUST;
Res calendar_channels_due(
    struct cx *cx, struct db *db, enum source_id source, enum channels_due which,
    int64_t *ret) MUST;
/* As calendar_reads_begin. */
Res calendar_channels_begin(
    struct cx *cx, struct db *db, int64_t account, Str owner, enum channels_due which,
    struct sync_job *ret) MUST;
/* Writes what became of the channel of job->sync, but keeps a due time that came in
 * meanwhile. `reads`: the calendar is read once more. FAIL_CONFLICT: the lease was lost,
 * or the setting is gone. */
Res calendar_channels_write(
    struct cx *cx, struct db *db, Str owner, const struct sync_job *job, bool reads) MUST;
/* The setting that was deleted has no channel any more. */
Res calendar_channels_forget(struct cx *cx, struct db *db, int64_t settings) MUST;
/* Polling found what the channel should have told: a new one is made in its place. */
Res calendar_channels_distrust(
    struct cx *cx, struct db *db, int64_t settings, int64_t now_ms) MUST;

/* Why a source gave no channel to anybody, and until when none is asked for. It stands in
 * `settings`. 0: it didn't refuse. */
Res calendar_channels_refusal(
    struct cx *cx, struct db *db, enum source_id source, int64_t *until_ms, Str *why)
    MUST;
Res calendar_channels_refuse(
    struct cx *cx, struct db *db, enum source_id source, int64_t until_ms, Str why) MUST;
