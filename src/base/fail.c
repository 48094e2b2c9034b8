/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fail.c - the record of a failure, and the end of a process that broke a promise.
 */
#include "base/fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cx.h"

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

void panic(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "caldock: broken promise at %s:%d: %s\n", file, line, what);
    abort();
}
