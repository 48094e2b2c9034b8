/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each check runs in a child of its own, since a sandbox is for good.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/sandbox_calls.h"
#include "base/sandbox_files.h"
#include "base/sanitizer.h"
#include "base/testchild.h"

enum { PATH_BYTES = 128 };

static char folder[] = "/tmp/caldock-sandbox-XXXXXX";

static void enter_calls(void)
{
    const char *why = sandbox_calls();

    if (why != NULL) {
        (void)fprintf(stderr, "no filter: %s\n", why);
        _exit(T_SKIPPED);
    }
}

/* Whether it failed, and with this error. */
static bool refuses(long got, int error)
{
    return got == -1 && errno == error;
}

static void try_refused_calls(void)
{
    enter_calls();
#ifndef WITH_SANITIZER
    must_be(refuses(execl("/bin/true", "true", NULL), EPERM));
    must_be(refuses(ptrace(PTRACE_TRACEME, 0, NULL, NULL), EPERM));
    must_be(refuses(syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0), EPERM));
#endif
    must_be(refuses(mount("none", "/", "tmpfs", 0, NULL), EPERM));
    must_be(refuses(syscall(SYS_fsopen, "tmpfs", 0), EPERM));
    must_be(refuses(syscall(SYS_unshare, 0), EPERM));
    must_be(refuses(syscall(SYS_bpf, -1, NULL, 0), EPERM));
    must_be(refuses(syscall(SYS_keyctl, -1), EPERM));
    must_be(refuses(syscall(SYS_userfaultfd, 0), EPERM));
    must_be(refuses(syscall(SYS_io_uring_setup, 1, NULL), EPERM));
    must_be(refuses(syscall(SYS_kexec_load, 0, 0, NULL, 0), EPERM));
    must_be(refuses(syscall(SYS_finit_module, -1, "", 0), EPERM));
    must_be(refuses(syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0), EPERM));
    must_be(refuses(syscall(SYS_setuid, getuid()), EPERM));
    must_be(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
}

TEST(test_sandbox_calls_refuses_what_no_service_needs)
{
    T_IN_CHILD(try_refused_calls);
}

static bool socket_opens(int family, int type, int protocol)
{
    int fd = socket(family, type, protocol);

    return fd >= 0 && close(fd) == 0;
}

static void try_sockets(void)
{
    enter_calls();
    must_be(socket_opens(AF_UNIX, SOCK_STREAM, 0));
    must_be(socket_opens(AF_INET, SOCK_STREAM, 0));
    must_be(socket_opens(AF_INET, SOCK_DGRAM, 0));
    must_be(socket_opens(AF_NETLINK, SOCK_RAW, 0)); /* routes: getaddrinfo */
    must_be(refuses(socket(AF_PACKET, SOCK_RAW, 0), EAFNOSUPPORT));
    must_be(refuses(socket(AF_ALG, SOCK_SEQPACKET, 0), EAFNOSUPPORT));
    must_be(refuses(socket(AF_VSOCK, SOCK_STREAM, 0), EAFNOSUPPORT));
    must_be(refuses(socket(AF_NETLINK, SOCK_RAW, 9 /* audit */), EAFNOSUPPORT));
    must_be(refuses(socket(AF_NETLINK, SOCK_RAW, 12 /* netfilter */), EAFNOSUPPORT));
}

TEST(test_sandbox_calls_leaves_the_sockets_of_the_internet)
{
    T_IN_CHILD(try_sockets);
}

static int wakes[2]; /* the other thread waits for a byte */

static void *unshare_later(void *arg)
{
    char byte;

    must_be(read(wakes[0], &byte, 1) == 1);
    *(bool *)arg = refuses(syscall(SYS_unshare, 0), EPERM);
    return NULL;
}

static void try_in_other_thread(void)
{
    bool is_refused = false;
    pthread_t other;

    must_be(pipe(wakes) == 0);
    must_be(pthread_create(&other, NULL, unshare_later, &is_refused) == 0);
    enter_calls();
    must_be(write(wakes[1], "", 1) == 1);
    must_be(pthread_join(other, NULL) == 0 && is_refused);
}

TEST(test_sandbox_calls_holds_for_threads_that_were_there)
{
    T_IN_CHILD(try_in_other_thread);
}

/* A path below the folder. */
static const char *below(const char *name)
{
    static char paths[4][PATH_BYTES];
    static size_t last;
    char *path = paths[last++ % COUNT(paths)];

    must_be(snprintf(path, PATH_BYTES, "%s/%s", folder, name) < PATH_BYTES);
    return path;
}

