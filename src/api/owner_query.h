/* SPDX-License-Identifier: Apache-2.0 */
/*
 * owner_query.h - what queries about the calendars of one owner share: a range of time,
 * and a choice among the owner's settings (docs/calendar.md §4).
 *
 * The owner is the user that is known, else the business itself; never all users.
 */
#pragma once

#include "api/call.h"
#include "api/shape.h"
#include "base/limits.h"
#include "store/calendar_settings.h"

/* The names of the parameters. */
#define OWNER_AFTER    S("happens_after")
#define OWNER_BEFORE   S("happens_before")
#define OWNER_SETTINGS S("staff_calendar_settings")
#define OWNER_ACCOUNT  S("calendar_source_account")

struct owner_query {
    int64_t from_s; /* since 1970 */
    int64_t to_s;   /* exclusive */
    int64_t ids[LIMIT_BUSY_SETTINGS];
    size_t n_ids;    /* 0: none is named */
    int64_t account; /* 0: of all accounts */

    /* As the store has it. */
    bool account_is_visible;
    struct calendar_settings_page page; /* all of the owner's settings */
};

struct owner_range {
    int64_t first_s; /* no range begins before */
    int64_t last_s;  /* or ends after */
    int days;        /* or is longer */
};

/* Reads a list of ids: an empty item is an error, and doubles count once. */
Res owner_query_read_ids(
    struct call *c, const struct api_value *in, size_t most, struct owner_query *q) MUST;
Res owner_query_check_range(
    struct call *c, const struct owner_query *q, const struct owner_range *limits) MUST;
/* A work function's part: the account, and all of the owner's settings. */
Res owner_query_look(
    struct cx *cx, struct db *db, const struct identity *who, struct owner_query *q) MUST;
/* What was named has to be the owner's; `source_only`: and be a source for busy periods.
 */
Res owner_query_check_choice(
    struct call *c, const struct owner_query *q, bool source_only) MUST;
/* Says that `n` settings can't be read, with the reason of the last one. */
void owner_query_log_unreadable(struct call *c, size_t n);
/* Whether a setting is named; where none is, whether it has one of `switches` on. */
bool owner_query_chooses(
    const struct owner_query *q, const struct calendar_setting *s, int switches);
