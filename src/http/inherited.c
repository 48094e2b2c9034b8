/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inherited.c - descriptors from 3 on, as many as LISTEN_FDS says.
 */
#include "http/inherited.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/process.h"
#include "http/listen.h"

enum { FIRST_FD = 3, ADDRESS_BYTES = 160 };

static void address_add_ip(struct buf *b, const struct listen_address *a)
{
    char host[INET6_ADDRSTRLEN] = "";
    bool is_6 = a->any.sa_family == AF_INET6;
    const void *from =
        is_6 ? (const void *)&((const struct sockaddr_in6 *)&a->ip)->sin6_addr
             : &((const struct sockaddr_in *)&a->ip)->sin_addr;

    (void)inet_ntop(a->any.sa_family, from, host, sizeof(host));
    buf_add(b, is_6 ? S("[") : S(""));
    buf_add(b, str_from_z(host));
    buf_add(b, is_6 ? S("]:") : S(":"));
    buf_add_int(b, listen_port(a));
}

static Str address_text(struct cx *cx, const struct listen_address *a)
{
    struct buf b = {.mem = &cx->mem, .max = ADDRESS_BYTES};
    bool is_abstract = listen_is_unix(a) && a->un.sun_path[0] == 0;

    if (listen_is_unix(a)) {
        buf_add(&b, is_abstract ? S("unix:@") : S("unix:"));
        buf_add(&b, str_from_z(a->un.sun_path + (is_abstract ? 1 : 0)));
    } else {
        address_add_ip(&b, a);
    }
    return buf_text(&b);
}

static Res socket_inherit(struct cx *cx, int fd, struct inherited_socket *ret)
{
    struct listen_address a;
    int type = 0;
    socklen_t n = sizeof(type);

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) != 0 || type != SOCK_STREAM
        || !listen_inherit(fd, &a)) {
        return fail(
            cx, FAIL_CONFIG,
            "LISTEN_FDS: the descriptor %d is no stream socket that is bound to an address "
            "(ListenStream=)",
            fd);
    }
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    ret->fd = fd;
    ret->address = address_text(cx, &a);
    return OK;
}

Res inherited_find(struct cx *cx, struct inherited *ret)
{
    Str whose = process_take_variable("LISTEN_PID");
    Str count = process_take_variable("LISTEN_FDS");
    Str names = process_take_variable("LISTEN_FDNAMES");
    int64_t pid;
    int64_t n;

    *ret = (struct inherited){0};
    if (!str_to_int(whose, &pid) || pid != getpid()) {
        return OK;
    }
    if (!str_to_int(count, &n) || n < 0 || n > LIMIT_INHERITED_SOCKETS) {
        return fail(
            cx, FAIL_CONFIG, "LISTEN_FDS: \"%.*s\" is not right; want a number up to %d",
            STR_ARG(str_sub(count, 0, 20)), LIMIT_INHERITED_SOCKETS);
    }
    ret->at = NEW_N(&cx->mem, struct inherited_socket, (size_t)n);
    for (; ret->n < (size_t)n; ret->n++) {
        struct inherited_socket *s = &ret->at[ret->n];

        (void)str_next_part(&names, ':', &s->name);
        TRY(socket_inherit(cx, FIRST_FD + (int)ret->n, s));
    }
    return OK;
}
