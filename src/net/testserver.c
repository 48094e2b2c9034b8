/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testserver.c - one connection at a time, waiting in poll for it or for the end.
 */
#include "net/testserver.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* false when the test is over. */
static bool server_waits(const struct server *s, int fd)
{
    struct pollfd fds[2] = {
        {.fd = fd, .events = POLLIN}, {.fd = s->stop[0], .events = POLLIN}};

    while (poll(fds, 2, -1) < 0) {
    }
    return fds[1].revents == 0;
}

static size_t server_body_bytes(const char *head)
{
    const char *length = strcasestr(head, "\r\nContent-Length: ");

    return length == NULL ? 0 : (size_t)strtoul(length + 18, NULL, 10);
}

/* One whole request into the next slot: false when the peer or the test is gone. */
static bool server_reads(struct server *s, int fd)
{
    size_t at = atomic_load(&s->served);
    char *text = s->requests[at];
    size_t n = 0;

    for (;;) {
        const char *end = strstr(text, "\r\n\r\n");

        if (end != NULL && n >= (size_t)(end - text) + 4 + server_body_bytes(text)) {
            s->request_bytes[at] = n;
            return true;
        }
        if (!server_waits(s, fd) || n + 1 >= SERVER_REQUEST_BYTES) {
            return false;
        }
        ssize_t got = recv(fd, text + n, SERVER_REQUEST_BYTES - 1 - n, 0);

        if (got <= 0) {
            return false;
        }
        n += (size_t)got;
        text[n] = 0;
    }
}

static void server_sends(int fd, Str text)
{
    while (text.n > 0) {
        ssize_t sent = send(fd, text.p, text.n, MSG_NOSIGNAL);

        if (sent <= 0) {
            return;
        }
        text = str_sub(text, (size_t)sent, text.n);
    }
}

static void server_hangs(const struct server *s, int fd)
{
    char byte;

    while (server_waits(s, fd) && recv(fd, &byte, 1, 0) > 0) {
    }
}

/* A server that closes after its answer announces it. Otherwise the client might send its
 * next request just before it notices. */
static void server_answers(int fd, const struct step *step)
{
    size_t at = 0;
    bool is_http =
        str_starts(step->send, S("HTTP/1.1 ")) && str_find(step->send, '\n', &at);

    if (step->after != THEN_CLOSE || !is_http) {
        server_sends(fd, step->send);
        return;
    }
    server_sends(fd, str_sub(step->send, 0, at + 1));
    server_sends(fd, S("Connection: close\r\n"));
    server_sends(fd, str_sub(step->send, at + 1, step->send.n));
}

/* Plays steps on one connection until one ends it. */
static void server_talks(struct server *s, int fd)
{
    static const struct linger hard = {.l_onoff = 1, .l_linger = 0};
    enum after after = THEN_KEEP;

    while (after == THEN_KEEP && atomic_load(&s->served) < s->n_steps
           && server_reads(s, fd)) {
        const struct step *step = &s->steps[atomic_fetch_add(&s->served, 1)];

        server_answers(fd, step);
        after = step->after;
    }
    if (after == THEN_HANG) {
        server_hangs(s, fd);
    }
    if (after == THEN_RESET) {
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    }
}

static void *server_runs(void *user)
{
    struct server *s = user;

    while (server_waits(s, s->listener)) {
        int fd = accept(s->listener, NULL, NULL);

        if (fd >= 0) {
            server_talks(s, fd);
            (void)close(fd);
        }
    }
    return NULL;
}

void testserver_start(struct server *s, const struct step *steps, size_t n)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t size = sizeof(a);

    memset(s, 0, sizeof(*s));
    must_be(n <= SERVER_STEPS);
    s->steps = steps;
    s->n_steps = n;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must_be(bind(s->listener, (const struct sockaddr *)&a, sizeof(a)) == 0);
    must_be(listen(s->listener, 64) == 0);
    must_be(getsockname(s->listener, (struct sockaddr *)&a, &size) == 0);
    s->port = ntohs(a.sin_port);
    must_be(pipe(s->stop) == 0);
    must_be(pthread_create(&s->thread, NULL, server_runs, s) == 0);
}

void testserver_stop(struct server *s)
{
    (void)close(s->stop[1]);
    must_be(pthread_join(s->thread, NULL) == 0);
    (void)close(s->stop[0]);
    (void)close(s->listener);
}

Str testserver_url(struct arena *mem, const struct server *s, const char *path)
{
    char text[256];
    int n = snprintf(text, sizeof(text), "http://127.0.0.1:%d%s", s->port, path);

    must_be(n > 0 && n < (int)sizeof(text));
    return str_dup(mem, (Str){text, (size_t)n});
}

Str testserver_request(const struct server *s, size_t i)
{
    return (Str){s->requests[i], s->request_bytes[i]};
}
