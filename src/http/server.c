/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.c - starts a thread per loop on bound sockets, and ends them.
 */
#include "http/server.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>
#include <uv.h>

#include "base/budgets.h"
#include "base/thread.h"
#include "http/listen.h"
#include "http/loop.h"

struct server_thread {
    struct http_loop *loop;
    const struct http_options *options;
    uv_thread_t id;
    bool is_running;
};

struct http_server {
    struct arena mem; /* of what is copied from the options */
    struct http_options options;
    struct listen_address *addresses;
    size_t n_bound; /* of the addresses */
    struct server_thread *threads;
    struct http_shared shared;
};

static struct http_server *server_new(const struct http_options *options)
{
    struct http_server *s = heap_alloc(sizeof(*s));
    size_t n = options->n_listen;
    struct http_listener *listen = NEW_N(&s->mem, struct http_listener, n);

    for (size_t i = 0; i < n; i++) {
        listen[i] = options->listen[i];
        listen[i].address = str_dup(&s->mem, listen[i].address);
    }
    s->options = *options;
    s->options.listen = listen;
    s->addresses = NEW_N(&s->mem, struct listen_address, n);
    s->threads = NEW_N(&s->mem, struct server_thread, (size_t)options->threads);
    for (int i = 0; i < options->threads; i++) {
        s->threads[i].options = &s->options;
        s->threads[i].loop = loop_open(&s->options, &s->shared);
    }
    return s;
}

/* `first` is the socket of the first loop, -1 before that. */
static Res thread_listen(
    struct cx *cx, const struct server_thread *t, const struct http_listener *listener,
    struct listen_address *a, int *first)
{
    Str text = listener->address;
    int fd;

    TRY(*first < 0 ? listen_bind_first(cx, text, a, &fd)
                   : listen_bind_next(cx, text, a, *first, &fd));
    *first = *first < 0 ? fd : *first;
    int e = loop_listen(t->loop, fd, listen_is_unix(a), listener->handle);

    if (e != 0) {
        return fail(cx, FAIL_CONFIG, "listen %.*s: %s", STR_ARG(text), uv_strerror(e));
    }
    return OK;
}

/* Binds an address once for each loop. */
static Res server_listen(struct cx *cx, struct http_server *s, size_t i)
{
    const struct http_listener *listener = &s->options.listen[i];
    struct listen_address *a = &s->addresses[i];
    int first = -1;
    Res res = OK;

    if (listener->fd == 0) {
        res = listen_parse(cx, listener->address, a);
    } else {
        must_be(listen_inherit(listener->fd, a)); /* inherited_find has seen it */
    }
    for (int t = 0; t < s->options.threads && res.code == FAIL_NONE; t++) {
        res = thread_listen(cx, &s->threads[t], listener, a, &first);
    }
    s->n_bound += first >= 0 ? 1 : 0;
    return res;
}

static void thread_main(void *arg)
{
    struct server_thread *t = arg;
    const struct http_options *o = t->options;
    sigset_t all;

    thread_set_name("http");
    /* Signals are the main thread's; and SIGPIPE, for a peer that is gone, nobody's. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, NULL);
    if (o->thread_start != NULL) {
        t->loop->data = o->thread_start(o->arg, t->loop);
    }
    t->loop->has_served = true;
    loop_run(t->loop);
    if (o->thread_stop != NULL) {
        o->thread_stop(o->arg, t->loop->data);
    }
}

static Res server_run(struct cx *cx, struct http_server *s)
{
    for (int i = 0; i < s->options.threads; i++) {
        struct server_thread *t = &s->threads[i];
        int e = uv_thread_create(&t->id, thread_main, t);

        if (e != 0) {
            return fail(
                cx, FAIL_CONFIG, "threads %d: %s", s->options.threads, uv_strerror(e));
        }
        t->is_running = true;
    }
    return OK;
}

/* The descriptors that don't depend on the number of connections. */
static int64_t server_files(const struct http_options *o)
{
    return (int64_t)o->threads * (LIMIT_LOOP_FILES + (int64_t)o->n_listen)
           + LIMIT_REFUSED_CONNECTIONS;
}

int64_t http_files(const struct http_options *options)
{
    return server_files(options) + options->max_connections;
}

int http_connections_within(const struct http_options *options, int64_t files)
{
    int64_t n = files - server_files(options);

    n = n < LIMIT_CONNECTIONS_LEAST ? LIMIT_CONNECTIONS_LEAST : n;
    return n < options->max_connections ? (int)n : options->max_connections;
}

Res http_server_start(
    struct cx *cx, const struct http_options *options, struct http_server **ret)
{
    struct http_server *s = server_new(options);
    Res res = OK;

    for (size_t i = 0; i < options->n_listen && res.code == FAIL_NONE; i++) {
        res = server_listen(cx, s, i);
    }
    if (res.code == FAIL_NONE) {
        res = server_run(cx, s);
    }
    if (res.code != FAIL_NONE) {
        http_server_stop(&s);
        return res;
    }
    *ret = s;
    return OK;
}

bool http_server_answers(struct http_server *s)
{
    bool all = true;

    for (int i = 0; i < s->options.threads; i++) {
        all = loop_answers(s->threads[i].loop) && all;
    }
    return all;
}

void http_server_leave(struct http_server *s)
{
    atomic_store(&s->shared.is_leaving, true);
}

/* Nobody finds the sockets any more that this process made. Once: one that follows makes
 * its own. */
static void server_unlink(struct http_server *s)
{
    for (size_t i = 0; i < s->n_bound; i++) {
        if (listen_is_unix(&s->addresses[i]) && s->addresses[i].inherited_fd == 0) {
            (void)unlink(s->addresses[i].un.sun_path);
        }
    }
    s->n_bound = 0;
}

void http_server_drain(struct http_server *s)
{
    http_server_leave(s);
    server_unlink(s);
    for (int i = 0; i < s->options.threads; i++) {
        loop_stop(s->threads[i].loop);
    }
    for (int i = 0; i < s->options.threads; i++) {
        struct server_thread *t = &s->threads[i];

        if (t->is_running) {
            must_be(uv_thread_join(&t->id) == 0);
            t->is_running = false;
        } else {
            loop_run(t->loop); /* ends at once: closes what was opened */
        }
    }
}

void http_server_stop(struct http_server **server)
{
    struct http_server *s = *server;

    if (s == NULL) {
        return;
    }
    http_server_drain(s);
    for (int i = 0; i < s->options.threads; i++) {
        loop_close(s->threads[i].loop);
    }
    arena_done(&s->mem);
    heap_free(s);
    *server = NULL;
}

int http_server_port(const struct http_server *s, size_t i)
{
    return listen_port(&s->addresses[i]);
}

int http_server_connections(const struct http_server *s)
{
    return atomic_load(&s->shared.connections);
}
