/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errors.h - the table that turns a failure into the error envelope (docs/api.md §4).
 *
 * No other place chooses the status of a failure, except /readyz, which answers 503 by
 * itself. The ends of flows are in grants/outcome.h.
 */
#pragma once

#include "base/str.h"

struct error_row {
    int status;
    Str code;
    Str type;
    Str message;
    int64_t retry_after_s; /* 0: no Retry-After */
};

/* Never NULL: a kind without a row of its own is internal_error. */
const struct error_row *error_row(enum fail kind);
