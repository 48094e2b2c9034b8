/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - connections: llhttp on libuv, a loop per thread, listeners with
 * SO_REUSEPORT.
 *
 * A handler runs on a loop thread and must not block. It ends every exchange with
 * http_send, at once, or later from any thread by http_post-ing a function that calls
 * http_send. The answers of pipelined requests go out in order; reading stops while a
 * request is being worked on. The layer adds Date, Content-Length and Connection, and no
 * other field.
 */
#pragma once

#include "base/cx.h"
#include "http/request.h"

struct http_server;
struct http_loop; /* one thread's loop */
struct http_exchange;

/* Runs on the exchange's (or the named) loop thread. Intrusive: lives until it has run.
 */
struct http_post {
    struct http_post *next;
    void (*run)(struct http_post *self);
};

struct http_exchange {
    struct cx cx;
    struct http_request req;
    struct http_answer answer;
    struct http_loop *loop;
    void *loop_data; /* what thread_start returned for this loop */
    void *user;      /* the handler's own, in cx.mem */
    struct http_post post;
    bool is_gone; /* the client went away: read and written on the loop thread only */
    /* the rest is http/'s */
    struct http_connection *connection;
};

/* An address to listen on, and the handler of all requests that come there. */
struct http_listener {
    Str address; /* "127.0.0.1:8080", "[::]:8080", "unix:/path?mode=0660" */
    void (*handle)(struct http_exchange *ex);
    int fd; /* of http/inherited.h, which the server takes over; 0: it binds the address
             */
};

struct http_options {
    const struct http_listener *listen;
    size_t n_listen;
    int threads;
    int max_connections;     /* over all threads; past it, one that is idle is closed */
    size_t max_memory_bytes; /* of connections, over all threads; 0:
                                LIMIT_CONNECTIONS_BYTES */
    int64_t request_timeout_ms;
    int64_t idle_timeout_ms;
    int64_t shutdown_timeout_ms;
    /* On a loop's thread: how large the body of such a request may be, at most
     * LIMIT_LARGE_BODY_BYTES. Asked where it may have more than LIMIT_BODY_BYTES. NULL:
     * none may. */
    size_t (*body_limit)(const struct http_request *req, void *loop_data);
    /* On each loop's own thread, before it serves and after it has stopped. May be NULL.
     */
    void *(*thread_start)(void *arg, struct http_loop *loop);
    void (*thread_stop)(void *arg, void *loop_data);
    void *arg;
};

/* Descriptors that a server with these options takes at most. */
int64_t http_files(const struct http_options *options);
/* max_connections, or as many as `files` descriptors are enough for, but
 * LIMIT_CONNECTIONS_LEAST at least. */
int http_connections_within(const struct http_options *options, int64_t files);
/* Binds and starts the threads; FAIL_CONFIG with the address and the system's words. The
 * options' text is copied. A stale unix socket is replaced; one that answers is not. */
Res http_server_start(
    struct cx *cx, const struct http_options *options, struct http_server **ret) MUST;
/* Whether all loops have come round since the last call. From one other thread. */
bool http_server_answers(struct http_server *s);
/* From now on each answer is the last one of its connection (Connection: close), while
 * new connections are still accepted. From any thread. */
void http_server_leave(struct http_server *s);
/* Stop accepting, leave, cut what has been idle for LIMIT_DRAIN_IDLE_MS, and what is left
 * after shutdown_timeout; returns when all threads have ended, which is not before every
 * exchange was sent. Call from any other thread. From then on posts are refused. */
void http_server_drain(struct http_server *s);
/* Drains, and frees the loops: nobody may post any more. */
void http_server_stop(struct http_server **s);
/* The port that was bound for listen[i] (for port 0 in tests). */
int http_server_port(const struct http_server *s, size_t i);
int http_server_connections(const struct http_server *s);

/* On the loop thread, once per exchange, with ex->answer filled. The exchange is gone
 * after it. */
void http_send(struct http_exchange *ex);
/* From any thread: run ex->post.run (set by the caller) on the exchange's loop. */
void http_post(struct http_exchange *ex, void (*run)(struct http_post *self));
struct http_exchange *http_exchange_of(struct http_post *post);
/* The same for work that belongs to no exchange. false when the loop has stopped: not
 * run. */
bool http_loop_post(struct http_loop *loop, struct http_post *post) MUST;
