/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fail.c - the record of a failure, and the end of a process that broke a promise.
 */
#include "base/fail.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cx.h"

enum { PANIC_BYTES = 512, PANIC_WAIT_MS = 100 };

Res fail_at(
    struct cx *cx, enum fail code, const char *file, int line, const char *why, ...)
{
    va_list args;

    cx->why.file = file;
    cx->why.line = line;
    va_start(args, why);
    (void)vsnprintf(cx->why.text, sizeof(cx->why.text), why, args);
    va_end(args);
    return (Res){code};
}

void fail_panic(const char *file, int line, const char *what)
{
    char text[PANIC_BYTES];
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    int n = snprintf(
        text, sizeof(text), "caldock: broken promise at %s:%d: %s\n", file, line, what);

    if (n > 0
        && poll(&out, 1, PANIC_WAIT_MS) == 1) { /* a full pipe must not hold it up */
        ssize_t written = write(
            STDERR_FILENO, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);

        (void)written;
    }
    abort();
}
