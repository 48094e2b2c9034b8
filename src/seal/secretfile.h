/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secretfile.h - who may own, change and read a file with keys or a secret.
 */
#pragma once

#include <sys/stat.h>

#include "base/cx.h"

/* Fails with FAIL_CONFIG for a file that others can change, or read on a disk; the reason
 * has the mend. `what` is "key file" or the like. */
Res secretfile_check(
    struct cx *cx, int fd, const char *path, const char *what, const struct stat *st)
    MUST;
