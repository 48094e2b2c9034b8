/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen.c - parses addresses, and binds: IPv4, IPv6 alone, unix sockets.
 *
 * Each loop has a TCP socket of its own (SO_REUSEPORT: the kernel spreads connections),
 * and a copy of the one descriptor of a unix socket, and of one that a supervisor opened.
 */
#include "http/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/cx.h"
#include "base/unix_address.h"
#include "base/user.h"

bool listen_is_unix(const struct listen_address *a)
{
    return a->any.sa_family == AF_UNIX;
}

int listen_port(const struct listen_address *a)
{
    /* sin_port and sin6_port stand at the same place */
    return listen_is_unix(a) ? 0 : ntohs(((const struct sockaddr_in *)&a->ip)->sin_port);
}

static Res listen_parse_unix(struct cx *cx, Str text, struct listen_address *ret)
{
    struct listen_address a = {.un.sun_family = AF_UNIX, .n = sizeof(a.un)};
    struct unix_address at;
    const char *wish = unix_address_parse(text, &at);

    if (wish != NULL) {
        return fail(cx, FAIL_CONFIG, "listen %.*s: want %s", STR_ARG(text), wish);
    }
    memcpy(a.un.sun_path, at.path.p, at.path.n);
    a.mode = at.mode;
    a.group = at.group.n > 0 ? at.gid : LISTEN_NO_GROUP;
    *ret = a;
    return OK;
}

static bool listen_parse_ip(struct cx *cx, Str host, int port, struct listen_address *ret)
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

    if (unix_address_is_one(text)) {
        return listen_parse_unix(cx, text, ret);
    }
    while (colon > 0 && text.p[colon - 1] != ':') {
        colon--;
    }
    if (colon == 0 || !str_to_int(str_sub(text, colon, text.n), &port) || port < 0
        || port > UINT16_MAX
        || !listen_parse_ip(cx, str_sub(text, 0, colon - 1), (int)port, &a)) {
        return fail(
            cx, FAIL_CONFIG,
            "listen %.*s: should be like 127.0.0.1:8080, [::]:8080 or unix:/path",
            STR_ARG(text));
    }
    *ret = a;
    return OK;
}

bool listen_inherit(int fd, struct listen_address *ret)
{
    struct listen_address a = {.n = sizeof(a.ip), .inherited_fd = fd};

    if (getsockname(fd, &a.any, &a.n) != 0) {
        return false;
    }
    bool is_ip = a.any.sa_family == AF_INET || a.any.sa_family == AF_INET6;
    bool is_bound = listen_is_unix(&a) ? a.n > offsetof(struct sockaddr_un, sun_path)
                                       : is_ip && listen_port(&a) != 0;

    *ret = is_bound ? a : *ret;
    return is_bound;
}

static const char *listen_mend(const struct listen_address *a, int error)
{
    static const struct {
        bool is_unix;
        int error;
        const char *mend;
    } mends[] = {
        {false, EACCES,
         "ports below 1024 are for those who may: give the service CAP_NET_BIND_SERVICE "
         "(AmbientCapabilities= of systemd), or take a higher port behind a proxy"},
        {false, EADDRINUSE,
         "another program has it, and `ss -ltnp` shows which: stop that, or take another "
         "port"},
        {false, EADDRNOTAVAIL,
         "this machine has no such address: `ip address` shows those that it has, and "
         "0.0.0.0 or [::] takes all"},
        {false, EAFNOSUPPORT, "this machine speaks no IPv6: take an IPv4 address"},
        {true, EACCES, "its folder must be writable for that user"},
        {true, ENOENT, "its folder must be there"},
        {true, EROFS, "its folder must be writable"},
        {true, EADDRINUSE,
         "another program listens there, or the file is no socket: remove it, or take "
         "another path"},
        {true, EPERM, "that user must be in the group that gets the socket"},
    };

    for (size_t i = 0; i < COUNT(mends); i++) {
        if (mends[i].is_unix == listen_is_unix(a) && mends[i].error == error) {
            return mends[i].mend;
        }
    }
    return "take another address";
}

Res listen_refuse(struct cx *cx, Str text, const struct listen_address *a, int error)
{
    bool is_about_us = error == EACCES || error == EPERM;
    Str us = is_about_us ? user_text(&cx->mem, geteuid()) : S("");

    return fail(
        cx, FAIL_CONFIG, "listen %.*s: %s%s%.*s: %s", STR_ARG(text),
        uv_strerror(uv_translate_sys_error(error)), is_about_us ? " for " : "",
        STR_ARG(us), listen_mend(a, error));
}

/* The descriptor, or why it could not be bound (errno). */
static Res listen_finish(
    struct cx *cx, Str text, const struct listen_address *a, int fd, int *ret)
{
    int error = errno;

    if (fd < 0) {
        return listen_refuse(cx, text, a, error);
    }
    *ret = fd;
    return OK;
}

/* Keeps errno. Returns -1. */
static int socket_give_up(int fd)
{
    int error = errno;

    if (fd >= 0) {
        (void)close(fd);
    }
    errno = error;
    return -1;
}

