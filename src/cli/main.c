/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - reads the command line, opens what the command needs, runs it, closes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "version.h"

enum { EXIT_USAGE = 2 };

static Res run(struct cli *cli)
{
    TRY(app_start(cli->cx));
    if (cli->command->parts != PARTS_NONE) {
        TRY(app_open(&cli->app, cli_config_path(cli), cli->command->parts));
    }
    return cli->command->run(cli);
}

static int end(struct cli *cli, Res res)
{
    if (res.code == FAIL_NONE) {
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    if (cli->cx->why.text[0] != 0) {
        (void)fprintf(stderr, "caldock: %s\n", cli->cx->why.text);
    }
    if (res.code == FAIL_PARSE_ERROR) {
        (void)fprintf(stderr, "caldock: see `caldock help`\n");
        return EXIT_USAGE;
    }
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct cli *cli = heap_alloc(sizeof(*cli));
    Str only = argc == 2 ? str_from_z(argv[1]) : S("");
    bool wants_version = str_eq(only, S("--version"));
    bool wants_help = str_eq(only, S("--help")) || str_eq(only, S("-h"));
    const char *const help[] = {argv[0], "help", NULL};

    if (wants_version) {
        (void)printf("caldock %s\n", CALDOCK_VERSION);
    }
    cli->cx = &cli->app.cx;
    Res res = wants_version
                  ? OK
                  : cli_parse(cli, wants_help ? help : (const char *const *)argv);

    if (!wants_version && res.code == FAIL_NONE) {
        res = run(cli);
    }
    int status = end(cli, res);

    app_close(&cli->app);
    heap_free(cli);
    return status;
}
