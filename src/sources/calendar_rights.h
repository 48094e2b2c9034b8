/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_rights.h - what the person may do with one calendar, as settings and failed
 * reads look at it (docs/calendar.md §2).
 */
#pragma once

#include "sources/source_call.h"

struct calendar_rights {
    Str id; /* the source's own spelling, never an alias */
    bool can_write;
    bool can_read; /* false: free and busy only */
    bool is_primary;
};

/* FAIL_NOT_FOUND: there is no such calendar; else as calendars_get. */
Res calendar_rights_get(
    struct cx *cx, struct source_call *call, Str calendar_id, struct calendar_rights *ret)
    MUST;
