/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refresh.c - lease, ask, judge, store: a grant made new.
 *
 * RFC 6749 §6, OpenID Connect Core §12.2, SECURITY 39, 50, 62, 63. The new tokens are
 * stored before anyone uses them. The refresh token that they replace is kept beside the
 * new one until the new one has worked. Only a refusal, another person or a lost
 * permission makes an account need its user; everything else is tried again. A refused
 * grant is, too, but rarely: where that works, the account is connected again.
 */
#include "grants/refresh.h"

#include <time.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metric.h"
#include "grants/account_log.h"
#include "grants/account_state.h"
#include "grants/refusals.h"
#include "grants/schedule.h"
#include "sources/source.h"
#include "store/store.h"
#include "work/lanes.h"

enum { STORE_AGAIN_MS = 100 };

_Static_assert(
    LIMIT_REFRESH_ASK_MS + LIMIT_REFRESH_STORE_MS < LIMIT_LEASE_MS,
    "a lease outlives the longest work under it");

Str refresh_key(struct arena *mem, int64_t account)
{
    return str_cat(mem, S("grant:"), str_int(mem, account));
}

/* Lease. */

struct lease_try {
    struct refresh *refresh;
    bool got;
};

static Res refresh_lease_work(struct cx *cx, struct db *db, void *arg)
{
    struct lease_try *try = arg;
    struct refresh *r = try->refresh;
    r->lease = (struct lease){.owner = r->owner, .length_ms = LIMIT_LEASE_MS};
    return grant_lease(cx, db, r->account.id, r->record.version, &r->lease, &try->got);
}

Res refresh_begin(struct cx *cx, struct refresh *r, bool *got)
{
    struct lease_try try = {.refresh = r};

    r->owner = work_owner(&cx->mem, r->work->settings);
    crash_point("refresh.before_lease");
    TRY(store_write(cx, r->work->worker->store, refresh_lease_work, &try));
    crash_point("refresh.after_lease");
    *got = try.got;
    return OK;
}

/* Ask. */

/* The result of a refresh, before it is stored. */
struct refresh_result {
    struct refresh *refresh;
    enum fail how;
    Str reason;        /* of the account's status; empty: it stays connected */
    struct grant next; /* the new grant, where there is one */
    bool has_next;
    Str asked_with;        /* the refresh token */
    int64_t told_s;        /* Retry-After, -1: none */
    bool healed;           /* the account was marked until now */
    struct account broken; /* marked just now; no id: it wasn't */
};

/* Nothing but the new refresh token of an answer is kept, if it has one. */
static void refresh_keep(struct refresh_result *o, Str refresh_token)
{
    o->has_next = refresh_token.n > 0 && !seal_equal(refresh_token, o->asked_with);
    o->next = o->refresh->grant;
    o->next.refresh_token = refresh_token;
    o->next.refresh_token_before = o->asked_with;
}

/* Asks with one refresh token; o->next is the grant to keep afterwards. */
static Res refresh_ask_with(
    struct cx *cx, struct refresh_result *o, Str refresh_token, struct tokens *t)
{
    struct refresh *r = o->refresh;
    struct token_renewal renewal = {
        .refresh_token = refresh_token, .scope = r->grant.scope, .retry_after_s = -1};
    const struct net_via via = work_via(r->work);
    int64_t asked_ms = clock_now_ms();

    if (lease_left_ms(&r->lease)
        < cx_left_ms(cx, LIMIT_LEASE_MS) + LIMIT_REFRESH_STORE_MS) {
        return fail(cx, FAIL_CONFLICT, "the lease on the grant would not last");
    }
    Res res = token_refresh(
        cx, &via, &settings_source(r->work->settings, r->account.source)->client,
        &renewal, t);

    o->told_s = renewal.retry_after_s;
    o->asked_with = refresh_token;
    refresh_keep(o, renewal.rescued);
    TRY(res);
    bool is_new = t->refresh_token.n > 0 && !seal_equal(t->refresh_token, refresh_token);

    o->next = (struct grant){
        .refresh_token = is_new ? t->refresh_token : refresh_token,
        .refresh_token_before = is_new ? refresh_token : S(""),
        .access_token = t->access_token,
        .access_expires_ms = asked_ms + t->expires_in_s * 1000,
        .scope = t->scope,
    };
    o->has_next = true;
    return OK;
}

