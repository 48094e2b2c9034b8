/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen_try.c - tries an address: binds one of TCP, and looks at the file and folder of
 * a unix socket.
 */
#include "http/listen_try.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/cx.h"

static void socket_done(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

/* 0, or errno. */
static int folder_try(const char *path)
{
    Str folder = str_from_z(path);
    char room[sizeof(((struct sockaddr_un *)0)->sun_path)] = ".";

    while (folder.n > 0 && folder.p[folder.n - 1] != '/') {
        folder.n--;
    }
    if (folder.n > 0) {
        memcpy(room, folder.p, folder.n);
        room[folder.n] = 0;
    }
    return faccessat(AT_FDCWD, room, W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

/* The kernel lets a file go to one's own groups only. */
static int group_try(gid_t group)
{
    gid_t own[256];
    int n = getgroups((int)COUNT(own), own);
    bool is_ours = group == LISTEN_NO_GROUP || geteuid() == 0 || group == getegid();

    for (int i = 0; i < n && !is_ours; i++) {
        is_ours = own[i] == group;
    }
    return is_ours || n < 0 ? 0 : EPERM;
}

static int unix_try(const struct listen_address *a)
{
    struct stat st;
    bool is_there = lstat(a->un.sun_path, &st) == 0;
    int error = is_there && !listen_is_stale(a) ? EADDRINUSE : folder_try(a->un.sun_path);

    return error != 0 ? error : group_try(a->group);
}

Res listen_try(struct cx *cx, Str text, const struct listen_address *a)
{
    int error;

    if (!listen_is_unix(a)) {
        return listen_try_ip(cx, text, a);
    }
    error = unix_try(a);
    return error == 0 ? OK : listen_refuse(cx, text, a, error);
}

static bool socket_wait(int fd, short events, int64_t end_ms)
{
    struct pollfd p = {.fd = fd, .events = events};
    int64_t left_ms = end_ms - clock_mono_ms();

    return left_ms > 0 && poll(&p, 1, (int)left_ms) == 1;
}

static bool head_is_whole(const struct buf *b)
{
    return str_contains((Str){b->p, b->n}, S("\r\n\r\n"));
}

static void answer_read(int fd, int64_t end_ms, enum listen_part part, struct buf *b)
{
    char bytes[1024];
    ssize_t n = 1;

    while (n > 0 && !b->full && (part == LISTEN_WHOLE || !head_is_whole(b))
           && socket_wait(fd, POLLIN, end_ms)) {
        n = recv(fd, bytes, sizeof(bytes), 0);
        buf_add(b, (Str){bytes, n > 0 ? (size_t)n : 0});
    }
}

/* 0, or errno. */
static int socket_connect(int fd, const struct listen_address *a, int64_t end_ms)
{
    int error = 0;
    socklen_t n = sizeof(error);

    if (connect(fd, &a->any, a->n) == 0) {
        return 0;
    }
    if (errno != EINPROGRESS) {
        return errno;
    }
    if (!socket_wait(fd, POLLOUT, end_ms)) {
        return ETIMEDOUT;
    }
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 ? error : errno;
}

/* A request is so short that it goes out whole. */
Res listen_ask(
    struct cx *cx, const struct listen_address *a, Str request, enum listen_part part,
    Str *ret)
{
    int64_t end_ms = clock_mono_ms() + LISTEN_ASK_MS;
    struct buf b = {.mem = &cx->mem, .max = LISTEN_ASK_BYTES};
    CLEANUP(socket_done)
    int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = fd < 0 ? errno : socket_connect(fd, a, end_ms);

    if (error != 0) {
        return fail(cx, FAIL_UNAVAILABLE, "%s", strerrordesc_np(error));
    }
    if (send(fd, request.p, request.n, MSG_NOSIGNAL) == (ssize_t)request.n) {
        answer_read(fd, end_ms, part, &b);
    }
    if (b.n == 0) {
        return fail(cx, FAIL_UNAVAILABLE, "no answer within %d ms", LISTEN_ASK_MS);
    }
    *ret = (Str){b.p, b.n};
    return OK;
}
