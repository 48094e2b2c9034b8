/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calling.c - a question with an access token, and with a new one.
 */
#include "grants/calling.h"

#include "base/cx.h"

static Res calling_get_access(struct cx *cx, struct calling *c, struct access *a)
{
    Res res = access_get(cx, a);

    c->was_parked = c->work->is_parked;
    c->work->is_parked = false; /* the text of its key ends with this call */
    c->work->park_key = S("");
    return c->was_parked
               ? fail(cx, FAIL_UNAVAILABLE, "another renews the account's access token")
               : res;
}

static Res calling_ask_with_token(
    struct cx *cx, struct calling *c, struct access *a, calling_ask *ask, void *arg)
{
    TRY(calling_get_access(cx, c, a));
    struct source_call call = {
        .via = work_via(c->work),
        .settings = settings_source(c->work->settings, a->source),
        .access_token = a->token,
        .scope = a->scope,
    };
    Res res = ask(cx, &call, arg);

    c->retry_after_s = res.code == FAIL_NONE ? -1 : call.retry_after_s;
    return res;
}

Res calling_run(struct cx *cx, struct calling *c, calling_ask *ask, void *arg)
{
    struct access a = {.work = c->work, .account = c->account};
    Res res = calling_ask_with_token(cx, c, &a, ask, arg);

    if (res.code != FAIL_TOKEN_REFUSED) {
        return res;
    }
    access_refused(&a);
    res = calling_ask_with_token(cx, c, &a, ask, arg);
    return res.code == FAIL_TOKEN_REFUSED
               ? fail(cx, FAIL_SOURCE_ERROR, "a new access token is refused too")
               : res;
}

struct rights_ask {
    Str calendar_id;
    struct calendar_rights rights;
};

static Res rights_send(struct cx *cx, struct source_call *call, void *arg)
{
    struct rights_ask *a = arg;

    return calendar_rights_get(cx, call, a->calendar_id, &a->rights);
}

Res calling_get_rights(
    const struct cx *cx, struct calling *c, Str calendar_id, struct calendar_rights *ret)
{
    struct rights_ask a = {.calendar_id = calendar_id};
    struct cx own = {.deadline_ms = cx->deadline_ms};
    Res res = calling_run(&own, c, rights_send, &a);

    *ret = a.rights;
    cx_done(&own);
    return res;
}
