/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - caldock store copy: everything to another store, as from SQLite to
 * PostgreSQL.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "oauth/grant.h"
#include "store/copy.h"

static Res open_grant(
    struct cx *cx, void *arg, int64_t provider, int64_t account, Str sealed)
{
    const struct keyring *keyring = arg;
    struct grant grant;

    return grant_open(cx, keyring, provider, account, sealed, &grant);
}

/* A relative path is relative to where the command is run, as any argument's. */
static Res open_store(struct cli *cli, Str url, struct store **ret)
{
    struct store_options options = cli->app.config->store;

    options.url = url;
    options.folder = S("");
    options.pool = 1;
    if (store_open(cli->cx, &options, ret).code != FAIL_NONE) {
        return cli_misuse(
            cli, "a store's URL is sqlite:FILE or postgresql://…, as libpq takes it",
            S(""));
    }
    return OK;
}

static void print_report(const struct cli *cli, const struct copy_report *report)
{
    json_t *list = json_array();

    for (size_t i = 0; i < COPY_TABLES; i++) {
        const struct copy_count *t = &report->tables[i];

        (void)json_array_append_new(
            list, json_pack(
                      "{sI so sI}", "id", (json_int_t)i + 1, "name", json_str(t->table),
                      "rows", (json_int_t)t->rows));
    }
    print_list(cli, list);
    (void)fprintf(
        stderr, "copied; %lld grants opened with the key file\n",
        (long long)report->opened);
}

Res store_copy_run(struct cli *cli)
{
    CLEANUP(store_close) struct store *from = NULL;
    CLEANUP(store_close) struct store *to = NULL;
    struct copy_report report;

    TRY(open_store(cli, cli->words[0], &from));
    TRY(open_store(cli, cli->words[1], &to));
    TRY(store_copy(
        cli->cx, &(struct copy_job){from, to, open_grant, cli->app.keyring}, &report));
    print_report(cli, &report);
    return OK;
}
