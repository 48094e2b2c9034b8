/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.h - everything that one store holds into another, which holds nothing yet
 * (docs/commands.md: `caldock store copy`).
 */
#pragma once

#include "store/copy_tables.h"

struct cx;
struct store;

struct copy_report {
    struct copy_count {
        Str table;
        int64_t rows;
    } tables[COPY_TABLES];

    int64_t opened; /* grants */
};

struct copy_job {
    struct store *from;
    struct store *to;
    bool
        is_snapshot; /* a node may go on to write into `from`: it is this moment's copy */
    /* Whether the grant of an account opens: what doesn't ends the copy. */
    Res (*open_grant)(
        struct cx *cx, void *arg, int64_t provider, int64_t account, Str sealed);
    void *arg;
};

/*
 * One moment of `from`, in one transaction of `to`: all of it, counted, with every grant
 * opened, or nothing. Ids stay, and none that was ever given is given again.
 * FAIL_CONFLICT when `to` holds data or a node serves from `from`, FAIL_CONFIG when
 * `from` isn't at this binary's schema.
 */
Res store_copy(struct cx *cx, const struct copy_job *job, struct copy_report *ret) MUST;
