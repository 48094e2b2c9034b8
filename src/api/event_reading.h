/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_reading.h - asks the source of one calendar for all events of a range, and for
 * what the calendar is called.
 */
#pragma once

#include "api/event_rows.h"
#include "sources/source_call.h"

struct event_reading {
    struct event_calendar *calendar;
    struct event_rows *rows;
};

/* An asking_question of asking.h, about a struct event_reading; asked again, it begins
 * anew. FAIL_LIMIT: the range has too many events (event_rows.h). FAIL_NOT_FOUND: the
 * calendar is gone. FAIL_MISSING_SCOPES; else as event_details_get and calendars_get. */
Res event_reading_ask(struct cx *cx, void *reading, struct source_call *call) MUST;
