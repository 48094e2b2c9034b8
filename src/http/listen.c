/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen.c - parses addresses, and binds: IPv4, IPv6 alone, unix sockets.
 *
 * Each loop has a TCP socket of its own (SO_REUSEPORT: the kernel spreads connections),
 * and a copy of the one descriptor of a unix socket.
 */
#include "http/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/cx.h"

bool listen_is_unix(const struct listen_address *a)
{
    return a->any.sa_family == AF_UNIX;
}

int listen_port(const struct listen_address *a)
{
    /* sin_port and sin6_port stand at the same place */
    return listen_is_unix(a) ? 0 : ntohs(((const struct sockaddr_in *)&a->ip)->sin_port);
}

static Res parse_unix(struct cx *cx, Str path, struct listen_address *ret)
{
    struct listen_address a = {.un.sun_family = AF_UNIX, .n = sizeof(a.un)};

    if (path.n == 0 || path.n >= sizeof(a.un.sun_path)) {
        return fail(
            cx, FAIL_CONFIG, "listen unix:%.*s: a path of 1 to %zu bytes is needed",
            (int)path.n, path.p, sizeof(a.un.sun_path) - 1);
    }
    memcpy(a.un.sun_path, path.p, path.n);
    *ret = a;
    return OK;
}

static bool parse_ip(struct cx *cx, Str host, int port, struct listen_address *ret)
{
    bool is_6 = str_starts(host, S("[")) && str_ends(host, S("]"));
    const char *z;

    if (str_z(cx, is_6 ? str_sub(host, 1, host.n - 1) : host, &z).code != FAIL_NONE) {
        return false;
    }
    *ret = (struct listen_address){0};
    if (is_6) {
        ret->n = sizeof(struct sockaddr_in6);
        return uv_ip6_addr(z, port, (struct sockaddr_in6 *)&ret->ip) == 0;
    }
    ret->n = sizeof(struct sockaddr_in);
    return uv_ip4_addr(z, port, (struct sockaddr_in *)&ret->ip) == 0;
}

Res listen_parse(struct cx *cx, Str text, struct listen_address *ret)
{
    struct listen_address a;
    size_t colon = text.n;
    int64_t port;

    if (str_starts(text, S("unix:"))) {
        return parse_unix(cx, str_sub(text, strlen("unix:"), text.n), ret);
    }
    while (colon > 0 && text.p[colon - 1] != ':') {
        colon--;
    }
    if (colon == 0 || !str_to_int(str_sub(text, colon, text.n), &port) || port < 0
        || port > UINT16_MAX
        || !parse_ip(cx, str_sub(text, 0, colon - 1), (int)port, &a)) {
        return fail(
            cx, FAIL_CONFIG,
            "listen %.*s: should be like 127.0.0.1:8080, [::]:8080 or unix:/path",
            (int)text.n, text.p);
    }
    *ret = a;
    return OK;
}

/* The descriptor, or why it could not be bound (errno). */
static Res done(struct cx *cx, Str text, int fd, bool is_bound, int *ret)
{
    int error = uv_translate_sys_error(errno);

    if (!is_bound) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return fail(
            cx, FAIL_CONFIG, "listen %.*s: %s", (int)text.n, text.p, uv_strerror(error));
    }
    *ret = fd;
    return OK;
}

static int socket_open(int family)
{
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Whether the socket file is a leftover: nobody accepts behind it. */
static bool is_stale(const struct listen_address *a)
{
    struct stat st;
    int fd = socket_open(AF_UNIX);
    bool is_refused = lstat(a->un.sun_path, &st) == 0 && S_ISSOCK(st.st_mode)
                      && connect(fd, &a->any, a->n) != 0 && errno == ECONNREFUSED;

    (void)close(fd);
    return is_refused;
}

static bool bind_unix(int fd, const struct listen_address *a)
{
    bool is_bound = bind(fd, &a->any, a->n) == 0;

    if (!is_bound && errno == EADDRINUSE && is_stale(a)) {
        is_bound = unlink(a->un.sun_path) == 0 && bind(fd, &a->any, a->n) == 0;
    }
    return is_bound;
}

static bool set_flag(int fd, int level, int name)
{
    int on = 1;

    return setsockopt(fd, level, name, &on, sizeof(on)) == 0;
}

/* TCP_NODELAY is inherited by what is accepted. */
static bool set_flags(int fd, int family)
{
    return set_flag(fd, SOL_SOCKET, SO_REUSEADDR)
           && set_flag(fd, IPPROTO_TCP, TCP_NODELAY)
           && (family != AF_INET6 || set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY));
}

/* The flag to share comes after binding, so that binding fails when the port is taken. */
static bool bind_ip_first(int fd, struct listen_address *a)
{
    return set_flags(fd, a->any.sa_family) && bind(fd, &a->any, a->n) == 0
           && set_flag(fd, SOL_SOCKET, SO_REUSEPORT)
           && getsockname(fd, &a->any, &a->n) == 0;
}

static bool bind_ip_next(int fd, const struct listen_address *a)
{
    return set_flags(fd, a->any.sa_family) && set_flag(fd, SOL_SOCKET, SO_REUSEPORT)
           && bind(fd, &a->any, a->n) == 0;
}

Res listen_bind_first(struct cx *cx, Str text, struct listen_address *a, int *ret)
{
    int fd = socket_open(a->any.sa_family);
    bool is_bound =
        fd >= 0 && (listen_is_unix(a) ? bind_unix(fd, a) : bind_ip_first(fd, a));

    return done(cx, text, fd, is_bound, ret);
}

Res listen_bind_next(
    struct cx *cx, Str text, const struct listen_address *a, int first_fd, int *ret)
{
    bool is_unix = listen_is_unix(a);
    int fd =
        is_unix ? fcntl(first_fd, F_DUPFD_CLOEXEC, 0) : socket_open(a->any.sa_family);
    bool is_bound = fd >= 0 && (is_unix || bind_ip_next(fd, a));

    return done(cx, text, fd, is_bound, ret);
}
