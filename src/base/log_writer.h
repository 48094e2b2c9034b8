/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_writer.h - inside base/ only: the one thread that waits for the log.
 *
 * Any number of threads feed it, each through a buffer of its own or through a shared
 * one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct log_writer;
struct log_feed; /* a buffer that the writer empties */

/* The writer's thread calls both, and they may block it. */
struct log_sink {
    void (*write)(Str lines);
    void (*write_lost)(int64_t lines); /* so many were lost since the last time */
};

struct log_writer *log_writer_open(const struct log_sink *sink);
/* Writes what was added before, until `until_ms` of clock_mono_ms at most. false: the log
 * took too long; the thread is left behind with its memory. No thread may add lines any
 * more. */
bool log_writer_close(struct log_writer **w, int64_t until_ms);
/* Waits until everything that was added before is written. false: it takes longer. */
bool log_writer_flush(struct log_writer *w, int64_t until_ms);

struct log_feed *log_writer_feed(struct log_writer *w);
/* A whole line. `is_urgent`: it is written at once, with all before it. */
void log_feed_add(struct log_feed *f, Str line, bool is_urgent);
/* The writer frees the feed when its last lines are written; nobody waits for that. */
void log_feed_end(struct log_feed **f);
