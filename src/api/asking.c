/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asking.c - one question to the source of an account (docs/api.md §9, "Reading
 * calendars").
 */
#include "api/asking.h"

#include "calendars/times.h"
#include "store/calendar_reads.h"
#include "store/store.h"

/* The source wants the account to be left alone: that holds for the background, too. */
struct asking_hold {
    int64_t account;
    int64_t told_s; /* -1: the source doesn't say how long */
};

static Res asking_hold_work(struct cx *cx, struct db *db, void *arg)
{
    const struct asking_hold *hold = arg;
    int64_t now_ms;

    TRY(calendar_sync_now(cx, db, &now_ms));
    return calendar_reads_hold(
        cx, db, hold->account, times_hold_until(now_ms, hold->told_s, 0, false), 0);
}

static void asking_note_hold(struct call *c, int64_t account, int64_t told_s)
{
    struct asking_hold hold = {account, told_s};
    struct cx own = {.deadline_ms = c->cx->deadline_ms};
    Res res = store_write(&own, c->work.worker->store, asking_hold_work, &hold);

    (void)
        res.code; /* the call has failed anyway, and the background finds out by itself */
    cx_done(&own);
}

static Res asking_with_token(
    struct call *c, struct access *access, asking_question *ask, void *arg)
{
    struct source_call call = {
        .via = work_via(&c->work),
        .settings = settings_source(c->work.settings, access->source),
        .access_token = access->token,
        .scope = access->scope,
    };
    Res res = ask(c->cx, arg, &call);

    if (res.code == FAIL_SOURCE_RATE_LIMITED) {
        asking_note_hold(c, access->account, call.retry_after_s);
    }
    if (res.code != FAIL_NONE && call.retry_after_s > 0) {
        c->work.retry_after_s = call.retry_after_s;
    }
    return res;
}

Res asking_run(struct call *c, struct access *access, asking_question *ask, void *arg)
{
    TRY(access_get(c->cx, access));
    if (c->work.is_parked) {
        return OK;
    }
    Res res = asking_with_token(c, access, ask, arg);

    if (res.code != FAIL_TOKEN_REFUSED) {
        return res;
    }
    if (access->is_refused) {
        return fail(c->cx, FAIL_SOURCE_ERROR, "a new access token is refused too");
    }
    access_refused(access);
    return asking_run(c, access, ask, arg);
}