static int socket_open(int family)
{
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

bool listen_is_stale(const struct listen_address *a)
{
    struct stat st;
    int fd = socket_open(AF_UNIX);
    bool is_refused = lstat(a->un.sun_path, &st) == 0 && S_ISSOCK(st.st_mode)
                      && connect(fd, &a->any, a->n) != 0 && errno == ECONNREFUSED;

    (void)close(fd);
    return is_refused;
}

/* Nobody connects before the socket listens. A link in its place is never followed. */
static bool socket_set_rights(const struct listen_address *a)
{
    const char *path = a->un.sun_path;
    bool is_set = lchown(path, (uid_t)-1, a->group) == 0
                  && fchmodat(AT_FDCWD, path, a->mode, AT_SYMLINK_NOFOLLOW) == 0;
    int error = errno;

    if (!is_set) {
        (void)unlink(path);
    }
    errno = error;
    return is_set;
}

static bool socket_bind_unix(int fd, const struct listen_address *a)
{
    bool is_bound = bind(fd, &a->any, a->n) == 0;

    if (!is_bound && errno == EADDRINUSE && listen_is_stale(a)) {
        is_bound = unlink(a->un.sun_path) == 0 && bind(fd, &a->any, a->n) == 0;
    }
    return is_bound && socket_set_rights(a);
}

static bool socket_set_flag(int fd, int level, int name)
{
    int on = 1;

    return setsockopt(fd, level, name, &on, sizeof(on)) == 0;
}

/* TCP_NODELAY is inherited by what is accepted. */
static bool socket_set_flags(int fd, int family)
{
    return socket_set_flag(fd, SOL_SOCKET, SO_REUSEADDR)
           && socket_set_flag(fd, IPPROTO_TCP, TCP_NODELAY)
           && (family != AF_INET6 || socket_set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY));
}

/* The flag to share comes after binding, so that binding fails when the port is taken. */
static bool socket_bind_ip_first(int fd, struct listen_address *a)
{
    return socket_set_flags(fd, a->any.sa_family) && bind(fd, &a->any, a->n) == 0
           && socket_set_flag(fd, SOL_SOCKET, SO_REUSEPORT)
           && getsockname(fd, &a->any, &a->n) == 0;
}

static bool socket_bind_ip_next(int fd, const struct listen_address *a)
{
    return socket_set_flags(fd, a->any.sa_family)
           && socket_set_flag(fd, SOL_SOCKET, SO_REUSEPORT)
           && bind(fd, &a->any, a->n) == 0;
}

Res listen_bind_first(struct cx *cx, Str text, struct listen_address *a, int *ret)
{
    if (a->inherited_fd > 0) {
        (void)socket_set_flag(a->inherited_fd, IPPROTO_TCP, TCP_NODELAY);
        *ret = a->inherited_fd;
        return OK;
    }
    int fd = socket_open(a->any.sa_family);
    bool is_bound =
        fd >= 0
        && (listen_is_unix(a) ? socket_bind_unix(fd, a) : socket_bind_ip_first(fd, a));

    return listen_finish(cx, text, a, is_bound ? fd : socket_give_up(fd), ret);
}

/* The address alone says whether two of one family are of one host. */
static bool listen_same_host(
    const struct listen_address *a, const struct listen_address *b)
{
    if (a->any.sa_family == AF_INET) {
        struct in_addr one = ((const struct sockaddr_in *)&a->ip)->sin_addr;
        struct in_addr two = ((const struct sockaddr_in *)&b->ip)->sin_addr;

        return one.s_addr == two.s_addr || one.s_addr == INADDR_ANY
               || two.s_addr == INADDR_ANY;
    }
    const struct in6_addr *one = &((const struct sockaddr_in6 *)&a->ip)->sin6_addr;
    const struct in6_addr *two = &((const struct sockaddr_in6 *)&b->ip)->sin6_addr;

    return IN6_ARE_ADDR_EQUAL(one, two) || IN6_IS_ADDR_UNSPECIFIED(one)
           || IN6_IS_ADDR_UNSPECIFIED(two);
}

bool listen_clash(const struct listen_address *a, const struct listen_address *b)
{
    if (a->any.sa_family != b->any.sa_family) {
        return false; /* [::] takes IPv6 alone */
    }
    if (listen_is_unix(a)) {
        return str_eq(str_from_z(a->un.sun_path), str_from_z(b->un.sun_path));
    }
    return listen_port(a) != 0 && listen_port(a) == listen_port(b)
           && listen_same_host(a, b);
}

Res listen_try_ip(struct cx *cx, Str text, const struct listen_address *a)
{
    struct listen_address bound = *a;
    int fd = socket_open(a->any.sa_family);
    bool is_bound = fd >= 0 && socket_bind_ip_first(fd, &bound);
    int error = errno;

    (void)socket_give_up(fd);
    return is_bound ? OK : listen_refuse(cx, text, a, error);
}

Res listen_bind_next(
    struct cx *cx, Str text, const struct listen_address *a, int first_fd, int *ret)
{
    bool is_one = listen_is_unix(a) || a->inherited_fd > 0;
    int fd = is_one ? fcntl(first_fd, F_DUPFD_CLOEXEC, 0) : socket_open(a->any.sa_family);
    bool is_bound = fd >= 0 && (is_one || socket_bind_ip_next(fd, a));

    return listen_finish(cx, text, a, is_bound ? fd : socket_give_up(fd), ret);
}
