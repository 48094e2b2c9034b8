/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cond.h - waits that end at a time of clock_mono_ms, whatever happens to the wall clock.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* pthread_cond_destroy ends it. */
void cond_open(pthread_cond_t *cond);
/* With the lock held; for a condition of cond_open. false: it is `until_ms` already. */
bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_ms);
