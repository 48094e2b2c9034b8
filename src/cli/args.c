/* SPDX-License-Identifier: Apache-2.0 */
/*
 * args.c - the command line as a command, its words and its options.
 *
 * Options may stand anywhere, as "--name VALUE" or "--name=VALUE"; "--" ends them.
 */
#include <stdio.h>

#include "base/buf.h"
#include "cli/cli.h"

enum option_kind {
    OPTION_ONCE,
    OPTION_MANY,
    OPTION_FLAG,
};

static const struct option_row {
    Str name;
    enum option_kind kind;
} rows[] = {
    {SI("--config"),          OPTION_ONCE},
    {SI("--json"),            OPTION_FLAG},
    {SI("--yes"),             OPTION_FLAG},
    {SI("--name"),            OPTION_ONCE},
    {SI("--redirect"),        OPTION_MANY},
    {SI("--add-redirect"),    OPTION_MANY},
    {SI("--remove-redirect"), OPTION_MANY},
    {SI("--feature"),         OPTION_MANY},
    {SI("--provider"),        OPTION_MANY},
    {SI("--mode"),            OPTION_MANY},
    {SI("--user"),            OPTION_ONCE},
    {SI("--expires"),         OPTION_ONCE},
};

Res cli_misuse(struct cli *cli, const char *what, Str value)
{
    return fail(
        cli->cx, FAIL_PARSE_ERROR, "%s%s%.*s", what, value.n > 0 ? ": " : "",
        (int)(value.n < 200 ? value.n : 200), value.p);
}

static const struct option_row *row_find(Str name)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (str_eq(rows[i].name, name)) {
            return &rows[i];
        }
    }
    return NULL;
}

bool cli_next(const struct cli *cli, Str option, size_t *at, Str *ret)
{
    while (*at < cli->n_options) {
        const struct cli_option *o = &cli->options[(*at)++];

        if (str_eq(o->name, option)) {
            *ret = o->value;
            return true;
        }
    }
    return false;
}

bool cli_has(const struct cli *cli, Str option)
{
    size_t at = 0;
    Str value;

    return cli_next(cli, option, &at, &value);
}

Str cli_value(const struct cli *cli, Str option)
{
    size_t at = 0;
    Str value = S("");

    (void)cli_next(cli, option, &at, &value);
    return value;
}

const char *cli_config_path(struct cli *cli)
{
    Str value = cli_value(cli, S("--config"));

    return value.n == 0 ? NULL : value.p; /* argv's: ends in NUL */
}

/* One option; *used says whether `next`, the argument behind it, was its value. */
static Res take_option(struct cli *cli, Str text, const char *next, bool *used)
{
    size_t at;
    bool has_value = str_find(text, '=', &at);
    Str name = has_value ? str_sub(text, 0, at) : text;
    const struct option_row *row = row_find(name);
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

static Res take_word(struct cli *cli, Str word)
{
    if (cli->n_words == CLI_WORDS_MOST) {
        return cli_misuse(cli, "too many arguments", word);
    }
    cli->words[cli->n_words++] = word;
    return OK;
}

/* One argument; *used as of take_option. */
static Res take(struct cli *cli, Str text, const char *next, bool *used)
{
    if (!cli->options_end && str_eq(text, S("--"))) {
        cli->options_end = true;
        return OK;
    }
    if (!cli->options_end && str_starts(text, S("--"))) {
        return take_option(cli, text, next, used);
    }
    return take_word(cli, text);
}

static Res take_all(struct cli *cli, const char *const *argv)
{
    for (size_t i = 1; argv[i] != NULL; i++) {
        bool used = false;

        TRY(take(cli, str_from_z(argv[i]), argv[i + 1], &used));
        i += used;
    }
    return OK;
}

/* How many words of the command line `name` takes up; 0: it isn't this command. */
static size_t words_of(const struct cli *cli, Str name)
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

/* What is left are the command's own words. */
static void drop_words(struct cli *cli, size_t n)
{
    cli->n_words -= n;
    for (size_t i = 0; i < cli->n_words; i++) {
        cli->words[i] = cli->words[i + n];
    }
}

/* "provider" alone wants one of its own. */
static Res refuse_command(struct cli *cli)
{
    struct buf wish = {.mem = &cli->cx->mem, .max = 1024};
    size_t n;
    const struct command *all = commands(&n);

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
    return wish.n > 0 ? cli_misuse(cli, "the command wants to be one of", buf_text(&wish))
                      : cli_misuse(cli, "there is no such command", cli->words[0]);
}

static Res find_command(struct cli *cli)
{
    size_t n;
    const struct command *all = commands(&n);

    for (size_t i = 0; i < n; i++) {
        size_t words = words_of(cli, all[i].name);

        if (words > 0) {
            cli->command = &all[i];
            drop_words(cli, words);
            return OK;
        }
    }
    return refuse_command(cli);
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

Res cli_parse(struct cli *cli, const char *const *argv)
{
    TRY(take_all(cli, argv));
    TRY(find_command(cli));
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

Res cli_id(struct cli *cli, Str text, int64_t *ret)
{
    int64_t v;

    if (!str_to_int(text, &v) || v <= 0) {
        return cli_misuse(cli, "an ID is a positive number, not", text);
    }
    *ret = v;
    return OK;
}
