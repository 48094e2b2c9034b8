/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy_state.h - the one place that changes the state of a copy (docs/pushing.md §3).
 * A read of a calendar can raise a doubt only (pushed_doubts_raise).
 *
 *                        wrote                    person deletes
 *      pending ────────────────────► written ──────────────────────► deleted_by_person
 *       │  ▲ ▲      other values,      │  ▲                                │
 *       │  │ └──────── restore ────────┘  │            restore             │
 *       │  └──────────────────────────────┴────────────────────────────────┘
 *       ├──► failed      refused, or a week without success
 *       └──► skipped     over, or without attendees; in the calendar: removing first
 *
 *      removing ──► (no row)     the event, or its calendar's switch, is gone
 *
 * A copy that may have been left over (an account that is connected again) is looked for
 * under each key that the event's copies had: made under the first that is free, or
 * removed under all of them.
 *
 * Nothing here asks anybody: a row and what has happened make the next row. What may have
 * an effect at the source stands in the row before it is sent (copy_state_begin), so that
 * whoever goes on after a crash knows what may be in the calendar.
 */
#pragma once

#include "sources/writes.h"
#include "store/pushed_writes.h"

/* What the application and the setting want. */
struct copy_wish {
    int64_t rev; /* of the event */
    int64_t ends_s;
    bool has_attendees;
    int switches;  /* of the setting */
    bool restores; /* what the person deleted or moved is put back */
    bool retries;  /* a copy that failed is tried again */
    bool is_first; /* of its event: no copy was left over in a calendar */
    int64_t now_ms;
};

/* A copy of which there is no row yet: event, settings, account, source and key are the
 * caller's. */
void copy_state_make(struct pushed_copy *c, const struct copy_wish *w);
/* The event has other values, its setting other switches, or both are as they were. */
void copy_state_want(struct pushed_copy *c, const struct copy_wish *w);
/* Another setting of the calendar has it now. What the person did to it under the one
 * before is forgotten, as it is where that one was swept before. */
void copy_state_inherit(struct pushed_copy *c);
/* An operator has what failed tried again, as if it never had been. */
void copy_state_retry(struct pushed_copy *c, int64_t now_ms);
/* Its event goes, whose copies were made so often: nobody else will know. */
void copy_state_lose_event(struct pushed_copy *c, int64_t generations);
/* The event or the destination is gone. `only_future`: a copy that is over stays in the
 * calendar. True: nothing is left to do, and the row goes. */
bool copy_state_leave(struct pushed_copy *c, int64_t now_ms, bool only_future);

/* What is to be done next. */
enum copy_act {
    COPY_ACT_NONE,
    COPY_ACT_CREATE,
    COPY_ACT_UPDATE,
    COPY_ACT_REMOVE,
    COPY_ACT_LOOK,
    COPY_ACT_SKIP, /* the event is over: nothing is asked */
};

enum copy_act copy_state_act(const struct push_job *job);
/* Before anything is sent for `job`, of which *c is the copy: nobody else takes it until
 * `claim_ms`. */
void copy_state_begin(
    struct pushed_copy *c, const struct push_job *job, enum copy_act act,
    int64_t claim_ms);

/* What came of it. `c` is the row as it is by now, `job` as it was when it was taken.
 * What was wanted meanwhile stays wanted. */

/* What the provider has to be told. */
enum copy_news { COPY_NEWS_NONE, COPY_NEWS_CHANGED, COPY_NEWS_DELETED, COPY_NEWS_FAILED };

void copy_state_wrote(
    struct pushed_copy *c, const struct push_job *job, const struct written *w,
    int64_t now_ms);
/* True: the row goes. */
bool copy_state_removed(
    struct pushed_copy *c, const struct push_job *job, int64_t now_ms);
void copy_state_skipped(struct pushed_copy *c, const struct push_job *job);
/* It was not in the calendar when it was to be written or looked at. */
enum copy_news copy_state_gone(struct pushed_copy *c, int64_t now_ms);
/* Its key was used up by an event that is gone. */
enum copy_news copy_state_taken(
    struct pushed_copy *c, const struct push_job *job, int64_t now_ms);
enum copy_news copy_state_looked(
    struct pushed_copy *c, const struct push_job *job, const struct written *w);
/* The source won't have it. */
enum copy_news copy_state_refused(struct pushed_copy *c, const struct push_job *job);

struct copy_failure {
    bool is_clear;         /* the source has done nothing, for sure */
    int64_t retry_after_s; /* as the source says it; -1: it doesn't */
    int64_t now_ms;
};

/* Tried again later. *gone: nobody wants it any more, and after a week the row goes. */
enum copy_news copy_state_failed(
    struct pushed_copy *c, const struct push_job *job, const struct copy_failure *f,
    bool *gone);
/* No attempt: the account is held until then. */
void copy_state_held(struct pushed_copy *c, const struct push_job *job, int64_t until_ms);
/* No attempt: the account or the setting is in the way, or the process stops. `is_clear`:
 * as in struct copy_failure. */
void copy_state_put_off(
    struct pushed_copy *c, const struct push_job *job, bool is_clear, int64_t until_ms);
