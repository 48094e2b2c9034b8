/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account.c - caldock account list, show, remove: connected accounts, never a secret.
 */
#include <stdio.h>

#include "api/revoke.h"
#include "cli/cli.h"
#include "sources/source.h"
#include "store/accounts.h"

struct wish {
    struct cli *cli;
    int64_t id; /* of the account, or of the provider whose accounts are listed */
    struct account *found;
    size_t n_found;
};

static json_t *account_json(const struct account *a)
{
    return json_pack(
        "{sI so sI ss so so so so ss so so so}", "id", (json_int_t)a->id, "name",
        json_str(a->username), "provider", (json_int_t)a->provider, "mode",
        a->mode == MODE_CUSTOMER ? "customer" : "provider", "user",
        json_str_or_null(a->user), "calendar_source",
        json_str(source_get(a->source)->code), "account_id", json_str(a->subject),
        "username", json_str(a->username), "status",
        a->status == ACCOUNT_CONNECTED ? "connected" : "needs_reconnect", "status_reason",
        json_str_or_null(a->status_reason), "status_since", json_time(a->status_since_ms),
        "connected_at", json_time(a->connected_ms));
}

static Res not_there(struct cli *cli, Res res, int64_t id)
{
    if (res.code != FAIL_NOT_FOUND) {
        return res;
    }
    return fail(
        cli->cx, FAIL_NOT_FOUND,
        "there is no account %lld; `caldock account list` shows them", (long long)id);
}

static Res list_work(struct cx *cx, struct db *db, void *arg)
{
    struct wish *w = arg;

    return account_list_all(cx, db, w->id, &w->found, &w->n_found);
}

Res account_list_run(struct cli *cli)
{
    struct wish w = {.cli = cli};
    Str provider = cli_value(cli, S("--provider"));

    if (cli_has(cli, S("--provider"))) {
        TRY(cli_id(cli, provider, &w.id));
    }
    TRY(store_read(cli->cx, cli->app.store, list_work, &w));
    json_t *list = json_array();

    for (size_t i = 0; i < w.n_found; i++) {
        (void)json_array_append_new(list, account_json(&w.found[i]));
    }
    print_list(cli, list);
    return OK;
}

static Res get_work(struct cx *cx, struct db *db, void *arg)
{
    struct wish *w = arg;

    return account_get(cx, db, w->id, w->found);
}

Res account_show_run(struct cli *cli)
{
    struct account a = {0};
    struct wish w = {.cli = cli, .found = &a};

    TRY(cli_id(cli, cli->words[0], &w.id));
    TRY(not_there(cli, store_read(cli->cx, cli->app.store, get_work, &w), w.id));
    print_one(cli, account_json(&a));
    return OK;
}

static Res remove_work(struct cx *cx, struct db *db, void *arg)
{
    const struct wish *w = arg;

    return account_disconnect(cx, db, &w->cli->app.config->settings, w->id);
}

Res account_remove_run(struct cli *cli)
{
    struct wish w = {.cli = cli};

    TRY(cli_id(cli, cli->words[0], &w.id));
    TRY(not_there(cli, store_write(cli->cx, cli->app.store, remove_work, &w), w.id));
    (void)fprintf(stderr, "account %lld is disconnected\n", (long long)w.id);
    return OK;
}
