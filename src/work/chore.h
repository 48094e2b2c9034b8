/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chore.h - background work, from a table: each row runs at its times and on demand.
 *
 * The main thread ticks and never waits; a worker does the work. app/background.c has the
 * table. One kind of work may have several rows, which run side by side: one for each
 * source, or one for each order. A row may have several workers, too. A run begins
 * nothing more after LIMIT_CHORE_RUN_MS: what a reload changed is in force in the next.
 */
#pragma once

#include "config/snapshot.h"
#include "work/lanes.h"
#include "work/readiness.h"
#include "work/work.h"

enum { CHORES_MOST = 128 };

struct chore;

struct chore_row {
    Str name;
    int64_t every_ms;
    /* A loop over items calls work_goes_on between two of them. */
    Res (*run)(struct cx *cx, struct work *work, const struct chore *chore);
    size_t at_once; /* so many workers, each with a part of the work; 0: one */
    enum work_pool pool;
    enum source_id source; /* of work for one source; 0: none */
    bool is_for_all;       /* also runs on a node that may not serve */
    bool revokes;          /* chores_want_revocation starts it */
    bool syncs;            /* chores_want_sync starts it */
    bool pushes;           /* chores_want_push starts it */
    bool newest_first;
};

struct chores;

/* One worker's part of a row: it runs once at a time. */
struct chore {
    struct job job;
    struct chores *all;
    const struct chore_row *row;
    size_t part;    /* of the row's work, below `at_once` */
    int64_t due_ms; /* used by the main thread only */
    bool has_told;  /* that it fails; used by the worker that runs it */
    atomic_bool is_under_way;
    atomic_bool is_wanted; /* run once more, at once */
};

struct chores {
    struct lanes *lanes; /* must outlive every chore under way */
    struct snapshots *snapshots;
    const struct readiness *readiness;
    void *arg;                    /* for the rows' functions */
    struct chore *_Atomic teller; /* that told that the store is away; NULL: none */
    struct chore at[CHORES_MOST];
    size_t n;
};

/* The caller has set the members of `all` up to `arg`, and the others are zero. The rows
 * must live as long as `all`. */
void chores_open(struct chores *all, const struct chore_row *rows, size_t n);
/* Starts what is due. The main thread calls it about once a second. */
void chores_tick(struct chores *all);
/* Starts the rows that revoke, after a revocation was stored. Any thread may call it. */
void chores_want_revocation(struct chores *all);
/* Starts the rows that read calendars, after one was made due. Any thread may call it. */
void chores_want_sync(struct chores *all);
/* Starts a worker of each row that writes into calendars, after a copy was made due. Any
 * thread may call it. */
void chores_want_push(struct chores *all);
/* Starts this row. Any thread may call it. */
void chores_want(struct chores *all, const struct chore_row *row);
