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
    const Str *patterns; /* in the order of text */
    size_t n_patterns;
    const struct feature *features;
    size_t n_features;
};

bool provider_has_feature(const struct provider *p, Str name);

Res provider_get(struct cx *cx, struct db *db, int64_t id, struct provider *ret)
    MUST; /* FAIL_NOT_FOUND */
Res provider_list(struct cx *cx, struct db *db, struct provider **ret, size_t *n) MUST;
/* FAIL_CONFLICT when the id is there. */
Res provider_add(struct cx *cx, struct db *db, const struct provider *p) MUST;
Res provider_rename(struct cx *cx, struct db *db, int64_t id, Str name) MUST;
Res provider_pattern_add(struct cx *cx, struct db *db, int64_t id, Str pattern)
    MUST; /* twice is once */
Res provider_pattern_remove(struct cx *cx, struct db *db, int64_t id, Str pattern)
    MUST; /* FAIL_NOT_FOUND */
Res provider_feature_set(struct cx *cx, struct db *db, int64_t id, Str name, bool is_on)
    MUST;
/* FAIL_CONFLICT while it has accounts. Its place in tokens goes with it. */
Res provider_remove(struct cx *cx, struct db *db, int64_t id) MUST;
