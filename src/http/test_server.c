/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/testing.h"
#include "http/server.h"

enum {
    T_BYTES = 1024 * 1024,
    T_WAIT_S = 20, /* a test that waits longer has failed */
};

/* Exchanges that a test holds back, and answers from its own thread. */
struct held {
    pthread_mutex_t lock;
    pthread_cond_t came;
    struct http_exchange *ex[64];
    size_t n;
};

static struct held held = {
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, {NULL}, 0};

static int status_of(const struct http_request *r)
{
    static const struct {
        enum fail refusal;
        int status;
    } rows[] = {
        {FAIL_NONE,              200},
        {FAIL_MALFORMED_REQUEST, 400},
        {FAIL_REQUEST_TIMEOUT,   408},
        {FAIL_HEAD_TOO_LARGE,    431},
        {FAIL_NOT_IMPLEMENTED,   501},
        {FAIL_UNAVAILABLE,       503},
        {FAIL_HTTP_VERSION,      505},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].refusal == r->refusal) {
            return r->body_too_large ? 413 : rows[i].status;
        }
    }
    return 599;
}

/* "METHOD path|query|body", so that a test sees what was read. */
static void answer(struct http_exchange *ex)
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
    ex->answer.status = status_of(r);
    ex->answer.body = buf_text(&b);
}

static void on_request(struct http_exchange *ex)
{
    answer(ex);
    if (!str_starts(ex->req.path, S("/held"))) {
        http_send(ex);
        return;
    }
    pthread_mutex_lock(&held.lock);
    held.ex[held.n++] = ex;
    pthread_cond_signal(&held.came);
    pthread_mutex_unlock(&held.lock);
}

static struct http_exchange *held_take(void)
{
    pthread_mutex_lock(&held.lock);
    while (held.n == 0) {
        pthread_cond_wait(&held.came, &held.lock);
    }
    struct http_exchange *ex = held.ex[--held.n];

    pthread_mutex_unlock(&held.lock);
    return ex;
}

static void send_post(struct http_post *post)
{
    http_send(http_exchange_of(post));
}

static struct http_server *start(struct http_options o)
{
    static const Str loopback[] = {SI("127.0.0.1:0")};
    struct http_server *s = NULL;

    o.listen = o.n_listen == 0 ? loopback : o.listen;
    o.n_listen = o.n_listen == 0 ? 1 : o.n_listen;
    o.threads = o.threads == 0 ? 1 : o.threads;
    o.max_connections = o.max_connections == 0 ? 100 : o.max_connections;
    o.request_timeout_ms = o.request_timeout_ms == 0 ? 60000 : o.request_timeout_ms;
    o.idle_timeout_ms = o.idle_timeout_ms == 0 ? 60000 : o.idle_timeout_ms;
    o.shutdown_timeout_ms = o.shutdown_timeout_ms == 0 ? 60000 : o.shutdown_timeout_ms;
    o.handle = on_request;
    T_OK(http_server_start(t_cx(), &o, &s));
    return s;
}

static int client(const struct http_server *s)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)http_server_port(s, 0)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval wait = {.tv_sec = T_WAIT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    T_TRUE(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0);
    T_TRUE(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
    return fd;
}

static void say(int fd, Str text)
{
    while (text.n > 0) {
        ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL);

        T_TRUE(n > 0);
        text = str_sub(text, (size_t)n, text.n);
    }
}

/* All that comes until `end` has come, or until the server closes. */
static Str hear(int fd, Str end)
{
    struct buf b = {.mem = &t_cx()->mem, .max = T_BYTES};
    char bytes[4096];
    ssize_t n = 1;

    while (n > 0 && !(end.n > 0 && str_ends(buf_text(&b), end))) {
        n = recv(fd, bytes, sizeof(bytes), 0);
        T_TRUE(n >= 0);
        buf_add(&b, (Str){bytes, (size_t)n});
    }
    return buf_text(&b);
}

static void test_http_server_answers_keeps_alive_and_stops(void **state)
{
    struct http_server *s = start((struct http_options){.threads = 2});
    int fd = client(s);

    (void)state;
    say(fd, S("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n"));
    Str got = hear(fd, S("GET /a|b=c|"));
    T_TRUE(str_starts(got, S("HTTP/1.1 200 OK\r\nDate: ")));
    T_TRUE(str_contains(got, S("\r\nContent-Length: 11\r\n\r\n")));
    T_TRUE(!str_contains(got, S("Connection:")));
    say(fd, S("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyz"));
    T_TRUE(str_ends(hear(fd, S("|xyz")), S("\r\n\r\nPOST /||xyz")));
    T_INT(http_server_connections(s), 1);
    http_server_stop(&s);
    T_STR(hear(fd, S("")), S(""));
    T_TRUE(s == NULL);
    (void)close(fd);
}

static void test_http_post_answers_from_another_thread_in_order(void **state)
{
    struct http_server *s = start((struct http_options){0});
    int fd = client(s);

    (void)state;
    say(fd, S("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
              "GET /held HTTP/1.1\r\nHost: x\r\n\r\n"
              "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n"));
    (void)hear(fd, S("GET /1||"));
    http_post(held_take(), send_post);
    Str got = hear(fd, S("GET /3||"));
    T_TRUE(str_contains(got, S("\r\n\r\nGET /held||HTTP/1.1 200 OK\r\n")));
    http_server_stop(&s);
    (void)close(fd);
}

T_MAIN(
    T(test_http_server_answers_keeps_alive_and_stops),
    T(test_http_post_answers_from_another_thread_in_order))
