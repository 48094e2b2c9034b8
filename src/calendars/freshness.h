/* SPDX-License-Identifier: Apache-2.0 */
/*
 * freshness.h - what an answer may say about a calendar's image: how true it is, and why
 * it isn't truer (docs/calendar.md §4).
 */
#pragma once

#include "store/calendar_sync.h"

enum freshness { FRESH, STALE, UNKNOWN };

struct freshness_query {
    int64_t now_ms;
    int64_t from_s; /* the range */
    int64_t to_s;
    int64_t interval_ms; /* of the polling that applies */
    int64_t since_ms;    /* with refresh: read at this time or later; 0: without */
    bool is_connected;   /* the account */
    bool has_image;      /* one that opened */
};

enum freshness freshness_of(
    const struct calendar_sync *s, const struct freshness_query *q, Str *reason);

/* Every reason that there is, in the words of the API. */
enum { FRESHNESS_REASONS = 9 };

extern const Str freshness_reasons[FRESHNESS_REASONS];

/* The names of the API. */
Str freshness_name(enum freshness f);
/* Why a setting is inactive, as `inactive_reason` says it; empty: it is active. */
Str freshness_inactive(enum sync_inactive why, bool is_connected);
