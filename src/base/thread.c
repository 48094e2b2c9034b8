/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thread.c - pthread_setname_np refuses long names; prctl cuts them.
 */
#include "base/thread.h"

#include <sys/prctl.h>

void thread_set_name(const char *name)
{
    (void)prctl(PR_SET_NAME, name); /* a name is a convenience: failing is nothing */
}
