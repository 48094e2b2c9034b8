/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ending.c - the last transaction of a flow.
 */
#include "grants/ending.h"

#include "auth/flow.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/cx.h"
#include "base/log.h"
#include "base/metric.h"
#include "grants/account_log.h"
#include "grants/outcome.h"
#include "store/store.h"

Res ending_check_place(struct cx *cx, struct db *db, struct ending *e)
{
    if (e->record.stage != FLOW_DONE) {
        return OK;
    }
    Res r = auth_flow_place(cx, db, &e->connect->flow);

    if (r.code == FAIL_STATE_INVALID) {
        e->record.outcome = outcome_nowhere;
        return OK;
    }
    return r;
}

/* The time of our claim may be over: then the result that another wrote stays, or, while
 * it still works on the flow, this call knows of none. A flow that nobody took ends here,
 * as lost. */
static Res ending_finish(struct cx *cx, struct db *db, struct ending *e)
{
    Str id = e->connect->flow_id;
    Res r =
        flow_finish(cx, db, id, e->connect->owner, e->record.outcome, e->record.account);

    if (r.code != FAIL_CONFLICT || e->kind == FAIL_NONE) {
        return r;
    }
    TRY(flow_end_lost(cx, db, id, &e->record));
    e->was_lost = !e->record.is_new;
    if (e->record.stage != FLOW_DONE) {
        e->record = (struct flow_record){
            .stage = FLOW_DONE, .outcome = outcome_of(FAIL_INTERNAL)};
    }
    return OK;
}

/* The account with its grant, or the revocation of a fresh grant that is not kept. */
static Res ending_write_result(
    struct cx *cx, struct db *db, struct ending *e, int64_t *account)
{
    if (e->failed == FAIL_NONE) {
        Res r = connect_write(cx, db, e->connect, account);

        if (r.code == FAIL_NONE || !outcome_is_verdict(r.code)) {
            return r;
        }
        e->kind = r.code;
    }
    return connect_discard(cx, db, e->connect);
}

static Res ending_work(struct cx *cx, struct db *db, void *arg)
{
    struct ending *e = arg;
    int64_t account = 0;

    e->kind = e->failed;
    e->was_lost = false;
    TRY(ending_write_result(cx, db, e, &account));
    e->record = (struct flow_record){
        .stage = FLOW_DONE, .outcome = outcome_of_end(e->kind), .account = account};
    TRY(ending_finish(cx, db, e));
    TRY(ending_check_place(cx, db, e));
    return connect_lease_drop(cx, db, e->connect);
}

/* From initiate on, which the state knows to a second. */
static int64_t ending_took_ms(const struct connect *c)
{
    return clock_now_ms()
           - (c->flow.expires_s - c->work->settings->flow_timeout_s) * 1000;
}

static void ending_log_account(const struct cx *cx, const struct ending *e)
{
    const struct connect *c = e->connect;
    const struct account a = {
        .id = e->record.account,
        .provider = c->flow.provider,
        .user = c->flow.user,
        .source = c->flow.source,
        .flow = str_from_z(cx->flow),
    };

    account_log(
        cx, c->is_reconnect ? EVENT_ACCOUNT_RECONNECTED : EVENT_ACCOUNT_CONNECTED, &a,
        S("flow"));
}

static void ending_log(struct cx *cx, const struct ending *e)
{
    const struct connect *c = e->connect;
    const struct flow *f = &c->flow;
    bool has_failed = e->kind != FAIL_NONE;

    log_event(
        outcome_level(e->kind), EVENT_FLOW_ENDED, KZ("flow", cx->flow),
        KZ("request", cx->request_id), KI("provider", f->provider), KV("user", f->user),
        KV("source", source_get(f->source)->code), KV("outcome", e->record.outcome),
        KI("account", e->record.account), KZ("reason", has_failed ? cx->why.text : ""),
        KV("mend", outcome_mend(&cx->mem, e->kind, c->source->name, c->client_refused)),
        KN("took_ms", ending_took_ms(c)));
    if (!has_failed) {
        ending_log_account(cx, e);
    }
}

/* `took_ms` is negative where a reload has changed the time that flows have. */
static void ending_count(const struct ending *e)
{
    const struct connect *c = e->connect;
    int64_t took_ms = ending_took_ms(c);

    METRIC_COUNT(METRIC_FLOWS_ENDED, metric_source(c->source->id), e->record.outcome);
    metric_observe_us(
        METRIC_FLOW_DURATION, (size_t)c->source->id - 1,
        took_ms > 0 ? took_ms * 1000 : 0);
}

void ending_tell(struct cx *cx, const struct ending *e)
{
    ending_count(e);
    ending_log(cx, e);
}

Res ending_write(struct cx *cx, struct ending *e, Res how, int64_t deadline_ms)
{
    struct store *store = e->connect->work->worker->store;
    __typeof__(cx->why) why = cx->why;

    e->failed = how.code;
    cx->deadline_ms = deadline_ms;
    crash_point("callback.before_write");
    Res r = store_write(cx, store, ending_work, e);

    if (how.code == FAIL_NONE) {
        how.code = r.code == FAIL_NONE ? e->kind : FAIL_INTERNAL;
        why = cx->why;
    }
    if (r.code != FAIL_NONE && e->failed == FAIL_NONE) {
        e->failed = FAIL_INTERNAL;
        r = store_write(cx, store, ending_work, e);
    }
    bool is_ours = r.code == FAIL_NONE && !e->was_lost;

    if (r.code != FAIL_NONE) {
        e->record = (struct flow_record){
            .stage = FLOW_DONE, .outcome = outcome_of(FAIL_INTERNAL)};
    }
    crash_point("callback.after_write");
    cx->why = why;
    e->kind = how.code;
    if (is_ours) {
        ending_tell(cx, e);
    } else {
        ending_log(cx, e);
    }
    return how;
}
