/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connect.c - from a code to an account: exchange, identify, check, probe, write.
 *
 * The person is identified before anything is checked, so that a grant that can't be kept
 * is revoked for the right person.
 */
#include "grants/connect.h"

#include "auth/flow.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/cx.h"
#include "base/limits.h"
#include "grants/account_state.h"
#include "grants/flow_tokens.h"
#include "grants/revoke.h"
#include "sources/calendars.h"
#include "store/flows.h"
#include "store/leases.h"
#include "store/revocations.h"
#include "store/store.h"

struct lease connect_lease_now(const struct connect *c)
{
    return (struct lease){
        .owner = c->owner,
        .length_ms = c->work->settings->total_timeout_ms + LIMIT_CLAIM_MARGIN_MS,
    };
}

static Str connect_lease_name(struct arena *mem, const struct connect *c)
{
    return revoke_lease_name(mem, c->source->id, c->person.subject);
}

static Res connect_exchange(struct cx *cx, struct connect *c)
{
    const struct net_via via = work_via(c->work);
    struct token_code code = {
        .code = c->code, .verifier = {c->secrets.verifier, FLOW_SECRET_TEXT}};

    crash_point("callback.before_exchange");
    if (lease_left_ms(&c->claim) < cx_left_ms(cx, LIMIT_LEASE_MOST_MS)) {
        return fail(cx, FAIL_INTERNAL, "the claim on the flow would not last");
    }
    Res res = token_exchange(cx, &via, &c->client->client, &code, &c->tokens);

    c->client_refused = code.client_refused;
    TRY(res);
    crash_point("callback.after_exchange");
    c->granted_ms = clock_now_ms();
    return OK;
}

static Res connect_keep_work(struct cx *cx, struct db *db, void *arg)
{
    struct connect *c = arg;
    const struct keyring *keyring = c->work->settings->keyring;
    struct flow_tokens kept = {.sealed = flow_tokens_seal(&cx->mem, keyring, c)};

    must_be(keyring_record_key(kept.sealed, &kept.key_id));
    return flow_keep(cx, db, c->flow_id, c->owner, &kept);
}

/* Stores the tokens before anything else is done with them: a node that dies from here on
 * leaves no grant at the source that nobody knows of. */
static Res connect_keep(struct cx *cx, struct connect *c)
{
    Res r = store_write(cx, c->work->worker->store, connect_keep_work, c);

    crash_point("callback.after_keep");
    return r.code == FAIL_CONFLICT
               ? fail(cx, FAIL_INTERNAL, "the claim on the flow was lost")
               : r;
}

Res connect_resume(struct cx *cx, struct connect *c, Str sealed)
{
    TRY(flow_tokens_open(cx, c->work->settings->keyring, sealed, c));
    c->step = CONNECT_IDENTIFY;
    return OK;
}

static Res connect_identify(struct cx *cx, struct connect *c)
{
    const struct id_expected expected = {
        .client_id = c->client->client.client_id,
        .nonce = {c->secrets.nonce, FLOW_SECRET_TEXT},
        .access_token = c->tokens.access_token,
        .now_s = c->granted_ms / 1000, /* it was good when it came */
        .issuer_fits = c->source->issuer_fits,
        .issuer = c->client->issuer,
    };
    struct id_claims claims;

    if (!c->client->is_on) { /* a flow may go on behind a restart without it */
        return fail(cx, FAIL_SOURCE_MISCONFIGURED, "the source has no client any more");
    }
    if (c->tokens.id_token.n == 0) {
        return fail(cx, FAIL_IDENTITY_INVALID, "the source gave no ID token");
    }
    crash_point("callback.before_verify");
    TRY(id_token_verify(
        cx, c->work->worker->net, c->client->jwks, c->tokens.id_token, &expected,
        &claims));
    crash_point("callback.after_verify");
    return c->source->person(cx, &claims, &c->person);
}

/* Whether what was granted is enough, and to somebody who may connect. */
static Res connect_check(struct cx *cx, const struct connect *c)
{
    TRY(source_scopes_check(cx, c->client, c->tokens.scope));
    if (c->tokens.refresh_token.n == 0) {
        return fail(cx, FAIL_NO_REFRESH_TOKEN, "the source gave no refresh token");
    }
    return source_person_check(cx, c->client, &c->person);
}

