/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callback.c - the end of a flow: from the source's redirect to the application's.
 *
 * Contract §6 and §9, "Callback". A flow is claimed once, its code is sent once, and how
 * it ended is written once; whoever comes later gets the same redirect. What happens
 * between claim and end is connect.c.
 */
#include "api/connect.h"
#include "api/endpoints.h"
#include "api/errors.h"
#include "api/revoke.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/limits.h"
#include "oauth/redirect.h"
#include "store/store.h"
#include "store/tasks.h"

static const Str success = SI("success");
/* Of a flow whose provider or pattern went away: kept, so that it never redirects. */
static const Str nowhere = SI("state_invalid");

static Str outcome_text(enum fail kind)
{
    if (kind == FAIL_NONE) {
        return success;
    }
    return kind == FAIL_STATE_INVALID ? nowhere : outcome_of(kind);
}

/* Whether a failure says how the flow ends, or only that we could not find out. */
static bool is_verdict(enum fail kind)
{
    return !str_eq(outcome_text(kind), outcome_of(FAIL_INTERNAL));
}

static Res open_state(struct callback *cb)
{
    struct call *c = cb->call;
    Str state;

    if (query_find(c->params, c->n_params, S("state"), &state) != 1) {
        return fail(c->cx, FAIL_STATE_INVALID, "state is absent or comes twice");
    }
    TRY(state_open(c->cx, c->settings->keyring, state, &cb->flow));
    if (cb->flow.source != cb->source->id) {
        return fail(c->cx, FAIL_STATE_INVALID, "the state is of another source");
    }
    TRY(flow_derive(c->cx, c->settings->keyring, &cb->flow, &cb->secrets));
    cb->id = (Str){(const char *)cb->flow.id, FLOW_ID_BYTES};
    return OK;
}

/* How a flow ended is said only where its browser may be sent by now. */
static Res check_place(struct cx *cx, struct db *db, struct callback *cb)
{
    if (cb->record.stage != FLOW_DONE) {
        return OK;
    }
    Res r = auth_flow_place(cx, db, &cb->flow);

    if (r.code == FAIL_STATE_INVALID) {
        cb->record.outcome = nowhere;
        return OK;
    }
    return r;
}

static Res work_look(struct cx *cx, struct db *db, void *arg)
{
    struct callback *cb = arg;

    TRY(flow_look(cx, db, cb->id, clock_now_ms(), &cb->record));
    return check_place(cx, db, cb);
}

struct hold callback_hold(const struct callback *cb)
{
    int64_t now = clock_now_ms();

    return (struct hold){
        .owner = cb->owner,
        .now_ms = now,
        .until_ms = now + cb->call->settings->total_timeout_ms + LIMIT_CLAIM_MARGIN_MS,
    };
}

/* What changed since the start, and what came back: nothing goes to the source before
 * this. A provider that is gone comes first, since then there is nowhere to redirect to.
 */
static Res may_go_on(struct cx *cx, struct db *db, struct callback *cb)
{
    struct call *c = cb->call;

    TRY(auth_flow_check(cx, db, &c->settings->auth, &cb->flow));
    if (clock_now_s() >= cb->flow.expires_s) {
        return fail(cx, FAIL_STATE_EXPIRED, "the flow's time is over");
    }
    if (!cb->own->is_on) {
        return fail(cx, FAIL_SOURCE_MISCONFIGURED, "the source has no client any more");
    }
    return response_read(cx, c->params, c->n_params, cb->own, &cb->code);
}

/* Claims, and ends at once what ends without the source. In one transaction, so that a
 * store that is away leaves the flow open. */
static Res work_claim(struct cx *cx, struct db *db, void *arg)
{
    struct callback *cb = arg;
    const struct hold hold = callback_hold(cb);

    cb->kind = FAIL_NONE;
    TRY(flow_claim(cx, db, cb->id, &hold, &cb->record));
    if (cb->record.stage != FLOW_WON) {
        return check_place(cx, db, cb);
    }
    Res r = may_go_on(cx, db, cb);

    if (r.code == FAIL_NONE || !is_verdict(r.code)) {
        return r;
    }
    cb->kind = r.code;
    cb->record = (struct flow_record){FLOW_DONE, outcome_text(r.code), 0};
    return flow_finish(cx, db, cb->id, &hold, cb->record.outcome, 0);
}

/* The flow is ours, or ended, or somebody else's for now: then this call parks. A failure
 * with the flow ended is how it ended just now. */
static Res claim(struct callback *cb)
{
    struct call *c = cb->call;
    Res r = store_read(c->cx, c->worker->store, work_look, cb);

    if (r.code == FAIL_NOT_FOUND) {
        crash_point("callback.before_claim");
        r = store_write(c->cx, c->worker->store, work_claim, cb);
        crash_point("callback.after_claim");
    }
    TRY(r);
    c->park_key = cb->id;
    switch (cb->record.stage) {
    case FLOW_WON:
        cb->step = STEP_EXCHANGE;
        return OK;
    case FLOW_DONE:
        cb->step = STEP_ENDED;
        return (Res){cb->kind};
    case FLOW_BUSY:
        break;
    }
    if (cx_left_ms(c->cx, 1) == 0) {
        return fail(c->cx, FAIL_UNAVAILABLE, "another still works on this flow");
    }
    c->is_parked = true;
    c->park_most = LIMIT_PARKED_PER_FLOW;
    return OK;
}

