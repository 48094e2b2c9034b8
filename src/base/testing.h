/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testing.h - what every unit test includes: cmocka, a context, and checks of Res and
 * Str.
 *
 * Only for test_*.c. A test is TEST(test_<function>_<what it shows>) { … }. A test file
 * ends with T_MAIN(T(name), …); one without tests fails.
 */
#pragma once

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cx.h"
#include "base/str.h"

/* cmocka has a macro of the same name, and wants its own headers first. */
/* clang-format off */
#pragma push_macro("fail")
#undef fail
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#pragma pop_macro("fail")
/* clang-format on */

/* A context that lasts as long as one test; the teardown of T() wipes it. */
static struct cx t_context;

static inline struct cx *t_cx(void)
{
    return &t_context;
}

static inline int t_end(void **state)
{
    (void)state;
    cx_done(&t_context);
    return 0;
}

static inline void t_str_is(Str got, Str want, const char *file, int line)
{
    if (!str_eq(got, want)) {
        print_error("got  '%.*s'\nwant '%.*s'\n", STR_ARG(got), STR_ARG(want));
        _fail(file, line);
    }
}

static inline void t_res_is(Res got, enum fail want, const char *file, int line)
{
    if (got.code != want) {
        print_error("got kind %d (%s), want %d\n", got.code, t_context.why.text, want);
        _fail(file, line);
    }
}

#ifdef COVERAGE_FOLDER
void __gcov_dump(void); /* gcc's */
#else
#    define __gcov_dump() (void)0
#endif

/* The end of a child that a test has forked: _exit alone would leave out what it covered.
 */
static inline _Noreturn void t_end_child(void)
{
    __gcov_dump();
    _exit(EXIT_SUCCESS);
}

/* Runs it in a child of its own, silent and without a core file. */
static inline void t_aborts(void (*run)(void), const char *file, int line)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        (void)close(STDERR_FILENO);
        (void)signal(SIGABRT, SIG_DFL);
        run();
        _exit(EXIT_SUCCESS);
    }
    if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status)
        || WTERMSIG(status) != SIGABRT) {
        print_error("did not abort\n");
        _fail(file, line);
    }
}

#define TEST(name)         static void name(__attribute__((unused)) void **t_state)
#define T_OK(call)         t_res_is((call), FAIL_NONE, __FILE__, __LINE__)
#define T_FAIL(kind, call) t_res_is((call), (kind), __FILE__, __LINE__)
#define T_STR(got, want)   t_str_is((got), (want), __FILE__, __LINE__)
#define T_TRUE(cond)       _assert_true((uintmax_t) !!(cond), #cond, __FILE__, __LINE__)
#define T_ABORTS(run)      t_aborts((run), __FILE__, __LINE__)
#define T_INT(got, want)   assert_int_equal((got), (want))
#define T(name)            cmocka_unit_test_teardown(name, t_end)
#define T_MAIN(...)                                                                      \
    int main(void)                                                                       \
    {                                                                                    \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                 \
        return cmocka_run_group_tests(tests, NULL, NULL);                                \
    }
