/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log_events.h"
#include "base/testing.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/manual.h"

static const Str date = SI("2026-11-30");

TEST(test_manual_page_is_there_for_each_command)
{
    size_t n;
    const struct command *all = command_table(&n);

    for (size_t i = 0; i < n; i++) {
        struct arena *mem = &t_cx()->mem;
        Str group = command_group(&all[i]);
        Str name = group.n == 0 ? S("caldock") : str_cat(mem, S("caldock-"), group);
        Str page;

        T_OK(manual_page(t_cx(), str_cat(mem, name, S(".8")), date, &page));
        T_TRUE(str_contains(page, str_cat(mem, S("\\fBcaldock "), all[i].name)));
    }
}

TEST(test_manual_page_of_the_configuration_tells_of_secrets_and_choices)
{
    Str page;

    T_OK(manual_page(t_cx(), S("caldock.conf.5"), date, &page));
    T_TRUE(str_contains(page, S("\\fBclient_secret_file\\fP names a file")));
    T_TRUE(str_contains(page, S("One of: logfmt, json.")));
    T_TRUE(str_contains(page, S("\\fBlisten\\fP = 127.0.0.1:8080")));
}

TEST(test_manual_page_of_the_log_tells_of_each_event)
{
    static const Str names[] = {
#define X(id, name, levels, meaning) SI("\\fB" name "\\fP (" levels ")"),
        LOG_EVENTS(X)
#undef X
    };
    Str page;

    T_OK(manual_page(t_cx(), S("caldock-log.7"), date, &page));
    for (size_t i = 0; i < COUNT(names); i++) {
        T_TRUE(str_contains(page, names[i]));
    }
    T_TRUE(str_contains(page, S("A request has ended.")));
}

TEST(test_manual_page_knows_no_other)
{
    static const Str rows[] = {
        SI("caldock-nothing.8"), SI("caldock-keys.1"), SI("caldock"),
        SI("caldock-.8"),        SI("caldock.conf.8"), SI(""),
        SI("caldock-log.8"),
    };
    Str page;

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_FAIL(FAIL_NOT_FOUND, manual_page(t_cx(), rows[i], date, &page));
    }
}

TEST(test_completion_has_each_command_for_each_shell)
{
    Str scripts[3];
    size_t n;
    const struct command *all = command_table(&n);

    T_OK(completion_bash(t_cx(), &scripts[0]));
    T_OK(completion_zsh(t_cx(), &scripts[1]));
    T_OK(completion_fish(t_cx(), &scripts[2]));
    for (size_t i = 0; i < n * COUNT(scripts); i++) {
        Str quoted = str_cat(&t_cx()->mem, S("'"), all[i / COUNT(scripts)].name);

        T_TRUE(str_contains(
            scripts[i % COUNT(scripts)], str_cat(&t_cx()->mem, quoted, S("'"))));
    }
    T_TRUE(str_contains(scripts[1], S("configuration'\\''s keys")));
    T_TRUE(str_contains(scripts[1], S("list the keys\\: which")));
    T_TRUE(str_contains(scripts[2], S("-l name -r\n")));
    T_TRUE(str_contains(scripts[2], S("-l yes\n")));
}

T_MAIN(
    T(test_manual_page_is_there_for_each_command),
    T(test_manual_page_of_the_configuration_tells_of_secrets_and_choices),
    T(test_manual_page_of_the_log_tells_of_each_event),
    T(test_manual_page_knows_no_other),
    T(test_completion_has_each_command_for_each_shell))
