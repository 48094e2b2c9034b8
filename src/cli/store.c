/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - caldock store: copies everything to another store, as from SQLite to
 * PostgreSQL, and brings the schema up to date.
 */
#include "cli/store.h"

#include <stdio.h>

#include "cli/print.h"
#include "grants/record.h"
#include "store/migration.h"

Res store_open_grant(
    struct cx *cx, void *arg, int64_t provider, int64_t account, Str sealed)
{
    const struct keyring *keyring = arg;
    struct grant grant;

    return grant_open(cx, keyring, provider, account, sealed, &grant);
}

/* A relative path is relative to the working directory, as in any argument. */
Res store_open_url(struct cli *cli, Str url, struct store **ret)
{
    struct store_options options = cli->app.config->store;

    options.url = url;
    options.folder = S("");
    options.pool = 1;
    if (store_open(cli->cx, &options, ret).code != FAIL_NONE) {
        return cli_misuse(
            cli, str_zdup(&cli->cx->mem, str_from_z(cli->cx->why.text)), S(""));
    }
    return OK;
}

Res store_print_copy(struct cli *cli, const struct copy_report *report)
{
    CLEANUP(j_done) json_t *rows = json_array();

    for (size_t i = 0; i < COPY_TABLES; i++) {
        const struct copy_count *t = &report->tables[i];
        struct writer *w = print_open(cli);

        writer_int(w, S("id"), (int64_t)i + 1);
        writer_text(w, S("name"), t->table);
        writer_int(w, S("rows"), t->rows);
        TRY(print_add(cli, rows, w));
    }
    print_list(cli, rows);
    (void)fprintf(
        stderr, "copied; %lld grants opened with the key file\n",
        (long long)report->opened);
    return OK;
}

Res store_copy_run(struct cli *cli)
{
    CLEANUP(store_close) struct store *from = NULL;
    CLEANUP(store_close) struct store *to = NULL;
    struct copy_report report;

    TRY(store_open_url(cli, cli->words[0], &from));
    TRY(store_open_url(cli, cli->words[1], &to));
    TRY(store_copy(
        cli->cx,
        &(struct copy_job){
            from, to, cli_has(cli, S("--snapshot")), store_open_grant, cli->app.keyring},
        &report));
    return store_print_copy(cli, &report);
}

static Res migrate_print(struct cli *cli, int64_t from)
{
    CLEANUP(j_done) json_t *rows = json_array();

    for (int64_t version = from + 1; version <= migration_newest(); version++) {
        const struct migration *m = migration_get(version);
        struct writer *w = print_open(cli);

        writer_int(w, S("number"), version);
        writer_text(w, S("name"), m->name);
        writer_text(w, S("how"), m->is_online ? S("online") : S("stops writers"));
        writer_int(w, S("oldest"), migration_oldest(version));
        TRY(print_add(cli, rows, w));
    }
    print_list(cli, rows);
    return OK;
}

static void migrate_say(int64_t from, bool is_dry)
{
    long long newest = (long long)migration_newest();

    if (from >= newest) {
        (void)fprintf(stderr, "schema %lld: there is nothing to do\n", (long long)from);
    } else if (is_dry) {
        (void)fprintf(
            stderr, "schema %lld, to be brought to %lld; nothing was done\n",
            (long long)from, newest);
    } else {
        (void)fprintf(stderr, "schema %lld, brought to %lld\n", (long long)from, newest);
    }
}

Res store_migrate_run(struct cli *cli)
{
    struct app *app = &cli->app;
    bool is_dry = cli_has(cli, S("--dry-run"));
    int64_t from = 0;

    app->only_reads = is_dry;
    TRY(app_open_store(app));
    TRY(store_version(cli->cx, app->store, &from));
    TRY(is_dry ? OK : store_migrate(cli->cx, app->store));
    TRY(migrate_print(cli, from));
    migrate_say(from, is_dry);
    return OK;
}
