/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inherited.h - sockets that a supervisor has opened for this process, as
 * sd_listen_fds(3) and systemd's .socket units do. They outlive the process, so that
 * nobody is refused while it starts again.
 */
#pragma once

#include <stddef.h>

#include "base/str.h"

struct cx;

struct inherited_socket {
    int fd;
    Str name;    /* of LISTEN_FDNAMES; empty: none */
    Str address; /* as listen_parse takes it, but for the abstract "unix:@name" */
};

struct inherited {
    struct inherited_socket *at;
    size_t n;
};

/* Reads LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, and takes them from the environment,
 * so that no other process believes them. None: they are of another process, or absent.
 * FAIL_CONFIG: what is there can't be listened on. Call it while there is one thread. */
Res inherited_find(struct cx *cx, struct inherited *ret) MUST;
