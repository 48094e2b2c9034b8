/* SPDX-License-Identifier: Apache-2.0 */
/*
 * removal.c - caldock provider remove: removes a provider and its accounts while nodes
 * serve.
 *
 * The mark comes first and ends the provider for every service, so that nothing is added
 * to it. Its accounts are then disconnected in steps. A step stores the revocations of
 * its grants in the transaction that deletes them, so a grant is never gone without its
 * revocation. The store shows what is left: a second run goes on where the first one
 * ended.
 */
#include "cli/removal.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/limits.h"
#include "cli/audit.h"
#include "cli/provider.h"
#include "grants/account_log.h"
#include "grants/account_state.h"
#include "store/accounts.h"
#include "store/providers.h"
#include "store/steps.h"
#include "store/webhook_messages.h"

enum { REMOVAL_TELL_MS = 1000 };

struct removal {
    struct cli *cli;
    int64_t id;
    int64_t total; /* accounts */
    int64_t done;
    int64_t after; /* the id up to which they are disconnected */
    int64_t told_ms;
};

static Res removal_mark_work(struct cx *cx, struct db *db, void *arg)
{
    struct removal *r = arg;
    struct provider p;

    TRY(provider_find(cx, db, r->id, &p));
    TRY(account_count_provider(cx, db, r->id, &r->total));
    if (r->total > 0 && !cli_has(r->cli, S("--yes"))) {
        return fail(
            cx, FAIL_CONFLICT,
            "provider %lld has %lld connected accounts; --yes disconnects them",
            (long long)r->id, (long long)r->total);
    }
    return provider_mark_removed(cx, db, r->id);
}

static Res removal_mark(struct removal *r)
{
    Res res = store_write(r->cli->cx, r->cli->app.store, removal_mark_work, r);

    return provider_refuse_missing(r->cli, res, r->id);
}

/* One step of it; what it did counts when it is committed. */
struct removal_step {
    const struct removal *removal;
    int64_t *ids;
    struct account *accounts; /* that were disconnected */
    size_t n;
    bool more;
};

static Res removal_disconnect_work(struct cx *cx, struct db *db, void *arg)
{
    struct removal_step *s = arg;
    const struct removal *r = s->removal;

    TRY(account_list_ids(cx, db, r->id, r->after, &s->ids, &s->n));
    s->accounts = NEW_N(&cx->mem, struct account, s->n);
    for (size_t i = 0; i < s->n; i++) {
        TRY(account_state_disconnect(
            cx, db, &r->cli->app.config->settings, s->ids[i], BY_OPERATOR,
            &s->accounts[i]));
    }
    return OK;
}

static void removal_tell(struct removal *r)
{
    if (clock_mono_ms() >= r->told_ms + REMOVAL_TELL_MS) {
        (void)fprintf(
            stderr, "disconnected: %lld of %lld\n", (long long)r->done,
            (long long)r->total);
        r->told_ms = clock_mono_ms();
    }
}

static Res removal_disconnect(struct cx *cx, void *arg, bool *more)
{
    struct removal *r = arg;
    struct removal_step step = {.removal = r};

    TRY(store_write(cx, r->cli->app.store, removal_disconnect_work, &step));
    crash_point("remove.after_step");
    for (size_t i = 0; i < step.n; i++) {
        account_log(cx, EVENT_ACCOUNT_DISCONNECTED, &step.accounts[i], S("command"));
    }
    *more = step.n == LIMIT_STEP_ROWS;
    r->after = step.n > 0 ? step.ids[step.n - 1] : r->after;
    r->done += (int64_t)step.n;
    removal_tell(r);
    return OK;
}

static Res removal_tokens_work(struct cx *cx, struct db *db, void *arg)
{
    struct removal_step *s = arg;

    return provider_remove_tokens(cx, db, s->removal->id, &s->more);
}

static Res removal_drop_tokens(struct cx *cx, void *arg, bool *more)
{
    const struct removal *r = arg;
    struct removal_step step = {.removal = r};

    TRY(store_write(cx, r->cli->app.store, removal_tokens_work, &step));
    *more = step.more;
    return OK;
}

static Res removal_messages_work(struct cx *cx, struct db *db, void *arg)
{
    struct removal_step *s = arg;

    return webhook_message_forget(cx, db, s->removal->id, &s->more);
}

static Res removal_drop_messages(struct cx *cx, void *arg, bool *more)
{
    const struct removal *r = arg;
    struct removal_step step = {.removal = r};

    TRY(store_write(cx, r->cli->app.store, removal_messages_work, &step));
    *more = step.more;
    return OK;
}

static Res removal_end_work(struct cx *cx, struct db *db, void *arg)
{
    const struct removal *r = arg;

    return provider_remove(cx, db, r->id);
}

Res removal_run(struct cli *cli)
{
    struct removal r = {.cli = cli, .told_ms = clock_mono_ms()};

    TRY(cli_id(cli, cli->words[0], &r.id));
    TRY(app_find_store(&cli->app));
    TRY(removal_mark(&r));
    crash_point("remove.after_mark");
    TRY(steps_run(cli->cx, &(struct steps){.run = removal_disconnect, .arg = &r}));
    TRY(steps_run(cli->cx, &(struct steps){.run = removal_drop_tokens, .arg = &r}));
    TRY(steps_run(cli->cx, &(struct steps){.run = removal_drop_messages, .arg = &r}));
    TRY(store_write(cli->cx, cli->app.store, removal_end_work, &r));
    audit_id(cli, EVENT_PROVIDER_REMOVED, "provider", r.id);
    (void)fprintf(stderr, "provider %lld is removed\n", (long long)r.id);
    return OK;
}
