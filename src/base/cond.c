/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cond.c - POSIX conditions by the monotonic clock.
 */
#include "base/cond.h"

#include <errno.h>
#include <time.h>

#include "base/fail.h"

void cond_open(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    must_be(pthread_condattr_init(&attr) == 0);
    must_be(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    must_be(pthread_cond_init(cond, &attr) == 0);
    (void)pthread_condattr_destroy(&attr);
}

bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_ms)
{
    const struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};

    return pthread_cond_timedwait(cond, lock, &until) != ETIMEDOUT;
}
