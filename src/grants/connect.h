/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connect.h - one flow on its way from an authorization code to an account (docs/api.md
 * §6, §9).
 *
 * api/callback.c owns the flow: its state, its claim, its end, its answer. This module
 * does what a flow is for.
 */
#pragma once

#include "oauth/state.h"
#include "sources/source.h"
#include "store/lease.h"
#include "work/work.h"

struct db;

enum connect_step {
    CONNECT_EXCHANGE, /* the code has to be sent, once */
    CONNECT_IDENTIFY, /* the tokens are here, and stored in the flow's row */
    CONNECT_LEASE,    /* the person is known, and the lease on the person is ours */
};

/* Lives in the exchange's arena and stays across parking. */
struct connect {
    struct work *work;
    const struct source *source;
    const struct source_settings *client; /* the source as it is configured */
    Str owner;          /* of the flow's claim and of the lease on the person */
    struct lease claim; /* on the flow */
    enum connect_step step;

    struct flow flow;
    struct flow_secrets secrets;
    Str flow_id; /* flow.id: the name of the claim, and the key to park under */
    Str code;

    struct tokens tokens;
    bool client_refused; /* the source refuses our secret */
    int64_t granted_ms;
    struct person person; /* subject empty: not known yet */
    bool has_lease;       /* on the person */
    bool is_reconnect;    /* of connect_write: the account was there */
};

/* Makes a claim or lease to take, which outlives the longest work under it. */
struct lease connect_lease_now(const struct connect *c);

/* Goes on with the tokens of a lost claim, as connect_run sealed them. FAIL_UNREADABLE:
 * they don't open. */
Res connect_resume(struct cx *cx, struct connect *c, Str sealed) MUST;
/* Exchanges the code, identifies the person, checks, and asks for the calendars: all that
 * happens outside the last transaction. OK with the work parked: run it again. */
Res connect_run(struct cx *cx, struct connect *c) MUST;
/* Writes the account and its grant, inside the transaction that ends the flow. It checks
 * before it writes, so that a refusal leaves nothing written. */
Res connect_write(struct cx *cx, struct db *db, struct connect *c, int64_t *account) MUST;
/* Stores the revocation of a grant that is not kept, inside the same transaction. A grant
 * whose person is unknown is dropped instead: revoking it could end another account's
 * connection. */
Res connect_discard(struct cx *cx, struct db *db, struct connect *c) MUST;
/* Gives the lease on the person back, inside the same transaction. */
Res connect_lease_drop(struct cx *cx, struct db *db, const struct connect *c) MUST;
