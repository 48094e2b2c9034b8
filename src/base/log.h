/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - an event name and key/value pairs, one line each on stderr.
 *
 * No format strings; values are escaped by the writer, so no line can be forged. What
 * is secret never comes near it. A thread's lines are in order. A function that returns
 * Res does not log: app/serve.c writes one line per request, and other lines are for what
 * is not a request.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum log_level { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG };

enum log_format { FORMAT_LOGFMT, FORMAT_JSON };

struct log_pair {
    const char *key; /* lower case and '_': not escaped */
    Str value;
};

/* For the whole process; may be called again at any time, from any thread. */
void log_setup(enum log_level level, enum log_format format);
bool log_is_on(enum log_level level);

/* From now on the lines of the calling thread, which may not wait, are written by another
 * one: a few milliseconds later, at once with a warning or an error. Lines are lost only
 * while the log takes nothing for more than a second; how many, it says. */
void log_gather(void);
/* All lines are written when it returns. */
void log_gather_end(void);

/* clang-format off */
#define KV(key, ...)         {(key), (__VA_ARGS__)}
#define KZ(key, ...)         {(key), str_from_z(__VA_ARGS__)}
#define log_event(level, event, ...)                                                     \
    log_write((level), (event), (const struct log_pair[]){__VA_ARGS__},                   \
              sizeof((const struct log_pair[]){__VA_ARGS__}) / sizeof(struct log_pair))
/* clang-format on */
void log_write(
    enum log_level level, const char *event, const struct log_pair *pairs, size_t n);
