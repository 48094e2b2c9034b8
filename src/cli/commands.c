/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands.c - the table of commands, and the help that is made of it.
 */
#include <stdio.h>

#include "base/buf.h"
#include "cli/cli.h"

enum { HELP_BYTES = 64 * 1024, NAME_COLUMN = 18 };

static Res serve_run(struct cli *cli)
{
    return app_serve(&cli->app);
}

/* Rows of text, not of columns: name, usage, about, options, … */
/* clang-format off */
static const struct command table[] = {
    {SI("serve"), SI(""), SI("run the service in the foreground"), SI(""),
     .parts = APP_KEYS | APP_STORE | APP_STORE_MAY_BE_AWAY, .run = serve_run},
    {SI("check"), SI(""),
     SI("try configuration, keys, store and sources; a line per finding, with the mend"),
     SI(""), .parts = PARTS_NONE, .run = check_run},
    {SI("init"), SI(""),
     SI("write a commented configuration and, beside it, a new key file"), SI(""),
     .parts = PARTS_NONE, .run = init_run},
    {SI("provider add"),
     SI("ID --name NAME [--redirect PATTERN]… [--feature NAME]…"),
     SI("add a provider, with the redirect URIs that it may use"),
     SI("--name --redirect --feature"), .words = 1, .parts = APP_STORE,
     .run = provider_add_run},
    {SI("provider list"), SI(""), SI("list the providers"), SI(""), .parts = APP_STORE,
     .run = provider_list_run},
    {SI("provider show"), SI("ID"), SI("show one"), SI(""), .words = 1,
     .parts = APP_STORE, .run = provider_show_run},
    {SI("provider set"),
     SI("ID [--name NAME] [--add-redirect PATTERN]… [--remove-redirect PATTERN]… "
        "[--feature NAME=on|off]…"),
     SI("change one"),
     SI("--name --add-redirect --remove-redirect --feature"), .words = 1,
     .parts = APP_STORE, .run = provider_set_run},
    {SI("provider remove"), SI("ID [--yes]"),
     SI("remove one; with --yes also its accounts, which are disconnected"), SI("--yes"),
     .words = 1, .parts = APP_STORE | APP_KEYS, .run = provider_remove_run},
    {SI("token create"),
     SI("--provider ID… [--mode customer|provider]… [--user USER] [--name TEXT] "
        "[--expires DURATION]"),
     SI("make an API token and print it, once"),
     SI("--provider --mode --user --name --expires"), .parts = APP_STORE,
     .run = token_create_run},
    {SI("token list"), SI(""), SI("list the tokens, never themselves"), SI(""),
     .parts = APP_STORE, .run = token_list_run},
    {SI("token revoke"), SI("TOKEN_ID"), SI("end one"), SI(""), .words = 1,
     .parts = APP_STORE, .run = token_revoke_run},
    {SI("account list"), SI("[--provider ID]"), SI("list connected accounts"),
     SI("--provider"), .parts = APP_STORE, .run = account_list_run},
    {SI("account show"), SI("ID"), SI("show one"), SI(""), .words = 1,
     .parts = APP_STORE, .run = account_show_run},
    {SI("account remove"), SI("ID"), SI("disconnect one, as the API's DELETE does"),
     SI(""), .words = 1, .parts = APP_STORE | APP_KEYS, .run = account_remove_run},
    {SI("keys add"), SI(""),
     SI("add a new key to the key file and print its ID; at first it only opens"),
     SI(""), .parts = APP_KEYS, .run = keys_add_run},
    {SI("keys list"), SI(""),
     SI("list the keys: which seals, what each is used for, which nodes have it"), SI(""),
     .parts = APP_STORE | APP_KEYS, .run = keys_list_run},
    {SI("keys use"), SI("ID"),
     SI("seal with this one, on all nodes; each must have it in its key file"), SI(""),
     .words = 1, .parts = APP_STORE | APP_KEYS, .run = keys_use_run},
    {SI("keys rotate"), SI(""),
     SI("seal everything anew with the key that seals, while serving"), SI(""),
     .parts = APP_STORE | APP_KEYS, .run = keys_rotate_run},
    {SI("keys drop"), SI("ID"),
     SI("take one out of the key file that nothing is sealed with any more"), SI(""),
     .words = 1, .parts = APP_STORE | APP_KEYS, .run = keys_drop_run},
    {SI("store copy"), SI("FROM-URL TO-URL"),
     SI("copy everything to another store, which holds nothing yet"), SI(""), .words = 2,
     .parts = APP_KEYS, .run = store_copy_run},
    {SI("help"), SI("[COMMAND|config]"),
     SI("say more of a command, or of the configuration's keys"), SI(""), .words = 0,
     .words_most = 2, .parts = PARTS_NONE, .run = help_run},
};

/* clang-format on */

const struct command *commands(size_t *n)
{
    *n = COUNT(table);
    return table;
}

static void add_overview(struct buf *b)
{
    buf_add(
        b, S("Caldock connects Google and Microsoft calendars to an application.\n\n"
             "Usage: caldock COMMAND [--config FILE] [--json]\n\n"));
    for (size_t i = 0; i < COUNT(table); i++) {
        buf_add(b, S("  "));
        buf_add(b, table[i].name);
        for (size_t n = table[i].name.n; n < NAME_COLUMN; n++) {
            buf_add_char(b, ' ');
        }
        buf_add(b, table[i].about);
        buf_add_char(b, '\n');
    }
    buf_add(
        b, S("\n`caldock help COMMAND` says more, `caldock --version` which this is.\n"
             "Without --config: $CALDOCK_CONFIG, ./caldock.conf, "
             "/etc/caldock/caldock.conf, or none.\n"));
}

/* All commands whose name begins so: one, or a group. */
static size_t add_commands(struct buf *b, Str name)
{
    size_t found = 0;

    for (size_t i = 0; i < COUNT(table); i++) {
        const struct command *c = &table[i];
        bool fits = str_starts(c->name, name)
                    && (c->name.n == name.n || c->name.p[name.n] == ' ');

        if (!fits) {
            continue;
        }
        buf_add(b, S("caldock "));
        buf_add(b, c->name);
        buf_add(b, c->usage.n > 0 ? S(" ") : S(""));
        buf_add(b, c->usage);
        buf_add(b, S(" [--config FILE] [--json]\n    "));
        buf_add(b, c->about);
        buf_add_char(b, '\n');
        found++;
    }
    return found;
}

Res help_run(struct cli *cli)
{
    struct buf b = {.mem = &cli->cx->mem, .max = HELP_BYTES};
    Str name = cli->n_words > 0 ? cli->words[0] : S("");
    Str text;

    if (cli->n_words == 2) {
        name =
            str_cat(&cli->cx->mem, str_cat(&cli->cx->mem, name, S(" ")), cli->words[1]);
    }
    if (name.n == 0) {
        add_overview(&b);
    } else if (str_eq(name, S("config"))) {
        TRY(config_help(cli->cx, &text));
        buf_add(&b, text);
    } else if (add_commands(&b, name) == 0) {
        return cli_misuse(cli, "there is no such command", name);
    }
    TRY(buf_done(cli->cx, &b, &text));
    (void)fwrite(text.p, 1, text.n, stdout);
    return OK;
}
