/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testchild.h - for unit tests of what is for good in a process, and of what is written
 * to stderr.
 */
#pragma once

#include <fcntl.h>

#include "base/buf.h"
#include "base/testing.h"

enum {
    T_CHILD_S = 60,
    T_SKIPPED = 77, /* a child ends so where the system lacks what the test needs */
    T_HEARD_BYTES = 64 * 1024,
};

/* Runs it in a child of its own. */
static inline void t_in_child(void (*run)(void), const char *file, int line)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        (void)alarm(T_CHILD_S);
        run();
        t_end_child();
    }
    bool has_ended = waitpid(child, &status, 0) == child && WIFEXITED(status);

    if (has_ended && WEXITSTATUS(status) == T_SKIPPED) {
        skip();
    }
    if (!has_ended || WEXITSTATUS(status) != EXIT_SUCCESS) {
        print_error("the child ended with %d\n", status);
        _fail(file, line);
    }
}

/* What goes to stderr between t_hear and t_heard. */
struct t_ear {
    int was;
    int from;
};

/* As much as a pipe holds: more would wait for a reader for ever. */
static inline struct t_ear t_hear(void)
{
    int ends[2];
    struct t_ear ear = {.was = dup(STDERR_FILENO)};

    _assert_true(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0, "pipe2", __FILE__, __LINE__);
    _assert_true(dup2(ends[1], STDERR_FILENO) >= 0, "dup2", __FILE__, __LINE__);
    (void)close(ends[1]);
    ear.from = ends[0];
    return ear;
}

static inline Str t_heard(struct t_ear ear)
{
    struct buf b = {.mem = &t_context.mem, .max = T_HEARD_BYTES};
    char bytes[4096];
    ssize_t n;

    _assert_true(dup2(ear.was, STDERR_FILENO) >= 0, "dup2", __FILE__, __LINE__);
    (void)close(ear.was);
    while ((n = read(ear.from, bytes, sizeof(bytes))) > 0) {
        buf_add(&b, (Str){bytes, (size_t)n});
    }
    (void)close(ear.from);
    return b.n == 0 ? S("") : buf_text(&b);
}

/* How many lines of `text` hold `words`. */
static inline int t_lines_with(Str text, Str words)
{
    int n = 0;
    Str line;

    while (str_next_part(&text, '\n', &line)) {
        n += str_contains(line, words);
    }
    return n;
}

#define T_IN_CHILD(run) t_in_child((run), __FILE__, __LINE__)
