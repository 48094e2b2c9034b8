/* SPDX-License-Identifier: Apache-2.0 */
/*
 * times.h - which window of a calendar is read, and when (docs/calendar.md §6).
 *
 * Instants are milliseconds since 1970 by the database's clock, unless a name ends in _s.
 * What is spread is spread by a hash of the setting's id, or by chance where said.
 */
#pragma once

#include "store/calendar_sync.h"

struct sync_settings;

struct times_window {
    int64_t from_s;
    int64_t to_s;
};

/* The window of a read that begins now: at every moment until the next one that is due,
 * it covers 48 hours before now and the horizon after it. */
struct times_window times_window_now(
    const struct sync_settings *s, enum source_id source, int64_t now_ms);
/* From when on events are asked for, so that all that touch the window come: a source
 * takes an all-day event for over at the end of the day in the calendar's zone, a setting
 * may have a zone that is up to 26 hours behind. */
int64_t times_asked_from(const struct times_window *w);
/* When a calendar has to be read in full again. */
int64_t times_full_due(enum source_id source, int64_t settings, int64_t now_ms);
/* The interval of polling that applies to a calendar: `calendars` are read of its source
 * in all; `is_pushed`: it has a living channel. */
int64_t times_poll_ms(const struct sync_settings *s, int64_t calendars, bool is_pushed);
/* The next poll, a quarter sooner or later by chance. */
int64_t times_next_poll(int64_t now_ms, int64_t interval_ms);
/* After so many failures in a row. */
int64_t times_back_off(int64_t now_ms, int64_t failures);
/* The end of a hold of an account; told_s: as the source says it, -1: it doesn't;
 * `step`: holds in a row before this one. */
int64_t times_hold_until(int64_t now_ms, int64_t told_s, int64_t step, bool is_quota);

/* When a channel that was made now and lives until then is to be renewed: a day and up to
 * half of another before its end, spread by the setting; at half of a shorter life. */
int64_t times_channel_due(int64_t settings, int64_t now_ms, int64_t until_ms);

/* Reads of late, in one number (calendar_sync.recent): the begin of a stretch of 10
 * minutes in seconds, and how many were in it. */
int64_t times_recent_add(int64_t recent, int64_t now_ms);
/* The first moment at which a calendar may be read after a read that began now. */
int64_t times_spaced(int64_t recent, int64_t now_ms, bool is_large);
