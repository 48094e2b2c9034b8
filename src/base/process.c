/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.c - prctl(2), setrlimit(2), the standard streams, the environment, and what the
 * process takes.
 */
#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/str.h"

enum { FILES_AT_ONCE = 1024, STATM_BYTES = 256, US = 1000 * 1000 };

void process_hide_memory(void)
{
    must_be(prctl(PR_SET_DUMPABLE, 0) == 0);
    must_be(setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) == 0);
}

void process_fill_streams(void)
{
    static const int flags[] = {
        [STDIN_FILENO] = O_WRONLY, [STDOUT_FILENO] = O_RDONLY, [STDERR_FILENO] = O_RDWR};

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            (void)!open("/dev/null", flags[fd]); /* the lowest that is free: fd */
        }
    }
}

Str process_take_variable(const char *name)
{
    /* NOLINTBEGIN(concurrency-mt-unsafe): there is one thread */
    const char *value = getenv(name); /* stays where it is */

    (void)unsetenv(name);
    /* NOLINTEND(concurrency-mt-unsafe) */
    return value == NULL ? S("") : str_from_z(value);
}

int64_t process_raise_files(void)
{
    struct rlimit files;

    must_be(getrlimit(RLIMIT_NOFILE, &files) == 0);
    rlim_t before = files.rlim_cur;

    files.rlim_cur = files.rlim_max;
    rlim_t now = setrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_max : before;

    return now > INT64_MAX ? INT64_MAX : (int64_t)now; /* none is the largest there is */
}

static void process_look_memory(struct process_use *ret)
{
    char text[STATM_BYTES];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
    Str rest = {text, n < 0 ? 0 : (size_t)n};
    int64_t page = sysconf(_SC_PAGESIZE);
    int64_t pages[2] = {0, 0}; /* all, resident: proc(5) */
    Str word;

    for (size_t i = 0; i < COUNT(pages) && str_next_word(&rest, S(" "), &word); i++) {
        (void)str_to_int(word, &pages[i]);
    }
    ret->virtual_bytes = pages[0] * page;
    ret->resident_bytes = pages[1] * page;
    if (fd >= 0) {
        (void)close(fd);
    }
}

/* Of `n` descriptors from `first` on, FILES_AT_ONCE at most. poll(2) says which of them
 * are none. */
static int64_t process_count_files(int first, size_t n)
{
    struct pollfd files[FILES_AT_ONCE];
    int64_t count = 0;

    for (size_t i = 0; i < n; i++) {
        files[i] = (struct pollfd){.fd = first + (int)i};
    }
    if (poll(files, n, 0) < 0) {
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        count += (files[i].revents & POLLNVAL) == 0;
    }
    return count;
}

/* The folder /proc/self/fd is closed to a process that hides its memory. New files get
 * the lowest numbers, so nothing is looked for behind a large gap. */
static int64_t process_files(int64_t most)
{
    int64_t count = 0;
    int64_t some = 1;

    for (int64_t at = 0; at < most && some > 0; at += FILES_AT_ONCE) {
        int64_t n = most - at < FILES_AT_ONCE ? most - at : FILES_AT_ONCE;

        some = process_count_files((int)at, (size_t)n);
        count += some;
    }
    return count;
}

static int64_t process_us(struct timeval t)
{
    return (int64_t)t.tv_sec * US + t.tv_usec;
}

void process_look(struct process_use *ret)
{
    struct rusage use;
    struct rlimit files;

    must_be(getrusage(RUSAGE_SELF, &use) == 0);
    must_be(getrlimit(RLIMIT_NOFILE, &files) == 0);
    ret->cpu_us = process_us(use.ru_utime) + process_us(use.ru_stime);
    ret->files_most = files.rlim_cur > INT32_MAX ? INT32_MAX : (int64_t)files.rlim_cur;
    ret->files = process_files(ret->files_most);
    process_look_memory(ret);
}
