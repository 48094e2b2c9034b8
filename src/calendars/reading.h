/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reading.h - reads one calendar at its source: all pages of a window, or (Google) what
 * changed since a cursor; the result is its next image, or a failure that changes
 * nothing.
 */
#pragma once

#include "calendars/changes.h"
#include "calendars/times.h"
#include "grants/calling.h"
#include "store/calendar_reads.h"

struct reading {
    struct calling calling; /* with work and account */
    const struct instance_keys *keys;
    const struct sync_job *job;
    Str cursor;               /* opened; empty: read the window */
    const struct image *base; /* the image before; NULL: read the window */
    struct times_window window;
    /* Before each page: the time of the work is not over, and the lease is longer. */
    Res (*goes_on)(struct cx *cx, void *arg);
    void *arg;

    /* The result. */
    struct image image;
    const struct change_copy *copies; /* of the owner's events, as they were seen */
    size_t n_copies;
    Str next_cursor; /* Google */
    bool was_full;
    enum events_failure why;
    int64_t top; /* Microsoft: events a page from now on */
};

/* FAIL_LIMIT: too many events. Else as calling_run and events_page_get. */
Res reading_run(struct cx *cx, struct reading *r) MUST;
