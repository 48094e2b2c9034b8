/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync.h - keeps the images of calendars true (docs/calendar.md §6).
 *
 *             read in full                 full read is due, cursor gone
 *     new ───────────────────► live ◄──────────────────────────────────► full
 *                               │ ▲                 read in full
 *   account, feature, switches  ▼ │ the reason goes
 *                             paused
 *
 * A calendar's image serves in every state but `new`; no failure changes it.
 */
#pragma once

#include "calendars/shared.h"
#include "work/work.h"

/* Reads the due calendars of a source's accounts, as long as work_goes_on. One worker at
 * a time reads the calendars of an account, over all nodes. `part`: which worker this is.
 */
Res sync_due(struct cx *cx, struct work *work, enum source_id source, int64_t part) MUST;
/* Work that waits for a read of the calendar is parked under this key. */
Str sync_key(struct arena *mem, int64_t settings);
