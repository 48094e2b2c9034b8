/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow.h - whether a flow that was started may still end (docs/api.md §6).
 */
#pragma once

#include "auth/auth.h"

struct db;

/* Inside a transaction. FAIL_STATE_INVALID: the flow's provider or redirect pattern is
 * gone, so there is no safe place to send the browser to. */
Res auth_flow_place(struct cx *cx, struct db *db, const struct flow *flow) MUST;
/* Inside a transaction. As auth_flow_place; FAIL_FEATURE_NOT_ENABLED,
 * FAIL_AUTHORIZATION_WITHDRAWN: the feature or the credential was taken away since. */
Res auth_flow_check(
    struct cx *cx, struct db *db, const struct auth_settings *settings,
    const struct flow *flow) MUST;
/* Whether the URI matches one of the patterns; both as oauth/redirect.h gave them. */
bool auth_flow_patterns_match(const Str *patterns, size_t n, Str redirect_uri);
