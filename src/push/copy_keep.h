/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy_keep.h - the copy of an event in a calendar, whichever setting has it.
 */
#pragma once

#include "push/copy_key.h"
#include "push/copy_state.h"
#include "store/pushed_copies.h"

struct db;

/* What is wanted of the copy of *c's event, setting, account and source. The row is,
 * among the copies of the event, that of the setting; or one that an earlier setting of
 * the same calendar has still to remove, which is this setting's from now on: two of them
 * would have the same key; or a new one. */
Res copy_keep(
    struct cx *cx, struct db *db, const struct pushed_copies_page *copies,
    const struct copy_home *home, const struct copy_wish *wish, struct pushed_copy *c)
    MUST;