/* A refresh token that the source gave may never have come to work. When the source
 * refuses it, the one before it is tried, once. */
static Res refresh_ask(struct cx *cx, struct refresh_result *o, struct tokens *t)
{
    const struct grant *g = &o->refresh->grant;

    crash_point("refresh.before_call");
    Res res = refresh_ask_with(cx, o, g->refresh_token, t);

    if (res.code == FAIL_GRANT_REFUSED && g->refresh_token_before.n > 0) {
        res = refresh_ask_with(cx, o, g->refresh_token_before, t);
    }
    crash_point("refresh.after_call");
    return res;
}

/* Judge. */

/* OpenID Connect Core §12.2: the new ID token names the account's person. */
static Res refresh_person_check(struct cx *cx, const struct refresh *r, Str id_token)
{
    const struct source_settings *own =
        settings_source(r->work->settings, r->account.source);
    const struct source *source = source_get(r->account.source);
    struct id_claims claims;
    struct person person;

    if (id_token.n == 0) {
        return OK;
    }
    TRY(id_token_read(cx, id_token, own->client.client_id, &claims));
    if (!source->issuer_fits(&claims, S(""), own->issuer)) {
        return fail(cx, FAIL_IDENTITY_INVALID, "a refreshed ID token of another issuer");
    }
    TRY(source->person(cx, &claims, &person));
    if (!str_eq(person.subject, r->account.subject)) {
        return fail(cx, FAIL_IDENTITY_INVALID, "a refreshed ID token of another person");
    }
    return OK;
}

static Res refresh_judge(struct cx *cx, struct refresh_result *o)
{
    struct refresh *r = o->refresh;
    struct tokens t = {.expires_in_s = 0};

    TRY(refresh_ask(cx, o, &t));
    Res res = refresh_person_check(cx, r, t.id_token);

    if (res.code == FAIL_IDENTITY_INVALID) {
        o->has_next = false; /* not the person's: dropped */
    } else if (res.code != FAIL_NONE) {
        refresh_keep(o, o->next.refresh_token);
    }
    TRY(res);
    return source_scopes_kept(
        cx, settings_source(r->work->settings, r->account.source), r->grant.scope,
        t.scope);
}

static Str refresh_status_reason(enum fail how)
{
    static const struct {
        enum fail how;
        Str reason;
    } rows[] = {
        {FAIL_GRANT_REFUSED, SI("grant_revoked")},
        {FAIL_MISSING_SCOPES, SI("missing_scopes")},
        {FAIL_IDENTITY_INVALID, SI("identity_invalid")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].how == how) {
            return rows[i].reason;
        }
    }
    return S("");
}

/* Store. */

/* How long to wait after this failure; the caller learns it, too. */
static int64_t refresh_back_off(const struct refresh_result *o)
{
    struct refresh *r = o->refresh;
    int64_t delay = schedule_refresh_delay_ms(r->record.failures + 1, o->told_s);

    r->work->retry_after_s = (delay + 999) / 1000;
    return delay;
}

/* A new refresh token beside a failure: the account is as it was, so a grant that was
 * refused is due as soon as it may be tried. */
static void refresh_put_off(const struct refresh_result *o, struct grant_record *record)
{
    const struct refresh *r = o->refresh;

    record->failures = r->record.failures + 1;
    record->retry_ms = clock_now_ms() + refresh_back_off(o);
    record->refusals = r->record.refusals;
    if (r->record.refusals > 0) {
        record->due_ms = record->retry_ms;
    }
}

static Res refresh_put_grant(struct cx *cx, struct db *db, const struct refresh_result *o)
{
    struct refresh *r = o->refresh;
    struct grant_record record = {
        .due_ms = o->reason.n > 0 ? GRANT_NEVER
                                  : schedule_refresh_due_ms(
                                      source_get(r->account.source), clock_now_ms()),
    };

    if (o->how != FAIL_NONE && o->reason.n == 0) {
        refresh_put_off(o, &record);
    }
    grant_seal_into(
        &cx->mem, r->work->settings->keyring, r->account.provider, r->account.id,
        &o->next, &record);
    return grant_refreshed(cx, db, r->account.id, r->owner, &record);
}

