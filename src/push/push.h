/* SPDX-License-Identifier: Apache-2.0 */
/*
 * push.h - writes the application's events into calendars (docs/pushing.md §3, §4).
 *
 *   wanting_put ──► pushed_copies, due ──► push_due ──► the source
 *                        ▲                    │
 *                        └─── copy_state.h ◄──┘  what came of it
 */
#pragma once

#include "calendars/shared.h"
#include "work/work.h"

/* Writes the due copies of a source's accounts, as long as work_goes_on. One worker at a
 * time writes into the calendars of an account, over all nodes. `part`: which worker this
 * is. */
Res push_due(struct cx *cx, struct work *work, enum source_id source, int64_t part) MUST;
