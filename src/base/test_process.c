/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/prctl.h>

#include "base/process.h"
#include "base/testing.h"

TEST(test_process_hide_memory_forbids_core_dumps)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        struct rlimit core = {1, 1};

        process_hide_memory();
        must_be(prctl(PR_GET_DUMPABLE) == 0);
        must_be(getrlimit(RLIMIT_CORE, &core) == 0);
        must_be(core.rlim_cur == 0 && core.rlim_max == 0);
        t_end_child();
    }
    T_TRUE(waitpid(child, &status, 0) == child && status == 0);
}

TEST(test_process_raise_files_goes_as_far_as_it_may)
{
    struct rlimit before, now;

    T_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
    T_INT(setrlimit(RLIMIT_NOFILE, &(struct rlimit){64, before.rlim_max}), 0);
    int64_t most = process_raise_files();

    T_INT(getrlimit(RLIMIT_NOFILE, &now), 0);
    T_TRUE(now.rlim_cur == before.rlim_max && (rlim_t)most == before.rlim_max);
    T_INT(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(test_process_fill_streams_takes_the_place_of_closed_ones)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        char c = 0;

        for (int fd = 0; fd < 3; fd++) {
            (void)close(fd);
        }
        process_fill_streams();
        must_be(open("/dev/null", O_RDONLY) == 3);
        bool ok = read(STDIN_FILENO, &c, 1) < 0 && write(STDOUT_FILENO, &c, 1) < 0
                  && write(STDERR_FILENO, &c, 1) == 1;

        _exit(ok ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    T_TRUE(waitpid(child, &status, 0) == child && status == 0);
    process_fill_streams(); /* where all are open */
    int fd = open("/dev/null", O_RDONLY);

    T_TRUE(fd > STDERR_FILENO && close(fd) == 0);
}

TEST(test_process_look_counts_files_and_time)
{
    struct process_use before, now;

    process_look(&before);
    int far = fcntl(STDERR_FILENO, F_DUPFD, 1000);
    int fd = open("/dev/null", O_RDONLY);

    T_TRUE(far >= 1000 && fd >= 0);
    process_look(&now);
    T_INT(now.files, before.files + 2);
    T_TRUE(now.files <= now.files_most && before.files >= 3);
    T_TRUE(now.cpu_us >= before.cpu_us && now.cpu_us > 0);
    T_TRUE(now.resident_bytes > 0 && now.virtual_bytes >= now.resident_bytes);
    T_TRUE(close(fd) == 0 && close(far) == 0);
    process_look(&now);
    T_INT(now.files, before.files);
}

T_MAIN(
    T(test_process_look_counts_files_and_time),
    T(test_process_fill_streams_takes_the_place_of_closed_ones),
    T(test_process_hide_memory_forbids_core_dumps),
    T(test_process_raise_files_goes_as_far_as_it_may))