static Res refresh_put_failure(
    struct cx *cx, struct db *db, const struct refresh_result *o)
{
    struct refresh *r = o->refresh;

    return grant_failed(cx, db, r->account.id, r->owner, refresh_back_off(o));
}

/* A stop ended the call: no attempt, and due at once again. */
static bool refresh_was_cut(const struct refresh_result *o)
{
    return o->how == FAIL_SOURCE_UNAVAILABLE && o->told_s < 0
           && work_is_stopping(o->refresh->work);
}

static Res refresh_settle_work(struct cx *cx, struct db *db, void *arg)
{
    struct refresh_result *o = arg;
    const struct refresh *r = o->refresh;

    if (o->has_next) {
        TRY(refresh_put_grant(cx, db, o));
    } else if (o->how == FAIL_GRANT_REFUSED) {
        TRY(grant_refused(
            cx, db, r->account.id, r->owner,
            schedule_refused_delay_ms(r->record.refusals)));
    } else if (refresh_was_cut(o)) {
        TRY(grant_give_back(cx, db, r->account.id, r->owner));
    } else if (o->reason.n > 0) {
        TRY(grant_ended(cx, db, r->account.id, r->owner));
    } else {
        TRY(refresh_put_failure(cx, db, o));
    }
    if (o->reason.n > 0) {
        return account_state_break(cx, db, r->account.id, o->reason, &o->broken);
    }
    o->healed = false;
    return o->how != FAIL_NONE ? OK
                               : account_state_heal(cx, db, r->account.id, &o->healed);
}

/* The source may have just made the new refresh token the only one. A store that is away
 * for a moment must not cost it, so the write is tried again as long as the lease
 * allows. */
static Res refresh_settle(struct cx *cx, struct refresh_result *o)
{
    const struct timespec pause = {.tv_nsec = STORE_AGAIN_MS * 1000000L};

    cx->deadline_ms = clock_mono_ms() + LIMIT_REFRESH_STORE_MS;
    crash_point("refresh.before_store");
    Res res = store_write(cx, o->refresh->work->worker->store, refresh_settle_work, o);

    while (res.code == FAIL_UNAVAILABLE && cx_left_ms(cx, 1) > 0) {
        (void)nanosleep(&pause, NULL);
        res = store_write(cx, o->refresh->work->worker->store, refresh_settle_work, o);
    }
    crash_point("refresh.after_store");
    return res;
}

/* The end of a grant concerns its user; a refusal of our client concerns its operator. */
static enum fail refresh_failure(const struct refresh_result *o)
{
    if (o->reason.n > 0) {
        return FAIL_NEEDS_RECONNECT;
    }
    return o->how == FAIL_ACCESS_DENIED || o->how == FAIL_ADMIN_CONSENT_REQUIRED
               ? FAIL_SOURCE_MISCONFIGURED
               : o->how;
}

/* Many at once are an alarm of their own. */
static void refresh_note_refusal(const struct refresh *r)
{
    int64_t n =
        refusals_note(r->work->worker->refusals, r->account.source, clock_mono_ms());

    if (n > 0) {
        log_event(
            LEVEL_WARN, EVENT_ACCOUNTS_REFUSED_TOGETHER,
            KV("source", source_get(r->account.source)->code), KN("count", n));
    }
}

static void refresh_log_end(
    const struct cx *cx, const struct refresh *r, enum log_level level, enum event event)
{
    log_event(
        level, event, KZ("flow", cx->flow), KZ("request", cx->request_id),
        KI("account", r->account.id),
        KV("source",
           r->account.source == 0 ? S("") : source_get(r->account.source)->code),
        KN("attempt", r->record.failures + 1),
        KZ("reason", event == EVENT_REFRESH_DONE ? "" : cx->why.text));
}

