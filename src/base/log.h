/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - an event (log_events.h) and key/value pairs, one line each on stderr.
 *
 * No format strings; numbers are numbers in JSON; values are escaped, so no line can be
 * forged. Secrets never come near it. A thread's lines are in order. A request has one
 * line, written at its end; other lines are for events that are no request.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log_events.h"
#include "base/str.h"

enum log_level { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG };

enum log_format { FORMAT_LOGFMT, FORMAT_JSON };

enum log_kind {
    LOG_TEXT,
    LOG_NUMBER,
    LOG_ID, /* a number; 0 is none */
    LOG_US, /* microseconds, written as milliseconds */
};

/* An empty text and an id of 0 are left out of the line. */
struct log_pair {
    const char *key; /* lower case and '_': not escaped */
    enum log_kind kind;
    Str text;
    int64_t number;
};

/* For the whole process; may be called again at any time, from any thread. */
void log_setup(enum log_level level, enum log_format format);
/* Once: the node that each line names from now on. */
void log_name_node(Str node);
bool log_is_on(enum log_level level);

/* For a process that serves: until log_stop, a thread of the log's own writes all lines,
 * a few milliseconds later, at once with a warning or an error. No other thread waits for
 * the log: a line that finds its buffer full, because the log takes nothing, is lost, and
 * the event log.lost says how many. Without log_start, lines are written at once. */
void log_start(void);
/* Called when no other thread logs any more: writes the last lines. false: the log took
 * longer than `within_ms`; the thread is left behind, and later lines are lost. */
bool log_stop(int64_t within_ms);

/* Waits until the lines so far are written, for that long at most; others may go on
 * logging. */
void log_flush(int64_t within_ms);

/* Between log_start and log_stop: a buffer of its own for a thread that logs a lot. */
void log_thread_begin(void);
void log_thread_end(void);

/* Whether stderr takes a line without blocking, within that time: for the last words of a
 * process, which are not the log's. */
bool log_is_writable(int64_t within_ms);

/* Something that may happen often, of which the log hears seldom. All 0 at first. */
struct log_seldom {
    _Atomic int64_t times;   /* since the log heard of it last */
    _Atomic int64_t said_ms; /* when that was; 0: never */
};

/* It has happened. Returns how often since the log heard of it last, if it is to hear of
 * it now; 0: it heard less than LIMIT_SAID_MS ago. Any thread may call it. */
int64_t log_seldom_count(struct log_seldom *s, int64_t mono_ms);

/* clang-format off */
#define KV(key_, ...)        {.key = (key_), .text = (__VA_ARGS__)}
#define KZ(key_, ...)        {.key = (key_), .text = str_from_z(__VA_ARGS__)}
#define KN(key_, ...)        {.key = (key_), .kind = LOG_NUMBER, .number = (__VA_ARGS__)}
#define KI(key_, ...)        {.key = (key_), .kind = LOG_ID, .number = (__VA_ARGS__)}
#define K_NONE               {.key = ""} /* an event without fields */
#define KUS(key_, ...)       {.key = (key_), .kind = LOG_US, .number = (__VA_ARGS__)}
#define log_event(level, event, ...)                                                     \
    log_write((level), (event), (const struct log_pair[]){__VA_ARGS__},                   \
              sizeof((const struct log_pair[]){__VA_ARGS__}) / sizeof(struct log_pair))
#define log_answer(level, event, ...)                                                    \
    log_write_answer((level), (event), (const struct log_pair[]){__VA_ARGS__},            \
                     sizeof((const struct log_pair[]){__VA_ARGS__}) / sizeof(struct log_pair))
/* clang-format on */
void log_write(
    enum log_level level, enum event event, const struct log_pair *pairs, size_t n);
/* For what the operator has just asked for by a signal: the line is written whatever
 * the level in force is. */
void log_write_answer(
    enum log_level level, enum event event, const struct log_pair *pairs, size_t n);
