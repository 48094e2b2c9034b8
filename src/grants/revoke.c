/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoke.c - stored revocations, and the call that carries one out.
 *
 * RFC 7009. A revocation keeps the sealed token until the source has answered, or seven
 * days have passed. The source is called outside any transaction, under a lease on the
 * person, so that no callback of the same person writes an account meanwhile.
 */
#include "grants/revoke.h"

#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metric.h"
#include "grants/record.h"
#include "grants/schedule.h"
#include "store/accounts.h"
#include "store/leases.h"
#include "store/store.h"

Str revoke_lease_name(struct arena *mem, enum source_id source, Str subject)
{
    return str_cat(mem, str_cat(mem, source_get(source)->code, S(":")), subject);
}

static bool revoke_is_on(const struct settings *settings, enum source_id source)
{
    const struct source_settings *own = settings_source(settings, source);

    return source_get(source)->has_revocation && own->revoke
           && own->client.revoke_url.n > 0;
}

Res revoke_store(
    struct cx *cx, struct db *db, const struct settings *settings, enum source_id source,
    Str subject, Str token)
{
    int64_t now = clock_now_ms();
    int64_t connected = 0;
    int64_t id;

    if (!revoke_is_on(settings, source) || token.n == 0) {
        return OK;
    }
    TRY(account_count_subject(cx, db, source, subject, &connected));
    if (connected > 0) {
        return OK;
    }
    struct revocation t = {
        .source = source,
        .subject = subject,
        .sealed = record_revocation_seal(
            &cx->mem, settings->keyring, (int)source, subject, token),
        .next_ms = now,
        .give_up_ms = now + LIMIT_REVOKE_GIVE_UP_MS,
        .flow = str_from_z(cx->flow),
    };

    must_be(keyring_record_key(t.sealed, &t.key_id));
    return revocation_insert(cx, db, &t, &id);
}

/* One revocation on its way. */
struct withdrawal {
    struct work *work;
    struct revocation_line line;
    Str owner;
    struct revocation revocation;
    Str name; /* of the lease on the person */
    struct lease lease;
    bool is_due; /* the source is to be called */
    bool is_over;
    bool is_cut; /* by a stop: no attempt, and due at once again */
};

static Res revoke_take_work(struct cx *cx, struct db *db, void *arg)
{
    struct withdrawal *r = arg;
    struct revocation *t = &r->revocation;
    int64_t connected = 0;
    bool got = false;

    r->is_due = false;
    r->lease = (struct lease){
        .owner = r->owner,
        .length_ms = r->work->settings->net.timeout_ms + LIMIT_CLAIM_MARGIN_MS,
    };
    TRY(revocation_take(cx, db, r->line, &r->lease, t));
    r->name = revoke_lease_name(&cx->mem, t->source, t->subject);
    TRY(lease_take(cx, db, r->name, &r->lease, &got));
    if (!got) {
        return revocation_again(cx, db, t->id, r->owner, LIMIT_REVOKE_FIRST_MS);
    }
    TRY(account_count_subject(cx, db, t->source, t->subject, &connected));
    r->is_due = connected == 0 && revoke_is_on(r->work->settings, t->source);
    if (r->is_due) {
        return OK;
    }
    TRY(revocation_done(cx, db, t->id, r->owner));
    return lease_drop(cx, db, r->name, r->owner);
}

static Res revoke_settle_work(struct cx *cx, struct db *db, void *arg)
{
    struct withdrawal *r = arg;
    struct revocation *t = &r->revocation;

    TRY(lease_drop(cx, db, r->name, r->owner));
    if (r->is_over) {
        return revocation_done(cx, db, t->id, r->owner);
    }
    if (r->is_cut) {
        return revocation_give_back(cx, db, t->id, r->owner);
    }
    return revocation_again(
        cx, db, t->id, r->owner, schedule_revoke_delay_ms(t->attempts));
}

static Res revoke_at_source(struct cx *cx, const struct withdrawal *r)
{
    const struct net_via via = work_via(r->work);
    const struct revocation *t = &r->revocation;
    Str token;

    if (lease_left_ms(&r->lease) < r->work->settings->net.timeout_ms) {
        return fail(cx, FAIL_UNAVAILABLE, "the lease on the person would not last");
    }
    TRY(record_revocation_open(
        cx, r->work->settings->keyring, (int)t->source, t->subject, t->sealed, &token));
    return token_withdraw(
        cx, &via, &settings_source(r->work->settings, t->source)->client, token);
}

static void revoke_log(
    const struct cx *cx, const struct revocation *t, enum log_level level,
    enum event event)
{
    bool has_failed = event != EVENT_REVOCATION_DONE;

    log_event(
        level, event, KZ("flow", cx->flow), KV("source", source_get(t->source)->code),
        KI("revocation", t->id), KN("attempt", t->attempts + 1),
        KZ("reason", has_failed ? cx->why.text : ""));
}

/* A revocation is over when the source has answered, when its token can't be read any
 * more, and when its time is up. */
static bool revoke_is_over(struct cx *cx, const struct revocation *t, Res answer)
{
    bool is_late = clock_now_ms() >= t->give_up_ms;

    if (answer.code == FAIL_NONE) {
        METRIC_COUNT(METRIC_REVOCATIONS, metric_source(t->source), S("done"));
        revoke_log(cx, t, LEVEL_DEBUG, EVENT_REVOCATION_DONE);
        return true;
    }
    bool is_over = is_late || answer.code == FAIL_UNREADABLE;

    METRIC_COUNT(
        METRIC_REVOCATIONS, metric_source(t->source),
        is_over ? S("given_up") : S("failed"));
    if (is_over) {
        revoke_log(cx, t, LEVEL_ERROR, EVENT_REVOCATION_GIVEN_UP);
    } else {
        revoke_log(cx, t, LEVEL_WARN, EVENT_REVOCATION_FAILED);
    }
    return is_over;
}

Res revoke_one(struct cx *cx, struct work *work, struct revocation_line line, bool *did)
{
    struct store *store = work->worker->store;
    struct withdrawal r = {
        .work = work, .line = line, .owner = work_owner(&cx->mem, work->settings)};
    Res taken = store_write(cx, store, revoke_take_work, &r);

    if (taken.code == FAIL_NOT_FOUND) {
        *did = false;
        return OK;
    }
    TRY(taken);
    *did = true;
    cx_name_flow(cx, r.revocation.flow);
    if (!r.is_due) {
        return OK;
    }
    Res answer = revoke_at_source(cx, &r);

    r.is_cut = answer.code != FAIL_NONE && work_is_stopping(work);
    r.is_over = !r.is_cut && revoke_is_over(cx, &r.revocation, answer);
    Res settled = store_write(cx, store, revoke_settle_work, &r);

    /* It was cancelled, or another node has it by now and settles it. */
    return settled.code == FAIL_CONFLICT ? OK : settled;
}
