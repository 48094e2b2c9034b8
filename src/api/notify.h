/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.h - the endpoints that the sources call when a calendar has changed
 * (docs/calendar.md §7).
 */
#pragma once

#include "api/call.h"

/* Both begin on an HTTP thread, where tokens are checked: what has none that is ours is
 * answered there. The rest waits in POOL_NOTICES until it is stored. */
Res notify_google_run(struct call *c);
Res notify_microsoft_run(struct call *c);
