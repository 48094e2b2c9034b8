/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash.c - dies where a test says so. Empty in every build but the tests' own.
 */
#include "base/crash.h"

typedef int crash_nothing; /* ISO C forbids an empty file */

#ifdef CRASH_POINTS
#    include <signal.h>
#    include <stdlib.h>
#    include <string.h>

void crash_point(const char *name)
{
    const char *at = getenv(
        "CALDOCK_CRASH_AT"); /* NOLINT(concurrency-mt-unsafe): never set after start */

    if (at != NULL && strcmp(at, name) == 0) {
        (void)raise(SIGKILL);
    }
}
#endif
