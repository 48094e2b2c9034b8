/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connect.h - inside api/ only: one callback on its way, from a code to an account.
 *
 * callback.c owns the flow (state, claim, end, answer); connect.c does what a flow is
 * for. A struct callback lives in the exchange's arena and stays across parking.
 */
#pragma once

#include "api/call.h"
#include "oauth/state.h"
#include "store/flows.h"

struct db;

enum callback_step {
    STEP_OPEN,     /* whose flow it is, and whose turn */
    STEP_EXCHANGE, /* the flow is ours: the code goes out, once */
    STEP_LEASE,    /* the person is known: wait for nobody else to work on the same one */
    STEP_ENDED,    /* `record` says how */
};

struct callback {
    struct call *call;
    const struct source *source;
    const struct source_settings *own; /* settings of the source */
    int64_t deadline_ms;               /* for all of it; the context's own is for less */
    enum callback_step step;

    struct flow flow;
    struct flow_secrets secrets;
    Str id;    /* flow.id: the claim's name, and the parking place's */
    Str owner; /* of the claim and the lease: this callback's alone */
    Str code;

    struct tokens tokens;
    int64_t granted_ms;
    struct person person; /* subject empty: not established */
    bool has_lease;

    enum fail failed; /* between claim and end */
    enum fail kind;   /* how this call ended the flow */
    struct flow_record record;
};

/* The claim and the lease, taken now: they outlive the longest work under them. */
struct hold callback_hold(const struct callback *cb);

/* What came back beside `state` (contract §9, "Callback"): the code, or why there is
 * none. */
Res response_read(
    struct cx *cx, const struct param *params, size_t n, const struct source_settings *s,
    Str *code) MUST;

/* Exchange, identify, check, look: all that is done outside the store. OK with the call
 * parked: run it again. */
Res connect_run(struct callback *cb) MUST;
/* Inside the transaction that ends the flow: the account and its grant. Checks first, so
 * that a verdict leaves nothing written. */
Res connect_write(struct cx *cx, struct db *db, struct callback *cb, int64_t *account)
    MUST;
