/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cond.h - waits that end at a time of clock_mono_ms, whatever happens to the wall clock.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Ended by pthread_cond_destroy. */
void cond_open(pthread_cond_t *cond);
/* Called with the lock held, on a condition of cond_open. false: `until_ms` has come. */
bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_ms);
