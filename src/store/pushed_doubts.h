/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pushed_doubts.h - copies that are written, or to be written, for a read of their
 * calendar to compare with what it saw, and the doubts that it raises
 * (calendars/noticing.h).
 */
#pragma once

#include "store/pushed_copies.h"

/* The next LIMIT_STEP_ROWS of a setting, by number, behind `after`. */
struct pushed_doubts_page {
    struct pushed_copy *at;
    size_t n;
    size_t n_unreadable;
};

Res pushed_doubts_list(
    struct cx *cx, struct db *db, int64_t settings, int64_t after,
    struct pushed_doubts_page *ret) MUST;
/* One of them by its key. FAIL_NOT_FOUND. */
Res pushed_doubts_find(
    struct cx *cx, struct db *db, int64_t settings, Str key, struct pushed_copy *ret)
    MUST;
/* A read saw it elsewhere, or missed it: it is to be looked at, one that is being written
 * once it is; a write that begins later ends the doubt. */
Res pushed_doubts_raise(struct cx *cx, struct db *db, int64_t id) MUST;
