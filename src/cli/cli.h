/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - one command of the command line: its words and options, and what it prints.
 *
 * What a script reads goes to stdout, all else to stderr. Exit status: 0 done, 1 failed,
 * 2 wrong usage (operations: The binary).
 */
#pragma once

#include "app/app.h"
#include "base/json.h"

enum { CLI_WORDS_MOST = 8, CLI_OPTIONS_MOST = 256 };

struct cli;

struct command {
    Str name;          /* "provider add" */
    Str usage;         /* "ID --name NAME [--redirect PATTERN]…" */
    Str about;         /* one line */
    Str options;       /* those that it takes, beside --config and --json */
    size_t words;      /* how many follow its name */
    size_t words_most; /* 0: exactly those */
    unsigned parts;    /* of app_open; PARTS_NONE: it opens what it needs itself */
    Res (*run)(struct cli *cli);
};

enum { PARTS_NONE = 0x80 };

struct cli {
    struct app app;
    struct cx *cx; /* the app's */
    const struct command *command;
    Str words[CLI_WORDS_MOST]; /* behind the command's name */
    size_t n_words;

    struct cli_option {
        Str name; /* "--redirect" */
        Str value;
    } options[CLI_OPTIONS_MOST];

    size_t n_options;
    bool options_end; /* "--" was there: what follows are words */
};

/* commands.c: every command, and what `caldock help` says of them. */
const struct command *commands(size_t *n);
Res help_run(struct cli *cli);

/* args.c. FAIL_PARSE_ERROR is wrong usage, here and everywhere below. */
Res cli_parse(struct cli *cli, const char *const *argv) MUST; /* main's: ends in NULL */
Res cli_misuse(struct cli *cli, const char *what, Str value) MUST;
bool cli_has(const struct cli *cli, Str option);
/* The value of one that may be given once; empty when it isn't given. */
Str cli_value(const struct cli *cli, Str option);
/* The path of the configuration as given by --config; NULL: not given. */
const char *cli_config_path(struct cli *cli);
/* The values of one that may be repeated: false at the end. *at begins at 0. */
bool cli_next(const struct cli *cli, Str option, size_t *at, Str *ret);
/* A positive number, as IDs are. */
Res cli_id(struct cli *cli, Str text, int64_t *ret) MUST;

/* print.c: objects with the same members, as JSON or as lines; both take over `j`. */
void print_list(const struct cli *cli, json_t *j);
void print_one(const struct cli *cli, json_t *j);
json_t *json_str(Str s);         /* invalid UTF-8 is dropped */
json_t *json_str_or_null(Str s); /* the empty Str is null */
json_t *json_time(int64_t ms);   /* 0 is null */
json_t *json_ids(const int64_t *ids, size_t n);

/* The commands, each group in its file. */
Res init_run(struct cli *cli);
Res check_run(struct cli *cli);
Res provider_add_run(struct cli *cli);
Res provider_list_run(struct cli *cli);
Res provider_show_run(struct cli *cli);
Res provider_set_run(struct cli *cli);
Res provider_remove_run(struct cli *cli);
Res token_create_run(struct cli *cli);
Res token_list_run(struct cli *cli);
Res token_revoke_run(struct cli *cli);
Res store_copy_run(struct cli *cli);
Res keys_add_run(struct cli *cli);
Res keys_list_run(struct cli *cli);
Res keys_use_run(struct cli *cli);
Res keys_rotate_run(struct cli *cli);
Res keys_drop_run(struct cli *cli);
Res account_list_run(struct cli *cli);
Res account_show_run(struct cli *cli);
Res account_remove_run(struct cli *cli);
