/* SPDX-License-Identifier: Apache-2.0 */
/*
 * args.c - finds the command in the table, and takes its words and options.
 *
 * Options may stand anywhere, as "--name VALUE" or "--name=VALUE"; "--" ends them.
 */
#include "cli/args.h"

#include "base/buf.h"
#include "cli/commands.h"

enum option_kind {
    OPTION_ONCE,
    OPTION_MANY,
    OPTION_FLAG,
};

static const struct option_row {
    Str name;
    enum option_kind kind;
} option_rows[] = {
    {SI("--config"), OPTION_ONCE},
    {SI("--json"), OPTION_FLAG},
    {SI("--dry-run"), OPTION_FLAG},
    {SI("--yes"), OPTION_FLAG},
    {SI("--snapshot"), OPTION_FLAG},
    {SI("--name"), OPTION_ONCE},
    {SI("--redirect"), OPTION_MANY},
    {SI("--add-redirect"), OPTION_MANY},
    {SI("--remove-redirect"), OPTION_MANY},
    {SI("--feature"), OPTION_MANY},
    {SI("--provider"), OPTION_MANY},
    {SI("--mode"), OPTION_MANY},
    {SI("--user"), OPTION_ONCE},
    {SI("--expires"), OPTION_ONCE},
    {SI("--all"), OPTION_FLAG},
    {SI("--url"), OPTION_ONCE},
    {SI("--event"), OPTION_MANY},
    {SI("--force"), OPTION_FLAG},
    {SI("--since"), OPTION_ONCE},
    {SI("--failed"), OPTION_FLAG},
    {SI("--message"), OPTION_MANY},
    {SI("--account"), OPTION_ONCE},
    {SI("--stale"), OPTION_FLAG},
    {SI("--status"), OPTION_ONCE},
    {SI("--only"), OPTION_MANY},
    {SI("--offline"), OPTION_FLAG},
    {SI("--strict"), OPTION_FLAG},
    {SI("--watch"), OPTION_FLAG},
};

static const struct option_row *option_row_find(Str name)
{
    for (size_t i = 0; i < COUNT(option_rows); i++) {
        if (str_eq(option_rows[i].name, name)) {
            return &option_rows[i];
        }
    }
    return NULL;
}

bool args_option(size_t i, Str *name, bool *has_value)
{
    if (i >= COUNT(option_rows)) {
        return false;
    }
    *name = option_rows[i].name;
    *has_value = option_rows[i].kind != OPTION_FLAG;
    return true;
}

bool args_option_has_value(Str name)
{
    const struct option_row *row = option_row_find(name);

    return row != NULL && row->kind != OPTION_FLAG;
}

/* Takes an option. *used: `next`, the argument behind it, was its value. */
static Res args_take_option(struct cli *cli, Str text, const char *next, bool *used)
{
    size_t at;
    bool has_value = str_find(text, '=', &at);
    Str name = has_value ? str_sub(text, 0, at) : text;
    const struct option_row *row = option_row_find(name);
    struct cli_option option = {.name = name};

    if (row == NULL) {
        return cli_misuse(cli, "there is no such option", name);
    }
    if (row->kind != OPTION_MANY && cli_has(cli, name)) {
        return cli_misuse(cli, "an option that may be given once is given twice", name);
    }
    if (row->kind == OPTION_FLAG ? has_value : !has_value && next == NULL) {
        return cli_misuse(
            cli, has_value ? "this option takes no value" : "this option wants a value",
            name);
    }
    if (cli->n_options == CLI_OPTIONS_MOST) {
        return cli_misuse(cli, "too many options", S(""));
    }
    if (has_value) {
        option.value = str_sub(text, at + 1, text.n);
    } else if (row->kind != OPTION_FLAG) {
        option.value = str_from_z(next);
        *used = true;
    }
    cli->options[cli->n_options++] = option;
    return OK;
}

static Res args_take_word(struct cli *cli, Str word)
{
    if (cli->n_words == CLI_WORDS_MOST) {
        return cli_misuse(cli, "too many arguments", word);
    }
    cli->words[cli->n_words++] = word;
    return OK;
}

