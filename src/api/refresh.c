/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refresh.c - lease, ask, judge, store: a grant made new.
 *
 * RFC 6749 §6, OpenID Connect Core §12.2, oauth-security 39, 50, 62, 63. The new tokens
 * are stored before anyone uses them, and the refresh token that they replace is kept
 * beside the new one until that has worked. Only a final refusal, another person or a
 * permission that is gone makes an account need its user; all else is tried again.
 */
#include "api/refresh.h"

#include <time.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/store.h"

enum { DAY_MS = 24 * 3600 * 1000, STORE_AGAIN_MS = 100 };

_Static_assert(
    LIMIT_REFRESH_ASK_MS + LIMIT_REFRESH_STORE_MS < LIMIT_LEASE_MS,
    "a lease outlives the longest work under it");

Str refresh_key(struct arena *mem, int64_t account)
{
    return str_cat(mem, S("grant:"), str_int(mem, account));
}

static int64_t random_below(int64_t n)
{
    uint64_t v;

    seal_random(&v, sizeof(v));
    return (int64_t)(v % (uint64_t)n);
}

/* The first half of the delay is certain, the second is spread. */
int64_t refresh_delay_ms(int64_t failures, int64_t told_s)
{
    int64_t delay = LIMIT_REFRESH_FIRST_MS;

    while (--failures > 0 && delay < LIMIT_REFRESH_MOST_MS) {
        delay *= 2;
    }
    delay = delay < LIMIT_REFRESH_MOST_MS ? delay : LIMIT_REFRESH_MOST_MS;
    delay -= random_below(delay / 2 + 1);
    int64_t told =
        told_s < LIMIT_REFRESH_TOLD_MS / 1000 ? told_s * 1000 : LIMIT_REFRESH_TOLD_MS;

    return delay > told ? delay : told;
}

/* A third of its life, less up to a quarter of that: who connected on one day isn't due
 * on one day. */
int64_t refresh_due_ms(const struct source *source, int64_t now_ms)
{
    int64_t third = source->idle_days * DAY_MS / 3;

    return now_ms + third - random_below(third / 4);
}

/* Lease. */

static Res work_lease(struct cx *cx, struct db *db, void *arg)
{
    struct refresh *r = arg;
    int64_t now = clock_now_ms();
    const struct hold hold = {r->owner, now, now + LIMIT_LEASE_MS};
    bool got;

    TRY(grant_lease(cx, db, r->account.id, r->record.version, &hold, &got));
    r->is_lost = !got;
    return OK;
}

Res refresh_begin(struct cx *cx, struct refresh *r, bool *got)
{
    r->owner = owner_new(&cx->mem, r->settings);
    crash_point("refresh.before_lease");
    TRY(store_write(cx, r->worker->store, work_lease, r));
    crash_point("refresh.after_lease");
    *got = !r->is_lost;
    return OK;
}

/* Ask. */

/* What came of it, before it is stored. */
struct outcome {
    struct refresh *refresh;
    enum fail how;
    Str reason;        /* of the account's status; empty: it stays connected */
    struct grant next; /* the new grant, where there is one */
    bool has_next;
    int64_t told_s; /* Retry-After, -1: none */
};

