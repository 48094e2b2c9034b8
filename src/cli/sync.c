/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync.c - caldock sync list, show, now, reset: how the reading of calendars stands, and
 * what an operator does about one of them. Never what is in it.
 */
#include "cli/sync.h"

#include <stdio.h>

#include "cli/account.h"
#include "cli/print.h"
#include "cli/provider.h"
#include "cli/sync_view.h"
#include "store/accounts.h"
#include "store/providers.h"

/* The argument and result of a work function of the store. */
struct sync_query {
    struct sync_view view;
    int64_t provider; /* of a list; 0: all */
    int64_t account;  /* the same */
    int64_t after;    /* the account that its next page begins behind */
    struct calendar_states_page page;
    size_t n_unreadable;

    int64_t id; /* of one setting */
    struct calendar_state found;
    Res (*change)(struct cx *cx, struct db *db, int64_t settings); /* NULL: none */
};

static struct sync_query sync_query_open(const struct cli *cli)
{
    return (struct sync_query){
        .view.settings = &cli->app.config->settings.sync,
    };
}

/* Lists. */

static Res sync_begin_work(struct cx *cx, struct db *db, void *arg)
{
    struct sync_query *q = arg;
    struct account account;

    TRY(q->account == 0 ? OK : account_get(cx, db, q->account, &account));
    return sync_view_count(cx, db, &q->view);
}

static Res sync_provider_work(struct cx *cx, struct db *db, void *arg)
{
    const struct sync_query *q = arg;
    struct provider provider;

    return q->provider == 0 ? OK : provider_find(cx, db, q->provider, &provider);
}

static Res sync_list_work(struct cx *cx, struct db *db, void *arg)
{
    struct sync_query *q = arg;

    return q->account == 0
               ? calendar_states_list(cx, db, q->provider, q->after, &q->page)
               : calendar_states_of_account(cx, db, q->provider, q->account, &q->page);
}

static Res sync_print_page(struct cli *cli, void *arg, bool *more)
{
    struct sync_query *q = arg;
    bool stale = cli_has(cli, S("--stale"));

    TRY(store_read(cli->cx, cli->app.store, sync_list_work, q));
    q->view.now_ms = q->page.now_ms;
    for (size_t i = 0; i < q->page.n; i++) {
        const struct calendar_state *s = &q->page.at[i];
        struct sync_standing standing = sync_view_judge(&q->view, s);

        if (stale && (standing.is_fresh || standing.is_off)) {
            continue;
        }
        struct writer *w = print_open(cli);

        sync_view_write(w, &q->view, s, SYNC_IN_LIST);
        TRY(print_item(cli, w));
    }
    q->n_unreadable += q->page.n_unreadable;
    q->after = q->page.last;
    *more = q->page.last != 0;
    return OK;
}

static Res sync_read_filter(struct cli *cli, struct sync_query *q)
{
    if (cli_has(cli, S("--provider"))) {
        TRY(cli_id(cli, cli_value(cli, S("--provider")), &q->provider));
    }
    if (cli_has(cli, S("--account"))) {
        TRY(cli_id(cli, cli_value(cli, S("--account")), &q->account));
    }
    return OK;
}

Res sync_list_run(struct cli *cli)
{
    struct sync_query q = sync_query_open(cli);
    struct store **store = &cli->app.store;

    TRY(sync_read_filter(cli, &q));
    TRY(app_find_store(&cli->app));
    TRY(provider_refuse_missing(
        cli, store_read(cli->cx, *store, sync_provider_work, &q), q.provider));
    TRY(account_refuse_missing(
        cli, store_read(cli->cx, *store, sync_begin_work, &q), q.account));
    TRY(print_pages(cli, sync_print_page, &q));
    if (q.n_unreadable > 0) {
        (void)fprintf(stderr, "left out: %zu that can't be read\n", q.n_unreadable);
    }
    return OK;
}

/* One. */

static Res sync_one_work(struct cx *cx, struct db *db, void *arg)
{
    struct sync_query *q = arg;

    TRY(calendar_states_get(cx, db, q->id, &q->found, &q->view.now_ms));
    if (q->change != NULL) {
        TRY(q->change(cx, db, q->id));
        TRY(calendar_states_get(cx, db, q->id, &q->found, &q->view.now_ms));
    }
    return sync_view_count(cx, db, &q->view);
}

/* What keeps a calendar from being read, although it is due; empty: nothing. */
static const char *sync_obstacle(const struct sync_query *q)
{
    const struct calendar_state *s = &q->found;

    if ((s->setting.switches & SWITCHES_SYNC) == 0) {
        return "neither switch of it is on, so nothing of it is read";
    }
    if (!s->setting.is_connected) {
        return "it is read when its account is connected again";
    }
    if (!s->has_feature) {
        return "it is read when its provider has " FEATURE_CALENDARS " again";
    }
    return s->hold_until_ms > q->view.now_ms
               ? "its source wants the account to be left alone until held_until"
               : "";
}

static Res sync_one_run(
    struct cli *cli, Res (*change)(struct cx *cx, struct db *db, int64_t settings))
{
    struct sync_query q = sync_query_open(cli);

    q.change = change;
    TRY(cli_id(cli, cli->words[0], &q.id));
    TRY(app_find_store(&cli->app));
    Res res = change == NULL ? store_read(cli->cx, cli->app.store, sync_one_work, &q)
                             : store_write(cli->cx, cli->app.store, sync_one_work, &q);

    if (res.code == FAIL_NOT_FOUND) {
        return fail(
            cli->cx, FAIL_NOT_FOUND,
            "there is no calendar setting %lld; `caldock sync list` shows them",
            (long long)q.id);
    }
    TRY(res);
    if (change != NULL && *sync_obstacle(&q) != 0) {
        (void)fprintf(stderr, "setting %lld: %s\n", (long long)q.id, sync_obstacle(&q));
    }
    struct writer *w = print_open(cli);

    sync_view_write(w, &q.view, &q.found, SYNC_ALONE);
    return print_one(cli, w);
}

Res sync_show_run(struct cli *cli)
{
    return sync_one_run(cli, NULL);
}

Res sync_now_run(struct cli *cli)
{
    return sync_one_run(cli, calendar_states_want);
}

Res sync_reset_run(struct cli *cli)
{
    return sync_one_run(cli, calendar_states_reset);
}
