/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deliver.h - brings messages to endpoints (docs/webhooks.md §4).
 */
#pragma once

#include "store/webhook_deliveries.h"
#include "work/work.h"

/* Makes attempts at what is due, as long as work_goes_on. `part`: which of the workers
 * this is; the first serves endpoints alone whose last attempt has succeeded, so that any
 * number that are dead delay none that lives. */
Res deliver_due(struct cx *cx, struct work *work, int64_t part) MUST;

/* After so many attempts, of which the last has failed: until the next one, before chance
 * lengthens it; 0: there is none. */
int64_t deliver_pause_ms(int64_t attempts);

/* One step of ending what is queued for an endpoint that is disabled, for steps_run. */
struct deliver_end {
    struct store *store;
    int64_t endpoint;
    bool more; /* of the step's last try */
};

Res deliver_end_step(struct cx *cx, void *arg, bool *more) MUST;
