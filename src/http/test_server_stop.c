/* SPDX-License-Identifier: Apache-2.0 */
#include "http/serving.h"

/* A stop on a thread of its own, so that a test can look at it from outside. */
struct stopping {
    struct http_server *server;
    pthread_t thread;
};

static void *stop_it(void *arg)
{
    struct stopping *st = arg;

    http_server_stop(&st->server);
    return NULL;
}

static void stop_begin(struct stopping *st, struct http_server *s)
{
    st->server = s;
    T_TRUE(pthread_create(&st->thread, NULL, stop_it, st) == 0);
}

static void stop_await(struct stopping *st)
{
    T_TRUE(pthread_join(st->thread, NULL) == 0);
    T_TRUE(st->server == NULL);
}

static void test_http_server_stop_lets_work_end_and_cuts_what_is_idle(void **state)
{
    struct http_server *s = serve((struct http_options){0});
    struct stopping st;
    int busy = dial(s);
    int idle = dial(s);
    int half = dial(s);

    (void)state;
    say(half, S(EXPECTING));
    (void)hear(half, S("\r\n\r\n"));
    say(busy, S(GET_("/held") GET_("/never")));
    say(idle, S(GET_("/1")));
    (void)hear(idle, S("GET /1||"));
    struct http_exchange *ex = take_held();

    stop_begin(&st, s);
    T_STR(hear(idle, S("")), S(""));
    say(half, S("b"));
    Str heard = hear(half, S(""));
    T_TRUE(str_ends(heard, S("POST /half||b")));
    T_TRUE(str_contains(heard, S("\r\nConnection: close\r\n")));
    http_post(ex, send_held);
    heard = hear(busy, S(""));
    T_TRUE(str_ends(heard, S("GET /held||")));
    T_TRUE(str_contains(heard, S("\r\nConnection: close\r\n")));
    (void)close(busy);
    (void)close(idle);
    (void)close(half);
    stop_await(&st);
}

static atomic_int gone_seen;

static void send_gone(struct http_post *post)
{
    struct http_exchange *ex = http_exchange_of(post);

    atomic_fetch_add(&gone_seen, ex->is_gone ? 1 : 0);
    http_send(ex);
}

static void test_http_server_stop_cuts_what_takes_too_long(void **state)
{
    struct http_server *s = serve((struct http_options){.shutdown_timeout_ms = 50});
    struct stopping st;
    int busy = dial(s);
    int half = dial(s);

    (void)state;
    say(half, S(EXPECTING));
    (void)hear(half, S("\r\n\r\n"));
    say(busy, S(GET_("/held")));
    struct http_exchange *ex = take_held();

    atomic_store(&gone_seen, 0);
    stop_begin(&st, s);
    T_STR(hear(half, S("")), S(""));
    T_STR(hear(busy, S("")), S(""));
    http_post(ex, send_gone); /* the stop waits for it */
    stop_await(&st);
    T_INT(atomic_load(&gone_seen), 1);
    (void)close(busy);
    (void)close(half);
}

static void test_http_send_survives_a_client_that_vanished(void **state)
{
    struct linger reset = {.l_onoff = 1};
    struct http_server *s = serve((struct http_options){0});
    int fd = dial(s);

    (void)state;
    say(fd, S(GET_("/held") GET_("/more")));
    struct http_exchange *ex = take_held();

    T_TRUE(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == 0);
    (void)close(fd);
    http_post(ex, send_held);
    fd = dial(s);
    say(fd, S(GET_("/next")));
    T_TRUE(has_status(hear(fd, S("GET /next||")), S("200 OK\r\n")));
    (void)close(fd);
    http_server_stop(&s);
}

/* What the hooks of loops and posts to them were seen to do. */
struct seen {
    atomic_int started;
    atomic_int stopped;
    atomic_int ran;
    struct http_loop *_Atomic loop;
    struct http_post post;
};

static void *on_thread_start(void *arg, struct http_loop *loop)
{
    struct seen *seen = arg;

    atomic_store(&seen->loop, loop);
    atomic_fetch_add(&seen->started, 1);
    return seen;
}

static void on_thread_stop(void *arg, void *loop_data)
{
    struct seen *seen = arg;

    atomic_fetch_add(&seen->stopped, loop_data == seen ? 1 : 0);
}

static void run_seen(struct http_post *post)
{
    struct seen *seen =
        (struct seen *)(void *)((char *)post - offsetof(struct seen, post));

    atomic_fetch_add(&seen->ran, 1);
}

static void test_http_loop_post_is_refused_after_the_drain(void **state)
{
    struct seen seen = {.post.run = run_seen};
    struct http_server *s = serve((struct http_options){
        .threads = 3,
        .thread_start = on_thread_start,
        .thread_stop = on_thread_stop,
        .arg = &seen});
    int fd = dial(s);

    (void)state;
    say(fd, S(GET_("/held")));
    struct http_exchange *ex = take_held();

    T_TRUE(ex->loop_data == &seen); /* so this loop has started */
    T_TRUE(http_loop_post(ex->loop, &seen.post));
    http_post(ex, send_held); /* after it, on the same loop */
    (void)hear(fd, S("GET /held||"));
    T_INT(atomic_load(&seen.ran), 1);
    (void)close(fd);
    http_server_drain(s);
    T_INT(atomic_load(&seen.started), 3);
    T_INT(atomic_load(&seen.stopped), 3);
    T_TRUE(!http_loop_post(atomic_load(&seen.loop), &seen.post));
    T_INT(atomic_load(&seen.ran), 1);
    http_server_stop(&s);
    http_server_stop(&s); /* takes what is gone */
}

T_MAIN(
    T(test_http_server_stop_lets_work_end_and_cuts_what_is_idle),
    T(test_http_server_stop_cuts_what_takes_too_long),
    T(test_http_send_survives_a_client_that_vanished),
    T(test_http_loop_post_is_refused_after_the_drain))
