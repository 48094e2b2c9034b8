/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.h - GET /metrics, for the addresses of [server] metrics_listen.
 */
#pragma once

#include "base/str.h"
#include "http/server.h"

/* The handler of these addresses: /metrics and nothing else. */
void metrics_handle(struct http_exchange *ex);

/* All families as text: Prometheus' exposition format, version 0.0.4. `build` has the
 * labels of caldock_build_info. */
Str metrics_text(struct arena *mem, Str build);
