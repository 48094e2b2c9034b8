/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync_view.h - how the reading of a calendar stands, as an operator sees it: judged as
 * queries for busy periods judge it, over all the time that may be asked for
 * (docs/calendar.md §8).
 */
#pragma once

#include "config/settings.h"
#include "render/writer.h"
#include "store/calendar_states.h"

/* What the judgement needs beside the calendar. */
struct sync_view {
    const struct sync_settings *settings;
    int64_t now_ms;                  /* by the database's clock */
    int64_t calendars[SOURCE_COUNT]; /* of each source, by its id - 1 */
};

struct sync_standing {
    Str status; /* "fresh", "stale", "unknown", or "off": it doesn't block */
    Str reason; /* empty: it is fresh, or off */
    bool is_fresh;
    bool is_off;
};

enum sync_reader { SYNC_IN_LIST, SYNC_ALONE };

/* Counts the calendars of each source; now_ms is the caller's. */
Res sync_view_count(struct cx *cx, struct db *db, struct sync_view *v) MUST;
struct sync_standing sync_view_judge(
    const struct sync_view *v, const struct calendar_state *s);
/* Writes the fields into the object that is open. */
void sync_view_write(
    struct writer *w, const struct sync_view *v, const struct calendar_state *s,
    enum sync_reader reader);
