/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account.c - caldock account list, show, remove: connected accounts, never a secret.
 */
#include "cli/account.h"

#include <stdio.h>

#include "api/account_view.h"
#include "cli/print.h"
#include "cli/provider.h"
#include "grants/account_log.h"
#include "grants/account_state.h"
#include "store/accounts.h"
#include "store/providers.h"

/* The argument and result of a work function of the store. */
struct account_query {
    struct cli *cli;
    int64_t id; /* of the account, or of the provider whose accounts are listed; 0: all */
    struct account *found;
    int64_t after; /* of a list: the id that its next page begins behind */
    struct account_page page;
};

Res account_refuse_missing(struct cli *cli, Res res, int64_t id)
{
    if (res.code != FAIL_NOT_FOUND) {
        return res;
    }
    return fail(
        cli->cx, FAIL_NOT_FOUND,
        "there is no account %lld; `caldock account list` shows them", (long long)id);
}

static Res account_list_work(struct cx *cx, struct db *db, void *arg)
{
    struct account_query *q = arg;
    struct provider provider;

    TRY(q->id == 0 ? OK : provider_find(cx, db, q->id, &provider));
    return account_list_all(cx, db, q->id, q->after, &q->page);
}

static Res account_print_page(struct cli *cli, void *arg, bool *more)
{
    struct account_query *q = arg;

    TRY(provider_refuse_missing(
        cli, store_read(cli->cx, cli->app.store, account_list_work, q), q->id));
    for (size_t i = 0; i < q->page.n; i++) {
        struct writer *w = print_open(cli);

        account_view_write(w, &q->page.at[i], ACCOUNT_FOR_OPERATOR);
        TRY(print_item(cli, w));
    }
    q->after = q->page.last;
    *more = q->page.last != 0;
    return OK;
}

Res account_list_run(struct cli *cli)
{
    struct account_query q = {.cli = cli};
    Str provider = cli_value(cli, S("--provider"));

    if (cli_has(cli, S("--provider"))) {
        TRY(cli_id(cli, provider, &q.id));
    }
    TRY(app_find_store(&cli->app));
    return print_pages(cli, account_print_page, &q);
}

static Res account_get_work(struct cx *cx, struct db *db, void *arg)
{
    struct account_query *q = arg;

    return account_get(cx, db, q->id, q->found);
}

Res account_show_run(struct cli *cli)
{
    struct account a = {0};
    struct account_query q = {.cli = cli, .found = &a};

    TRY(cli_id(cli, cli->words[0], &q.id));
    TRY(app_find_store(&cli->app));
    TRY(account_refuse_missing(
        cli, store_read(cli->cx, cli->app.store, account_get_work, &q), q.id));
    struct writer *w = print_open(cli);

    account_view_write(w, &a, ACCOUNT_FOR_OPERATOR);
    return print_one(cli, w);
}

static Res account_remove_work(struct cx *cx, struct db *db, void *arg)
{
    const struct account_query *q = arg;

    return account_state_disconnect(
        cx, db, &q->cli->app.config->settings, q->id, BY_OPERATOR, q->found);
}

Res account_remove_run(struct cli *cli)
{
    struct account a = {0};
    struct account_query q = {.cli = cli, .found = &a};

    TRY(cli_id(cli, cli->words[0], &q.id));
    TRY(app_find_store(&cli->app));
    TRY(account_refuse_missing(
        cli, store_write(cli->cx, cli->app.store, account_remove_work, &q), q.id));
    account_log(cli->cx, EVENT_ACCOUNT_DISCONNECTED, &a, S("command"));
    (void)fprintf(stderr, "account %lld is disconnected\n", (long long)q.id);
    return OK;
}
