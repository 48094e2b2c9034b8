/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_state.h - the one place that changes an account's state (docs/api.md §7).
 *
 *                  connect                     break
 *   (no account) ──────────► connected ─────────────────► needs_reconnect
 *        ▲                      │    ▲                          │
 *        │      disconnect      │    └───── connect, heal ──────┤
 *        └──────────────────────┴───────────────────────────────┘
 *
 * Every function runs in the caller's transaction and writes all that the change means:
 * the account, its grant, revocations that it makes due or needless, and a
 * message to the provider's webhook endpoints.
 */
#pragma once

#include "grants/record.h"
#include "sources/source.h"
#include "store/accounts.h"

struct db;
struct settings;

/* A status_reason: the source refused the grant. No other reason can heal. */
#define REASON_REVOKED S("grant_revoked")
/* A status_reason: a permission that is needed was taken away. */
#define REASON_SCOPES S("missing_scopes")
/* A status_reason: the stored grant can't be opened. */
#define REASON_UNREADABLE S("grant_unreadable")

/* All that there are, in the words of docs/api.md §7. */
enum { ACCOUNT_REASONS = 4 };

extern const Str account_state_reasons[ACCOUNT_REASONS];

/* Who disconnects an account. */
#define BY_APPLICATION S("application")
#define BY_OPERATOR    S("operator")

/* A grant as it comes from a source, with its person, and the provider, mode and user
 * that it is for. */
struct connection {
    int64_t provider;
    enum mode mode;
    Str user; /* empty: the business itself */
    const struct source *source;
    struct person person;
    struct grant grant;
    int64_t granted_ms;
    Str flow; /* as the log names it */
};

/* Makes an account, or renews the account of the same person, whose number stays
 * (*renewed). It checks before it writes, so that a refusal leaves nothing written.
 * FAIL_ACCOUNT_IN_USE: another user of the provider has the account. */
Res account_state_connect(
    struct cx *cx, struct db *db, const struct keyring *keyring,
    const struct connection *c, int64_t *account, bool *renewed) MUST;
/* Marks the account: its user has to connect it again. A reason that is there stays, and
 * then *ret has no id; else it is the account. `reason` is one of
 * account_state_reasons. */
Res account_state_break(
    struct cx *cx, struct db *db, int64_t account, Str reason, struct account *ret) MUST;
/* Makes an account whose grant was refused connected again; the caller stores the new
 * grant beside it. *healed says whether it was such an account. */
Res account_state_heal(struct cx *cx, struct db *db, int64_t account, bool *healed) MUST;
/* Removes the account as the API's DELETE does: erases its secrets, and stores a
 * revocation where that harms nobody. Gives what it was, and names its flow in the
 * context. FAIL_NOT_FOUND. */
Res account_state_disconnect(
    struct cx *cx, struct db *db, const struct settings *settings, int64_t account,
    Str by, struct account *ret) MUST;
