/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listens.h - what can be said about the addresses of a configuration before anything
 * listens there.
 */
#pragma once

#include "config/config.h"
#include "http/inherited.h"

#define LISTENS_METRICS S("metrics")

/* FAIL_CONFIG, with file and line: two addresses of listen and metrics_listen that no
 * process can have both. */
Res listens_check(struct cx *cx, const struct config *c) MUST;
/* Sockets of a supervisor stand in for the addresses of listen, and those that it calls
 * LISTENS_METRICS for metrics_listen. Returns a descriptor for each address of both, in
 * this order; 0: it is to be bound. */
int *listens_inherit(
    struct arena *mem, const struct inherited *sockets, struct config *c);
/* FAIL_CONFIG: why the service could not listen on `address`, with the mend. */
Res listens_try(struct cx *cx, Str address) MUST;
/* Whether one of these nodes, "id id …", listens there. */
bool listens_is_ours(struct cx *cx, Str address, Str nodes);
