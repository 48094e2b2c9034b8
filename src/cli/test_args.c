/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "cli/args.h"
#include "cli/commands.h"

enum { ARGS_MOST = 8 };

static Res line_parse(struct cli *cli, const char *const *argv)
{
    *cli = (struct cli){.cx = t_cx()};
    return args_parse(cli, argv);
}

TEST(test_args_parse_finds_command_words_and_options)
{
    static const char *const rows[][ARGS_MOST] = {
        {"caldock", "provider", "add", "7", "--name", "Yoga Loft",
         "--redirect=https://a/*"},
        {"caldock", "--redirect", "https://a/*", "provider", "--name=Yoga Loft", "add",
         "7"},
        {"caldock", "provider", "add", "--name=Yoga Loft", "--redirect=https://a/*", "--",
         "7"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cli cli;
        size_t at = 0;
        Str pattern;
        int64_t id;

        T_OK(line_parse(&cli, rows[i]));
        T_STR(cli.command->name, S("provider add"));
        T_INT(cli.n_words, 1);
        T_OK(cli_id(&cli, cli.words[0], &id));
        T_INT(id, 7);
        T_STR(cli_value(&cli, S("--name")), S("Yoga Loft"));
        T_TRUE(cli_next(&cli, S("--redirect"), &at, &pattern));
        T_STR(pattern, S("https://a/*"));
        T_TRUE(!cli_next(&cli, S("--redirect"), &at, &pattern));
        T_TRUE(!cli_has(&cli, S("--json")) && cli_config_path(&cli) == NULL);
    }
}

TEST(test_args_parse_takes_help_for_a_command)
{
    static const struct {
        Str topic;
        const char *argv[ARGS_MOST];
    } rows[] = {
        {SI(""), {"caldock", "--help"}},
        {SI(""), {"caldock", "-h", "--json"}},
        {SI("serve"), {"caldock", "serve", "--help"}},
        {SI("serve"), {"caldock", "--help", "--config", "x", "serve"}},
        {SI("webhook add"), {"caldock", "webhook", "add", "-h"}},
        {SI("provider show"), {"caldock", "provider", "show", "1", "2", "--help"}},
        {SI("token"), {"caldock", "token", "--help"}},
        {SI("sing"), {"caldock", "sing", "--help"}},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cli cli;

        T_OK(line_parse(&cli, rows[i].argv));
        T_STR(cli.command->name, S("help"));
        T_INT(cli.n_options, 0);
        T_INT(cli.n_words, rows[i].topic.n > 0);
        T_STR(cli.n_words > 0 ? cli.words[0] : S(""), rows[i].topic);
    }
}

TEST(test_args_parse_refuses_wrong_usage)
{
    static const struct {
        const char *says;
        const char *argv[ARGS_MOST];
    } rows[] = {
        {"a command is missing", {"caldock"}},
        {"a command is missing", {"caldock", "--json"}},
        {"one of: token create, token list, token revoke", {"caldock", "token"}},
        {"one of: account list", {"caldock", "account", "lst"}},
        {"no such command", {"caldock", "server"}},
        {"no such option", {"caldock", "serve", "--color"}},
        {"has no such option", {"caldock", "serve", "--yes"}},
        {"wants a value", {"caldock", "serve", "--config"}},
        {"takes no value", {"caldock", "token", "list", "--json=1"}},
        {"given twice", {"caldock", "token", "list", "--json", "--json"}},
        {"the command wants: ID", {"caldock", "provider", "show"}},
        {"the command wants: ID", {"caldock", "provider", "show", "1", "2"}},
        {"wants: no arguments", {"caldock", "serve", "now"}},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cli cli;

        T_FAIL(FAIL_PARSE_ERROR, line_parse(&cli, rows[i].argv));
        T_TRUE(str_contains(str_from_z(t_cx()->why.text), str_from_z(rows[i].says)));
    }
}

TEST(test_args_parse_holds_its_limits)
{
    static const char *argv[CLI_OPTIONS_MOST + 4] = {"caldock", "token", "create"};
    struct cli cli;

    for (int i = 0; i < CLI_OPTIONS_MOST; i++) {
        argv[i + 3] = "--provider=1";
    }
    argv[CLI_OPTIONS_MOST + 3] = NULL;
    T_OK(line_parse(&cli, argv));
    argv[2] = "--provider=1";
    T_FAIL(FAIL_PARSE_ERROR, line_parse(&cli, argv));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("too many options")));
    for (int i = 0; i <= CLI_WORDS_MOST; i++) {
        argv[i + 1] = "x";
    }
    argv[CLI_WORDS_MOST + 1] = NULL;
    T_FAIL(FAIL_PARSE_ERROR, line_parse(&cli, argv));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("no such command")));
    argv[CLI_WORDS_MOST + 1] = "x";
    argv[CLI_WORDS_MOST + 2] = NULL;
    T_FAIL(FAIL_PARSE_ERROR, line_parse(&cli, argv));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("too many arguments")));
}

TEST(test_cli_id_takes_positive_numbers)
{
    static const Str rows[] = {SI("0"), SI("-1"), SI("x"), SI(""), SI("1.5")};
    struct cli cli = {.cx = t_cx()};

    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t id = 77;

        T_FAIL(FAIL_PARSE_ERROR, cli_id(&cli, rows[i], &id));
        T_INT(id, 77);
    }
}

TEST(test_command_table_has_complete_rows)
{
    size_t n;
    const struct command *all = command_table(&n);

    T_TRUE(n > 0);
    for (size_t i = 0; i < n; i++) {
        T_TRUE(all[i].run != NULL && all[i].about.n > 0);
        T_TRUE(all[i].words == 0 || all[i].usage.n > 0);
    }
}

T_MAIN(
    T(test_args_parse_finds_command_words_and_options),
    T(test_args_parse_takes_help_for_a_command), T(test_args_parse_refuses_wrong_usage),
    T(test_args_parse_holds_its_limits), T(test_cli_id_takes_positive_numbers),
    T(test_command_table_has_complete_rows))