static void refresh_log_result(const struct cx *cx, const struct refresh_result *o)
{
    const struct account *a = &o->refresh->account;

    bool is_news = a->status == ACCOUNT_CONNECTED || o->how != FAIL_GRANT_REFUSED;

    if (o->how == FAIL_NONE) {
        refresh_log_end(cx, o->refresh, LEVEL_DEBUG, EVENT_REFRESH_DONE);
    } else if (o->reason.n == 0 && !refresh_was_cut(o)) {
        refresh_log_end(cx, o->refresh, LEVEL_WARN, EVENT_REFRESH_FAILED);
    }
    o->refresh->is_told = true;
    account_log_break(cx, &o->broken, o->reason);
    if (o->how == FAIL_GRANT_REFUSED && is_news) {
        refresh_note_refusal(o->refresh);
    }
    if (o->healed) {
        account_log(cx, EVENT_ACCOUNT_RECONNECTED, a, S("refresh"));
    }
}

static void refresh_count(const struct refresh_result *o)
{
    const struct refresh *r = o->refresh;
    Str result = S("failed");

    if (o->how == FAIL_NONE) {
        result = S("done");
    } else if (o->how == FAIL_GRANT_REFUSED) {
        result = S("refused");
    } else if (o->reason.n > 0) {
        result = S("ended");
    } else if (refresh_was_cut(o)) {
        result = S("cut");
    }
    METRIC_COUNT(
        METRIC_REFRESHES, metric_source(r->account.source),
        r->is_kept_alive ? S("disuse") : S("use"), result);
}

/* Stores the result. The log gets the reason of the first failure. */
static Res refresh_finish(struct cx *cx, struct refresh_result *o)
{
    __typeof__(cx->why) why = cx->why;

    TRY(refresh_settle(cx, o));
    cx->why = why;
    refresh_count(o);
    refresh_log_result(cx, o);
    if (o->how == FAIL_NONE) {
        o->refresh->grant = o->next;
    }
    return (Res){refresh_failure(o)};
}

Res refresh_run(struct cx *cx, struct refresh *r)
{
    struct refresh_result o = {.refresh = r, .told_s = -1};
    int64_t deadline = cx->deadline_ms;
    int64_t most = r->work->settings->total_timeout_ms;

    cx->deadline_ms =
        clock_mono_ms() + (most < LIMIT_REFRESH_ASK_MS ? most : LIMIT_REFRESH_ASK_MS);
    o.how = refresh_judge(cx, &o).code;
    o.reason = refresh_status_reason(o.how);
    Res res = refresh_finish(cx, &o);

    cx->deadline_ms = deadline;
    return res;
}

/* Opening. */

struct refresh_spoilt {
    const struct refresh *refresh;
    struct account broken;
};

static Res refresh_unreadable_work(struct cx *cx, struct db *db, void *arg)
{
    struct refresh_spoilt *s = arg;
    const struct refresh *r = s->refresh;

    TRY(grant_stop(cx, db, r->account.id, r->record.version));
    return account_state_break(cx, db, r->account.id, REASON_UNREADABLE, &s->broken);
}

static Res refresh_needs_reconnect(struct cx *cx, Str reason)
{
    return fail(
        cx, FAIL_NEEDS_RECONNECT, "needs to be connected again: %.*s", STR_ARG(reason));
}

static Res refresh_unseal(struct cx *cx, struct refresh *r)
{
    Res res = grant_open(
        cx, r->work->settings->keyring, r->account.provider, r->account.id,
        r->record.sealed, &r->grant);

    if (res.code != FAIL_UNREADABLE) {
        return res;
    }
    struct refresh_spoilt spoilt = {.refresh = r};

    TRY(store_write(cx, r->work->worker->store, refresh_unreadable_work, &spoilt));
    account_log_break(cx, &spoilt.broken, REASON_UNREADABLE);
    return refresh_needs_reconnect(cx, REASON_UNREADABLE);
}

Res refresh_open_grant(struct cx *cx, struct refresh *r)
{
    return r->account.status == ACCOUNT_CONNECTED
               ? refresh_unseal(cx, r)
               : refresh_needs_reconnect(cx, r->account.status_reason);
}

/* Disuse, and refusals. */

struct refresh_batch {
    struct due_page page;
    struct due_grant *at;
    size_t n;
};

