/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callback.c - the end of a flow: from the source's redirect to the application's.
 *
 * docs/api.md §6 and §9, "Callback". A flow is claimed once, its code is sent once, and
 * how it ended is written once; later callbacks get the same redirect. Between claim and
 * end, grants/connect.c works.
 */
#include "api/callback.h"

#include "api/callback_page.h"
#include "api/endpoints.h"
#include "api/response.h"
#include "auth/flow.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metric.h"
#include "grants/ending.h"
#include "grants/outcome.h"
#include "oauth/redirect.h"
#include "store/flows.h"
#include "store/leases.h"
#include "store/revocations.h"
#include "store/store.h"

enum callback_step {
    CALLBACK_OPEN,    /* the state is being opened, or the flow claimed */
    CALLBACK_CONNECT, /* the flow is claimed */
    CALLBACK_ENDED,   /* `ending.record` says how it ended */
};

/* Lives in the exchange's arena and stays across parking. */
struct callback {
    struct call *call;
    struct connect connect;
    int64_t deadline_ms; /* of the whole call; the deadline in the context is earlier */
    enum callback_step step;
    struct ending ending;
};

static Res callback_open_state(struct callback *cb)
{
    struct call *c = cb->call;
    struct connect *connect = &cb->connect;
    Str state;

    if (url_query_find(c->params, c->n_params, S("state"), &state) != 1) {
        return fail(c->cx, FAIL_STATE_INVALID, "state is absent or comes twice");
    }
    TRY(state_open(c->cx, c->work.settings->keyring, state, &connect->flow));
    if (connect->flow.source != connect->source->id) {
        return fail(c->cx, FAIL_STATE_INVALID, "the state is of another source");
    }
    TRY(state_derive_secrets(
        c->cx, c->work.settings->keyring, &connect->flow, &connect->secrets));
    connect->flow_id = (Str){(const char *)connect->flow.id, FLOW_ID_BYTES};
    return OK;
}

static Res callback_read_work(struct cx *cx, struct db *db, void *arg)
{
    struct callback *cb = arg;

    TRY(flow_read(cx, db, cb->connect.flow_id, &cb->ending.record));
    return ending_check_place(cx, db, &cb->ending);
}

/* Checks the changes since the start and the authorization response, before anything goes
 * to the source. A removed provider is checked first, because then there is nowhere to
 * redirect to.
 */
static Res callback_may_go_on(struct cx *cx, struct db *db, struct callback *cb)
{
    struct call *c = cb->call;
    struct connect *connect = &cb->connect;

    TRY(auth_flow_check(cx, db, &c->work.settings->auth, &connect->flow));
    if (clock_now_s() >= connect->flow.expires_s) {
        return fail(cx, FAIL_STATE_EXPIRED, "the flow's time is over");
    }
    if (!connect->client->is_on) {
        return fail(cx, FAIL_SOURCE_MISCONFIGURED, "the source has no client any more");
    }
    return response_read(cx, c->params, c->n_params, connect->client, &connect->code);
}

/* Ends the claimed flow without the source. */
static Res callback_refuse(struct cx *cx, struct db *db, struct callback *cb, Res how)
{
    struct ending *e = &cb->ending;

    e->kind = how.code;
    e->record =
        (struct flow_record){.stage = FLOW_DONE, .outcome = outcome_of_end(how.code)};
    return flow_finish(
        cx, db, cb->connect.flow_id, cb->connect.owner, e->record.outcome, 0);
}

/* A flow whose end was written just now, since whoever worked on it is gone. */
static void callback_note_lost(struct cx *cx, struct ending *e)
{
    if (e->record.is_new) {
        e->kind =
            fail(cx, FAIL_INTERNAL, "who worked on it stopped or died before its end")
                .code;
    }
}

/* Claims the flow, and ends it at once when it ends without the source. One transaction
 * does both, so that a store that is away leaves the flow open. */
static Res callback_claim_work(struct cx *cx, struct db *db, void *arg)
{
    struct callback *cb = arg;
    struct flow_record *record = &cb->ending.record;

    cb->ending.kind = FAIL_NONE;
    cb->connect.claim = connect_lease_now(&cb->connect);
    TRY(flow_claim(cx, db, cb->connect.flow_id, &cb->connect.claim, record));
    if (record->stage != FLOW_WON) {
        callback_note_lost(cx, &cb->ending);
        return ending_check_place(cx, db, &cb->ending);
    }
    if (record->sealed.n > 0) {
        return OK; /* the code was sent by a node that died: go on with its tokens */
    }
    Res r = callback_may_go_on(cx, db, cb);

    return r.code == FAIL_NONE || !outcome_is_verdict(r.code)
               ? r
               : callback_refuse(cx, db, cb, r);
}

static Res callback_wait(struct callback *cb)
{
    struct call *c = cb->call;

    if (cx_left_ms(c->cx, 1) == 0) {
        return fail(c->cx, FAIL_UNAVAILABLE, "another still works on this flow");
    }
    work_park(&c->work, PARK_FLOW, cb->connect.flow_id, LIMIT_PARKED_PER_FLOW);
    return OK;
}

/* Claims a flow only while there is time for its calls: a flow that was claimed too late
 * for its code to be sent would fail for nothing. */
static Res callback_check_time(const struct callback *cb)
{
    struct call *c = cb->call;
    int64_t least_ms = c->work.settings->total_timeout_ms / 4;

    return cx_left_ms(c->cx, least_ms) == least_ms
               ? OK
               : fail(c->cx, FAIL_UNAVAILABLE, "too little time is left to begin");
}

