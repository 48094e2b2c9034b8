/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testserving.h - a server that echoes what it read, and a client for it; for tests.
 *
 * A request for /later… waits until the test answers it from its own thread; /empty is
 * answered 204, every other path at once with "METHOD path|query|body".
 */
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/testing.h"
#include "http/server.h"

enum {
    HEARD_MOST_BYTES = 8 * 1024 * 1024,
    WAIT_S = 60, /* a test that waits longer has failed */
    LATER_MOST = 64,
};

/* Exchanges that a test answers later. */
struct serving_later {
    pthread_mutex_t lock;
    pthread_cond_t came;
    struct http_exchange *ex[LATER_MOST];
    size_t n;
};

static struct serving_later later = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .came = PTHREAD_COND_INITIALIZER};

static inline int serving_status(const struct http_request *r)
{
    static const struct {
        enum fail refusal;
        int status;
    } rows[] = {
        {FAIL_NONE, 200},
        {FAIL_MALFORMED_REQUEST, 400},
        {FAIL_REQUEST_TIMEOUT, 408},
        {FAIL_HEAD_TOO_LARGE, 431},
        {FAIL_NOT_IMPLEMENTED, 501},
        {FAIL_UNAVAILABLE, 503},
        {FAIL_HTTP_VERSION, 505},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].refusal == r->refusal) {
            return r->body_too_large ? 413 : rows[i].status;
        }
    }
    return 599;
}

static inline void serving_fill(struct http_exchange *ex)
{
    const struct http_request *r = &ex->req;
    struct buf b = {.mem = &ex->cx.mem, .max = 2 * LIMIT_BODY_BYTES};

    buf_add(&b, r->method_text);
    buf_add_char(&b, ' ');
    buf_add(&b, r->path);
    buf_add_char(&b, '|');
    buf_add(&b, r->query);
    buf_add_char(&b, '|');
    buf_add(&b, r->body);
    ex->answer.status = str_eq(r->path, S("/empty")) ? 204 : serving_status(r);
    ex->answer.body = buf_text(&b);
    http_answer_header(&ex->answer, S("Peer"), r->peer);
}

static inline void serving_handle(struct http_exchange *ex)
{
    serving_fill(ex);
    if (!str_starts(ex->req.path, S("/later"))) {
        http_send(ex);
        return;
    }
    (void)pthread_mutex_lock(&later.lock);
    must_be(later.n < LATER_MOST);
    later.ex[later.n++] = ex;
    (void)pthread_cond_signal(&later.came);
    (void)pthread_mutex_unlock(&later.lock);
}

/* Waits for a request of that kind. */
static inline struct http_exchange *later_take(void)
{
    (void)pthread_mutex_lock(&later.lock);
    while (later.n == 0) {
        (void)pthread_cond_wait(&later.came, &later.lock);
    }
    struct http_exchange *ex = later.ex[--later.n];

    (void)pthread_mutex_unlock(&later.lock);
    return ex;
}

static inline void later_send(struct http_post *post)
{
    http_send(http_exchange_of(post));
}

/* Fills in what `o` leaves open: one thread, an IPv4 loopback port, long time-outs. */
static inline struct http_options serving_options(struct http_options o)
{
    static const struct http_listener loopback[] = {
        {SI("127.0.0.1:0"), serving_handle, 0}};

    o.listen = o.n_listen == 0 ? loopback : o.listen;
    o.n_listen = o.n_listen == 0 ? 1 : o.n_listen;
    o.threads = o.threads == 0 ? 1 : o.threads;
    o.max_connections = o.max_connections == 0 ? 100 : o.max_connections;
    o.request_timeout_ms =
        o.request_timeout_ms == 0 ? WAIT_S * 1000 : o.request_timeout_ms;
    o.idle_timeout_ms = o.idle_timeout_ms == 0 ? WAIT_S * 1000 : o.idle_timeout_ms;
    o.shutdown_timeout_ms =
        o.shutdown_timeout_ms == 0 ? WAIT_S * 1000 : o.shutdown_timeout_ms;
    return o;
}

static inline struct http_server *serving_start(struct http_options o)
{
    struct http_server *s = NULL;

    o = serving_options(o);
    T_OK(http_server_start(t_cx(), &o, &s));
    return s;
}

static inline int client_connect(const void *address, socklen_t n)
{
    const struct sockaddr *to = address;
    struct timeval wait = {.tv_sec = WAIT_S};
    int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    T_TRUE(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0);
    T_TRUE(connect(fd, to, n) == 0);
    return fd;
}

/* A client of the first address, an IPv4 one. */
static inline int client_dial(const struct http_server *s)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)http_server_port(s, 0)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    int fd = client_connect(&to, sizeof(to));

    T_TRUE(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
    return fd;
}

static inline bool client_try_say(int fd, Str text)
{
    while (text.n > 0) {
        ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL);

        if (n <= 0) {
            return false;
        }
        text = str_sub(text, (size_t)n, text.n);
    }
    return true;
}

static inline void client_say(int fd, Str text)
{
    T_TRUE(client_try_say(fd, text));
}

/* Reads until the text ends with `end`; with an empty `end`, until the server closes. */
static inline Str client_hear(int fd, Str end)
{
    struct buf b = {.mem = &t_cx()->mem, .max = HEARD_MOST_BYTES};
    char bytes[4096];
    ssize_t n = 1;

    while (n > 0 && (end.n == 0 || !str_ends(buf_text(&b), end))) {
        n = recv(fd, bytes, sizeof(bytes), 0);
        T_TRUE(n >= 0);
        buf_add(&b, (Str){bytes, (size_t)n});
    }
    return buf_text(&b);
}

/* Sends `text` on a connection of its own and reads until the server closes. */
static inline Str client_ask(const struct http_server *s, Str text)
{
    int fd = client_dial(s);

    client_say(fd, text);
    Str heard = client_hear(fd, S(""));

    (void)close(fd);
    return heard;
}

static inline bool answer_has_status(Str answer, Str status)
{
    return str_starts(answer, str_cat(&t_cx()->mem, S("HTTP/1.1 "), status));
}

#define HOST "Host: x\r\n"
/* A head whose client waits for 100 before it sends the one byte of the body. */
#define EXPECTING                                                                        \
    "POST /half HTTP/1.1\r\n" HOST "Content-Length: 1\r\nExpect: 100-continue\r\n\r\n"
#define GET_(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

/* A client whose request is incomplete. */
static inline int client_half_say(const struct http_server *s)
{
    int fd = client_dial(s);

    client_say(fd, S(EXPECTING));
    (void)client_hear(fd, S("\r\n\r\n"));
    return fd;
}
