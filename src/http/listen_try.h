/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen_try.h - whether a service could listen on an address, and who does so now.
 * Nothing is changed, not even by a unix socket's file.
 */
#pragma once

#include "http/listen.h"

enum { LISTEN_ASK_MS = 2000, LISTEN_ASK_BYTES = 8 * 1024 };

enum listen_part { LISTEN_HEAD, LISTEN_WHOLE };

/* FAIL_CONFIG: why listen_bind_first would fail. */
Res listen_try(struct cx *cx, Str text, const struct listen_address *a) MUST;
/* Sends an HTTP request, and returns the answer's bytes: up to the end of its head, or,
 * LISTEN_WHOLE, until who answers closes; LISTEN_ASK_BYTES at most. An address that
 * stands for all is reached on loopback. FAIL_UNAVAILABLE: why nobody answers within
 * LISTEN_ASK_MS. */
Res listen_ask(
    struct cx *cx, const struct listen_address *a, Str request, enum listen_part part,
    Str *ret) MUST;
