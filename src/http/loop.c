/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.c - runs one thread's loop: accepts, wakes for posts, lets deadlines pass, drains.
 */
#include "http/loop.h"

#include <errno.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/budgets.h"
#include "base/metric.h"
#include "http/connection_parts.h"

enum {
    BACKLOG = 1024,
    LISTENER_TURN = 64, /* taken in one round, so that connections have their turn */
    LISTENER_REST_MS = 100,
};

void loop_expire(struct http_loop *loop)
{
    uint64_t now = uv_now(&loop->uv);

    for (size_t i = 0; i < DEADLINE_KINDS; i++) {
        struct deadlines *list = &loop->deadlines[i];

        while (list->first != NULL && list->first->at_ms <= now) {
            connection_expire(list->first);
        }
    }
    for (size_t i = 0; i < DEADLINE_KINDS; i++) {
        const struct deadlines *list = &loop->deadlines[i];

        if (list->first != NULL) {
            loop_arm(loop, list->first->at_ms);
        }
    }
}

static void on_timer(uv_timer_t *timer)
{
    loop_expire(timer->data);
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

/* The listeners are closed already. */
static void handle_cut(uv_handle_t *handle, void *unused)
{
    bool is_connection = handle->type == UV_TCP || handle->type == UV_NAMED_PIPE;

    (void)unused;
    if (is_connection && !uv_is_closing(handle)) {
        connection_cut(handle->data);
    }
}

static void on_shutdown(uv_timer_t *timer)
{
    struct http_loop *loop = timer->data;

    uv_walk(&loop->uv, handle_cut, NULL);
}

/* Writes them one after the other, so that a peer that waits for several is woken once.
 */
static void loop_write_answers(struct http_loop *loop)
{
    loop->n_answers = 0;
    while (loop->answered.first != NULL) {
        connection_write(loop->answered.first);
    }
}

void loop_write_if_many(struct http_loop *loop)
{
    if (loop->n_answers >= LOOP_ANSWERS_MOST) {
        loop_write_answers(loop);
    }
}

void loop_make_room(struct http_loop *loop)
{
    shared_limit_reached(loop->shared, SHARED_LIMIT_MEMORY);
    while (budget_level(&loop->budget) >= BUDGET_SHORT) {
        struct deadline *stuck = loop->deadlines[DEADLINE_WRITE].first;

        if (stuck == NULL) {
            stuck = loop->deadlines[DEADLINE_REQUEST].first;
        }
        if (stuck == NULL) {
            return; /* handlers have the rest */
        }
        connection_cut(connection_of(stuck));
    }
}

/* Keeps the loop awake, and does nothing: on_round_end does. */
static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

/* Goes on with connections that had their turn and have more, in the order in which they
 * began to wait. */
static void loop_take_turns(struct http_loop *loop)
{
    uint64_t most = loop->n_requests + LIMIT_ROUND_REQUESTS;

    while (loop->n_requests < most && loop->waiting.first != NULL
           && connection_take_turn(loop->waiting.first)) {
    }
    loop_write_answers(loop);
}

/* While memory is tight, one a round, so that requests which are nearly whole get their
 * end. */
static void loop_resume_paused(struct http_loop *loop)
{
    enum budget_level level = budget_level(&loop->budget);

    if (level == BUDGET_TIGHT && loop->paused.first != NULL) {
        connection_resume(loop->paused.first);
    }
    while (level == BUDGET_EASY && loop->paused.first != NULL) {
        connection_resume(loop->paused.first);
    }
}

static bool loop_has_turns(const struct http_loop *loop)
{
    return loop->waiting.first != NULL
           || (loop->paused.first != NULL && budget_level(&loop->budget) < BUDGET_SHORT);
}

static void on_round_end(uv_prepare_t *round_end)
{
    struct http_loop *loop = round_end->data;

    loop_write_answers(loop);
    loop->round++;
    if (loop_has_turns(loop)) {
        loop_take_turns(loop);
        loop_resume_paused(loop);
    }
    if (loop_has_turns(loop)) {
        (void)uv_idle_start(&loop->awake, on_idle);
    } else {
        (void)uv_idle_stop(&loop->awake);
    }
}

static int reserve_open(void)
{
    return eventfd(0, EFD_CLOEXEC);
}

static void reserve_close(struct http_loop *loop)
{
    if (loop->reserve >= 0) {
        (void)close(loop->reserve);
    }
    loop->reserve = -1;
}

static void on_connection(uv_poll_t *poll, int status, int events);

static void on_rest_end(uv_timer_t *rest)
{
    struct http_loop *loop = rest->data;

    loop->reserve = loop->reserve < 0 ? reserve_open() : loop->reserve;
    for (size_t i = 0; i < loop->n_listeners; i++) {
        (void)uv_poll_start(&loop->listeners[i].poll, UV_READABLE, on_connection);
    }
}

/* Who connects meanwhile waits in the backlog. */
static void loop_rest(struct http_loop *loop)
{
    for (size_t i = 0; i < loop->n_listeners; i++) {
        (void)uv_poll_stop(&loop->listeners[i].poll);
    }
    (void)uv_timer_start(&loop->rest, on_rest_end, LISTENER_REST_MS, 0);
}

static int listener_accept(const struct loop_listener *l)
{
    return accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/* Closes the next client by means of the reserve. Another thread may be faster to take
 * the descriptor. */
static bool listener_refuse(struct loop_listener *l)
{
    struct http_loop *loop = l->loop;

    reserve_close(loop);
    int fd = listener_accept(l);

    if (fd >= 0) {
        metric_add(METRIC_HTTP_REFUSED, METRIC_REFUSED_FILES, 1);
        (void)close(fd);
    }
    loop->reserve = reserve_open();
    return fd >= 0;
}

/* There is no descriptor for the next client: who is idle makes room, or it is refused,
 * or else it waits. Those that came in this round are idle because nobody has read yet
 * what they sent: they are no room before the next one. */
static bool listener_make_room(struct loop_listener *l)
{
    if (connection_is_new(l->loop->deadlines[DEADLINE_IDLE].first)) {
        return false;
    }
    shared_limit_reached(l->loop->shared, SHARED_LIMIT_FILES);
    if (connection_cut_idle(l->loop) || listener_refuse(l)) {
        return true;
    }
    loop_rest(l->loop);
    return false;
}

/* Takes the next client; false when there is none, or it has to wait. */
static bool listener_take(struct loop_listener *l)
{
    int fd = listener_accept(l);

    if (fd >= 0) {
        connection_accept(l, fd);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE) {
        return listener_make_room(l);
    }
    if (errno == ENOMEM || errno == ENOBUFS) {
        loop_rest(l->loop);
        return false;
    }
    return errno != EAGAIN; /* else this one client has gone: accept(2) */
}

static void listener_take_many(struct loop_listener *l, int most)
{
    while (most > 0 && listener_take(l)) {
        most--;
    }
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    struct loop_listener *l = poll->data;

    (void)events;
    if (status < 0) {
        loop_rest(l->loop); /* libuv has stopped to poll */
    } else {
        listener_take_many(l, LISTENER_TURN);
    }
}

/* Takes those that are connected already: they may have sent a request, and would lose
 * it when the listener is closed. */
static void loop_close_listeners(struct http_loop *loop)
{
    for (size_t i = 0; i < loop->n_listeners && loop->has_served; i++) {
        listener_take_many(&loop->listeners[i], BACKLOG);
    }
    for (size_t i = 0; i < loop->n_listeners; i++) {
        uv_close((uv_handle_t *)&loop->listeners[i].poll, NULL);
        (void)close(loop->listeners[i].fd);
    }
    uv_close((uv_handle_t *)&loop->rest, NULL);
    reserve_close(loop);
}

static void loop_drain(struct http_loop *loop)
{
    int64_t wait_ms = loop->options->shutdown_timeout_ms;

    if (loop->is_draining) {
        return;
    }
    loop->is_draining = true;
    loop_close_listeners(loop);
    deadlines_set_wait(&loop->deadlines[DEADLINE_IDLE], LIMIT_DRAIN_IDLE_MS);
    loop_expire(loop);
    (void)uv_timer_start(&loop->shutdown, on_shutdown, (uint64_t)wait_ms, 0);
    loop_end_if_empty(loop);
}

static void loop_run_posts(struct http_post *post)
{
    while (post != NULL) {
        struct http_post *next = post->next;

        post->run(post); /* and is gone */
        post = next;
    }
}

static struct http_post *loop_take_posts(struct http_loop *loop)
{
    struct http_post *first = loop->first_post;

    loop->first_post = NULL;
    loop->last_post = NULL;
    return first;
}

static void on_wake(uv_async_t *wake)
{
    struct http_loop *loop = wake->data;

    atomic_store(&loop->has_woken, true);
    uv_mutex_lock(&loop->lock);
    struct http_post *posts = loop_take_posts(loop);
    bool must_stop = loop->must_stop;
    uv_mutex_unlock(&loop->lock);

    if (must_stop) {
        loop_drain(loop); /* first, so that answers posted meanwhile say so */
    }
    loop_run_posts(posts);
}

void loop_end_if_empty(struct http_loop *loop)
{
    if (!loop->is_draining || loop->n_connections > 0 || loop->n_orphans > 0
        || uv_is_closing((uv_handle_t *)&loop->wake)) {
        return;
    }
    uv_mutex_lock(&loop->lock);
    loop->is_stopped = true;
    struct http_post *posts = loop_take_posts(loop);
    uv_mutex_unlock(&loop->lock);

    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->round_end, NULL);
    uv_close((uv_handle_t *)&loop->awake, NULL);
    uv_close((uv_handle_t *)&loop->timer, NULL);
    uv_close((uv_handle_t *)&loop->shutdown, NULL);
    loop_run_posts(posts);
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

bool loop_answers(struct http_loop *loop)
{
    bool has_woken = atomic_exchange(&loop->has_woken, false);

    uv_mutex_lock(&loop->lock);
    if (!loop->is_stopped) {
        (void)uv_async_send(&loop->wake);
    }
    uv_mutex_unlock(&loop->lock);
    return has_woken;
}

struct http_loop *loop_open(
    const struct http_options *options, struct http_shared *shared)
{
    struct http_loop *loop = heap_alloc(sizeof(*loop));

    loop->options = options;
    loop->shared = shared;
    loop->budget.most_bytes = budget_of_loop(options->max_memory_bytes, options->threads);
    loop->listeners = heap_alloc(options->n_listen * sizeof(*loop->listeners));
    loop->deadlines[DEADLINE_IDLE].wait_ms = (uint64_t)options->idle_timeout_ms;
    loop->deadlines[DEADLINE_REQUEST].wait_ms = (uint64_t)options->request_timeout_ms;
    loop->deadlines[DEADLINE_WRITE].wait_ms = (uint64_t)options->idle_timeout_ms;
    loop->deadlines[DEADLINE_LINGER].wait_ms = LIMIT_LINGER_MS;
    loop->deadlines[DEADLINE_LATE].wait_ms = LIMIT_LATE_MS;
    must_be(uv_mutex_init(&loop->lock) == 0);
    must_be(uv_loop_init(&loop->uv) == 0);
    must_be(uv_async_init(&loop->uv, &loop->wake, on_wake) == 0);
    must_be(uv_prepare_init(&loop->uv, &loop->round_end) == 0);
    must_be(uv_prepare_start(&loop->round_end, on_round_end) == 0);
    must_be(uv_idle_init(&loop->uv, &loop->awake) == 0);
    must_be(uv_timer_init(&loop->uv, &loop->timer) == 0);
    must_be(uv_timer_init(&loop->uv, &loop->shutdown) == 0);
    must_be(uv_timer_init(&loop->uv, &loop->rest) == 0);
    loop->wake.data = loop;
    loop->round_end.data = loop;
    loop->timer.data = loop;
    loop->shutdown.data = loop;
    loop->rest.data = loop;
    loop->reserve = reserve_open();
    return loop;
}

int loop_listen(
    struct http_loop *loop, int fd, bool is_unix,
    void (*handle)(struct http_exchange *ex))
{
    struct loop_listener *l = &loop->listeners[loop->n_listeners];
    int e = listen(fd, BACKLOG) == 0 ? 0 : uv_translate_sys_error(errno);

    e = e == 0 ? uv_poll_init(&loop->uv, &l->poll, fd) : e;
    if (e != 0) {
        (void)close(fd);
        return e;
    }
    loop->n_listeners++;
    l->poll.data = l;
    l->fd = fd;
    l->is_unix = is_unix;
    l->loop = loop;
    l->answer = handle;
    return uv_poll_start(&l->poll, UV_READABLE, on_connection);
}

void loop_run(struct http_loop *loop)
{
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_close(struct http_loop *loop)
{
    must_be(uv_loop_close(&loop->uv) == 0);
    http_pool_free(&loop->pool);
    uv_mutex_destroy(&loop->lock);
    heap_free(loop->listeners);
    heap_free(loop);
}
