/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notices.h - gathers what sources notify of, and writes it in batches
 * (docs/calendar.md §7).
 *
 *   HTTP thread                       POOL_NOTICES
 *   notices_add ── request parks ──►  batch_run: all that was added, in one transaction
 *                                       └─ wakes the requests of that batch
 *
 * A calendar that was written within LIMIT_NOTICES_JOIN_MS, and that is not read before
 * this time is over, is known to be due: nothing is written again. Waiting requests hold
 * no thread. Any thread may use it.
 */
#pragma once

#include "calendars/shared.h"
#include "store/calendar_notices.h"

struct lanes;
struct notices;
struct readiness;
struct worker;

struct notices_options {
    struct lanes *lanes;
    const struct shared *shared;
    const struct readiness *readiness;
};

/* What the options point to must live until notices_close; the lanes are closed before.
 */
struct notices *notices_open(const struct notices_options *o);
void notices_close(struct notices **n); /* accepts NULL */

/* NULL: not known yet, so no token can be checked. */
const struct instance_keys *notices_keys(const struct notices *n);

enum notices_answer {
    NOTICES_STORED,
    NOTICES_WAITING, /* for the batch of the ticket */
    NOTICES_REFUSED, /* the store is away, or too many calendars have changed */
};

/* What one request notifies of. */
struct notices_request {
    struct calendar_notice *at; /* all; while it waits: those that its batch will write */
    size_t n;
    size_t n_unknown; /* with NOTICES_STORED: of them, by channels that no calendar has */
    uint64_t ticket;  /* of the batch, with NOTICES_WAITING */
};

/* Never blocks. */
enum notices_answer notices_add(struct notices *n, struct notices_request *r);
/* What became of its batch: until that isn't NOTICES_WAITING. */
enum notices_answer notices_ask(struct notices *n, struct notices_request *r);
/* Requests wait for a batch under this key. */
Str notices_key(struct arena *mem, uint64_t ticket);
