/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands.c - the table of commands, and the help that is made from it.
 */
#include "cli/commands.h"

#include <stdio.h>

#include "app/run.h"
#include "base/buf.h"
#include "cli/account.h"
#include "cli/backup.h"
#include "cli/check.h"
#include "cli/health.h"
#include "cli/init.h"
#include "cli/keys.h"
#include "cli/print.h"
#include "cli/provider.h"
#include "cli/push.h"
#include "cli/removal.h"
#include "cli/rotate.h"
#include "cli/sources.h"
#include "cli/status.h"
#include "cli/store.h"
#include "cli/sync.h"
#include "cli/token.h"
#include "cli/webhook.h"
#include "cli/webhook_queue.h"
#include "config/sample.h"

enum { HELP_BYTES = 64 * 1024, NAME_COLUMN = 20 };

static Res command_serve_run(struct cli *cli)
{
    return run_serve(&cli->app);
}

/* Name, usage, about, options, … */
/* clang-format off */
static const struct command table[] = {
    {SI("serve"), SI(""), SI("run the service in the foreground"), SI(""),
     .parts = APP_KEYS, .is_service = true, .run = command_serve_run},
    {SI("check"), SI("[--only CODE]… [--offline] [--strict]"),
     SI("try configuration, keys, store and sources; a line per finding, with the mend"),
     SI("--only --offline --strict"), .parts = PARTS_NONE, .only_reads = true,
     .run = check_run},
    {SI("health"), SI(""),
     SI("ask the service of this machine whether it is ready; exits with 0 or 1"), SI(""),
     .parts = APP_CONFIG, .run = health_run},
    {SI("status"), SI("[--watch]"),
     SI("show on one screen how nodes, accounts, flows and waiting work stand; with --watch "
        "again every 2 seconds"),
     SI("--watch"), .parts = APP_CONFIG, .only_reads = true, .run = status_run},
    {SI("init"), SI(""),
     SI("write a commented configuration and, beside it, a new key file"), SI(""),
     .parts = PARTS_NONE, .run = init_run},
    {SI("sources uris"), SI(""),
     SI("list the redirect URIs to register with Google and Microsoft"), SI(""),
     .parts = APP_CONFIG, .run = sources_uris_run},
    {SI("provider add"),
     SI("ID --name NAME [--redirect PATTERN]… [--feature NAME]…"),
     SI("add a provider, with the redirect URIs that it may use"),
     SI("--name --redirect --feature"), .words = 1, .parts = APP_CONFIG,
     .run = provider_add_run},
    {SI("provider list"), SI(""), SI("list the providers"), SI(""), .parts = APP_CONFIG,
     .only_reads = true, .run = provider_list_run},
    {SI("provider show"), SI("ID"), SI("show one"), SI(""), .words = 1,
     .parts = APP_CONFIG, .only_reads = true, .run = provider_show_run},
    {SI("provider set"),
     SI("ID [--name NAME] [--add-redirect PATTERN]… [--remove-redirect PATTERN]… "
        "[--feature NAME=on|off]…"),
     SI("change one"),
     SI("--name --add-redirect --remove-redirect --feature"), .words = 1,
     .parts = APP_CONFIG, .run = provider_set_run},
    {SI("provider remove"), SI("ID [--yes]"),
     SI("remove one; with --yes also its accounts, which are disconnected"), SI("--yes"),
     .words = 1, .parts = APP_KEYS, .run = removal_run},
    {SI("token create"),
     SI("--provider ID… [--mode customer|provider]… [--user USER] [--name TEXT] "
        "[--expires DURATION]"),
     SI("make an API token and print it, once"),
     SI("--provider --mode --user --name --expires"), .parts = APP_CONFIG,
     .run = token_create_run},
    {SI("token list"), SI("[--all]"),
     SI("list the tokens, never themselves; with --all also revoked and expired ones"),
     SI("--all"), .parts = APP_CONFIG, .only_reads = true, .run = token_list_run},
    {SI("token revoke"), SI("TOKEN_ID"), SI("end one"), SI(""), .words = 1,
     .parts = APP_CONFIG, .run = token_revoke_run},
    {SI("account list"), SI("[--provider ID]"), SI("list connected accounts"),
     SI("--provider"), .parts = APP_CONFIG, .only_reads = true, .run = account_list_run},
    {SI("account show"), SI("ID"), SI("show one"), SI(""), .words = 1,
     .parts = APP_CONFIG, .only_reads = true, .run = account_show_run},
    {SI("account remove"), SI("ID"), SI("disconnect one, as the API's DELETE does"),
     SI(""), .words = 1, .parts = APP_KEYS, .run = account_remove_run},
    {SI("webhook add"),
     SI("--provider ID --url URL [--event TYPE]… [--name TEXT] [--force]"),
     SI("add an endpoint, at most 5 a provider, and print its secret, once"),
     SI("--provider --url --event --name --force"), .parts = APP_KEYS,
     .run = webhook_add_run},
    {SI("webhook list"), SI("[--provider ID]"), SI("list the endpoints"),
     SI("--provider"), .parts = APP_CONFIG, .only_reads = true, .run = webhook_list_run},
    {SI("webhook show"), SI("ID"), SI("show one, and how much is queued for it"), SI(""),
     .words = 1, .parts = APP_CONFIG, .only_reads = true, .run = webhook_show_run},
    {SI("webhook set"), SI("ID [--url URL] [--event TYPE]… [--name TEXT] [--force]"),
     SI("change one"), SI("--url --event --name --force"), .words = 1,
     .parts = APP_CONFIG, .run = webhook_set_run},
    {SI("webhook remove"), SI("ID"), SI("remove one, with what is queued for it"), SI(""),
     .words = 1, .parts = APP_CONFIG, .run = webhook_remove_run},
    {SI("webhook enable"), SI("ID"), SI("send to one again, from now on"), SI(""),
     .words = 1, .parts = APP_CONFIG, .run = webhook_enable_run},
    {SI("webhook disable"), SI("ID"), SI("send nothing to one; what is queued fails"),
     SI(""), .words = 1, .parts = APP_CONFIG, .run = webhook_disable_run},
    {SI("webhook rotate"), SI("ID"),
     SI("print a new secret, once; the old one signs along for 24 hours"), SI(""),
     .words = 1, .parts = APP_KEYS, .run = webhook_rotate_run},
    {SI("webhook test"), SI("ID"), SI("send one a webhook.ping now, and say what came"),
     SI(""), .words = 1, .parts = APP_KEYS, .run = webhook_test_run},
    {SI("webhook deliveries"), SI("ID [--failed] [--since DURATION]"),
     SI("list what was sent to one, and with what outcome"), SI("--failed --since"),
     .words = 1, .parts = APP_CONFIG, .only_reads = true, .run = webhook_deliveries_run},
    {SI("webhook replay"), SI("ID (--message MSG… | --since DURATION [--failed])"),
     SI("send again what was delivered or has failed"), SI("--message --since --failed"),
     .words = 1, .parts = APP_CONFIG, .run = webhook_replay_run},
    {SI("sync list"), SI("[--provider ID] [--account ID] [--stale]"),
     SI("list the calendars of settings and how their reading stands; with --stale those "
        "whose times are not fresh"),
     SI("--provider --account --stale"), .parts = APP_CONFIG,
     .only_reads = true, .run = sync_list_run},
    {SI("sync show"), SI("SETTING"), SI("show one"), SI(""), .words = 1,
     .parts = APP_CONFIG, .only_reads = true, .run = sync_show_run},
    {SI("sync now"), SI("SETTING"), SI("have one read at once"), SI(""), .words = 1,
     .parts = APP_CONFIG, .run = sync_now_run},
    {SI("sync reset"), SI("SETTING"),
     SI("have one read in full, as if for the first time; its times stay until then"),
     SI(""), .words = 1, .parts = APP_CONFIG, .run = sync_reset_run},
    {SI("push list"), SI("[--provider ID] [--status STATUS]"),
     SI("list the copies of events and how their writing stands, never what is in them"),
     SI("--provider --status"), .parts = APP_CONFIG, .only_reads = true,
     .run = push_list_run},
    {SI("push retry"), SI("(COPY… | --failed [--provider ID])"),
     SI("write again what has failed"), SI("--failed --provider"), .words_most = 60,
     .parts = APP_CONFIG, .run = push_retry_run},
    {SI("keys add"), SI(""),
     SI("add a new key to the key file and print its ID; at first it only opens"),
     SI(""), .parts = APP_KEYS, .run = keys_add_run},
    {SI("keys list"), SI(""),
     SI("list the keys: which seals, what each is used for, which nodes have it"), SI(""),
     .parts = APP_KEYS, .only_reads = true, .run = keys_list_run},
    {SI("keys use"), SI("ID"),
     SI("seal with this one, on all nodes; each must have it in its key file"), SI(""),
     .words = 1, .parts = APP_KEYS, .run = keys_use_run},
    {SI("keys rotate"), SI(""),
     SI("seal everything anew with the key that seals, while serving"), SI(""),
     .parts = APP_KEYS, .run = rotate_run},
    {SI("keys drop"), SI("ID"),
     SI("take one out of the key file that nothing is sealed with any more"), SI(""),
     .words = 1, .parts = APP_KEYS, .run = keys_drop_run},
    {SI("store copy"), SI("FROM-URL TO-URL [--snapshot]"),
     SI("copy everything to another store, which holds nothing yet; with --snapshot also "
        "from one that a service writes to"),
     SI("--snapshot"), .words = 2, .parts = APP_KEYS, .run = store_copy_run},
    {SI("store backup"), SI("FILE"),
     SI("copy a SQLite store into a file, while it is served; say what to use for another"),
     SI(""), .words = 1, .parts = APP_KEYS, .run = backup_run},
    {SI("store migrate"), SI("[--dry-run]"),
     SI("bring the schema up to date, and say what each step means for nodes that serve; "
        "with --dry-run only say it"),
     SI("--dry-run"), .parts = APP_CONFIG, .run = store_migrate_run},
    {SI("help"), SI("[COMMAND|config]"),
     SI("say more of a command, or of the configuration's keys"), SI(""), .words = 0,
     .words_most = 2, .parts = PARTS_NONE, .run = command_help_run},
};

/* clang-format on */

const struct command *command_table(size_t *n)
{
    *n = COUNT(table);
    return table;
}

Str command_group(const struct command *c)
{
    size_t at = 0;

    return str_find(c->name, ' ', &at) ? str_sub(c->name, 0, at) : S("");
}

static void help_add_overview(struct buf *b)
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

/* Adds the command of this name, or the group that the name begins. Returns how many. */
static size_t help_add_commands(struct buf *b, Str name)
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

Res command_help_run(struct cli *cli)
{
    struct buf b = {.mem = &cli->cx->mem, .max = HELP_BYTES};
    Str name = cli->n_words > 0 ? cli->words[0] : S("");
    Str text;

    if (cli->n_words == 2) {
        name =
            str_cat(&cli->cx->mem, str_cat(&cli->cx->mem, name, S(" ")), cli->words[1]);
    }
    if (name.n == 0) {
        help_add_overview(&b);
    } else if (str_eq(name, S("config"))) {
        TRY(sample_help(cli->cx, &text));
        buf_add(&b, text);
    } else if (help_add_commands(&b, name) == 0) {
        return cli_misuse(cli, "there is no such command", name);
    }
    TRY(buf_done(cli->cx, &b, &text));
    return print_long_text(cli, text);
}
