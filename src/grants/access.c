/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access.c - read the grant and use a fresh token; else refresh, or wait for the refresh
 * of another.
 *
 * SECURITY 62. A token that is near its end is still good: while it lives nobody waits
 * for a refresh, and a failed refresh costs nobody anything.
 */
#include "grants/access.h"

#include "auth/visible.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "grants/refresh.h"
#include "store/store.h"
#include "work/lanes.h"

/* One try, with the grant as it is stored just now. */
struct access_try {
    struct access *access;
    struct refresh refresh;
};

static Res access_read_work(struct cx *cx, struct db *db, void *arg)
{
    struct access_try *t = arg;
    const struct access *a = t->access;

    TRY(visible_account(cx, db, a->who, a->account, &t->refresh.account));
    return grant_get(cx, db, a->account, &t->refresh.record);
}

static bool access_is_stale_one(const struct access *a, Str token)
{
    return a->stale.n > 0 && seal_equal(token, a->stale);
}

/* A token that arrived while this work waited counts as fresh, however soon it expires.
 */
static bool access_is_fresh(const struct access *a, const struct grant *g, int64_t now)
{
    if (g->access_token.n == 0 || access_is_stale_one(a, g->access_token)) {
        return false;
    }
    return a->stale.n > 0 || now < g->access_expires_ms - LIMIT_ACCESS_MARGIN_MS;
}

static bool access_is_alive(const struct access *a, const struct grant *g, int64_t now)
{
    bool is_refused = a->is_refused && access_is_stale_one(a, g->access_token);

    return g->access_token.n > 0 && !is_refused
           && now < g->access_expires_ms - LIMIT_ACCESS_ALIVE_MS;
}

static Res access_use(struct access *a, const struct grant *g)
{
    a->token = g->access_token;
    a->scope = g->scope;
    return OK;
}

static const char access_busy[] = "another refreshes this grant";

/* Uses the old token while it lives; else parks. By `until_ms` the other refresh has
 * finished. */
static Res access_wait(struct cx *cx, struct access_try *t, int64_t until_ms)
{
    struct access *a = t->access;
    int64_t now = clock_now_ms();

    if (access_is_alive(a, &t->refresh.grant, now)) {
        return access_use(a, &t->refresh.grant);
    }
    if (cx_left_ms(cx, 1) == 0) {
        a->work->retry_after_s = until_ms > now ? (until_ms - now + 999) / 1000 : 1;
        return fail(cx, FAIL_UNAVAILABLE, access_busy);
    }
    work_park(a->work, PARK_GRANT, refresh_key(&cx->mem, a->account), 0);
    a->has_waited = true;
    return OK;
}

/* The last refresh failed. The next try may be near enough to wait for it. */
static Res access_back_off(struct cx *cx, struct access_try *t, int64_t now)
{
    int64_t retry_ms = t->refresh.record.retry_ms;

    if (retry_ms - now <= LIMIT_REFRESH_WAIT_MS
        || access_is_alive(t->access, &t->refresh.grant, now)) {
        return access_wait(cx, t, retry_ms);
    }
    t->access->work->retry_after_s = (retry_ms - now + 999) / 1000;
    return fail(cx, FAIL_SOURCE_UNAVAILABLE, "the last refresh failed, too soon yet");
}

static Res access_refresh(struct cx *cx, struct access_try *t)
{
    Res res = refresh_run(cx, &t->refresh);

    if (res.code == FAIL_NONE) {
        return access_use(t->access, &t->refresh.grant);
    }
    if (res.code == FAIL_NEEDS_RECONNECT || res.code == FAIL_CONFLICT) {
        return res;
    }
    if (access_is_alive(t->access, &t->refresh.grant, clock_now_ms())) {
        t->access->work->retry_after_s = 0;
        return access_use(t->access, &t->refresh.grant);
    }
    return res;
}

/* A call that has waited to its end looks once more, where the store lets it. */
static Res access_look(struct cx *cx, struct access_try *t)
{
    struct access *a = t->access;
    Res res = store_read(cx, a->work->worker->store, access_read_work, t);

    if (res.code == FAIL_UNAVAILABLE && a->has_waited && cx_left_ms(cx, 1) == 0) {
        return fail(cx, FAIL_UNAVAILABLE, access_busy);
    }
    if (res.code == FAIL_NONE) {
        cx_name_flow(cx, t->refresh.account.flow);
    }
    return res;
}

static Res access_try(struct cx *cx, struct access_try *t)
{
    struct access *a = t->access;
    struct refresh *r = &t->refresh;
    bool got = false;

    TRY(access_look(cx, t));
    a->source = r->account.source;
    if (work_move_to_source(a->work, a->source)) {
        return OK;
    }
    TRY(refresh_open_grant(cx, r));
    int64_t now = clock_now_ms();

    if (access_is_fresh(a, &r->grant, now)) {
        return access_use(a, &r->grant);
    }
    if (a->stale.n == 0) {
        a->stale = r->grant.access_token;
    }
    if (r->record.leased_until_ms > now) {
        return access_wait(cx, t, r->record.leased_until_ms);
    }
    if (r->record.retry_ms > now) {
        return access_back_off(cx, t, now);
    }
    TRY(refresh_begin(cx, r, &got));
    return got ? access_refresh(cx, t) : access_wait(cx, t, now);
}

Res access_get(struct cx *cx, struct access *a)
{
    struct access_try t = {.access = a, .refresh = {.work = a->work}};

    a->work->is_parked = false;
    Res res = access_try(cx, &t);

    if (res.code == FAIL_CONFLICT) {
        res = access_wait(cx, &t, clock_now_ms());
    }
    if (a->work->is_parked) {
        return res;
    }
    if (a->has_waited || t.refresh.owner.n > 0) {
        lanes_wake(a->work->worker->lanes, refresh_key(&cx->mem, a->account));
    }
    a->has_waited = false;
    a->work->park_key = S("");
    return res;
}

void access_refused(struct access *a)
{
    a->stale = a->token;
    a->is_refused = true;
}
