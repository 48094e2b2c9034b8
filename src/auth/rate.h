/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate.h - the rate limit per credential: a bounded table that all threads share.
 *
 * By the generic cell rate algorithm a credential's bucket is one point in time. A bucket
 * that is full again equals no bucket, so the table forgets full ones first.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rate_table; /* counted */

struct rate_table *rate_table_open(void);
/* Adds a reference, so that a new configuration goes on counting. */
struct rate_table *rate_table_ref(struct rate_table *t);
void rate_table_unref(struct rate_table **t); /* accepts NULL */

/* `per_s` and `burst` are at least 1. false: too fast; *retry_after_s (at least 1) is how
 * long to wait. */
bool rate_take(
    struct rate_table *t, uint64_t key, int64_t now_ms, int64_t per_s, int64_t burst,
    int64_t *retry_after_s);
