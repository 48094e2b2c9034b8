/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_buffer.h - inside base/ only: lines between the threads that log and the one that
 * writes.
 *
 * Adding never waits for the log. A buffer that is full loses lines and counts them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { LOG_BUFFER_BYTES = 1024 * 1024 }; /* of lines that wait; memory once it is used */

struct log_buffer;

struct log_buffer *log_buffer_open(void);
void log_buffer_close(struct log_buffer **b);

/* Whether the writer has to be woken for a line. */
enum log_wake { LOG_WAKE_NONE, LOG_WAKE_SOON, LOG_WAKE_NOW };

/* Adds a whole line; `is_urgent`: it should be written at once. */
enum log_wake log_buffer_add(struct log_buffer *b, Str line, bool is_urgent);

struct log_taken {
    Str lines;
    int64_t lost; /* lines that found no room */
};

/* For the one thread that writes: what was added since the last call. The lines stay
 * until the next call. */
struct log_taken log_buffer_take(struct log_buffer *b);
