/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accounts.h - the account that a path names, if the caller may see it (contract §2,
 * "Ownership"): what it may not see does not exist.
 */
#pragma once

#include "api/call.h"
#include "store/accounts.h"

/* FAIL_NOT_FOUND throughout. */
Res account_id_read(struct call *c, int64_t *ret) MUST; /* of {id} */
Res account_visible(
    struct cx *cx, struct db *db, const struct identity *who, int64_t id,
    struct account *ret) MUST;