static bool opens(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    return fd >= 0 && close(fd) == 0;
}

static bool is_denied(const char *path, int flags)
{
    return !opens(path, flags) && errno == EACCES;
}

static void enter_files(void)
{
    const struct sandbox_place places[] = {
        {below("read"), SANDBOX_READ},
        {below("store"), SANDBOX_STORE},
        {"/dev/null", SANDBOX_DEVICE},
        {"/nowhere/at/all", SANDBOX_STORE},
    };
    const char *why = sandbox_files(places, COUNT(places));

    if (why != NULL) {
        (void)fprintf(stderr, "no rules: %s\n", why);
        _exit(T_SKIPPED);
    }
}

static void try_files(void)
{
    enter_files();
    must_be(opens(below("read/file"), O_RDONLY));
    must_be(opens(below("read"), O_RDONLY | O_DIRECTORY));
    must_be(is_denied(below("read/file"), O_WRONLY));
    must_be(is_denied(below("read/new"), O_WRONLY | O_CREAT));
    must_be(refuses(unlink(below("read/file")), EACCES));
    must_be(opens(below("store/file"), O_RDWR));
    must_be(opens(below("store/new"), O_WRONLY | O_CREAT | O_EXCL));
    must_be(rename(below("store/new"), below("store/newer")) == 0);
    must_be(unlink(below("store/newer")) == 0);
    must_be(refuses(mkdir(below("store/folder"), 0700), EACCES));
    must_be(refuses(symlink("file", below("store/link")), EACCES));
    must_be(is_denied(below("other/file"), O_RDONLY));
    must_be(is_denied(below("other"), O_RDONLY | O_DIRECTORY));
    must_be(is_denied("/etc/passwd", O_RDONLY));
    must_be(opens("/dev/null", O_RDWR));
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 6) {
        must_be(refuses(kill(getppid(), 0), EPERM));
    }
}

TEST(test_sandbox_files_opens_only_the_named_places)
{
    T_IN_CHILD(try_files);
}

static void *deny_later(void *arg)
{
    *(bool *)arg = is_denied("/etc/passwd", O_RDONLY);
    return NULL;
}

static void try_files_in_new_thread(void)
{
    bool denied = false;
    pthread_t other;

    enter_files();
    must_be(pthread_create(&other, NULL, deny_later, &denied) == 0);
    must_be(pthread_join(other, NULL) == 0 && denied);
}

TEST(test_sandbox_files_holds_for_threads_to_come)
{
    T_IN_CHILD(try_files_in_new_thread);
}

/* As Kubernetes swaps a secret: the name leads to another folder below the same place. */
static void try_swapped_link(void)
{
    must_be(symlink("one", below("read/data")) == 0);
    enter_files();
    must_be(opens(below("read/data/file"), O_RDONLY));
    must_be(refuses(unlink(below("read/data")), EACCES)); /* others may */
}

TEST(test_sandbox_files_follows_links_below_a_place)
{
    T_IN_CHILD(try_swapped_link);
    T_INT(unlink(below("read/data")), 0);
}

static void put_file(const char *path)
{
    must_be(opens(path, O_WRONLY | O_CREAT));
}

static int folders_make(void **state)
{
    (void)state;
    must_be(mkdtemp(folder) != NULL);
    must_be(mkdir(below("read"), 0700) == 0 && mkdir(below("read/one"), 0700) == 0);
    must_be(mkdir(below("store"), 0700) == 0 && mkdir(below("other"), 0700) == 0);
    put_file(below("read/file"));
    put_file(below("read/one/file"));
    put_file(below("store/file"));
    put_file(below("other/file"));
    return 0;
}

static int folders_remove(void **state)
{
    static const char *const files[] = {
        "read/file", "read/one/file", "store/file", "other/file"};
    static const char *const folders[] = {"read/one", "read", "store", "other"};

    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        (void)unlink(below(files[i]));
    }
    for (size_t i = 0; i < COUNT(folders); i++) {
        (void)rmdir(below(folders[i]));
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_sandbox_calls_refuses_what_no_service_needs),
        T(test_sandbox_calls_leaves_the_sockets_of_the_internet),
        T(test_sandbox_calls_holds_for_threads_that_were_there),
        T(test_sandbox_files_opens_only_the_named_places),
        T(test_sandbox_files_holds_for_threads_to_come),
        T(test_sandbox_files_follows_links_below_a_place),
    };

    return cmocka_run_group_tests(tests, folders_make, folders_remove);
}
