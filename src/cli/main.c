/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - reads the command line, opens what the command needs, runs it, and closes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "app/run.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/process.h"
#include "cli/args.h"
#include "cli/print.h"
#include "version.h"

enum { EXIT_USAGE = 2 };

static Res command_run(struct cli *cli)
{
    if (cli->command->is_service) {
        run_take_signals();
    }
    TRY(app_start(cli->cx));
    if (cli->command->parts != PARTS_NONE) {
        TRY(app_open(&cli->app, cli_config_path(cli), cli->command->parts));
    }
    return cli->command->run(cli);
}

/* A supervisor need not start a service again that can't use its configuration. For
 * --version there is no command. */
static int exit_failed(const struct cli *cli, Res res)
{
    bool needs_operator = res.code != FAIL_INTERNAL && cli->command != NULL
                          && cli->command->is_service && !cli->app.has_usable_config;

    return needs_operator ? EX_CONFIG : EXIT_FAILURE;
}

static int command_end(struct cli *cli, Res res)
{
    res = res.code == FAIL_NONE ? print_flush(cli) : res;
    if (res.code == FAIL_NONE) {
        return EXIT_SUCCESS;
    }
    if (cli->cx->why.text[0] != 0 && log_is_writable(LIMIT_LOG_STOP_MS)) {
        (void)fprintf(stderr, "caldock: %s\n", cli->cx->why.text);
    }
    if (res.code == FAIL_PARSE_ERROR) {
        (void)fprintf(stderr, "caldock: see `caldock help`\n");
        return EXIT_USAGE;
    }
    return exit_failed(cli, res);
}

int main(int argc, char **argv)
{
    process_hide_memory();
    process_fill_streams();
    struct cli *cli = heap_alloc(sizeof(*cli));
    Str only = argc == 2 ? str_from_z(argv[1]) : S("");
    bool wants_version = str_eq(only, S("--version"));

    if (wants_version) {
        (void)printf("caldock %s\n", CALDOCK_VERSION);
    }
    cli->cx = &cli->app.cx;
    Res res = wants_version ? OK : args_parse(cli, (const char *const *)argv);

    if (!wants_version && res.code == FAIL_NONE) {
        res = command_run(cli);
    }
    int status = command_end(cli, res);

    app_close(&cli->app);
    heap_free(cli);
    return status;
}
