/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/testing.h"

/* What log_event writes, read back through a pipe in the place of stderr. */
static Str written(void (*write_it)(void))
{
    static char text[8192];
    int ends[2];
    int was = dup(STDERR_FILENO);

    T_INT(pipe(ends), 0);
    T_TRUE(dup2(ends[1], STDERR_FILENO) >= 0);
    write_it();
    T_TRUE(dup2(was, STDERR_FILENO) >= 0);
    (void)close(was);
    (void)close(ends[1]);
    ssize_t n = read(ends[0], text, sizeof(text));

    (void)close(ends[0]);
    return (Str){text, n < 0 ? 0 : (size_t)n};
}

static void log_a_forgery(void)
{
    log_event(
        LEVEL_INFO, "test.forged", KV("name", S("a\nlevel=\"error\" \xC3\xA9\x00z\\")));
}

static void log_too_much(void)
{
    static char much[6000];

    memset(much, 'x', sizeof(much));
    log_event(
        LEVEL_INFO, "test.long", KV("a", (Str){much, sizeof(much)}),
        KV("b", (Str){much, sizeof(much)}), KV("c", (Str){much, sizeof(much)}),
        KV("d", (Str){much, sizeof(much)}), KV("e", (Str){much, sizeof(much)}));
}

static void log_below_the_level(void)
{
    log_event(LEVEL_DEBUG, "test.debug", KV("a", S("b")));
}

static void test_log_event_escapes_values(void **state)
{
    (void)state;
    log_setup(LEVEL_INFO, FORMAT_LOGFMT);
    Str line = written(log_a_forgery);

    T_TRUE(str_ends(
        line, S("event=\"test.forged\" "
                "name=\"a\\u000alevel=\\\"error\\\" \\u00c3\\u00a9\\u0000z\\\\\"\n")));
    log_setup(LEVEL_INFO, FORMAT_JSON);
    line = written(log_a_forgery);
    T_TRUE(str_starts(line, S("{\"time\":\"2")));
    T_TRUE(str_ends(line, S("\"}\n")));
}

static void test_log_event_is_one_line_however_long(void **state)
{
    (void)state;
    log_setup(LEVEL_INFO, FORMAT_JSON);
    Str line = written(log_too_much);
    size_t at = 0;

    T_TRUE(line.n <= 4096 && str_ends(line, S("}\n")));
    T_TRUE(str_find(line, '\n', &at) && at == line.n - 1);
}

static void test_log_event_below_the_level_writes_nothing(void **state)
{
    (void)state;
    log_setup(LEVEL_INFO, FORMAT_LOGFMT);
    T_INT(written(log_below_the_level).n, 0);
    log_setup(LEVEL_DEBUG, FORMAT_LOGFMT);
    T_TRUE(written(log_below_the_level).n > 0);
}

T_MAIN(
    T(test_log_event_escapes_values), T(test_log_event_is_one_line_however_long),
    T(test_log_event_below_the_level_writes_nothing))
