/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.c - runs one thread's loop: accepts, wakes for posts, lets deadlines pass, drains.
 */
#include "http/loop.h"

#include <stddef.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    LEAVE_MS = 5 * 1000, /* how long a client may take to see that we closed */
};

static void on_timer(uv_timer_t *timer)
{
    struct http_loop *loop = timer->data;
    uint64_t now = uv_now(&loop->uv);

    for (size_t i = 0; i < CONNECTION_STATES; i++) {
        struct deadlines *list = &loop->lists[i];

        while (list->wait_ms > 0 && list->first != NULL && list->first->at_ms <= now) {
            connection_expire(list->first);
        }
    }
    for (size_t i = 0; i < CONNECTION_STATES; i++) {
        const struct deadlines *list = &loop->lists[i];

        if (list->wait_ms > 0 && list->first != NULL) {
            loop_arm(loop, list->first->at_ms);
        }
    }
}

void loop_arm(struct http_loop *loop, uint64_t at_ms)
{
    uint64_t now = uv_now(&loop->uv);
    uint64_t wait_ms = at_ms > now ? at_ms - now : 0;

    if (!uv_is_active((uv_handle_t *)&loop->timer)
        || uv_timer_get_due_in(&loop->timer) > wait_ms) {
        (void)uv_timer_start(&loop->timer, on_timer, wait_ms, 0);
    }
}

static void cut_all(struct deadlines *list)
{
    while (list->first != NULL) {
        connection_cut(list->first);
    }
}

static void on_shutdown(uv_timer_t *timer)
{
    struct http_loop *loop = timer->data;

    for (size_t i = 0; i < CONNECTION_STATES; i++) {
        cut_all(&loop->lists[i]);
    }
}

/* One after the other, so that who waits for them is woken once and not by each. */
static void write_answers(struct http_loop *loop)
{
    struct deadlines *list = &loop->lists[CONNECTION_ANSWERED];

    loop->n_answered = 0;
    while (list->first != NULL) {
        connection_write(list->first);
    }
}

void loop_answered(struct http_loop *loop)
{
    if (++loop->n_answered >= LOOP_ANSWERS_MOST) {
        write_answers(loop);
    }
}

static void on_round(uv_prepare_t *round)
{
    write_answers(round->data);
}

static void drain(struct http_loop *loop)
{
    int64_t wait_ms = loop->options->shutdown_timeout_ms;

    if (loop->is_draining) {
        return;
    }
    loop->is_draining = true;
    for (size_t i = 0; i < loop->n_listeners; i++) {
        uv_close(&loop->listeners[i].handle, NULL);
    }
    write_answers(loop);
    cut_all(&loop->lists[CONNECTION_IDLE]);
    (void)uv_timer_start(&loop->shutdown, on_shutdown, (uint64_t)wait_ms, 0);
    loop_end_if_empty(loop);
}

static void run_posts(struct http_post *post)
{
    while (post != NULL) {
        struct http_post *next = post->next;

        post->run(post); /* and is gone */
        post = next;
    }
}

static struct http_post *take_posts(struct http_loop *loop)
{
    struct http_post *first = loop->first_post;

    loop->first_post = NULL;
    loop->last_post = NULL;
    return first;
}

static void on_wake(uv_async_t *wake)
{
    struct http_loop *loop = wake->data;

    uv_mutex_lock(&loop->lock);
    struct http_post *posts = take_posts(loop);
    bool must_stop = loop->must_stop;
    uv_mutex_unlock(&loop->lock);

    if (must_stop) {
        drain(loop); /* first, so that answers posted meanwhile say so */
    }
    run_posts(posts);
}

void loop_end_if_empty(struct http_loop *loop)
{
    if (!loop->is_draining || loop->n_connections > 0 || loop->n_held > 0
        || uv_is_closing((uv_handle_t *)&loop->wake)) {
        return;
    }
    uv_mutex_lock(&loop->lock);
    loop->is_stopped = true;
    struct http_post *posts = take_posts(loop);
    uv_mutex_unlock(&loop->lock);

    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->round, NULL);
    uv_close((uv_handle_t *)&loop->timer, NULL);
    uv_close((uv_handle_t *)&loop->shutdown, NULL);
    run_posts(posts);
}

