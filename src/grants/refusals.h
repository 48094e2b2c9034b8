/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refusals.h - how many accounts a source has refused in the last minute, on this node.
 *
 * One refused account concerns its user. Many at once are rather an incident at the
 * source, or a client whose secret or consent was changed, and concern the operator.
 */
#pragma once

#include <stdint.h>

#include "base/kinds.h"

struct refusals;

struct refusals *refusals_open(void);
void refusals_close(struct refusals **all); /* accepts NULL */

/* Counts an account that a refusal has just marked. Returns how many it were in the last
 * LIMIT_REFUSALS_MS, when it is time to warn of them: from LIMIT_REFUSALS_TOGETHER on,
 * once in that time for each source. 0: it isn't. Any thread may call it; `mono_ms` is
 * clock_mono_ms. NULL counts nothing. */
int64_t refusals_note(struct refusals *all, enum source_id source, int64_t mono_ms);
