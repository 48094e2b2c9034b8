/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writes.h - writes the application's events into a calendar: a copy of each, under a key
 * of ours (docs/pushing.md §4). All text of results lives in the context's arena.
 *
 * The key is in the event from its first moment on, so that a copy whose making ended
 * unclear is found again. Google: it is the event's id, with which an event can be made
 * once and never again. Microsoft: it is the event's transactionId and an extended
 * property.
 */
#pragma once

#include "base/kinds.h"
#include "sources/source_call.h"

/* What is to stand in the calendar. */
struct write_wish {
    Str title;
    Str description; /* plain text, a link of the application in it; may be empty */
    Str location;    /* may be empty */
    bool is_all_day;
    int64_t start; /* seconds since 1970 UTC; of all-day: days since 1970 */
    int64_t end;   /* exclusive */
    bool is_free;  /* else it makes the person busy */
    bool is_private;
    int64_t reminder_minutes; /* before the start, at most LIMIT_REMINDER_MINUTES; -1: the
                                 calendar's own. It counts when the copy is made alone */
};

/* What stands there. Of what is cancelled only the id is sure. */
struct written {
    Str id;   /* the source's */
    Str link; /* https, for people; empty: not said */
    bool is_cancelled;
    bool is_all_day;
    int64_t start; /* as in a wish, rounded down */
    int64_t end;   /* rounded up */
};

/* Why a request failed, beside the kind of the failure. */
enum write_failure {
    WRITE_OTHER,   /* perhaps the source did it all the same */
    WRITE_QUOTA,   /* leave the account alone for an hour at least */
    WRITE_EXISTS,  /* there is, or was, an event with this key */
    WRITE_REFUSED, /* the source won't have such an event, and says so */
};

/* Where a copy is. */
struct write_place {
    Str calendar_id;
    Str key; /* EVENT_COPY_KEY_BYTES */
    Str id;  /* the source's; empty: not known yet */
};

/* The wish has times from 1970 to 9999, and texts in UTF-8: another is refused as a
 * source would do it. Of all that follow: FAIL_TOKEN_REFUSED (401),
 * FAIL_SOURCE_RATE_LIMITED (throttled; call->retry_after_s), FAIL_MISSING_SCOPES,
 * FAIL_PERMISSION_DENIED (another 403), FAIL_NOT_FOUND (404 and 410), FAIL_CONFLICT with
 * WRITE_EXISTS, FAIL_SOURCE_ERROR with WRITE_REFUSED (other 4xx), FAIL_SOURCE_… (the
 * rest). */

/* Whether a grant of this scope writes events. */
bool write_scope_suffices(enum source_id source, Str scope);
/* The id that a copy has from its key alone (Google); empty: the source chooses it. */
Str write_id_of_key(struct arena *mem, enum source_id source, Str key);
/* Makes the copy. FAIL_NOT_FOUND: the calendar may be gone. */
Res write_create(
    struct cx *cx, struct source_call *call, const struct write_place *place,
    const struct write_wish *wish, struct written *ret, enum write_failure *why) MUST;
/* Writes all that a wish says into it, empty texts too. */
Res write_update(
    struct cx *cx, struct source_call *call, const struct write_place *place,
    const struct write_wish *wish, struct written *ret, enum write_failure *why) MUST;
/* Looks at the copy with this id. FAIL_NOT_FOUND: there is none. One that was removed may
 * be there, cancelled (Google), as at an update. */
Res write_look(
    struct cx *cx, struct source_call *call, const struct write_place *place,
    struct written *ret, enum write_failure *why) MUST;
/* Looks for a copy by its key, whatever its id. As write_look. */
Res write_find(
    struct cx *cx, struct source_call *call, const struct write_place *place,
    struct written *ret, enum write_failure *why) MUST;
/* Removes the copy with this id. OK also where it was gone. */
Res write_remove(
    struct cx *cx, struct source_call *call, const struct write_place *place,
    enum write_failure *why) MUST;
