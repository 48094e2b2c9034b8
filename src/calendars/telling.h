/* SPDX-License-Identifier: Apache-2.0 */
/*
 * telling.h - what a read of a calendar has to tell its provider: other busy times, and
 * that it became inactive, or active again (docs/webhooks.md).
 */
#pragma once

#include "calendars/busy_change.h"
#include "store/calendar_reads.h"
#include "work/work.h"

/* The images of a read that made another one. */
struct telling {
    struct work *work;
    const struct sync_job *job; /* still as it was before the read */
    const struct image *before; /* NULL: it is looked for, if somebody wants to know */
    const struct image *after;
};

/* Looks only where an endpoint wants busy.changed: ret->is_one is false elsewhere. */
Res telling_find_change(struct cx *cx, const struct telling *t, struct busy_change *ret)
    MUST;
/* In the transaction that writes the read. */
Res telling_put_change(
    struct cx *cx, struct db *db, const struct sync_job *job,
    const struct busy_change *change) MUST;
Res telling_put_inactive(
    struct cx *cx, struct db *db, const struct sync_job *job, enum sync_inactive before)
    MUST;
