/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resume.c - the same steps as a callback's, without a browser: a reload of the callback
 * finds how the flow ended.
 */
#include "grants/resume.h"

#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/log.h"
#include "grants/ending.h"
#include "store/store.h"

struct resume {
    struct connect connect;
    struct ending ending;
};

static Res resume_take_work(struct cx *cx, struct db *db, void *arg)
{
    struct resume *r = arg;
    struct connect *c = &r->connect;

    c->claim = connect_lease_now(c);
    return flow_take_lost(cx, db, &c->claim, &c->flow_id, &r->ending.record);
}

static Res resume_open(struct cx *cx, struct resume *r)
{
    struct connect *c = &r->connect;
    const struct settings *settings = c->work->settings;

    TRY(connect_resume(cx, c, r->ending.record.sealed));
    c->source = source_get(c->flow.source);
    c->client = settings_source(settings, c->flow.source);
    return state_derive_secrets(cx, settings->keyring, &c->flow, &c->secrets);
}

/* Tokens that don't open are nobody's: the flow ends without them. */
static Res resume_drop(struct cx *cx, struct db *db, void *arg)
{
    struct resume *r = arg;

    return flow_finish(
        cx, db, r->connect.flow_id, r->connect.owner, S("server_error"), 0);
}

/* Another works on the same person. The claim doesn't outlast that: a browser that comes
 * back meanwhile waits for the claim. */
static Res resume_put_off(struct cx *cx, struct db *db, void *arg)
{
    const struct connect *c = &((const struct resume *)arg)->connect;

    return flow_put_off(cx, db, c->flow_id, c->owner, LIMIT_RESUME_AGAIN_MS);
}

static Res resume_run(struct cx *cx, struct resume *r)
{
    struct work *work = r->connect.work;
    int64_t deadline_ms = cx->deadline_ms;

    if (resume_open(cx, r).code != FAIL_NONE) {
        log_event(LEVEL_ERROR, EVENT_FLOW_UNREADABLE, KZ("reason", cx->why.text));
        return store_write(cx, work->worker->store, resume_drop, r);
    }
    cx->deadline_ms -= LIMIT_CALLBACK_END_MS;
    Res how = connect_run(cx, &r->connect);

    if (work->is_parked) {
        work->is_parked = false;
        cx->deadline_ms = deadline_ms;
        return store_write(cx, work->worker->store, resume_put_off, r);
    }
    how = ending_write(cx, &r->ending, how, deadline_ms);
    return how.code == FAIL_UNAVAILABLE ? how : OK;
}

Res resume_one(struct cx *cx, struct work *work, bool *did)
{
    struct resume r = {
        .connect = {.work = work, .owner = work_owner(&cx->mem, work->settings)}};
    Res taken = store_write(cx, work->worker->store, resume_take_work, &r);

    r.ending.connect = &r.connect;
    *did = taken.code == FAIL_NONE;
    if (taken.code == FAIL_NOT_FOUND) {
        return OK;
    }
    TRY(taken);
    return resume_run(cx, &r);
}