static Res connect_lease_work(struct cx *cx, struct db *db, void *arg)
{
    struct connect *c = arg;
    struct lease lease = connect_lease_now(c);

    return lease_take(cx, db, connect_lease_name(&cx->mem, c), &lease, &c->has_lease);
}

/* From here to the written account nobody may revoke the same person's grant: it would
 * take the new one with it. A call that doesn't get the lease parks under a key of its
 * own. */
static Res connect_lease(struct cx *cx, struct connect *c)
{
    if (!c->source->has_revocation) {
        return OK;
    }
    c->work->park_key = c->flow_id; /* what this work wakes in the end */
    if (cx_left_ms(cx, 1) == 0) {
        return fail(cx, FAIL_INTERNAL, "another works on the same person's grant");
    }
    TRY(store_write(cx, c->work->worker->store, connect_lease_work, c));
    if (c->has_lease) {
        return OK;
    }
    work_park(
        c->work, PARK_PERSON, str_cat(&cx->mem, c->flow_id, S("L")), c->work->park_most);
    return OK;
}

Res connect_run(struct cx *cx, struct connect *c)
{
    if (c->step == CONNECT_EXCHANGE) {
        TRY(connect_exchange(cx, c));
        c->step = CONNECT_IDENTIFY;
        TRY(connect_keep(cx, c));
    }
    if (c->step == CONNECT_IDENTIFY) {
        TRY(connect_identify(cx, c));
        TRY(connect_check(cx, c));
        c->step = CONNECT_LEASE;
    }
    TRY(connect_lease(cx, c));
    if (c->work->is_parked) {
        return OK;
    }
    struct source_call call = {
        .via = work_via(c->work),
        .settings = c->client,
        .access_token = c->tokens.access_token,
        .scope = c->tokens.scope,
    };

    return calendars_peek(cx, &call);
}

static struct connection connection_of(const struct cx *cx, const struct connect *c)
{
    const struct tokens *t = &c->tokens;

    return (struct connection){
        .provider = c->flow.provider,
        .mode = c->flow.mode,
        .user = c->flow.user,
        .source = c->source,
        .person = c->person,
        .grant =
            {
                .refresh_token = t->refresh_token,
                .access_token = t->access_token,
                .access_expires_ms = c->granted_ms + t->expires_in_s * 1000,
                .scope = t->scope,
            },
        .granted_ms = c->granted_ms,
        .flow = str_from_z(cx->flow),
    };
}

/* A flow that is to connect an account again ends at that account. */
static Res connect_check_account(struct cx *cx, struct db *db, const struct connect *c)
{
    const struct flow *f = &c->flow;
    struct account a;

    if (f->account == 0) {
        return OK;
    }
    Res r = account_get(cx, db, f->account, &a);

    if (r.code == FAIL_NOT_FOUND) {
        return fail(cx, FAIL_WRONG_ACCOUNT, "the account was disconnected meanwhile");
    }
    TRY(r);
    if (a.provider != f->provider || a.mode != f->mode || !str_eq(a.user, f->user)
        || a.source != f->source || !str_eq(a.subject, c->person.subject)) {
        return fail(cx, FAIL_WRONG_ACCOUNT, "another person than the account's");
    }
    return OK;
}

Res connect_write(struct cx *cx, struct db *db, struct connect *c, int64_t *account)
{
    const struct settings *settings = c->work->settings;
    const struct connection connection = connection_of(cx, c);
    bool holds = true;

    TRY(auth_flow_check(cx, db, &settings->auth, &c->flow));
    TRY(connect_check_account(cx, db, c));
    if (c->has_lease) {
        TRY(lease_holds(cx, db, connect_lease_name(&cx->mem, c), c->owner, &holds));
    }
    if (!holds) {
        return fail(cx, FAIL_INTERNAL, "the lease on the person's grant was lost");
    }
    return account_state_connect(
        cx, db, settings->keyring, &connection, account, &c->is_reconnect);
}

Res connect_discard(struct cx *cx, struct db *db, struct connect *c)
{
    const struct tokens *t = &c->tokens;

    if (c->person.subject.n == 0) {
        return OK;
    }
    c->work->has_revocation = true;
    return revoke_store(
        cx, db, c->work->settings, c->source->id, c->person.subject,
        t->refresh_token.n > 0 ? t->refresh_token : t->access_token);
}

Res connect_lease_drop(struct cx *cx, struct db *db, const struct connect *c)
{
    return c->has_lease ? lease_drop(cx, db, connect_lease_name(&cx->mem, c), c->owner)
                        : OK;
}
