/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_states.h - how the reading of all calendars stands, for the command line: a
 * page of them, one, and what an operator does to one.
 *
 * Calendars whose setting was removed are invisible here, as in calendar_settings.h.
 */
#pragma once

#include "store/calendar_settings.h"

struct calendar_state {
    struct calendar_setting setting; /* without subject */
    int64_t provider;
    enum mode mode;
    Str user;
    bool has_feature;      /* the provider, which is not going */
    int64_t hold_until_ms; /* of the account; it may be over */
};

struct calendar_states_page {
    struct calendar_state *at;
    size_t n;
    size_t n_unreadable; /* rows of this page that were left out */
    int64_t last;        /* the account behind which the next page begins; 0: nowhere */
    int64_t now_ms;      /* by the clock of all times here */
};

/* The calendars of at most LIMIT_STEP_ROWS accounts behind the account `after`, by
 * account and setting. provider 0: of all. */
Res calendar_states_list(
    struct cx *cx, struct db *db, int64_t provider, int64_t after,
    struct calendar_states_page *ret) MUST;
/* Those of one account, if it belongs to the provider. provider 0: to any. */
Res calendar_states_of_account(
    struct cx *cx, struct db *db, int64_t provider, int64_t account,
    struct calendar_states_page *ret) MUST;
/* FAIL_NOT_FOUND */
Res calendar_states_get(
    struct cx *cx, struct db *db, int64_t settings, struct calendar_state *ret,
    int64_t *now_ms) MUST;
/* Due at once, whatever its state, its spacing and its back-off say; but not before the
 * end of a hold. */
Res calendar_states_want(struct cx *cx, struct db *db, int64_t settings) MUST;
/* The same, in full, and a read that is under way comes to nothing. Its channel counts no
 * more, and is due to be made anew. The image stays until then. */
Res calendar_states_reset(struct cx *cx, struct db *db, int64_t settings) MUST;
/* An account's calendars that rest are due at once. */
Res calendar_states_end_pause(struct cx *cx, struct db *db, int64_t account) MUST;