bool http_loop_post(struct http_loop *loop, struct http_post *post)
{
    post->next = NULL;
    uv_mutex_lock(&loop->lock);
    bool is_taken = !loop->is_stopped;

    if (is_taken) {
        if (loop->last_post == NULL) {
            loop->first_post = post;
        } else {
            loop->last_post->next = post;
        }
        loop->last_post = post;
        (void)uv_async_send(&loop->wake);
    }
    uv_mutex_unlock(&loop->lock);
    return is_taken;
}

void http_post(struct http_exchange *ex, void (*run)(struct http_post *self))
{
    ex->post.run = run;
    bool is_taken = http_loop_post(ex->loop, &ex->post);

    must_be(is_taken); /* a loop outlives its exchanges */
}

struct http_exchange *http_exchange_of(struct http_post *post)
{
    return (struct http_exchange
                *)(void *)((char *)post - offsetof(struct http_exchange, post));
}

void loop_stop(struct http_loop *loop)
{
    uv_mutex_lock(&loop->lock);
    if (!loop->is_stopped) {
        loop->must_stop = true;
        (void)uv_async_send(&loop->wake);
    }
    uv_mutex_unlock(&loop->lock);
}

static void on_connection(uv_stream_t *listener, int status)
{
    if (status == 0) {
        connection_accept(listener->data, listener);
    }
}

struct http_loop *loop_open(const struct http_options *options, atomic_int *connections)
{
    struct http_loop *loop = heap_alloc(sizeof(*loop));

    loop->options = options;
    loop->all_connections = connections;
    loop->listeners = heap_alloc(options->n_listen * sizeof(*loop->listeners));
    loop->lists[CONNECTION_IDLE].wait_ms = (uint64_t)options->idle_timeout_ms;
    loop->lists[CONNECTION_READING].wait_ms = (uint64_t)options->request_timeout_ms;
    loop->lists[CONNECTION_WRITING].wait_ms = (uint64_t)options->idle_timeout_ms;
    loop->lists[CONNECTION_LEAVING].wait_ms = LEAVE_MS;
    must_be(uv_mutex_init(&loop->lock) == 0);
    must_be(uv_loop_init(&loop->uv) == 0);
    must_be(uv_async_init(&loop->uv, &loop->wake, on_wake) == 0);
    must_be(uv_prepare_init(&loop->uv, &loop->round) == 0);
    must_be(uv_prepare_start(&loop->round, on_round) == 0);
    must_be(uv_timer_init(&loop->uv, &loop->timer) == 0);
    must_be(uv_timer_init(&loop->uv, &loop->shutdown) == 0);
    loop->wake.data = loop;
    loop->round.data = loop;
    loop->timer.data = loop;
    loop->shutdown.data = loop;
    return loop;
}

int loop_listen(struct http_loop *loop, int fd, bool is_unix)
{
    struct listener *l = &loop->listeners[loop->n_listeners++];
    int e =
        is_unix ? uv_pipe_init(&loop->uv, &l->pipe, 0) : uv_tcp_init(&loop->uv, &l->tcp);

    must_be(e == 0);
    l->handle.data = loop;
    e = is_unix ? uv_pipe_open(&l->pipe, fd) : uv_tcp_open(&l->tcp, fd);
    if (e != 0) {
        (void)close(fd);
        return e;
    }
    return uv_listen(&l->stream, BACKLOG, on_connection);
}

void loop_run(struct http_loop *loop)
{
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_close(struct http_loop *loop)
{
    must_be(uv_loop_close(&loop->uv) == 0);
    spares_free(&loop->spares);
    uv_mutex_destroy(&loop->lock);
    heap_free(loop->listeners);
    heap_free(loop);
}
