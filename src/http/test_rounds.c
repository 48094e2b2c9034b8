/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers are written when a round of the loop ends, or when LOOP_ANSWERS_MOST wait for
 * it. The loop is held up meanwhile, so that all requests come in one round.
 */
#include <poll.h>

#include "http/loop.h"
#include "http/serving.h"

enum { ASKING = LOOP_ANSWERS_MOST + 1 };

static int clients[ASKING];
static int answered_before[ASKING]; /* clients that had an answer when it was handled */
static int handled;

/* How many clients have an answer now, or, when there must be some, soon. */
static int count_answered(bool must_be_some)
{
    struct pollfd fds[ASKING];

    for (int i = 0; i < ASKING; i++) {
        fds[i] = (struct pollfd){.fd = clients[i], .events = POLLIN};
    }
    return poll(fds, ASKING, must_be_some ? WAIT_S * 1000 : 0);
}

static pthread_barrier_t gate;

/* A request for the gate holds its loop up until the test comes there, too. */
static void on_gated_request(struct http_exchange *ex)
{
    if (str_eq(ex->req.path, S("/gate"))) {
        (void)pthread_barrier_wait(&gate);
        (void)pthread_barrier_wait(&gate);
    } else if (str_eq(ex->req.path, S("/counted"))) {
        answered_before[handled] = count_answered(handled == LOOP_ANSWERS_MOST);
        handled++;
    }
    on_request(ex);
}

static struct http_loop *the_loop;

static void *on_thread_start(void *arg, struct http_loop *loop)
{
    the_loop = loop;
    return arg;
}

static struct http_server *serve_gated(void)
{
    struct http_options o = with_defaults((struct http_options){0});
    struct http_server *s = NULL;

    o.handle = on_gated_request;
    o.thread_start = on_thread_start;
    handled = 0;
    T_OK(http_server_start(t_cx(), &o, &s));
    return s;
}

/* A client whose request keeps the loop at the gate. */
static int hold_up(struct http_server *s)
{
    int fd = dial(s);

    must_be(pthread_barrier_init(&gate, NULL, 2) == 0);
    say(fd, S(GET_("/gate")));
    (void)pthread_barrier_wait(&gate);
    return fd;
}

static void let_go(int fd)
{
    (void)pthread_barrier_wait(&gate);
    (void)hear(fd, S("GET /gate||"));
    must_be(pthread_barrier_destroy(&gate) == 0);
    (void)close(fd);
}

static void test_http_answers_are_written_when_a_round_ends(void **state)
{
    struct http_server *s = serve_gated();

    (void)state;
    for (int i = 0; i < ASKING; i++) {
        clients[i] = dial(s);
        say(clients[i], S(GET_("/first")));
        (void)hear(clients[i], S("GET /first||"));
    }
    int fd = hold_up(s);

    for (int i = 0; i < ASKING; i++) {
        say(clients[i], S(GET_("/counted")));
    }
    let_go(fd);
    for (int i = 0; i < ASKING; i++) {
        (void)hear(clients[i], S("GET /counted||"));
        (void)close(clients[i]);
    }
    T_INT(handled, ASKING);
    for (int i = 0; i < LOOP_ANSWERS_MOST; i++) {
        T_INT(answered_before[i], 0);
    }
    T_TRUE(answered_before[LOOP_ANSWERS_MOST] > 0);
    http_server_stop(&s);
}

/* The request came before the stop: its answer comes, and then the end. */
static void test_http_answers_of_the_round_that_stops_are_written(void **state)
{
    struct http_server *s = serve_gated();
    int asking = dial(s);

    (void)state;
    say(asking, S(GET_("/first")));
    (void)hear(asking, S("GET /first||"));
    int fd = hold_up(s);

    say(asking, S(GET_("/last")));
    loop_stop(the_loop);
    let_go(fd);
    T_TRUE(str_ends(hear(asking, S("")), S("GET /last||")));
    (void)close(asking);
    http_server_stop(&s);
}

T_MAIN(
    T(test_http_answers_are_written_when_a_round_ends),
    T(test_http_answers_of_the_round_that_stops_are_written))
