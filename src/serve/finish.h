/* SPDX-License-Identifier: Apache-2.0 */
/*
 * finish.h - the end of a request: the headers that every answer has, and the log line.
 */
#pragma once

#include "serve/visit.h"

/* Adds X-Request-Id, Cache-Control and nosniff to every answer, Referrer-Policy to a
 * callback's, and Vary and CORS to all others. */
void finish_headers(struct visit *v);
/* On each HTTP thread, so that its first request doesn't wait for room to count in. */
void finish_thread_begin(void);
/* Counts the request for the metrics. */
void finish_count(const struct visit *v);
/* Writes the one line of this request. */
void finish_log(const struct visit *v);
