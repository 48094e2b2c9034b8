/* SPDX-License-Identifier: Apache-2.0 */
/*
 * visible.h - the account that a caller may see (docs/api.md §2, "Ownership"): an account
 * that it may not see does not exist.
 */
#pragma once

#include "auth/auth.h"
#include "store/accounts.h"

/* FAIL_NOT_FOUND. `who` NULL: the service itself, which sees all. */
Res visible_account(
    struct cx *cx, struct db *db, const struct identity *who, int64_t id,
    struct account *ret) MUST;
