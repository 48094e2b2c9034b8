/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tasks.h - revocations that are still due, and leases on names.
 *
 * A lease is held by one owner until it is dropped or its time is over; owners are unique
 * per worker.
 */
#pragma once

#include "base/kinds.h"
#include "store/hold.h"

struct cx;
struct db;

struct task {
    int64_t id;
    enum source_id source;
    Str subject;
    uint32_t key_id;
    Str sealed; /* the refresh token, under KEY_TASK */
    int64_t attempts;
    int64_t next_ms;
    int64_t give_up_ms;
};

Res task_add(struct cx *cx, struct db *db, const struct task *t, int64_t *ret) MUST;
/* The oldest that is due and not held, held now; FAIL_NOT_FOUND. */
Res task_take(struct cx *cx, struct db *db, const struct hold *hold, struct task *ret)
    MUST;
/* All three only while `owner` still holds it: FAIL_CONFLICT otherwise. */
Res task_done(struct cx *cx, struct db *db, int64_t id, Str owner) MUST;
Res task_again(struct cx *cx, struct db *db, int64_t id, Str owner, int64_t next_ms) MUST;
/* A newer grant of that subject cancels what is due. */
Res task_cancel(struct cx *cx, struct db *db, enum source_id source, Str subject) MUST;
Res task_count(struct cx *cx, struct db *db, int64_t *ret) MUST;

/* *got: whether it is the owner's now (again, when it was already). */
Res lease_take(struct cx *cx, struct db *db, Str name, const struct hold *hold, bool *got)
    MUST;
Res lease_holds(
    struct cx *cx, struct db *db, Str name, Str owner, int64_t now_ms, bool *ret) MUST;
Res lease_drop(struct cx *cx, struct db *db, Str name, Str owner) MUST;
