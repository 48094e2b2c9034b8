/* SPDX-License-Identifier: Apache-2.0 */
/*
 * push_states.h - how the writing of all copies stands, for the command line: pages of
 * them, one, and which has waited longest.
 */
#pragma once

#include "store/pushed_copies.h"

struct push_state {
    struct pushed_copy_view view;
    struct pushed_owner owner; /* of the account */
    Str event_id;              /* the application's; empty: the event is gone */
};

struct push_states_filter {
    int64_t provider;        /* 0: of all */
    enum copy_status status; /* 0: any */
};

struct push_states_page {
    struct push_state *at;
    size_t n;
    size_t n_unreadable; /* rows of this page that were left out */
    int64_t last;        /* the copy behind which the next page begins; 0: nowhere */
    int64_t now_ms;      /* by the clock of all times here */
};

/* What the filter chooses of the LIMIT_STEP_ROWS copies behind `after`, by number: a page
 * may be empty, and another follow. */
Res push_states_list(
    struct cx *cx, struct db *db, const struct push_states_filter *filter, int64_t after,
    struct push_states_page *ret) MUST;

/* The copy of a source that is due the longest, but for accounts that are held. */
struct push_oldest {
    int64_t copy; /* 0: none is due */
    int64_t due_ms;
    int64_t now_ms; /* by the same clock */
};

Res push_states_oldest(
    struct cx *cx, struct db *db, enum source_id source, struct push_oldest *ret) MUST;
