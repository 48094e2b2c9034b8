/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writing.h - one copy at its source: what is sent for what is to be done, and what the
 * answers mean for the copy, its setting and its account (docs/pushing.md §4).
 */
#pragma once

#include "grants/calling.h"
#include "push/copy_key.h"
#include "push/copy_state.h"
#include "store/accounts.h"

/* Those up to WRITING_LOOKED are good answers, from WRITING_REFUSED on it failed. */
enum writing_outcome {
    WRITING_WROTE,
    WRITING_REMOVED,
    WRITING_MISSED, /* to be removed, not found: it may come yet */
    WRITING_SKIPPED,
    WRITING_GONE,
    WRITING_TAKEN, /* the key was used up */
    WRITING_LOOKED,
    WRITING_CUT, /* the process stops, or another renews the token: no attempt */
    WRITING_REFUSED,
    WRITING_HELD,    /* the source wants the account to be left alone */
    WRITING_BLOCKED, /* the account or the setting is in the way: no attempt */
    WRITING_FAILED,
};

struct writing {
    struct calling calling;
    struct push_job job; /* as it was before copy_state_begin */
    enum copy_act act;

    /* The result. */
    enum writing_outcome outcome;
    struct written written; /* of WRITING_WROTE and WRITING_LOOKED */
    enum write_failure why;
    bool is_clear;               /* of WRITING_CUT and _FAILED: the source did nothing */
    enum sync_inactive inactive; /* of WRITING_BLOCKED: the setting is, from now on */
    bool lacks_scopes;           /* the same: the account has to be connected again */
    struct account broken;       /* that was marked so; no id: none was */
};

/* Never leaves the outcome open; a failure is its reason. */
Res writing_run(struct cx *cx, struct writing *w) MUST;
