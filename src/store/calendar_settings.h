/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_settings.h - staff calendar settings: which calendars of an account block, and
 * which receive (docs/calendar.md §2).
 *
 * A setting has a row in calendar_sync beside it (calendar_sync.h), made and removed in
 * the same transaction. A deleted one is invisible here; it waits for the end of its
 * channel.
 */
#pragma once

#include "base/kinds.h"
#include "base/str.h"
#include "store/calendar_sync.h"

struct cx;
struct db;

/* Bits, stored: never renumber. */
enum calendar_switch {
    SWITCH_DESTINATION = 1, /* is_destination_for_teamup_events */
    SWITCH_SOURCE = 2,      /* is_source_for_busy_periods */
    SWITCH_ONLY_BUSY = 4,   /* constrain_only_busy */
    SWITCH_ATTENDEES = 8,   /* push_only_if_event_has_attendees */
    SWITCH_REMINDERS = 16,  /* set_external_reminders_for_pushed_events */
    SWITCHES_ALL = 31,
};

#define SWITCHES_SYNC                                                                    \
    (SWITCH_DESTINATION | SWITCH_SOURCE) /* with neither nothing is read */
#define SWITCHES_PUSH (SWITCH_DESTINATION | SWITCH_ATTENDEES) /* copies follow them */

struct calendar_setting {
    int64_t id;
    int64_t account;
    Str calendar_id; /* the source's own spelling */
    int switches;
    int64_t reminder_minutes;
    Str time_zone; /* IANA's name; empty: none */
    int64_t created_ms;

    /* Read only. */
    enum source_id source;
    Str subject; /* the account's */
    Str username;
    bool is_connected; /* the account */
    struct calendar_sync sync;
};

/* Whose settings: as struct account_filter (accounts.h). */
struct calendar_settings_filter {
    int64_t provider;
    enum mode mode;
    bool any_user; /* else exactly `user` */
    Str user;
    int64_t account; /* 0: of all accounts */
};

struct calendar_settings_page {
    struct calendar_setting *at;
    size_t n;
    int64_t count;
    size_t n_unreadable;
};

Res calendar_settings_list(
    struct cx *cx, struct db *db, const struct calendar_settings_filter *filter,
    int64_t offset, int64_t limit, struct calendar_settings_page *ret) MUST;
/* FAIL_NOT_FOUND, also where the filter doesn't let it through. */
Res calendar_settings_get(
    struct cx *cx, struct db *db, const struct calendar_settings_filter *filter,
    int64_t id, struct calendar_setting *ret) MUST;
/* With its row in calendar_sync, due at once if a switch of SWITCHES_SYNC is on.
 * FAIL_CONFLICT: the account has this calendar already. */
Res calendar_settings_insert(
    struct cx *cx, struct db *db, const struct calendar_setting *s, int64_t *ret) MUST;
/* Switches, reminder and zone. With both of SWITCHES_SYNC off, image and cursor are
 * erased, and a channel is due to be ended; a source that is switched off loses its
 * image. What is switched on is due at once, as SYNC_NEW where there is no image; so is
 * any inactive one. FAIL_NOT_FOUND. */
Res calendar_settings_update(
    struct cx *cx, struct db *db, const struct calendar_setting *s) MUST;
/* Erases image and cursor; the row is gone for all functions here, and waits for
 * calendar_settings_forget. FAIL_NOT_FOUND. */
Res calendar_settings_delete(
    struct cx *cx, struct db *db, int64_t id, bool keep_events, int64_t now_ms) MUST;

/* Removes the row of a deleted one that waits for nothing any more: neither for the end
 * of a channel nor for copies of events. */
Res calendar_settings_forget(struct cx *cx, struct db *db, int64_t id) MUST;

/* For limits: settings of the account; settings, and destinations, of the account's owner
 * (provider, mode and user). */
struct calendar_settings_counts {
    int64_t of_account;
    int64_t of_owner;
    int64_t destinations;
};

Res calendar_settings_count(
    struct cx *cx, struct db *db, int64_t account, struct calendar_settings_counts *ret)
    MUST;
