/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flows.h - which flows have been claimed, and how each ended. A flow without a row is
 * open.
 */
#pragma once

#include "store/lease.h"

struct cx;
struct db;

enum flow_stage {
    FLOW_WON,  /* it was open and is the caller's now */
    FLOW_BUSY, /* another owner works on it */
    FLOW_LOST, /* its owner's time is over, and nobody has written so: flow_claim does */
    FLOW_DONE, /* `outcome` and `account` say how it ended */
};

struct flow_record {
    enum flow_stage stage;
    Str outcome;     /* "success" or an error code of docs/api.md §6 */
    int64_t account; /* with success */
    bool is_new;     /* with FLOW_DONE: it was found lost, and ended so just now */
    Str sealed;      /* with FLOW_WON: the tokens that a lost claim left; empty: none */
};

/* What flow_keep keeps: opaque here. */
struct flow_tokens {
    Str sealed;
    uint32_t key_id;
};

/*
 * Claims an open flow, or reads how far it is. A claim is lost when its time is over or
 * its node is dead. A lost claim that left tokens is the caller's now, to go on with
 * them; any other lost claim ends here as "server_error": a code is never sent twice.
 * Needs store_write. The row is kept for LIMIT_FLOW_KEPT_S.
 */
Res flow_claim(
    struct cx *cx, struct db *db, Str id, struct lease *lease, struct flow_record *ret)
    MUST;
/* Reads without claiming. FAIL_NOT_FOUND: the flow is open. */
Res flow_read(struct cx *cx, struct db *db, Str id, struct flow_record *ret) MUST;
/* Stores the tokens of a flow until flow_finish erases them. FAIL_CONFLICT: the claim was
 * lost. */
Res flow_keep(
    struct cx *cx, struct db *db, Str id, Str owner, const struct flow_tokens *tokens)
    MUST;
/* Claims one lost flow that left tokens; FAIL_NOT_FOUND: there is none. */
Res flow_take_lost(
    struct cx *cx, struct db *db, struct lease *lease, Str *id, struct flow_record *ret)
    MUST;
/* The owner's claim ends after `delay_ms`, with nothing done: whoever comes then takes
 * it. Does nothing where the claim is another's. */
Res flow_put_off(struct cx *cx, struct db *db, Str id, Str owner, int64_t delay_ms) MUST;
/* Ends a flow whose claim is still the owner's; FAIL_CONFLICT when it was lost meanwhile.
 */
Res flow_finish(
    struct cx *cx, struct db *db, Str id, Str owner, Str outcome, int64_t account) MUST;
/* Ends a flow whose claim was lost, where nobody has done so yet (is_new), and reads how
 * it ended. */
Res flow_end_lost(struct cx *cx, struct db *db, Str id, struct flow_record *ret) MUST;
/* Removes flows that are a day old, one step of them; *more: there may be others. */
Res flow_sweep(struct cx *cx, struct db *db, bool *more) MUST;
