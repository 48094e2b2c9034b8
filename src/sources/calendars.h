/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendars.h - the calendars of one account, in the one shape that all sources come to.
 *
 * All text lives in the context's arena.
 */
#pragma once

#include "sources/source_call.h"

struct calendar {
    Str id;   /* at most LIMIT_CALENDAR_ID_BYTES */
    Str name; /* at most LIMIT_CALENDAR_NAME_BYTES, and may be empty */
    bool is_primary;
    bool can_edit;
    Str time_zone; /* IANA's name; empty: the source doesn't say */
    Str color;     /* #rrggbb; empty: none */
};

struct calendar_list {
    struct calendar *at;
    size_t n;
    size_t room;
    size_t left_out; /* entries of the source that can't be used */
};

/* OK when the account has a calendar; else FAIL_NO_CALENDAR, FAIL_MISSING_SCOPES or
 * FAIL_SOURCE_… */
Res calendars_peek(struct cx *cx, struct source_call *call) MUST;
/* All calendars in the source's order, and a log line if some are left out; one calendar
 * by its id. FAIL_TOKEN_REFUSED (401),
 * FAIL_PERMISSION_DENIED (403), FAIL_NOT_FOUND (404, 410; of one calendar alone), or
 * FAIL_SOURCE_… */
Res calendars_list(struct cx *cx, struct source_call *call, struct calendar_list *ret)
    MUST;
Res calendars_get(struct cx *cx, struct source_call *call, Str id, struct calendar *ret)
    MUST;
