/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen.h - turns addresses, as operators write them, into bound sockets.
 */
#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "base/str.h"

struct cx;

struct listen_address {
    union {
        struct sockaddr any;
        struct sockaddr_storage ip;
        struct sockaddr_un un;
    };

    socklen_t n;
    mode_t mode;      /* of a unix socket's file */
    gid_t group;      /* the same; LISTEN_NO_GROUP: the process's own */
    int inherited_fd; /* a socket of a supervisor; 0: it is to be bound */
};

#define LISTEN_NO_GROUP ((gid_t)-1)

/* "127.0.0.1:8080", "[::]:8080" or "unix:/path?mode=0660&group=www-data"; FAIL_CONFIG. */
Res listen_parse(struct cx *cx, Str text, struct listen_address *ret) MUST;
/* The address of a socket that is bound already; false: it is none of these. */
bool listen_inherit(int fd, struct listen_address *ret);
bool listen_is_unix(const struct listen_address *a);

/*
 * Return a socket that is bound, and may not listen yet. The first one
 * of an address fails when another process listens there, and fills in the port for 0;
 * the next ones share the address with it. A stale unix socket is replaced.
 */
Res listen_bind_first(struct cx *cx, Str text, struct listen_address *a, int *ret) MUST;
Res listen_bind_next(
    struct cx *cx, Str text, const struct listen_address *a, int first_fd, int *ret) MUST;
int listen_port(const struct listen_address *a); /* 0 of a unix socket */

/* Why it can't be bound (errno), with the mend: FAIL_CONFIG. */
Res listen_refuse(struct cx *cx, Str text, const struct listen_address *a, int error)
    MUST;
/* Whether no process can listen on both. */
bool listen_clash(const struct listen_address *a, const struct listen_address *b);
/* Whether the file of a unix socket is a leftover: nobody accepts behind it. */
bool listen_is_stale(const struct listen_address *a);
/* Binds and closes again; FAIL_CONFIG as listen_bind_first. Not for unix sockets. */
Res listen_try_ip(struct cx *cx, Str text, const struct listen_address *a) MUST;
