/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access.c - look, and use what is fresh; else refresh, or wait for who does.
 *
 * oauth-security 62. A token that is near its end is still good: while it lives nobody
 * waits for a refresh, and a refresh that fails costs nobody anything.
 */
#include "api/access.h"

#include "api/accounts.h"
#include "api/refresh.h"
#include "base/clock.h"
#include "base/limits.h"
#include "store/store.h"

/* One look: what is stored just now. */
struct look {
    struct access *access;
    struct refresh refresh;
};

static Res work_look(struct cx *cx, struct db *db, void *arg)
{
    struct look *l = arg;
    struct access *a = l->access;

    TRY(account_visible(cx, db, &a->call->who, a->account, &l->refresh.account));
    return grant_get(cx, db, a->account, &l->refresh.record);
}

static bool is_stale_one(const struct access *a, Str token)
{
    return a->stale.n > 0 && seal_equal(token, a->stale);
}

/* One that came while this call waited is fresh, however short its life. */
static bool is_fresh(const struct access *a, const struct grant *g, int64_t now)
{
    if (g->access_token.n == 0 || is_stale_one(a, g->access_token)) {
        return false;
    }
    return a->stale.n > 0 || now < g->access_expires_ms - LIMIT_ACCESS_MARGIN_MS;
}

static bool is_alive(const struct access *a, const struct grant *g, int64_t now)
{
    return g->access_token.n > 0 && !(a->is_refused && is_stale_one(a, g->access_token))
           && now < g->access_expires_ms - LIMIT_ACCESS_ALIVE_MS;
}

static Res use(struct access *a, const struct grant *g)
{
    a->token = g->access_token;
    a->scope = g->scope;
    return OK;
}

/* Until `until_ms` at the latest there is something new to see. */
static Res wait(struct look *l, int64_t until_ms)
{
    struct access *a = l->access;
    struct call *c = a->call;
    int64_t now = clock_now_ms();

    if (is_alive(a, &l->refresh.grant, now)) {
        return use(a, &l->refresh.grant);
    }
    if (cx_left_ms(c->cx, 1) == 0) {
        c->retry_after_s = until_ms > now ? (until_ms - now + 999) / 1000 : 1;
        return fail(c->cx, FAIL_UNAVAILABLE, "another refreshes this grant");
    }
    c->is_parked = true;
    c->park_key = refresh_key(&c->cx->mem, a->account);
    c->park_most = 0;
    a->has_waited = true;
    return OK;
}

static Res open_grant(struct look *l)
{
    struct refresh *r = &l->refresh;
    struct call *c = l->access->call;

    if (r->account.status != ACCOUNT_CONNECTED) {
        return fail(
            c->cx, FAIL_CONFLICT, "needs to be connected again: %.*s",
            (int)r->account.status_reason.n, r->account.status_reason.p);
    }
    Res res = grant_open(
        c->cx, c->settings->keyring, r->account.provider, r->account.id, r->record.sealed,
        &r->grant);

    return res.code == FAIL_UNREADABLE ? refresh_give_up(c->cx, r, REASON_UNREADABLE)
                                       : res;
}

/* Others have just failed. The next try may be near enough to wait for it. */
static Res back_off(struct look *l, int64_t now)
{
    struct call *c = l->access->call;
    int64_t retry_ms = l->refresh.record.retry_ms;

    if (retry_ms - now <= LIMIT_REFRESH_WAIT_MS
        || is_alive(l->access, &l->refresh.grant, now)) {
        return wait(l, retry_ms);
    }
    c->retry_after_s = (retry_ms - now + 999) / 1000;
    return fail(c->cx, FAIL_SOURCE_UNAVAILABLE, "the last refresh failed, too soon yet");
}

static Res refresh(struct look *l)
{
    struct access *a = l->access;
    struct refresh *r = &l->refresh;
    Res res = refresh_run(a->call->cx, r);

    if (res.code == FAIL_NONE) {
        return use(a, &r->grant);
    }
    if (res.code == FAIL_CONFLICT) {
        return res;
    }
    if (is_alive(a, &r->grant, clock_now_ms())) {
        return use(a, &r->grant);
    }
    a->call->retry_after_s = r->retry_after_s;
    return res;
}

static Res get(struct look *l)
{
    struct access *a = l->access;
    struct refresh *r = &l->refresh;
    bool got = false;

    TRY(store_read(a->call->cx, a->call->worker->store, work_look, l));
    a->source = r->account.source;
    TRY(open_grant(l));
    int64_t now = clock_now_ms();

    if (is_fresh(a, &r->grant, now)) {
        return use(a, &r->grant);
    }
    if (a->stale.n == 0) {
        a->stale = r->grant.access_token;
    }
    if (r->record.leased_until_ms > now) {
        return wait(l, r->record.leased_until_ms);
    }
    if (r->record.retry_ms > now) {
        return back_off(l, now);
    }
    TRY(refresh_begin(a->call->cx, r, &got));
    return got ? refresh(l) : wait(l, now);
}

Res access_get(struct access *a)
{
    struct call *c = a->call;
    struct look l = {
        .access = a, .refresh = {.settings = c->settings, .worker = c->worker}
    };

    c->is_parked = false;
    Res res = get(&l);

    if (res.code == FAIL_CONFLICT && l.refresh.is_lost) {
        res = wait(&l, clock_now_ms());
    }
    if (c->is_parked) {
        return res;
    }
    if (a->has_waited || l.refresh.owner.n > 0) {
        worker_wake(c->worker, refresh_key(&c->cx->mem, a->account));
    }
    a->has_waited = false;
    c->park_key = S("");
    return res;
}

void access_refused(struct access *a)
{
    a->stale = a->token;
    a->is_refused = true;
}