/* Lost meanwhile to somebody who gave us up: then what they wrote stands. */
static Res finish(struct cx *cx, struct db *db, struct callback *cb)
{
    const struct hold hold = callback_hold(cb);
    Res r = flow_finish(cx, db, cb->id, &hold, cb->record.outcome, cb->record.account);

    if (r.code == FAIL_CONFLICT && cb->kind != FAIL_NONE) {
        return flow_look(cx, db, cb->id, hold.now_ms, &cb->record);
    }
    return r;
}

/* The account with its grant, or the revocation of a fresh grant that is not kept. */
static Res write_result(
    struct cx *cx, struct db *db, struct callback *cb, int64_t *account)
{
    const struct tokens *t = &cb->tokens;

    if (cb->failed == FAIL_NONE) {
        Res r = connect_write(cx, db, cb, account);

        if (r.code == FAIL_NONE || !is_verdict(r.code)) {
            return r;
        }
        cb->kind = r.code;
    }
    if (cb->person.subject.n == 0) {
        return OK;
    }
    return revoke_leave(
        cx, db, cb->call->settings, cb->source->id, cb->person.subject,
        t->refresh_token.n > 0 ? t->refresh_token : t->access_token);
}

static Res work_end(struct cx *cx, struct db *db, void *arg)
{
    struct callback *cb = arg;
    int64_t account = 0;

    cb->kind = cb->failed;
    TRY(write_result(cx, db, cb, &account));
    cb->record = (struct flow_record){FLOW_DONE, outcome_text(cb->kind), account};
    TRY(finish(cx, db, cb));
    TRY(check_place(cx, db, cb));
    if (!cb->has_lease) {
        return OK;
    }
    return lease_drop(
        cx, db, revoke_lease_name(&cx->mem, cb->source->id, cb->person.subject),
        cb->owner);
}

/* Writes how it ended. What can't be written ends as ours, and the fresh grant is not
 * kept. The reason of the first failure is the one for the log. */
static Res end(struct callback *cb, Res how)
{
    struct call *c = cb->call;
    __typeof__(c->cx->why) why = c->cx->why;

    cb->step = STEP_ENDED;
    cb->failed = how.code;
    c->cx->deadline_ms = cb->deadline_ms;
    crash_point("callback.before_write");
    Res r = store_write(c->cx, c->worker->store, work_end, cb);

    if (how.code == FAIL_NONE) {
        how.code = r.code == FAIL_NONE ? cb->kind : FAIL_INTERNAL;
        why = c->cx->why;
    }
    if (r.code != FAIL_NONE && cb->failed == FAIL_NONE) {
        cb->failed = FAIL_INTERNAL;
        r = store_write(c->cx, c->worker->store, work_end, cb);
    }
    if (r.code != FAIL_NONE) {
        cb->record = (struct flow_record){FLOW_DONE, outcome_of(FAIL_INTERNAL), 0};
    }
    crash_point("callback.after_write");
    c->cx->why = why;
    return how;
}

/* Contract §6 from top to bottom. A call that was parked comes by here again. */
static Res walk(struct callback *cb)
{
    if (cb->step == STEP_OPEN) {
        TRY(open_state(cb));
        TRY(claim(cb));
    }
    if (cb->step == STEP_ENDED || cb->call->is_parked) {
        return OK;
    }
    Res how = connect_run(cb);

    return cb->call->is_parked ? OK : end(cb, how);
}

static void redirect(struct callback *cb)
{
    struct call *c = cb->call;
    struct arena *mem = &c->cx->mem;
    const struct flow_record *record = &cb->record;

    c->outcome = record->outcome;
    if (str_eq(record->outcome, nowhere)) {
        callback_page(c, FAIL_STATE_INVALID);
        return;
    }
    Str query = str_eq(record->outcome, success)
                    ? str_cat(mem, S("success=1&account="), str_int(mem, record->account))
                    : str_cat(mem, S("success=0&error="), record->outcome);

    c->answer->status = 303;
    http_answer_header(
        c->answer, S("Location"), redirect_with(mem, cb->flow.redirect_uri, query));
}

/* The source gets less than all of the call's time: how it ended has to be written too.
 */
static struct callback *callback_new(struct call *c, enum source_id source)
{
    struct callback *cb = NEW(&c->cx->mem, struct callback);
    int64_t half_ms = c->settings->total_timeout_ms / 2;

    cb->call = c;
    cb->source = source_get(source);
    cb->own = settings_source(c->settings, source);
    cb->owner = owner_new(&c->cx->mem, c->settings);
    cb->deadline_ms = c->cx->deadline_ms;
    c->cx->deadline_ms -=
        half_ms < LIMIT_CALLBACK_END_MS ? half_ms : LIMIT_CALLBACK_END_MS;
    return cb;
}

static Res run(struct call *c, enum source_id source)
{
    struct callback *cb = c->progress == NULL ? callback_new(c, source) : c->progress;

    c->progress = cb;
    c->is_parked = false;
    Res r = walk(cb);

    if (c->is_parked) {
        return OK;
    }
    crash_point("callback.before_answer");
    if (cb->step == STEP_ENDED) {
        redirect(cb);
    } else {
        callback_page(c, r.code);
    }
    return r;
}

Res callback_google_run(struct call *c)
{
    return run(c, SOURCE_GOOGLE);
}

Res callback_microsoft_run(struct call *c)
{
    return run(c, SOURCE_MICROSOFT);
}
