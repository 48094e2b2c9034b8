/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.h - when a grant is refreshed for its own sake, and when a failure is tried
 * again.
 */
#pragma once

#include <stdint.h>

struct source;

/* Returns when a grant of that source has to be used at the latest, so that disuse does
 * not end it. */
int64_t schedule_refresh_due_ms(const struct source *source, int64_t now_ms);
/* Returns the pause after so many failures in a row (at least 1). `told_s`: the source's
 * Retry-After, -1 for none. */
int64_t schedule_refresh_delay_ms(int64_t failures, int64_t told_s);
/* Returns how long after a refusal the grant is tried again, with so many refusals before
 * that one; GRANT_NEVER after the last try. */
int64_t schedule_refused_delay_ms(int64_t refusals);
/* Returns the pause after so many failed attempts to revoke. */
int64_t schedule_revoke_delay_ms(int64_t attempts);
