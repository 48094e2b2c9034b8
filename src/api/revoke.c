/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoke.c - taking a grant back at the source, when that harms nobody (contract §7, §9).
 *
 * RFC 7009. A task holds the sealed token until the source has answered, or seven days
 * have passed. The source is called outside any transaction, under a lease on the person,
 * so that no callback of the same person writes an account meanwhile.
 */
#include "api/revoke.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "oauth/grant.h"
#include "store/accounts.h"
#include "store/grants.h"
#include "store/store.h"
#include "store/tasks.h"

Str revoke_lease_name(struct arena *mem, enum source_id source, Str subject)
{
    return str_cat(mem, str_cat(mem, source_get(source)->code, S(":")), subject);
}

int64_t revoke_delay_ms(int64_t attempts)
{
    int64_t delay = LIMIT_REVOKE_FIRST_MS;

    while (attempts-- > 0 && delay < LIMIT_REVOKE_MOST_MS) {
        delay *= 2;
    }
    return delay < LIMIT_REVOKE_MOST_MS ? delay : LIMIT_REVOKE_MOST_MS;
}

static bool can_revoke(const struct settings *settings, enum source_id source)
{
    const struct source_settings *own = settings_source(settings, source);

    return source_get(source)->has_revocation && own->revoke
           && own->client.revoke_url.n > 0;
}

Res revoke_leave(
    struct cx *cx, struct db *db, const struct settings *settings, enum source_id source,
    Str subject, Str token)
{
    int64_t now = clock_now_ms();
    int64_t connected = 0;
    int64_t id;

    if (!can_revoke(settings, source) || token.n == 0) {
        return OK;
    }
    TRY(account_count_subject(cx, db, source, subject, &connected));
    if (connected > 0) {
        return OK;
    }
    struct task t = {
        .source = source,
        .subject = subject,
        .sealed =
            revocation_seal(&cx->mem, settings->keyring, (int)source, subject, token),
        .next_ms = now,
        .give_up_ms = now + LIMIT_REVOKE_GIVE_UP_MS,
    };

    must_be(keyring_record_key(t.sealed, &t.key_id));
    return task_add(cx, db, &t, &id);
}

/* One task on its way. */
struct revocation {
    const struct settings *settings;
    Str owner;
    struct task task;
    Str lease;
    bool is_due; /* the source is to be called */
    bool is_over;
};

static Res work_take(struct cx *cx, struct db *db, void *arg)
{
    struct revocation *r = arg;
    struct task *t = &r->task;
    int64_t now = clock_now_ms();
    const struct hold hold = {
        .owner = r->owner,
        .now_ms = now,
        .until_ms = now + r->settings->net.timeout_ms + LIMIT_CLAIM_MARGIN_MS,
    };
    int64_t connected = 0;
    bool got = false;

    r->is_due = false;
    TRY(task_take(cx, db, &hold, t));
    r->lease = revoke_lease_name(&cx->mem, t->source, t->subject);
    TRY(lease_take(cx, db, r->lease, &hold, &got));
    if (!got) {
        return task_again(cx, db, t->id, r->owner, now + LIMIT_REVOKE_FIRST_MS);
    }
    TRY(account_count_subject(cx, db, t->source, t->subject, &connected));
    r->is_due = connected == 0 && can_revoke(r->settings, t->source);
    if (r->is_due) {
        return OK;
    }
    TRY(task_done(cx, db, t->id, r->owner));
    return lease_drop(cx, db, r->lease, r->owner);
}

static Res work_settle(struct cx *cx, struct db *db, void *arg)
{
    struct revocation *r = arg;
    struct task *t = &r->task;

    TRY(lease_drop(cx, db, r->lease, r->owner));
    if (r->is_over) {
        return task_done(cx, db, t->id, r->owner);
    }
    return task_again(
        cx, db, t->id, r->owner, clock_now_ms() + revoke_delay_ms(t->attempts));
}

static Res call_source(struct cx *cx, struct worker *w, const struct revocation *r)
{
    const struct task *t = &r->task;
    Str token;

    TRY(revocation_open(
        cx, r->settings->keyring, (int)t->source, t->subject, t->sealed, &token));
    return token_withdraw(
        cx, w->net, &r->settings->net,
        settings_source(r->settings, t->source)->client.revoke_url, token);
}

/* It is over when the source has answered, when the token can't be read any more, and
 * when the time is up. */
static bool judge(struct cx *cx, const struct task *t, Res answer)
{
    bool is_late = clock_now_ms() >= t->give_up_ms;

    if (answer.code == FAIL_NONE) {
        log_event(
            LEVEL_INFO, "revocation.done", KV("source", source_get(t->source)->code),
            KV("task", str_int(&cx->mem, t->id)));
        return true;
    }
    bool is_over = is_late || answer.code == FAIL_UNREADABLE;

    log_event(
        LEVEL_WARN, is_over ? "revocation.given_up" : "revocation.tried",
        KV("source", source_get(t->source)->code), KV("task", str_int(&cx->mem, t->id)),
        KV("attempts", str_int(&cx->mem, t->attempts + 1)), KZ("why", cx->why.text));
    return is_over;
}

Res revoke_one(
    struct cx *cx, struct worker *w, const struct settings *settings, bool *did)
{
    struct revocation r = {.settings = settings, .owner = w->owner};
    Res taken = store_write(cx, w->store, work_take, &r);

    if (taken.code == FAIL_NOT_FOUND) {
        *did = false;
        return OK;
    }
    TRY(taken);
    *did = true;
    if (!r.is_due) {
        return OK;
    }
    r.is_over = judge(cx, &r.task, call_source(cx, w, &r));
    Res settled = store_write(cx, w->store, work_settle, &r);

    /* Cancelled, or somebody else's by now: theirs to settle. */
    return settled.code == FAIL_CONFLICT ? OK : settled;
}

/* The refresh token of an account; empty when its grant doesn't open any more. */
static Res refresh_token_of(
    struct cx *cx, struct db *db, const struct keyring *k, const struct account *a,
    Str *ret)
{
    struct grant_record record;
    struct grant grant;
    Res r = grant_get(cx, db, a->id, &record);

    if (r.code == FAIL_NONE) {
        r = grant_open(cx, k, a->provider, a->id, record.sealed, &grant);
    }
    if (r.code == FAIL_NOT_FOUND || r.code == FAIL_UNREADABLE) {
        *ret = S("");
        return OK;
    }
    TRY(r);
    *ret = grant.refresh_token;
    return OK;
}

Res account_disconnect(
    struct cx *cx, struct db *db, const struct settings *settings, int64_t account)
{
    struct account a;
    Str token;

    TRY(account_get(cx, db, account, &a));
    TRY(refresh_token_of(cx, db, settings->keyring, &a, &token));
    TRY(account_delete(cx, db, account));
    return revoke_leave(cx, db, settings, a.source, a.subject, token);
}
