/* SPDX-License-Identifier: Apache-2.0 */
/*
 * noticing.h - what a read of a calendar says of the copies that were written into it:
 * one that stands elsewhere, or is missing, is to be looked at (docs/pushing.md §3).
 *
 * A read proves nothing: it may have begun before a write, or a write may be under way.
 * So it raises a doubt, and who writes into the calendar looks at the copy itself. It has
 * to, as well, where the read can't tell: an increment is never shown again.
 */
#pragma once

#include "calendars/reading.h"

struct noticed {
    const int64_t *ids; /* of copies */
    size_t n;
};

/* After a read that succeeded, before it is written. */
Res noticing_find(
    struct cx *cx, struct store *store, const struct reading *r, struct noticed *ret)
    MUST;
/* In the transaction that writes the read. */
Res noticing_put(struct cx *cx, struct db *db, const struct noticed *n) MUST;
