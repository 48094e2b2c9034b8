/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pushed_copies.h - how far the writing of events into calendars is: a row for each event
 * and each setting that receives it (docs/pushing.md §3). How a row changes,
 * push/copy_state.h alone says.
 */
#pragma once

#include "store/calendar_sync.h"
#include "store/pushed_events.h"

/* Stored: never renumber. */
enum copy_want {
    COPY_WANT_WRITTEN = 1,
    COPY_WANT_SKIPPED = 2, /* in no calendar, but it stays on record */
    COPY_WANT_NONE = 3,    /* in no calendar, and forgotten then */
};

/* Stored: never renumber. */
enum copy_status {
    COPY_PENDING = 1,
    COPY_WRITTEN = 2,
    COPY_SKIPPED = 3,
    COPY_FAILED = 4,
    COPY_DELETED_BY_PERSON = 5,
    COPY_REMOVING = 6,
};

/* Stored: never renumber. Those that concern the account or the setting stand there. */
enum copy_reason {
    COPY_REASON_NONE = 0,
    COPY_NO_ATTENDEES = 1,
    COPY_PAST = 2,
    COPY_REFUSED = 3,
    COPY_GAVE_UP = 4,
    COPY_THROTTLED = 5,
    COPY_SOURCE_ERROR = 6,
};

/* Bits, stored: never renumber. */
enum copy_flag {
    COPY_UNCLEAR = 1,  /* it may be in the calendar, though nobody has seen it there */
    COPY_LEAVING = 2,  /* it has to leave the calendar before anything else */
    COPY_FORCED = 4,   /* it has to be written once, though it is already */
    COPY_DOUBTED = 8,  /* a read saw it elsewhere, or missed it: it is to be looked at */
    COPY_CHANGED = 16, /* the person moved it */
    COPY_ALL_DAY = 32, /* of start and end */
    COPY_MISSED = 64,  /* it was looked for once, and not found */
    COPY_FLAGS_ALL = 127,
};

struct pushed_copy {
    int64_t id;
    int64_t event; /* its number; the event may be gone */
    int64_t settings;
    int64_t account;
    enum source_id source;
    Str key;            /* EVENT_COPY_KEY_BYTES, of this generation */
    int64_t generation; /* counts the keys, from 0 */
    Str external_id;    /* the source's id; empty: not known */
    Str link;           /* the source's, https; empty: none */
    enum copy_want want;
    enum copy_status status;
    enum copy_reason reason;
    int64_t want_rev; /* of the event */
    int64_t have_rev; /* as written; 0: it isn't in the calendar, as far as is known */
    int flags;        /* enum copy_flag */
    int64_t due_ms;
    int64_t since_ms;   /* when what is to be done was wanted */
    int64_t attempts;   /* that failed since then */
    int64_t written_ms; /* the end of the last write; 0: none */
    int64_t start;      /* as it stands in the calendar, as struct write_wish has it */
    int64_t end;
    int64_t sent_end_s;    /* the latest that an update asked for, in seconds; 0: none */
    int64_t sent_after_ms; /* behind the write that ended then: another has settled it */
};

/* A copy as answers show it: what is in its way stands in its setting and account. */
struct pushed_copy_view {
    struct pushed_copy copy;
    enum sync_inactive inactive; /* of the setting */
    bool is_connected;           /* the account */
};

/* By event, then setting. */
struct pushed_copies_page {
    struct pushed_copy_view *at;
    size_t n;
    size_t n_unreadable;
};

/* Those of the events of one owner with numbers from `first` to `last`. */
Res pushed_copies_list(
    struct cx *cx, struct db *db, const struct pushed_events_filter *filter,
    int64_t first, int64_t last, struct pushed_copies_page *ret) MUST;
/* Those of one event, whoever asks. */
Res pushed_copies_of_event(
    struct cx *cx, struct db *db, int64_t event, struct pushed_copies_page *ret) MUST;
/* The next LIMIT_STEP_ROWS of a setting, by number, behind `after`. */
Res pushed_copies_of_setting(
    struct cx *cx, struct db *db, int64_t settings, int64_t after,
    struct pushed_copies_page *ret) MUST;
/* FAIL_NOT_FOUND. */
Res pushed_copy_get(struct cx *cx, struct db *db, int64_t id, struct pushed_copy *ret)
    MUST;
/* Without id. FAIL_CONFLICT: there is one for this event and setting. */
Res pushed_copy_insert(struct cx *cx, struct db *db, const struct pushed_copy *c) MUST;
/* Writes all but id, event, settings, account and source. */
Res pushed_copy_put(struct cx *cx, struct db *db, const struct pushed_copy *c) MUST;
/* Another setting of its calendar has it from now on; it has no copy of this event. */
Res pushed_copy_hand_over(struct cx *cx, struct db *db, int64_t id, int64_t settings)
    MUST;
Res pushed_copy_delete(struct cx *cx, struct db *db, int64_t id) MUST;
/* Which event of the owner the copy with this key is of. FAIL_NOT_FOUND. */
Res pushed_copy_event_of_key(
    struct cx *cx, struct db *db, const struct pushed_owner *owner, Str key, Str *ret)
    MUST;
/* What waits for the account or the setting is due again. */
Res pushed_copies_wake_account(struct cx *cx, struct db *db, int64_t account) MUST;
Res pushed_copies_wake_setting(struct cx *cx, struct db *db, int64_t settings) MUST;
