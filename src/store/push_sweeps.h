/* SPDX-License-Identifier: Apache-2.0 */
/*
 * push_sweeps.h - settings whose switches have changed, so that their copies have to be
 * gone through (push/sweep.c).
 */
#pragma once

#include "store/pushed_events.h"

/* A setting of which copies have to be made, looked at or removed, in steps. */
struct push_sweep {
    int64_t settings;
    int64_t account;
    enum source_id source;
    Str calendar_id;
    int switches;
    bool is_deleted;
    bool keeps_events; /* with is_deleted */
    Str subject;
    struct pushed_owner owner;
    int64_t after; /* how far it is */
};

/* Wants this for a setting, from the begin. */
Res push_sweeps_want(struct cx *cx, struct db *db, int64_t settings) MUST;
/* The first setting behind `after` that wants it. FAIL_NOT_FOUND: none. */
Res push_sweeps_next(struct cx *cx, struct db *db, int64_t after, struct push_sweep *ret)
    MUST;
/* `after` 0: done. */
Res push_sweeps_note(struct cx *cx, struct db *db, int64_t settings, int64_t after) MUST;
