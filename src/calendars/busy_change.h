/* SPDX-License-Identifier: Apache-2.0 */
/*
 * busy_change.h - from when to when a new image makes a calendar's busy time another.
 */
#pragma once

#include "calendars/busy.h"

struct busy_change {
    bool is_one; /* false: the busy time is the same */
    struct busy_period range;
};

/* Compares what both images count, from `at`->from_s on and as far as both reach; `at` is
 * empty, and says also which zones hold. All that differs lies in the range, and begins
 * and ends with it. `before` NULL: nothing was known. FAIL_…: tzdata can't be read. */
Res busy_change_find(
    struct cx *cx, const struct image *before, const struct image *after,
    const struct busy_rules *rules, const struct busy *at, struct busy_change *ret) MUST;
