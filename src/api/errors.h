/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errors.h - the two tables that turn a failure into what a client sees: the error
 * envelope (contract §4) and the end of a flow (contract §6). No status is chosen
 * elsewhere.
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

/* Total: what has no row of its own is internal_error. */
const struct error_row *error_row(enum fail kind);
/* The `error` of a redirect; total: what has no row is server_error. */
Str outcome_of(enum fail kind);