/* Takes an argument; *used as in args_take_option. */
static Res args_take(struct cli *cli, Str text, const char *next, bool *used)
{
    if (cli->options_end) {
        return args_take_word(cli, text);
    }
    if (str_eq(text, S("--"))) {
        cli->options_end = true;
        return OK;
    }
    if (str_eq(text, S("--help")) || str_eq(text, S("-h"))) {
        cli->wants_help = true;
        return OK;
    }
    return str_starts(text, S("--")) ? args_take_option(cli, text, next, used)
                                     : args_take_word(cli, text);
}

static Res args_take_all(struct cli *cli, const char *const *argv)
{
    for (size_t i = 1; argv[i] != NULL; i++) {
        bool used = false;

        TRY(args_take(cli, str_from_z(argv[i]), argv[i + 1], &used));
        i += used;
    }
    return OK;
}

/* Counts the words of a command's name; 0: the command line doesn't begin with them. */
static size_t command_count_words(const struct cli *cli, Str name)
{
    size_t n = 0;
    Str word;

    while (str_next_word(&name, S(" "), &word)) {
        if (n == cli->n_words || !str_eq(cli->words[n], word)) {
            return 0;
        }
        n++;
    }
    return n;
}

/* Leaves the words behind the command's name. */
static void args_drop_words(struct cli *cli, size_t n)
{
    cli->n_words -= n;
    for (size_t i = 0; i < cli->n_words; i++) {
        cli->words[i] = cli->words[i + n];
    }
}

/* Names the commands of a group, where only "provider" was given. */
static Res args_refuse_command(struct cli *cli)
{
    struct buf wish = {.mem = &cli->cx->mem, .max = 1024};
    size_t n;
    const struct command *all = command_table(&n);

    if (cli->n_words == 0) {
        return cli_misuse(cli, "a command is missing", S(""));
    }
    Str group = str_cat(&cli->cx->mem, cli->words[0], S(" "));

    for (size_t i = 0; i < n; i++) {
        if (str_starts(all[i].name, group)) {
            buf_add(&wish, wish.n > 0 ? S(", ") : S(""));
            buf_add(&wish, all[i].name);
        }
    }
    return wish.n > 0 ? cli_misuse(cli, "use one of", buf_text(&wish))
                      : cli_misuse(cli, "there is no such command", cli->words[0]);
}

static Res args_find_command(struct cli *cli)
{
    size_t n;
    const struct command *all = command_table(&n);

    for (size_t i = 0; i < n; i++) {
        size_t words = command_count_words(cli, all[i].name);

        if (words > 0) {
            cli->command = &all[i];
            cli->app.only_reads = cli->command->only_reads;
            args_drop_words(cli, words);
            return OK;
        }
    }
    return args_refuse_command(cli);
}

static bool command_takes(const struct command *c, Str option)
{
    Str rest = c->options;
    Str word;

    while (str_next_word(&rest, S(" "), &word)) {
        if (str_eq(word, option)) {
            return true;
        }
    }
    return str_eq(option, S("--config")) || str_eq(option, S("--json"));
}

/* "caldock webhook add … --help" is "caldock help webhook add". */
static Res args_turn_to_help(struct cli *cli)
{
    Str topic = cli->n_words > 0 ? cli->words[0] : S("");

    if (topic.n > 0 && args_find_command(cli).code == FAIL_NONE) {
        topic = cli->command->name;
    }
    cli->words[0] = S("help");
    cli->words[1] = topic;
    cli->n_words = topic.n > 0 ? 2 : 1;
    cli->n_options = 0;
    return args_find_command(cli);
}

Res args_parse(struct cli *cli, const char *const *argv)
{
    TRY(args_take_all(cli, argv));
    TRY(cli->wants_help ? args_turn_to_help(cli) : args_find_command(cli));
    const struct command *c = cli->command;
    size_t most = c->words_most > 0 ? c->words_most : c->words;

    for (size_t i = 0; i < cli->n_options; i++) {
        if (!command_takes(c, cli->options[i].name)) {
            return cli_misuse(
                cli, "this command has no such option", cli->options[i].name);
        }
    }
    if (cli->n_words < c->words || cli->n_words > most) {
        return cli_misuse(
            cli, "the command wants", c->usage.n > 0 ? c->usage : S("no arguments"));
    }
    return OK;
}
