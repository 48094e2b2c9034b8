/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_notices.h - what a source's notifications change in calendar_sync
 * (docs/calendar.md §7).
 */
#pragma once

#include "base/kinds.h"
#include "base/str.h"

struct cx;
struct db;

/* Bits. */
enum notice {
    NOTICE_SOON = 1,  /* the calendar has changed: it is read LIMIT_NOTICE_MS later */
    NOTICE_NOW = 2,   /* it may have changed long ago: it is read now */
    NOTICE_RENEW = 4, /* the channel is to be renewed */
    NOTICE_LOST = 8,  /* the channel is gone: a new one is to be made */
};

struct calendar_notice {
    int64_t settings;
    enum source_id source;
    int64_t channel; /* the number of the channel that it came by */
    unsigned what;   /* bits of enum notice */
};

/* Counts if it came by the channel that was made last, by the one before, or by one that
 * is being made; only the one that was made last can be renewed or lost. A calendar that
 * fails keeps its back-off, and one that is paused is read when the pause ends. *due_ms:
 * its next read, where that may have changed. FAIL_NOT_FOUND: it doesn't count, or the
 * setting is gone. */
Res calendar_notice_put(
    struct cx *cx, struct db *db, int64_t now_ms, const struct calendar_notice *n,
    int64_t *due_ms) MUST;
