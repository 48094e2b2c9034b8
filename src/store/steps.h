/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps.h - long work on a store as many short transactions, each followed by a pause.
 *
 * SQLite's lock has no queue: a writer that never pauses takes it again before any other
 * gets it. On PostgreSQL a transaction over many rows collides with every other one
 * (ADR 32).
 */
#pragma once

#include "base/str.h"

struct cx;

struct steps {
    /* One step, over a limited number of rows, with a context of its own. *more:
     * another one follows. A step that fails has changed nothing, `arg` included. */
    Res (*run)(struct cx *cx, void *arg, bool *more);
    void *arg;
    int64_t step_ms; /* the time for one; 0: the store's own limits */
    /* Asked between steps; NULL: nothing stops them. */
    bool (*is_stopping)(const void *arg);
    const void *stop_arg;
};

/*
 * Runs steps until none is left, or the answer is to stop: what is left then is for a
 * later call. The pause is as long as the step was, LIMIT_STEP_REST_MS at least. A step
 * that met others (FAIL_UNAVAILABLE) is tried LIMIT_STEP_TRIES times.
 */
Res steps_run(struct cx *cx, const struct steps *s) MUST;
