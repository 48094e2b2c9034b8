/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accounts.h - the accounts of an end user (docs/api.md §7).
 */
#pragma once

#include "api/call.h"
#include "api/shape.h"

extern const struct api_shape accounts_list_query;

Res accounts_list_run(struct call *c);
Res accounts_get_run(struct call *c);
Res accounts_delete_run(struct call *c);

/* Reads {id} of the path. FAIL_NOT_FOUND: it is no number of an account. */
Res account_id_read(struct call *c, int64_t *ret) MUST;