static Res refresh_batch_work(struct cx *cx, struct db *db, void *arg)
{
    struct refresh_batch *b = arg;

    return grant_due(cx, db, &b->page, &b->at, &b->n);
}

static Res refresh_read_work(struct cx *cx, struct db *db, void *arg)
{
    struct refresh *r = arg;

    TRY(account_get(cx, db, r->account.id, &r->account));
    return grant_get(cx, db, r->account.id, &r->record);
}

static Res refresh_postpone_work(struct cx *cx, struct db *db, void *arg)
{
    const struct refresh *r = arg;

    return grant_postpone(cx, db, r->account.id, LIMIT_UNREADABLE_MS);
}

/* Reads the account and its grant. What can't be read is put off, so that it doesn't stay
 * the first that is due. */
static Res refresh_read(struct cx *cx, struct refresh *r)
{
    struct store *store = r->work->worker->store;
    int64_t account = r->account.id;
    Res res = store_read(cx, store, refresh_read_work, r);

    if (res.code == FAIL_UNREADABLE) {
        __typeof__(cx->why) why = cx->why;

        r->account.id = account;
        TRY(store_write(cx, store, refresh_postpone_work, r));
        cx->why = why;
    }
    if (res.code == FAIL_NONE) {
        cx_name_flow(cx, r->account.flow);
    }
    return res;
}

static bool refresh_may_heal(const struct account *a)
{
    return str_eq(a->status_reason, REASON_REVOKED);
}

static Res refresh_stop_work(struct cx *cx, struct db *db, void *arg)
{
    const struct refresh *r = arg;

    return grant_stop(cx, db, r->account.id, r->record.version);
}

/* What only a user can mend is not kept alive: it isn't due again. */
static Res refresh_keep_alive(struct cx *cx, struct refresh *r)
{
    bool got;

    TRY(refresh_read(cx, r));
    if (r->account.status != ACCOUNT_CONNECTED && !refresh_may_heal(&r->account)) {
        return store_write(cx, r->work->worker->store, refresh_stop_work, r);
    }
    TRY(refresh_may_heal(&r->account) ? refresh_unseal(cx, r)
                                      : refresh_open_grant(cx, r));
    TRY(refresh_begin(cx, r, &got));
    return got ? refresh_run(cx, r) : OK;
}

/* Needing a reconnect is a result, and a lost lease is another node's business. */
static bool refresh_has_failed(Res res)
{
    return res.code != FAIL_NONE && res.code != FAIL_NEEDS_RECONNECT
           && res.code != FAIL_CONFLICT;
}

static void refresh_one_due(struct work *work, int64_t account)
{
    struct refresh r = {.work = work, .account = {.id = account}, .is_kept_alive = true};
    struct cx cx = {.deadline_ms = clock_mono_ms() + work->settings->total_timeout_ms};
    Res res = refresh_keep_alive(&cx, &r);

    if (refresh_has_failed(res) && !r.is_told) {
        refresh_log_end(&cx, &r, LEVEL_WARN, EVENT_REFRESH_FAILED);
    }
    lanes_wake(work->worker->lanes, refresh_key(&cx.mem, account));
    cx_done(&cx);
}

/* One page, and on to the next. */
static Res refresh_batch(struct cx *cx, struct work *work, struct refresh_batch *b)
{
    TRY(store_read(cx, work->worker->store, refresh_batch_work, b));
    for (size_t i = 0; i < b->n && work_goes_on(work); i++) {
        refresh_one_due(work, b->at[i].account);
        b->page.after = b->at[i];
    }
    return OK;
}

Res refresh_due(struct cx *cx, struct work *work, const struct due_page *which)
{
    struct refresh_batch b = {.page = *which, .n = LIMIT_REFRESH_BATCH};
    Res res = OK;

    b.page.limit = LIMIT_REFRESH_BATCH;
    b.page.after = DUE_FIRST;
    while (b.n == LIMIT_REFRESH_BATCH && res.code == FAIL_NONE && work_goes_on(work)) {
        struct cx one = {
            .deadline_ms = clock_mono_ms() + work->settings->total_timeout_ms};

        res = refresh_batch(&one, work, &b);
        cx->why = one.why;
        cx_done(&one);
    }
    return res;
}
