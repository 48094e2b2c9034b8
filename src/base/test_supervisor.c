/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/supervisor.h"
#include "base/testing.h"

enum { NAME_BYTES = 128, DATAGRAM_BYTES = 256 };

static void variable_set(const char *name, const char *value)
{
    T_TRUE(value == NULL ? unsetenv(name) == 0 : setenv(name, value, 1) == 0);
}

/* A socket that is called `name`, as NOTIFY_SOCKET has it. */
static int receiver_open(const char *name)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    size_t n = strlen(name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    memcpy(at.sun_path, name, n);
    if (name[0] == '@') {
        at.sun_path[0] = 0;
    }
    const struct sockaddr *to = (const struct sockaddr *)&at;

    T_TRUE(bind(fd, to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) == 0);
    return fd;
}

static void receiver_hears(int fd, Str want)
{
    char bytes[DATAGRAM_BYTES];
    ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

    T_TRUE(n >= 0);
    T_STR(((Str){bytes, (size_t)n}), want);
}

static const char *name_with_pid(char name[NAME_BYTES], const char *begin)
{
    (void)snprintf(name, NAME_BYTES, "%s%d", begin, (int)getpid());
    return name;
}

TEST(test_supervisor_tell_reaches_a_path_and_an_abstract_name)
{
    static const char *const begins[] = {"/tmp/caldock-notify-", "@caldock-notify-"};

    for (size_t i = 0; i < COUNT(begins); i++) {
        char room[NAME_BYTES];
        const char *name = name_with_pid(room, begins[i]);
        struct supervisor s;
        int fd = receiver_open(name);

        variable_set("NOTIFY_SOCKET", name);
        supervisor_find(&s);
        T_TRUE(getenv("NOTIFY_SOCKET") == NULL);
        supervisor_tell(&s, S("READY=1\nSTATUS=x"));
        receiver_hears(fd, S("READY=1\nSTATUS=x"));

        (void)close(fd); /* it starts again */
        (void)unlink(name);
        supervisor_tell(&s, S("lost"));
        fd = receiver_open(name);
        supervisor_tell(&s, S("STOPPING=1"));
        receiver_hears(fd, S("STOPPING=1"));
        (void)close(fd);
        (void)unlink(name);
        supervisor_close(&s);
    }
}

TEST(test_supervisor_find_without_one_is_silent)
{
    static const char *const names[] = {NULL, "", "vsock:2:1234", "relative"};

    for (size_t i = 0; i < COUNT(names); i++) {
        struct supervisor s;

        variable_set("NOTIFY_SOCKET", names[i]);
        variable_set("WATCHDOG_USEC", "1000000");
        supervisor_find(&s);
        T_INT(s.fd, -1);
        T_INT(s.watchdog_ms, 0);
        supervisor_tell(&s, S("READY=1"));
        supervisor_close(&s);
    }
}

TEST(test_supervisor_find_holds_the_limit_of_a_path)
{
    struct sockaddr_un at;
    char name[sizeof(at.sun_path) + 1];
    struct supervisor s;

    memset(name, 'p', sizeof(name));
    name[0] = '/';
    name[sizeof(at.sun_path)] = 0;
    variable_set("NOTIFY_SOCKET", name);
    supervisor_find(&s);
    T_INT(s.fd, -1);
    name[sizeof(at.sun_path) - 1] = 0;
    variable_set("NOTIFY_SOCKET", name);
    supervisor_find(&s);
    T_TRUE(s.fd >= 0);
    supervisor_close(&s);
}

TEST(test_supervisor_find_takes_the_watchdog_of_this_process)
{
    char own[NAME_BYTES];

    const struct {
        const char *usec, *pid;
        int64_t ms;
    } rows[] = {
        {"30000000", NULL, 30000},
        {"30000000", name_with_pid(own, ""), 30000},
        {"30000000", "1", 0},
        {"30000000", "x", 0},
        {"1", NULL, 1},
        {"0", NULL, 0},
        {"-1", NULL, 0},
        {"soon", NULL, 0},
        {NULL, NULL, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct supervisor s;

        variable_set("NOTIFY_SOCKET", "@caldock-nobody");
        variable_set("WATCHDOG_USEC", rows[i].usec);
        variable_set("WATCHDOG_PID", rows[i].pid);
        supervisor_find(&s);
        T_INT(s.watchdog_ms, rows[i].ms);
        T_TRUE(getenv("WATCHDOG_USEC") == NULL && getenv("WATCHDOG_PID") == NULL);
        supervisor_close(&s);
    }
}

T_MAIN(
    T(test_supervisor_tell_reaches_a_path_and_an_abstract_name),
    T(test_supervisor_find_without_one_is_silent),
    T(test_supervisor_find_holds_the_limit_of_a_path),
    T(test_supervisor_find_takes_the_watchdog_of_this_process))
