/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_state.c - connect, break, heal, disconnect: each with all that it writes.
 */
#include "grants/account_state.h"

#include "base/clock.h"
#include "base/cx.h"
#include "config/settings.h"
#include "grants/revoke.h"
#include "grants/schedule.h"
#include "store/calendar_sync.h"
#include "store/grants.h"
#include "store/outbox.h"
#include "store/pushed_copies.h"
#include "store/revocations.h"
#include "store/store.h"

/* What every message about an account says. */
static struct outbox_message account_message(
    enum webhook_type type, const struct account *a)
{
    return (struct outbox_message){
        .type = type,
        .provider = a->provider,
        .mode = a->mode,
        .user = a->user,
        .account = a->id,
        .calendar_source = source_get(a->source)->code,
    };
}

/* The account of this person that the same owner has already; 0: none. */
static Res connection_account(
    struct cx *cx, struct db *db, const struct connection *c, int64_t *ret)
{
    struct account known;
    Res r = account_find(cx, db, c->provider, c->source->id, c->person.subject, &known);

    if (r.code == FAIL_NOT_FOUND) {
        *ret = 0;
        return OK;
    }
    TRY(r);
    if (known.mode != c->mode || !str_eq(known.user, c->user)) {
        return fail(cx, FAIL_ACCOUNT_IN_USE, "connected for another user");
    }
    *ret = known.id;
    return OK;
}

static Res connection_put_account(
    struct cx *cx, struct db *db, const struct connection *c, int64_t *id)
{
    int64_t now = clock_now_ms();

    if (*id != 0) {
        return account_renew(
            cx, db,
            &(struct account){
                .id = *id,
                .username = c->person.username,
                .connected_ms = now,
                .flow = c->flow,
            });
    }
    return account_insert(
        cx, db,
        &(struct account){
            .provider = c->provider,
            .mode = c->mode,
            .user = c->user,
            .source = c->source->id,
            .subject = c->person.subject,
            .username = c->person.username,
            .status = ACCOUNT_CONNECTED,
            .status_since_ms = now,
            .connected_ms = now,
            .flow = c->flow,
        },
        id);
}

static Res connection_put_grant(
    struct cx *cx, struct db *db, const struct keyring *keyring,
    const struct connection *c, int64_t account)
{
    struct grant_record record = {0};
    Res r = grant_get(cx, db, account, &record);

    if (r.code != FAIL_NONE && r.code != FAIL_NOT_FOUND) {
        return r;
    }
    grant_seal_into(&cx->mem, keyring, c->provider, account, &c->grant, &record);
    record.due_ms = schedule_refresh_due_ms(c->source, c->granted_ms);
    return grant_put(cx, db, account, &record);
}

static Res connection_tell(
    struct cx *cx, struct db *db, const struct connection *c, int64_t account,
    bool is_reconnect)
{
    struct outbox_message m = account_message(
        WEBHOOK_ACCOUNT_CONNECTED, &(struct account){
                                       .id = account,
                                       .provider = c->provider,
                                       .mode = c->mode,
                                       .user = c->user,
                                       .source = c->source->id,
                                   });

    m.is_reconnect = is_reconnect;
    return outbox_put(cx, db, &m);
}

Res account_state_connect(
    struct cx *cx, struct db *db, const struct keyring *keyring,
    const struct connection *c, int64_t *account, bool *renewed)
{
    int64_t id = 0;

    TRY(connection_account(cx, db, c, &id));
    *renewed = id != 0;
    TRY(connection_put_account(cx, db, c, &id));
    TRY(connection_put_grant(cx, db, keyring, c, id));
    TRY(revocation_cancel(cx, db, c->source->id, c->person.subject));
    TRY(calendar_sync_wake_account(cx, db, id));
    TRY(pushed_copies_wake_account(cx, db, id));
    TRY(connection_tell(cx, db, c, id, *renewed));
    DB_COUNT(
        db, METRIC_STATUS_CHANGES, metric_source(c->source->id),
        *renewed ? S("reconnected") : S("connected"), S("flow"));
    *account = id;
    return OK;
}

const Str account_state_reasons[ACCOUNT_REASONS] = {
    SI("grant_revoked"), SI("missing_scopes"), SI("identity_invalid"),
    SI("grant_unreadable")};

static bool account_reason_is_known(Str reason)
{
    for (size_t i = 0; i < ACCOUNT_REASONS; i++) {
        if (str_eq(account_state_reasons[i], reason)) {
            return true;
        }
    }
    return false;
}

Res account_state_break(
    struct cx *cx, struct db *db, int64_t account, Str reason, struct account *ret)
{
    bool marked;

    must_be(account_reason_is_known(reason));
    *ret = (struct account){.id = 0};
    TRY(account_needs_reconnect(cx, db, account, reason, clock_now_ms(), &marked));
    if (!marked) {
        return OK;
    }
    TRY(account_get(cx, db, account, ret));
    DB_COUNT(
        db, METRIC_STATUS_CHANGES, metric_source(ret->source), S("needs_reconnect"),
        reason);
    struct outbox_message m = account_message(WEBHOOK_ACCOUNT_NEEDS_RECONNECT, ret);

    m.reason = reason;
    return outbox_put(cx, db, &m);
}

Res account_state_heal(struct cx *cx, struct db *db, int64_t account, bool *healed)
{
    struct account a;

    TRY(account_heal(cx, db, account, REASON_REVOKED, clock_now_ms(), healed));
    if (!*healed) {
        return OK;
    }
    TRY(calendar_sync_wake_account(cx, db, account));
    TRY(pushed_copies_wake_account(cx, db, account));
    TRY(account_get(cx, db, account, &a));
    DB_COUNT(
        db, METRIC_STATUS_CHANGES, metric_source(a.source), S("reconnected"),
        S("refresh"));
    struct outbox_message m = account_message(WEBHOOK_ACCOUNT_CONNECTED, &a);

    m.is_reconnect = true;
    return outbox_put(cx, db, &m);
}

/* The refresh token of an account; empty when its grant can't be opened any more. */
static Res account_refresh_token(
    struct cx *cx, struct db *db, const struct keyring *k, const struct account *a,
    Str *ret)
{
    struct grant_record record;
    struct grant grant;
    Res r = grant_get(cx, db, a->id, &record);

    if (r.code == FAIL_NONE) {
        r = grant_open(cx, k, a->provider, a->id, record.sealed, &grant);
    }
    if (r.code == FAIL_NOT_FOUND || r.code == FAIL_UNREADABLE) {
        *ret = S("");
        return OK;
    }
    TRY(r);
    *ret = grant.refresh_token;
    return OK;
}

Res account_state_disconnect(
    struct cx *cx, struct db *db, const struct settings *settings, int64_t account,
    Str by, struct account *ret)
{
    Str token;

    TRY(account_get(cx, db, account, ret));
    TRY(account_refresh_token(cx, db, settings->keyring, ret, &token));
    TRY(account_delete(cx, db, account));
    DB_COUNT(
        db, METRIC_STATUS_CHANGES, metric_source(ret->source), S("disconnected"), by);
    struct outbox_message m = account_message(WEBHOOK_ACCOUNT_DISCONNECTED, ret);

    m.by = by;
    TRY(outbox_put(cx, db, &m));
    cx_name_flow(cx, ret->flow);
    return revoke_store(cx, db, settings, ret->source, ret->subject, token);
}
