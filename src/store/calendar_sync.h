/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_sync.h - how far the reading of each calendar is: its state, when it is due,
 * its cursor and the image of its busy times, both opaque here: calendars/ seals them.
 *
 * Times are by the database's clock. calendar_reads.h has what a read does to them.
 */
#pragma once

#include "base/kinds.h"
#include "base/str.h"

struct cx;
struct db;

/* Stored: never renumber. docs/calendar.md §6. */
enum sync_state { SYNC_NEW = 1, SYNC_LIVE = 2, SYNC_FULL = 3, SYNC_PAUSED = 4 };

/* Stored: never renumber. */
enum sync_inactive {
    SYNC_ACTIVE = 0,
    SYNC_NEEDS_RECONNECT = 1, /* never stored: the account's status says it */
    SYNC_CALENDAR_GONE = 2,
    SYNC_NO_ACCESS = 3,
    SYNC_READ_ONLY = 4,
    SYNC_TOO_LARGE = 5,
};

#define SYNC_NEVER INT64_MAX
/* A failure that is the operator's to mend at the source. */
#define SYNC_MISCONFIGURED SI("source_misconfigured")

struct calendar_sync {
    int64_t settings;
    int64_t account;
    enum source_id source;
    enum sync_state state;
    enum sync_inactive inactive;
    int64_t window_from_s; /* of the image */
    int64_t window_to_s;
    int64_t full_due_ms;
    int64_t due_ms;
    int64_t noticed_ms; /* the first change that was noticed and not read yet; 0: none */
    int64_t read_ms;    /* the begin of the last read, whatever came of it; 0: none */
    int64_t synced_ms;  /* the begin of the last read that succeeded; 0: none */
    int64_t failures;   /* in a row */
    Str failure;        /* why the last read failed, in a word; empty: it didn't */
    int64_t recent;     /* reads of late, for the spacing */
    Str cursor;         /* sealed; empty: none */
    int64_t image_version; /* 0: there is no image */
    Str image_digest;
    int64_t events;
    int64_t top; /* Microsoft: the page size that works; 0: the usual one */

    int64_t channel_no; /* of the last one that was made */
    Str channel_id;     /* empty: none */
    Str resource_id;    /* Google */
    int64_t channel_until_ms;
    int64_t channel_due_ms; /* to be made, renewed or ended then */
    int64_t channel_failures;
    int64_t channel_made_ms;  /* or renewed */
    int64_t channel_heard_ms; /* its last notification, or its making */
};

/* A due_ms that wants a read at once, whatever the spacing says. */
#define SYNC_WANTED 1

/* A read is wanted that begins at `since_ms` or later. Where there was none, and none
 * that did is under way on any node, the calendar is due at once, whatever the spacing
 * says; not while paused or inactive. */
Res calendar_sync_want(struct cx *cx, struct db *db, int64_t settings, int64_t since_ms)
    MUST;
/* Its image doesn't open: read in full at once, and written whatever it says. */
Res calendar_sync_spoil(struct cx *cx, struct db *db, int64_t settings) MUST;
/* All of an account that was connected again: due, and inactive ones are tried. */
Res calendar_sync_wake_account(struct cx *cx, struct db *db, int64_t account) MUST;
Res calendar_sync_get(
    struct cx *cx, struct db *db, int64_t settings, struct calendar_sync *ret) MUST;
Res calendar_sync_count(struct cx *cx, struct db *db, enum source_id source, int64_t *ret)
    MUST;

/* The time of the clock that all times here are by. */
Res calendar_sync_now(struct cx *cx, struct db *db, int64_t *ret) MUST;

/* Images: sealed. FAIL_NOT_FOUND. */
Res calendar_image_get(struct cx *cx, struct db *db, int64_t settings, Str *ret) MUST;
Res calendar_image_put(
    struct cx *cx, struct db *db, int64_t settings, int64_t version, uint32_t key_id,
    Str sealed) MUST;
