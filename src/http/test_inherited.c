/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each check runs in a child of its own, since descriptors from 3 on are a test's, too.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/limits.h"
#include "base/testchild.h"
#include "http/inherited.h"

enum { FIRST = 3, DIGITS = 24 };

static void variables_set(int64_t pid, const char *count, const char *names)
{
    char digits[DIGITS];

    (void)snprintf(digits, sizeof(digits), "%lld", (long long)pid);
    must_be(setenv("LISTEN_PID", digits, 1) == 0);
    must_be(setenv("LISTEN_FDS", count, 1) == 0);
    must_be(names == NULL || setenv("LISTEN_FDNAMES", names, 1) == 0);
}

static bool variables_are_gone(void)
{
    return getenv("LISTEN_PID") == NULL && getenv("LISTEN_FDS") == NULL
           && getenv("LISTEN_FDNAMES") == NULL;
}

/* A socket that is bound, as descriptor `fd`. */
static void socket_put(int fd, int type, const void *address, size_t n)
{
    int from = socket(((const struct sockaddr *)address)->sa_family, type, 0);

    must_be(n == 0 || bind(from, address, (socklen_t)n) == 0);
    must_be(from == fd || (dup2(from, fd) == fd && close(from) == 0));
}

static const struct sockaddr_in loopback = {
    .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007F};
static const struct sockaddr_in6 loopback_6 = {
    .sin6_family = AF_INET6, .sin6_addr.s6_addr[15] = 1};
static const struct sockaddr_un hidden = {
    .sun_family = AF_UNIX, .sun_path = "\0caldock-inherited"};

static int port_of(int fd)
{
    struct sockaddr_in6 at;
    socklen_t n = sizeof(at);

    must_be(getsockname(fd, (struct sockaddr *)&at, &n) == 0);
    return ntohs(at.sin6_port);
}

static void address_is(Str got, const char *begin, int port)
{
    char want[64];

    (void)snprintf(want, sizeof(want), "%s%d", begin, port);
    must_be(str_eq(got, str_from_z(want)));
}

static void find_three(void)
{
    struct inherited all;

    socket_put(FIRST, SOCK_STREAM, &loopback, sizeof(loopback));
    socket_put(FIRST + 1, SOCK_STREAM, &loopback_6, sizeof(loopback_6));
    socket_put(
        FIRST + 2, SOCK_STREAM, &hidden,
        offsetof(struct sockaddr_un, sun_path) + sizeof("\0caldock-inherited") - 1);
    variables_set(getpid(), "3", "one::metrics");
    must_be(inherited_find(t_cx(), &all).code == FAIL_NONE);
    must_be(all.n == 3 && variables_are_gone());
    address_is(all.at[0].address, "127.0.0.1:", port_of(FIRST));
    address_is(all.at[1].address, "[::1]:", port_of(FIRST + 1));
    must_be(str_eq(all.at[2].address, S("unix:@caldock-inherited")));
    must_be(str_eq(all.at[0].name, S("one")) && all.at[1].name.n == 0);
    must_be(str_eq(all.at[2].name, S("metrics")));
    for (int i = 0; i < 3; i++) {
        must_be(all.at[i].fd == FIRST + i);
        must_be((fcntl(FIRST + i, F_GETFD) & FD_CLOEXEC) != 0);
    }
}

TEST(test_inherited_find_names_sockets_and_addresses)
{
    T_IN_CHILD(find_three);
}

static void find_none(void)
{
    struct inherited all = {.n = 77};

    must_be(inherited_find(t_cx(), &all).code == FAIL_NONE && all.n == 0);
    socket_put(FIRST, SOCK_STREAM, &loopback, sizeof(loopback));
    variables_set(getppid(), "1", NULL);
    must_be(inherited_find(t_cx(), &all).code == FAIL_NONE && all.n == 0);
    must_be(variables_are_gone());
    variables_set(getpid(), "0", NULL);
    must_be(inherited_find(t_cx(), &all).code == FAIL_NONE && all.n == 0);
}

TEST(test_inherited_find_leaves_those_of_another_process)
{
    T_IN_CHILD(find_none);
}

static void is_refused(const char *count, const char *says)
{
    struct inherited all;

    variables_set(getpid(), count, NULL);
    must_be(inherited_find(t_cx(), &all).code == FAIL_CONFIG);
    must_be(str_contains(str_from_z(t_cx()->why.text), str_from_z(says)));
}

static void find_wrong(void)
{
    is_refused("-1", "a number up to 16");
    is_refused("17", "a number up to 16");
    is_refused("x", "a number up to 16");
    (void)close(FIRST);
    is_refused("1", "the descriptor 3 is no stream socket");
    socket_put(FIRST, SOCK_DGRAM, &loopback, sizeof(loopback));
    is_refused("1", "the descriptor 3 is no stream socket");
    socket_put(FIRST, SOCK_STREAM, &loopback, 0); /* not bound */
    is_refused("1", "the descriptor 3 is no stream socket");
    socket_put(FIRST, SOCK_STREAM, &hidden, 0);
    is_refused("1", "the descriptor 3 is no stream socket");
}

TEST(test_inherited_find_refuses_what_is_nothing_to_listen_on)
{
    T_IN_CHILD(find_wrong);
}

static void find_most(void)
{
    struct inherited all;
    char digits[DIGITS];

    for (int i = 0; i < LIMIT_INHERITED_SOCKETS; i++) {
        socket_put(FIRST + i, SOCK_STREAM, &loopback, sizeof(loopback));
    }
    (void)snprintf(digits, sizeof(digits), "%d", LIMIT_INHERITED_SOCKETS);
    variables_set(getpid(), digits, NULL);
    must_be(inherited_find(t_cx(), &all).code == FAIL_NONE);
    must_be(all.n == LIMIT_INHERITED_SOCKETS && all.at[1].name.n == 0);
}

TEST(test_inherited_find_takes_as_many_as_the_limit)
{
    T_IN_CHILD(find_most);
}

T_MAIN(
    T(test_inherited_find_names_sockets_and_addresses),
    T(test_inherited_find_leaves_those_of_another_process),
    T(test_inherited_find_refuses_what_is_nothing_to_listen_on),
    T(test_inherited_find_takes_as_many_as_the_limit))
