/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper.h - keeps this node in step with the store, the key file and the configuration.
 *
 * A worker of its own runs it every second, so that the main thread never waits and
 * always hears a signal.
 */
#pragma once

#include <stdint.h>

#include "app/traffic.h"
#include "work/chore.h"

struct service;
struct supervisor;

struct keeper {
    struct service *service;
    struct supervisor *supervisor;     /* hears when a reload ends */
    Str node;                          /* the name of this process among the nodes */
    const struct config *started_with; /* for the settings that only a restart changes */

    uint64_t key_file_stamp; /* of the key file that was read last */
    uint64_t files_tried;    /* the changes of other files that were tried last */
    int64_t report_ms;       /* time of the next report */
    struct traffic traffic;
    bool has_taken_over;    /* what nodes that are dead have left */
    bool has_told;          /* the log has heard of what follows */
    bool is_ready;          /* as the log said last */
    bool store_is_away;     /* the same */
    enum store_state state; /* the same */
    char unready[512];      /* the reason of the last failure of store or report */

    atomic_bool listens; /* the next two are set by the main thread */
    atomic_bool wants_reload;
    atomic_bool has_given_up; /* the process must end; the reason is in `why` */
    char why[512];
};

/* Notes for the metrics how the configuration was found. */
void keeper_count_reload(Res res);
/* Says to the log whether the node is ready, and why not: at the start, and by the chore
 * when that has changed. */
void keeper_tell(struct keeper *k);
/* The store can't be used, for the reason in `cx`. For the start, before the chore runs.
 */
void keeper_note_unready(struct keeper *k, const struct cx *cx);
/* Runs the chore. The argument of all chores is the struct keeper. */
Res keeper_run(struct cx *cx, struct work *work, const struct chore *chore) MUST;
/* Reports the keys in force, and seals with the key that all nodes seal with. The main
 * thread may call it before the chore runs. FAIL_CONFIG: this node lacks that key. */
Res keeper_report(struct cx *cx, struct keeper *k) MUST;
