/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.h - what the supervisor hears of the service: its state in words, and, again and
 * again, that it lives.
 */
#pragma once

#include "base/supervisor.h"
#include "work/readiness.h"

struct http_server;

struct status {
    struct supervisor *supervisor;
    const char *said; /* its state, as told last */
    int64_t beat_ms;  /* by clock_mono_ms: when it was last told that the service lives */
};

/* It serves. Also the end of a reload, whatever came of it. */
void status_ready(struct supervisor *s);
/* It has been told to read its configuration again: before it does. */
void status_reloading(struct supervisor *s);
void status_stopping(struct supervisor *s);
/* The most time from one tick to the next. */
int64_t status_tick_ms(const struct status *s);
/* Tells how the service is, if that has changed, and that it lives, if the loops of the
 * server do. The caller's own life shows in its calls. */
void status_tick(
    struct status *s, struct http_server *server, const struct readiness *readiness);
