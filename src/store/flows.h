/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flows.h - which flows have been claimed, and how each ended. What isn't here is still
 * open.
 */
#pragma once

#include "store/hold.h"

struct cx;
struct db;

enum flow_stage {
    FLOW_WON,  /* it was open and is the caller's now */
    FLOW_BUSY, /* someone else works on it */
    FLOW_DONE, /* `outcome` and `account` say how it ended */
};

struct flow_record {
    enum flow_stage stage;
    Str outcome;     /* "success" or an error code of contract §6 */
    int64_t account; /* with success */
};

/*
 * Claims the flow, or tells who has it. A claim of another whose time
 * has passed becomes done("server_error"): a code is never sent twice. Needs store_write.
 * Kept LIMIT_FLOW_KEPT_S.
 */
Res flow_claim(
    struct cx *cx, struct db *db, Str id, const struct hold *hold,
    struct flow_record *ret) MUST;
/* What is known, without claiming: FAIL_NOT_FOUND when it is open. */
Res flow_look(
    struct cx *cx, struct db *db, Str id, int64_t now_ms, struct flow_record *ret) MUST;
/* Ends a flow that the owner still holds at `hold->now_ms`; FAIL_CONFLICT when the claim
 * was lost meanwhile. */
Res flow_finish(
    struct cx *cx, struct db *db, Str id, const struct hold *hold, Str outcome,
    int64_t account) MUST;
/* Gives an own claim back, as if it had never been (before anything was sent to the
 * source). */
Res flow_release(struct cx *cx, struct db *db, Str id, Str owner) MUST;
Res flow_sweep(struct cx *cx, struct db *db, int64_t now_ms) MUST;
