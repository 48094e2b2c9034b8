/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_buffer.h - inside base/ only: lines of one thread on their way to the log.
 *
 * Its owner adds lines and doesn't wait for the log; a thread of the buffer's own writes
 * them. A buffer that stays full because the log takes nothing loses lines, and says how
 * many as soon as the log takes some again.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

struct log_buffer;

struct log_buffer *log_buffer_open(void);
/* Returns when all lines are written. */
void log_buffer_close(struct log_buffer **b);
/* A whole line. `is_urgent`: what is in the buffer, and this, are written at once. */
void log_buffer_add(struct log_buffer *b, Str line, bool is_urgent);

/* log.c: whole lines to stderr, never mixed with another thread's. */
void log_out(Str lines);
