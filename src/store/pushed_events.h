/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pushed_events.h - the application's events, as it wanted them last (docs/pushing.md
 * §1).
 *
 * Their words are sealed (push/event_values.h); what stands open beside them is what
 * statements need.
 */
#pragma once

#include "base/kinds.h"
#include "base/str.h"

struct cx;
struct db;

/* The user, or the business itself, whose event it is. */
struct pushed_owner {
    int64_t provider;
    enum mode mode;
    Str user; /* empty: the business itself */
};

enum { PUSHED_NO_VERSION = -1 };

struct pushed_event {
    int64_t id; /* never used again: the keys of copies are made of it */
    struct pushed_owner owner;
    Str event_id;    /* the application's */
    int64_t rev;     /* counts the values that were wanted, from 1 */
    int64_t version; /* the application's, or PUSHED_NO_VERSION */
    bool has_attendees;
    int64_t starts_s; /* since 1970; whole days are days of UTC */
    int64_t ends_s;
    uint32_t key; /* by which `sealed` is sealed */
    Str sealed;   /* its values */
    Str digest;   /* of them, keyed */
    int64_t created_ms;
    int64_t updated_ms;
    int64_t generations; /* the newest that a copy of it had, in whichever calendar */
};

/* FAIL_NOT_FOUND. */
Res pushed_event_get(
    struct cx *cx, struct db *db, const struct pushed_owner *owner, Str event_id,
    struct pushed_event *ret) MUST;
/* The same by its number. */
Res pushed_event_get_row(
    struct cx *cx, struct db *db, int64_t id, struct pushed_event *ret) MUST;
/* Without values, which are sealed for the number that it gets: pushed_event_put has to
 * follow in this transaction. */
Res pushed_event_insert(
    struct cx *cx, struct db *db, const struct pushed_event *e, int64_t *ret) MUST;
/* Writes all but owner, event_id, created_ms and generations. */
Res pushed_event_put(struct cx *cx, struct db *db, const struct pushed_event *e) MUST;
/* A copy has a key of that generation; it stays known when the copy is forgotten. */
Res pushed_event_note_generation(
    struct cx *cx, struct db *db, int64_t id, int64_t generation) MUST;
Res pushed_event_delete(struct cx *cx, struct db *db, int64_t id) MUST;

/* How many of an owner end after `now_s`. */
Res pushed_event_count_future(
    struct cx *cx, struct db *db, const struct pushed_owner *owner, int64_t now_s,
    int64_t *ret) MUST;

/* In the order in which they were made. */
struct pushed_events_filter {
    struct pushed_owner owner;
    int64_t after_s; /* those that overlap the range; INT64_MIN and INT64_MAX: all */
    int64_t before_s;
};

struct pushed_events_page {
    struct pushed_event *at;
    size_t n;
    int64_t count;
    size_t n_unreadable;
};

Res pushed_events_list(
    struct cx *cx, struct db *db, const struct pushed_events_filter *filter,
    int64_t offset, int64_t limit, struct pushed_events_page *ret) MUST;
/* The next LIMIT_STEP_ROWS of an owner, by number, behind `after`, that end after
 * `now_s`. */
Res pushed_events_next(
    struct cx *cx, struct db *db, const struct pushed_owner *owner, int64_t after,
    int64_t now_s, struct pushed_events_page *ret) MUST;
/* Removes some of those that ended LIMIT_PUSHED_KEPT_DAYS ago, and the records of their
 * copies. */
Res pushed_event_sweep(struct cx *cx, struct db *db, bool *more) MUST;
