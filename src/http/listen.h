/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen.h - bound sockets from addresses as operators write them.
 */
#pragma once

#include <sys/socket.h>
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
};

/* "127.0.0.1:8080", "[::]:8080" or "unix:/path"; FAIL_CONFIG. */
Res listen_parse(struct cx *cx, Str text, struct listen_address *ret) MUST;
bool listen_is_unix(const struct listen_address *a);

/*
 * Bound, not listening yet, non-blocking. The first socket of an address fails when
 * somebody else listens there, and fills in the port for 0; the next ones share it with
 * the first. A unix socket that nobody answers is replaced.
 */
Res listen_bind_first(struct cx *cx, Str text, struct listen_address *a, int *ret) MUST;
Res listen_bind_next(
    struct cx *cx, Str text, const struct listen_address *a, int first_fd, int *ret) MUST;
int listen_port(const struct listen_address *a); /* 0 of a unix socket */