/* With one refresh token; *next is what there is to keep afterwards. */
static Res ask_with(struct cx *cx, struct outcome *o, Str refresh_token, struct tokens *t)
{
    struct refresh *r = o->refresh;
    struct token_renewal renewal = {refresh_token, r->grant.scope, -1};
    int64_t asked_ms = clock_now_ms();
    Res res = token_refresh(
        cx, r->worker->net, &r->settings->net,
        &settings_source(r->settings, r->account.source)->client, &renewal, t);

    o->told_s = renewal.retry_after_s;
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

/* The newest refresh token may be one that was given and never came to work; then the one
 * before it is asked with, once. */
static Res ask(struct cx *cx, struct outcome *o, struct tokens *t)
{
    const struct grant *g = &o->refresh->grant;

    crash_point("refresh.before_call");
    Res res = ask_with(cx, o, g->refresh_token, t);

    if (res.code == FAIL_GRANT_REFUSED && g->refresh_token_before.n > 0) {
        res = ask_with(cx, o, g->refresh_token_before, t);
    }
    crash_point("refresh.after_call");
    return res;
}

/* Judge. */

/* Core §12.2: whoever the new ID token names is the account's person. */
static Res is_same_person(struct cx *cx, const struct refresh *r, Str id_token)
{
    const struct source_settings *own = settings_source(r->settings, r->account.source);
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

static Res ask_and_judge(struct cx *cx, struct outcome *o)
{
    struct refresh *r = o->refresh;
    struct tokens t;

    TRY(ask(cx, o, &t));
    Res res = is_same_person(cx, r, t.id_token);

    if (res.code != FAIL_NONE) {
        o->has_next = false; /* not the person's: dropped */
        return res;
    }
    return source_scopes_kept(
        cx, settings_source(r->settings, r->account.source), r->grant.scope, t.scope);
}

static Str reason_of(enum fail how)
{
    static const struct {
        enum fail how;
        Str reason;
    } rows[] = {
        {FAIL_GRANT_REFUSED,    SI("grant_revoked")   },
        {FAIL_MISSING_SCOPES,   SI("missing_scopes")  },
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

static Res put_next(struct cx *cx, struct db *db, const struct outcome *o)
{
    struct refresh *r = o->refresh;
    struct grant_record record = {
        .sealed = grant_seal(
            &cx->mem, r->settings->keyring, r->account.provider, r->account.id, &o->next),
        .due_ms = o->reason.n > 0
                      ? GRANT_NEVER
                      : refresh_due_ms(source_get(r->account.source), clock_now_ms()),
    };

    must_be(keyring_record_key(record.sealed, &record.key_id));
    return grant_refreshed(cx, db, r->account.id, r->owner, &record);
}

static Res put_failure(struct cx *cx, struct db *db, const struct outcome *o)
{
    struct refresh *r = o->refresh;
    int64_t delay = refresh_delay_ms(r->record.failures + 1, o->told_s);

    r->retry_after_s = (delay + 999) / 1000;
    return grant_failed(cx, db, r->account.id, r->owner, clock_now_ms() + delay);
}

static Res work_settle(struct cx *cx, struct db *db, void *arg)
{
    const struct outcome *o = arg;
    const struct refresh *r = o->refresh;

    if (o->has_next) {
        TRY(put_next(cx, db, o));
    } else if (o->reason.n > 0) {
        TRY(grant_ended(cx, db, r->account.id, r->owner));
    } else {
        TRY(put_failure(cx, db, o));
    }
    return o->reason.n == 0 ? OK
                            : account_needs_reconnect(
                                cx, db, r->account.id, o->reason, clock_now_ms());
}

/* A store that is away for a moment may cost a refresh token that the source has just
 * made the only one: it is tried again as long as the lease allows. */
static Res settle(struct cx *cx, struct outcome *o)
{
    const struct timespec pause = {.tv_nsec = STORE_AGAIN_MS * 1000000L};

    cx->deadline_ms = clock_mono_ms() + LIMIT_REFRESH_STORE_MS;
    crash_point("refresh.before_store");
    Res res = store_write(cx, o->refresh->worker->store, work_settle, o);

    while (res.code == FAIL_UNAVAILABLE && cx_left_ms(cx, 1) > 0) {
        (void)nanosleep(&pause, NULL);
        res = store_write(cx, o->refresh->worker->store, work_settle, o);
    }
    crash_point("refresh.after_store");
    return res;
}

/* What ends a grant concerns its user, what refuses our client its operator. */
static enum fail kind_for_caller(const struct outcome *o)
{
    if (o->reason.n > 0) {
        return FAIL_CONFLICT;
    }
    return o->how == FAIL_ACCESS_DENIED || o->how == FAIL_ADMIN_CONSENT_REQUIRED
               ? FAIL_SOURCE_MISCONFIGURED
               : o->how;
}

static void log_end(struct arena *mem, const struct account *a, Str reason)
{
    log_event(
        LEVEL_WARN, "account.needs_reconnect", KV("account", str_int(mem, a->id)),
        KV("source", source_get(a->source)->code), KV("reason", reason));
}

/* The reason of the first failure is the one for the log. */
static Res finish(struct cx *cx, struct outcome *o)
{
    __typeof__(cx->why) why = cx->why;
    Res res = settle(cx, o);

    o->refresh->is_lost = res.code == FAIL_CONFLICT;
    TRY(res);
    if (o->reason.n > 0) {
        log_end(&cx->mem, &o->refresh->account, o->reason);
    }
    if (o->how == FAIL_NONE) {
        o->refresh->grant = o->next;
    }
    cx->why = why;
    return (Res){kind_for_caller(o)};
}

Res refresh_run(struct cx *cx, struct refresh *r)
{
    struct outcome o = {.refresh = r, .told_s = -1};
    int64_t deadline = cx->deadline_ms;
    int64_t most = r->settings->total_timeout_ms;

    cx->deadline_ms =
        clock_mono_ms() + (most < LIMIT_REFRESH_ASK_MS ? most : LIMIT_REFRESH_ASK_MS);
    o.how = ask_and_judge(cx, &o).code;
    o.reason = reason_of(o.how);
    Res res = finish(cx, &o);

    cx->deadline_ms = deadline;
    return res;
}

/* Without a lease. */

struct giving_up {
    const struct refresh *refresh;
    Str reason;
};

static Res work_give_up(struct cx *cx, struct db *db, void *arg)
{
    const struct giving_up *g = arg;
    const struct refresh *r = g->refresh;

    TRY(grant_stop(cx, db, r->account.id, r->record.version));
    return account_needs_reconnect(cx, db, r->account.id, g->reason, clock_now_ms());
}

Res refresh_give_up(struct cx *cx, struct refresh *r, Str reason)
{
    struct giving_up g = {r, reason};
    Res res = store_write(cx, r->worker->store, work_give_up, &g);

    r->is_lost = res.code == FAIL_CONFLICT;
    TRY(res);
    log_end(&cx->mem, &r->account, reason);
    return fail(
        cx, FAIL_CONFLICT, "needs to be connected again: %.*s", (int)reason.n, reason.p);
}

/* Disuse. */

struct batch {
    int64_t *accounts;
    size_t n;
};

static Res work_batch(struct cx *cx, struct db *db, void *arg)
{
    struct batch *b = arg;

    return grant_due(cx, db, clock_now_ms(), LIMIT_REFRESH_BATCH, &b->accounts, &b->n);
}

static Res work_read(struct cx *cx, struct db *db, void *arg)
{
    struct refresh *r = arg;

    TRY(account_get(cx, db, r->account.id, &r->account));
    return grant_get(cx, db, r->account.id, &r->record);
}

static Res keep_alive(struct cx *cx, struct refresh *r)
{
    bool got;

    TRY(store_read(cx, r->worker->store, work_read, r));
    Res res = grant_open(
        cx, r->settings->keyring, r->account.provider, r->account.id, r->record.sealed,
        &r->grant);

    if (res.code == FAIL_UNREADABLE) {
        return refresh_give_up(cx, r, REASON_UNREADABLE);
    }
    TRY(res);
    TRY(refresh_begin(cx, r, &got));
    return got ? refresh_run(cx, r) : OK;
}

Res refresh_due(struct cx *cx, struct worker *w, const struct settings *settings)
{
    struct batch b = {.n = 0};

    TRY(store_read(cx, w->store, work_batch, &b));
    for (size_t i = 0; i < b.n; i++) {
        struct refresh r = {
            .settings = settings, .worker = w, .account = {.id = b.accounts[i]}};
        struct cx one = {.deadline_ms = clock_mono_ms() + settings->total_timeout_ms};
        Res res = keep_alive(&one, &r);

        if (res.code != FAIL_NONE && res.code != FAIL_CONFLICT) {
            log_event(
                LEVEL_WARN, "refresh.failed",
                KV("account", str_int(&cx->mem, b.accounts[i])), KZ("why", one.why.text));
        }
        worker_wake(w, refresh_key(&one.mem, b.accounts[i]));
        cx_done(&one);
    }
    return OK;
}
