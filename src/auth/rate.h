/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate.h - how fast one credential may ask: a bounded table that all threads share.
 *
 * The generic cell rate algorithm: a credential is one point in time, so a bucket that
 * has filled up again is the same as none, and the table forgets those first.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rate_table;

struct rate_table *rate_table_open(void);
void rate_table_close(struct rate_table **t); /* accepts NULL */

/* `per_s` and `burst` are at least 1. false: too fast; *retry_after_s, at least 1, says
 * when to come again. */
bool rate_take(
    struct rate_table *t, uint64_t key, int64_t now_ms, int64_t per_s, int64_t burst,
    int64_t *retry_after_s);
