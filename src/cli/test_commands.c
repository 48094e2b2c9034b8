/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/testing.h"
#include "cli/cli.h"
#include "seal/keyring.h"

enum { WORDS_MOST = 32 };

/* A folder with a configuration, keys and a store, as `caldock init` leaves it. */
static char folder[] = "/tmp/caldock-commands-XXXXXX";
static char config[sizeof(folder) + 16];
static char why[512]; /* of the last command */

/* Runs a command as main does; its output is dropped. */
static enum fail run(const char *const *words)
{
    const char *argv[WORDS_MOST] = {"caldock"};
    struct cli *cli = heap_alloc(sizeof(*cli));
    size_t n = 1;

    for (; words[n - 1] != NULL; n++) {
        argv[n] = words[n - 1];
    }
    argv[n++] = "--config";
    argv[n] = config;
    cli->cx = &cli->app.cx;
    Res res = cli_parse(cli, argv);

    if (res.code == FAIL_NONE) {
        res = app_start(cli->cx);
    }
    if (res.code == FAIL_NONE && cli->command->parts != PARTS_NONE) {
        res = app_open(&cli->app, config, cli->command->parts);
    }
    if (res.code == FAIL_NONE) {
        res = cli->command->run(cli);
    }
    (void)snprintf(why, sizeof(why), "%s", cli->cx->why.text);
    app_close(&cli->app);
    heap_free(cli);
    return res.code;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static bool said(const char *text)
{
    return str_contains(str_from_z(why), str_from_z(text));
}

static int open_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL || freopen("/dev/null", "w", stdout) == NULL) {
        return -1;
    }
    (void)snprintf(config, sizeof(config), "%s/c.conf", folder);
    return RUN("init") == FAIL_NONE ? 0 : -1;
}

