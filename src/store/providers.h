/* SPDX-License-Identifier: Apache-2.0 */
/*
 * providers.h - tenants: their names, redirect patterns and feature switches.
 */
#pragma once

#include "base/str.h"

struct cx;
struct db;

#define FEATURE_CALENDARS "external_calendars"

struct feature {
    Str name;
    bool is_on;
};

struct provider {
    int64_t id; /* positive */
    Str name;
    int64_t created_ms;
    int64_t removed_ms; /* it is going since then: for services it is gone; 0: it stays */
    const Str *patterns; /* in the order of text */
    size_t n_patterns;
    const struct feature *features;
    size_t n_features;
};

struct provider_page {
    struct provider *at;
    size_t n;
    int64_t last; /* where the next page begins; 0: nowhere */
};

bool provider_has_feature(const struct provider *p, Str name);

/* FAIL_NOT_FOUND: there is none, or it is going. */
Res provider_get(struct cx *cx, struct db *db, int64_t id, struct provider *ret) MUST;
/* For the command line: one that is going, too. FAIL_NOT_FOUND. */
Res provider_find(struct cx *cx, struct db *db, int64_t id, struct provider *ret) MUST;
/* A page of at most LIMIT_STEP_ROWS providers behind the id `after`, by id. */
Res provider_list(struct cx *cx, struct db *db, int64_t after, struct provider_page *ret)
    MUST;
/* FAIL_CONFLICT when the id is there. */
Res provider_add(struct cx *cx, struct db *db, const struct provider *p) MUST;
Res provider_rename(struct cx *cx, struct db *db, int64_t id, Str name) MUST;
Res provider_pattern_add(struct cx *cx, struct db *db, int64_t id, Str pattern)
    MUST; /* twice is once */
Res provider_pattern_remove(struct cx *cx, struct db *db, int64_t id, Str pattern)
    MUST; /* FAIL_NOT_FOUND */
Res provider_feature_set(struct cx *cx, struct db *db, int64_t id, Str name, bool is_on)
    MUST;
/*
 * A provider goes in steps. Marked, it has no tokens, starts no flow and ends none, so
 * that nothing is added to it; then its accounts go, its place in tokens (*more: there
 * may be others), its messages (webhook_messages.h), and the rest of it.
 */
Res provider_mark_removed(struct cx *cx, struct db *db, int64_t id)
    MUST; /* FAIL_NOT_FOUND; twice is once */
Res provider_remove_tokens(struct cx *cx, struct db *db, int64_t id, bool *more) MUST;
/* FAIL_CONFLICT while it has accounts. */
Res provider_remove(struct cx *cx, struct db *db, int64_t id) MUST;
