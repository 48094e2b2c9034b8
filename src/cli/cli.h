/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - one command of the command line: its row in the table, and what was typed.
 *
 * What a script reads goes to stdout, all else to stderr. Exit status: 0 done, 1 failed,
 * 2 wrong usage, 78 a service without a usable configuration (docs/commands.md).
 */
#pragma once

#include "app/app.h"

enum { CLI_WORDS_MOST = 64, CLI_OPTIONS_MOST = 256 };

struct cli;

struct command {
    Str name;          /* "provider add" */
    Str usage;         /* "ID --name NAME [--redirect PATTERN]…" */
    Str about;         /* one line */
    Str options;       /* those that it takes, beside --config and --json */
    size_t words;      /* how many follow its name */
    size_t words_most; /* 0: exactly those */
    unsigned parts;    /* of app_open; PARTS_NONE: it opens what it needs itself */
    bool only_reads;   /* app_find_store leaves no trace */
    bool is_service;   /* runs until it is told to stop */
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
    bool wants_help;  /* --help or -h was there */
    size_t n_printed; /* items of a long list */
};

/* Fails with FAIL_PARSE_ERROR, which is wrong usage here and in all commands. */
Res cli_misuse(struct cli *cli, const char *what, Str value) MUST;

bool cli_has(const struct cli *cli, Str option);
/* The value of an option that may be given once; empty when it isn't given. */
Str cli_value(const struct cli *cli, Str option);
/* The values of an option that may be repeated: false at the end. *at begins at 0. */
bool cli_next(const struct cli *cli, Str option, size_t *at, Str *ret);
/* The path of the configuration as given by --config; NULL: not given. */
const char *cli_config_path(const struct cli *cli);

/* Undoes what a command has made, since its output was lost, and nobody knows the secret
 * in it. */
struct cli_undo {
    store_work *work;
    void *arg;
    int64_t id;
    const char *thing;  /* "token" */
    const char *end;    /* "is revoked again" */
    const char *advice; /* where that fails, the command for a person: "token revoke" */
    const char *secret; /* "this token" */
};

/* Returns `why` with what became of it, or the failure to undo it. */
Res cli_take_back(struct cli *cli, const struct cli_undo *u, Res why) MUST;
/* A positive number, as IDs are. */
Res cli_id(struct cli *cli, Str text, int64_t *ret) MUST;