static int close_folder(void **state)
{
    static const char *const names[] = {
        "c.conf", "caldock.keys", "caldock.db", "caldock.db-wal", "caldock.db-shm"};

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[sizeof(folder) + 32];

        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

static void test_init_run_never_overwrites(void **state)
{
    (void)state;
    T_INT(RUN("init"), FAIL_CONFIG);
    T_TRUE(said("c.conf exists"));
    T_INT(unlink(config), 0);
    T_INT(RUN("init"), FAIL_CONFIG);
    T_TRUE(said("caldock.keys exists"));
    T_INT(access(config, F_OK), -1); /* nothing was written */
    int fd = open(config, O_WRONLY | O_CREAT, 0600);

    T_TRUE(fd >= 0 && close(fd) == 0);
}

static void test_provider_commands_change_one_provider(void **state)
{
    (void)state;
    T_INT(
        RUN("provider", "add", "7", "--name", "A", "--redirect", "https://a.example/*"),
        FAIL_NONE);
    T_INT(RUN("provider", "add", "7", "--name", "A"), FAIL_CONFLICT);
    T_TRUE(said("`caldock provider set` changes it"));
    T_INT(RUN("provider", "show", "7"), FAIL_NONE);
    T_INT(RUN("provider", "list", "--json"), FAIL_NONE);
    T_INT(
        RUN("provider", "set", "7", "--name", "B", "--add-redirect",
            "https://b.example/cb", "--remove-redirect", "https://a.example/*",
            "--feature", "external_calendars=off"),
        FAIL_NONE);
    T_INT(
        RUN("provider", "set", "7", "--remove-redirect", "https://a.example/*"),
        FAIL_NOT_FOUND);
    T_INT(RUN("provider", "show", "8"), FAIL_NOT_FOUND);
    T_TRUE(said("there is no provider 8"));
    T_INT(RUN("provider", "set", "8", "--name", "C"), FAIL_NOT_FOUND);
    T_INT(RUN("provider", "remove", "7"), FAIL_NONE);
    T_INT(RUN("provider", "remove", "7"), FAIL_NOT_FOUND);
}

static void test_provider_add_run_refuses_what_is_wrong(void **state)
{
    static const struct {
        const char *option, *value, *says;
    } rows[] = {
        {"--redirect", "http://a.example/cb",    "http://a.example/cb"},
        {"--redirect", "https://a.example/?q=1", "redirect pattern"   },
        {"--feature",  "external_calendars=yes", "NAME=on or NAME=off"},
        {"--feature",  "calendars",              "external_calendars" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(
            RUN("provider", "add", "9", "--name", "A", rows[i].option, rows[i].value),
            FAIL_PARSE_ERROR);
        T_TRUE(said(rows[i].says));
    }
    T_INT(RUN("provider", "add", "x", "--name", "A"), FAIL_PARSE_ERROR);
    T_INT(RUN("provider", "add", "9"), FAIL_PARSE_ERROR);
    T_INT(RUN("provider", "show", "9"), FAIL_NOT_FOUND); /* nothing was added */
}

static void test_names_are_taken_up_to_their_limit(void **state)
{
    char name[LIMIT_NAME_BYTES + 2];

    (void)state;
    (void)snprintf(name, sizeof(name), "%0*d", LIMIT_NAME_BYTES + 1, 7);
    T_INT(RUN("provider", "add", "5", "--name", name), FAIL_PARSE_ERROR);
    T_INT(RUN("provider", "add", "5", "--name", name + 1), FAIL_NONE);
    T_INT(RUN("provider", "set", "5", "--name", name), FAIL_PARSE_ERROR);
    T_INT(RUN("token", "create", "--provider", "5", "--name", name), FAIL_PARSE_ERROR);
    T_INT(RUN("token", "create", "--provider", "5", "--name", name + 1), FAIL_NONE);
    T_INT(RUN("provider", "set", "5", "--name", " "), FAIL_PARSE_ERROR);
    T_INT(RUN("provider", "set", "5", "--name", "\xFF"), FAIL_PARSE_ERROR);
    T_INT(RUN("provider", "remove", "5"), FAIL_NONE);
}

static void test_token_commands_make_and_end_tokens(void **state)
{
    (void)state;
    T_INT(RUN("provider", "add", "3", "--name", "A"), FAIL_NONE);
    T_INT(
        RUN("token", "create", "--provider", "3", "--provider", "3", "--mode", "customer",
            "--mode", "provider", "--user", "ann", "--expires", "90d"),
        FAIL_NONE);
    T_INT(RUN("token", "list"), FAIL_NONE);
    T_INT(RUN("token", "revoke", "1"), FAIL_NONE);
    T_INT(RUN("token", "revoke", "99"), FAIL_NOT_FOUND);
    T_TRUE(said("there is no token 99"));
    T_INT(RUN("token", "create", "--provider", "4"), FAIL_NOT_FOUND);
    T_TRUE(said("4"));
    T_INT(RUN("token", "create"), FAIL_PARSE_ERROR);
    T_INT(RUN("token", "create", "--provider", "3", "--mode", "admin"), FAIL_PARSE_ERROR);
    T_INT(RUN("token", "create", "--provider", "3", "--user", "a b"), FAIL_PARSE_ERROR);
    T_INT(RUN("token", "create", "--provider", "3", "--expires", "0d"), FAIL_PARSE_ERROR);
    T_INT(
        RUN("token", "create", "--provider", "3", "--expires", "soon"), FAIL_PARSE_ERROR);
}

static void test_account_commands_say_what_is_not_there(void **state)
{
    (void)state;
    T_INT(RUN("account", "list"), FAIL_NONE);
    T_INT(RUN("account", "list", "--provider", "x"), FAIL_PARSE_ERROR);
    T_INT(RUN("account", "show", "1"), FAIL_NOT_FOUND);
    T_TRUE(said("there is no account 1"));
    T_INT(RUN("account", "remove", "1"), FAIL_NOT_FOUND);
}

static void test_check_and_help_run(void **state)
{
    (void)state;
    T_INT(RUN("check"), FAIL_NONE);
    T_INT(RUN("help"), FAIL_NONE);
    T_INT(RUN("help", "provider"), FAIL_NONE);
    T_INT(RUN("help", "provider", "add"), FAIL_NONE);
    T_INT(RUN("help", "config"), FAIL_NONE);
    T_INT(RUN("help", "prov"), FAIL_PARSE_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_init_run_never_overwrites),
        T(test_provider_commands_change_one_provider),
        T(test_provider_add_run_refuses_what_is_wrong),
        T(test_names_are_taken_up_to_their_limit),
        T(test_token_commands_make_and_end_tokens),
        T(test_account_commands_say_what_is_not_there),
        T(test_check_and_help_run),
    };

    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
