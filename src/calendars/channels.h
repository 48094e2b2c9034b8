/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channels.h - makes, renews and ends the channels by which sources notify of changes
 * (docs/calendar.md §7).
 */
#pragma once

#include "calendars/shared.h"
#include "work/work.h"

/* Whether sources may be asked to notify: the configuration wants it, and its public URL
 * is https, and not on loopback. */
bool channels_are_wanted(const struct settings *s);
/* Does what is due for the channels of a source's accounts, as long as work_goes_on;
 * where channels aren't wanted, it ends those that there are. `part`: which worker this
 * is. */
Res channels_tend(struct cx *cx, struct work *work, enum source_id source, int64_t part)
    MUST;