/* A call that has waited to its end looks once more, so that it can say how the flow
 * ended: the time that is kept for the end is enough for this. */
static Res callback_look(struct callback *cb)
{
    struct cx *cx = cb->call->cx;
    int64_t deadline_ms = cx->deadline_ms;

    cx->deadline_ms = cb->deadline_ms;
    Res r = store_read(cx, cb->call->work.worker->store, callback_read_work, cb);

    cx->deadline_ms = deadline_ms;
    return r;
}

/* A flow that was found ended, or ended without the source. */
static void callback_tell_end(struct callback *cb)
{
    struct cx *cx = cb->call->cx;
    const struct ending *e = &cb->ending;

    if (e->kind != FAIL_NONE) {
        ending_tell(cx, e);
        return;
    }
    METRIC_COUNT(METRIC_CALLBACK_REPLAYS, metric_source(cb->connect.source->id));
    log_event(
        LEVEL_INFO, EVENT_FLOW_REPLAYED, KZ("flow", cx->flow),
        KZ("request", cx->request_id), KV("source", cb->connect.source->code),
        KV("outcome", e->record.outcome), KI("account", e->record.account));
}

/* Afterwards the flow is ours, or it has ended, or another call works on it and this call
 * parks. A failure together with an ended flow says how it ended just now. */
static Res callback_claim(struct callback *cb)
{
    struct call *c = cb->call;
    struct store *store = c->work.worker->store;
    Res r = callback_look(cb);

    if (r.code == FAIL_NOT_FOUND
        || (r.code == FAIL_NONE && cb->ending.record.stage == FLOW_LOST)) {
        TRY(callback_check_time(cb));
        crash_point("callback.before_claim");
        r = store_write(c->cx, store, callback_claim_work, cb);
        crash_point("callback.after_claim");
    }
    TRY(r);
    c->work.park_key = cb->connect.flow_id;
    switch (cb->ending.record.stage) {
    case FLOW_WON:
        cb->step = CALLBACK_CONNECT;
        return OK;
    case FLOW_DONE:
        cb->step = CALLBACK_ENDED;
        callback_tell_end(cb);
        return (Res){cb->ending.kind};
    case FLOW_BUSY:
    case FLOW_LOST:
        break;
    }
    return callback_wait(cb);
}

/* Works on the claimed flow, with the code or with the tokens that a dead node left. */
static Res callback_connect(struct callback *cb)
{
    struct cx *cx = cb->call->cx;
    Str sealed = cb->ending.record.sealed;

    if (sealed.n > 0 && cb->connect.step == CONNECT_EXCHANGE) {
        TRY(connect_resume(cx, &cb->connect, sealed));
    }
    return connect_run(cx, &cb->connect);
}

/* Runs a flow from top to bottom. A call that was parked passes here again. */
static Res callback_walk(struct callback *cb)
{
    struct work *work = &cb->call->work;

    if (cb->step == CALLBACK_OPEN) {
        TRY(callback_open_state(cb));
        TRY(callback_claim(cb));
    }
    if (cb->step == CALLBACK_ENDED || work->is_parked) {
        return OK;
    }
    Res how = callback_connect(cb);

    if (work->is_parked) {
        return OK;
    }
    cb->step = CALLBACK_ENDED;
    return ending_write(cb->call->cx, &cb->ending, how, cb->deadline_ms);
}

static void callback_redirect(struct callback *cb)
{
    struct call *c = cb->call;
    struct arena *mem = &c->cx->mem;
    const struct flow_record *record = &cb->ending.record;

    c->outcome = record->outcome;
    if (str_eq(record->outcome, outcome_nowhere)) {
        callback_page(c, FAIL_STATE_INVALID);
        return;
    }
    Str query = str_eq(record->outcome, outcome_success)
                    ? str_cat(mem, S("success=1&account="), str_int(mem, record->account))
                    : str_cat(mem, S("success=0&error="), record->outcome);

    c->answer->status = 303;
    http_answer_header(
        c->answer, S("Location"),
        redirect_with(mem, cb->connect.flow.redirect_uri, query));
}

/* The source gets less than all of the call's time, so that the end can be written. */
static struct callback *callback_new(struct call *c)
{
    enum source_id source = c->endpoint->source;
    struct callback *cb = NEW(&c->cx->mem, struct callback);
    int64_t half_ms = c->work.settings->total_timeout_ms / 2;

    cb->call = c;
    cb->ending.connect = &cb->connect;
    cb->connect.work = &c->work;
    cb->connect.source = source_get(source);
    c->source = cb->connect.source->code;
    cb->connect.client = settings_source(c->work.settings, source);
    cb->connect.owner = work_owner(&c->cx->mem, c->work.settings);
    cb->deadline_ms = c->cx->deadline_ms;
    c->cx->deadline_ms -=
        half_ms < LIMIT_CALLBACK_END_MS ? half_ms : LIMIT_CALLBACK_END_MS;
    return cb;
}

Res callback_run(struct call *c)
{
    struct callback *cb = c->progress == NULL ? callback_new(c) : c->progress;

    c->progress = cb;
    c->work.is_parked = false;
    Res r = callback_walk(cb);

    if (c->work.is_parked) {
        return OK;
    }
    crash_point("callback.before_answer");
    if (cb->step == CALLBACK_ENDED) {
        callback_redirect(cb);
    } else {
        log_event(
            LEVEL_WARN, EVENT_FLOW_REFUSED, KZ("flow", c->cx->flow),
            KZ("request", c->cx->request_id), KV("source", cb->connect.source->code),
            KZ("reason", c->cx->why.text));
        callback_page(c, r.code);
    }
    return r;
}
