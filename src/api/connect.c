/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connect.c - from a code to an account: exchange, identify, check, look, write.
 *
 * Contract §6 and §9. Ends nothing and answers nothing: callback.c does. The order
 * matters: who it is comes first, so that a grant which can't be kept is taken back for
 * the right person; a grant of nobody known is only forgotten, since revoking it might
 * cost somebody a connection that stands.
 */
#include "api/connect.h"

#include "api/refresh.h"
#include "api/revoke.h"
#include "base/clock.h"
#include "base/crash.h"
#include "oauth/grant.h"
#include "store/accounts.h"
#include "store/grants.h"
#include "store/store.h"
#include "store/tasks.h"

static Res exchange(struct callback *cb)
{
    const struct settings *settings = cb->call->settings;

    crash_point("callback.before_exchange");
    const struct token_code code = {
        cb->code, {cb->secrets.verifier, FLOW_SECRET_TEXT}
    };

    TRY(token_exchange(
        cb->call->cx, cb->call->worker->net, &settings->net, &cb->own->client, &code,
        &cb->tokens));
    crash_point("callback.after_exchange");
    cb->granted_ms = clock_now_ms();
    return OK;
}

static Res identify(struct callback *cb)
{
    struct cx *cx = cb->call->cx;
    struct id_claims claims;

    if (cb->tokens.id_token.n == 0) {
        return fail(cx, FAIL_IDENTITY_INVALID, "the source gave no ID token");
    }
    crash_point("callback.before_verify");
    TRY(id_token_verify(
        cx, cb->call->worker->net, cb->own->jwks, cb->tokens.id_token,
        &(struct id_expected){
            .client_id = cb->own->client.client_id,
            .nonce = {cb->secrets.nonce, FLOW_SECRET_TEXT},
            .access_token = cb->tokens.access_token,
            .now_s = clock_now_s(),
            .issuer_fits = cb->source->issuer_fits,
            .issuer = cb->own->issuer,
    },
        &claims));
    crash_point("callback.after_verify");
    return cb->source->person(cx, &claims, &cb->person);
}

/* Whether what was granted is enough, and to somebody who may connect. */
static Res check(struct callback *cb)
{
    struct cx *cx = cb->call->cx;

    TRY(source_scopes_check(cx, cb->own, cb->tokens.scope));
    if (cb->tokens.refresh_token.n == 0) {
        return fail(cx, FAIL_NO_REFRESH_TOKEN, "the source gave no refresh token");
    }
    return source_person_check(cx, cb->own, &cb->person);
}

static Res work_lease(struct cx *cx, struct db *db, void *arg)
{
    struct callback *cb = arg;
    const struct hold hold = callback_hold(cb);

    return lease_take(
        cx, db, revoke_lease_name(&cx->mem, cb->source->id, cb->person.subject), &hold,
        &cb->has_lease);
}

/* From here to the written account, no revocation of the same person's grant: it would
 * take the new one with it. Who doesn't get the lease parks, alone under its own key. */
static Res lease(struct callback *cb)
{
    struct call *c = cb->call;

    if (!cb->source->has_revocation) {
        return OK;
    }
    c->park_key = cb->id; /* what this call wakes in the end */
    TRY(store_write(c->cx, c->worker->store, work_lease, cb));
    if (cb->has_lease) {
        return OK;
    }
    if (cx_left_ms(c->cx, 1) == 0) {
        return fail(c->cx, FAIL_INTERNAL, "another works on the same person's grant");
    }
    c->is_parked = true;
    c->park_key = str_cat(&c->cx->mem, cb->id, S("L"));
    return OK;
}

Res connect_run(struct callback *cb)
{
    struct call *c = cb->call;

    if (cb->step == STEP_EXCHANGE) {
        TRY(exchange(cb));
        TRY(identify(cb));
        TRY(check(cb));
        cb->step = STEP_LEASE;
    }
    TRY(lease(cb));
    if (c->is_parked) {
        return OK;
    }
    struct source_call call = {
        .net = c->worker->net,
        .options = &c->settings->net,
        .own = cb->own,
        .access_token = cb->tokens.access_token,
        .scope = cb->tokens.scope,
    };

    return cb->source->look(c->cx, &call);
}

/* Whose account of this person there is already: 0 when none, the account's id when it is
 * the same owner's. */
static Res find_own(struct cx *cx, struct db *db, const struct callback *cb, int64_t *ret)
{
    const struct flow *flow = &cb->flow;
    struct account known;
    Res r =
        account_find(cx, db, flow->provider, flow->source, cb->person.subject, &known);

    if (r.code == FAIL_NOT_FOUND) {
        *ret = 0;
        return OK;
    }
    TRY(r);
    if (known.mode != flow->mode || !str_eq(known.user, flow->user)) {
        return fail(cx, FAIL_ACCOUNT_IN_USE, "connected for another user");
    }
    *ret = known.id;
    return OK;
}

static Res put_account(
    struct cx *cx, struct db *db, const struct callback *cb, int64_t *id)
{
    const struct flow *flow = &cb->flow;
    int64_t now = clock_now_ms();

    if (*id != 0) {
        return account_renew(cx, db, *id, cb->person.username, now);
    }
    return account_insert(
        cx, db,
        &(struct account){
            .provider = flow->provider,
            .mode = flow->mode,
            .user = flow->user,
            .source = flow->source,
            .subject = cb->person.subject,
            .username = cb->person.username,
            .status = ACCOUNT_CONNECTED,
            .status_since_ms = now,
            .connected_ms = now,
        },
        id);
}

static Res put_grant(
    struct cx *cx, struct db *db, const struct callback *cb, int64_t account)
{
    const struct tokens *t = &cb->tokens;
    struct grant_record record = {0};
    Res r = grant_get(cx, db, account, &record);

    if (r.code != FAIL_NONE && r.code != FAIL_NOT_FOUND) {
        return r;
    }
    record.sealed = grant_seal(
        &cx->mem, cb->call->settings->keyring, cb->flow.provider, account,
        &(struct grant){
            .refresh_token = t->refresh_token,
            .access_token = t->access_token,
            .access_expires_ms = cb->granted_ms + t->expires_in_s * 1000,
            .scope = t->scope,
        });
    record.due_ms = refresh_due_ms(cb->source, cb->granted_ms);
    must_be(keyring_record_key(record.sealed, &record.key_id));
    return grant_put(cx, db, account, &record);
}

Res connect_write(struct cx *cx, struct db *db, struct callback *cb, int64_t *account)
{
    int64_t id = 0;
    bool holds = true;

    TRY(auth_flow_check(cx, db, &cb->call->settings->auth, &cb->flow));
    TRY(find_own(cx, db, cb, &id));
    if (cb->has_lease) {
        TRY(lease_holds(
            cx, db, revoke_lease_name(&cx->mem, cb->source->id, cb->person.subject),
            cb->owner, clock_now_ms(), &holds));
    }
    if (!holds) {
        return fail(cx, FAIL_INTERNAL, "the lease on the person's grant was lost");
    }
    TRY(put_account(cx, db, cb, &id));
    TRY(put_grant(cx, db, cb, id));
    TRY(task_cancel(cx, db, cb->flow.source, cb->person.subject));
    *account = id;
    return OK;
}
