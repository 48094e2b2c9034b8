/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounds of a loop: answers are written when a round ends, or when LOOP_ANSWERS_MOST wait
 * for it; and no connection has more than its turn. The loop is stopped at a gate
 * meanwhile, so that all requests come in one round.
 */
#include <poll.h>

#include "base/budgets.h"
#include "http/loop.h"
#include "http/testserving.h"

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

/* A request for /gate blocks its loop until the test opens the gate. */
static void gated_handle(struct http_exchange *ex)
{
    if (str_eq(ex->req.path, S("/gate"))) {
        (void)pthread_barrier_wait(&gate);
        (void)pthread_barrier_wait(&gate);
    } else if (str_eq(ex->req.path, S("/counted"))) {
        answered_before[handled] = count_answered(handled == LOOP_ANSWERS_MOST);
        handled++;
    }
    serving_handle(ex);
}

enum {
    PIPELINED = 2000,
    CROWD = 40,
    CROWD_PIPELINED = 400,
    SINGLES = 20,
};

static int single_client; /* sends single requests, one after the other */
static int singles_left;  /* to be sent */
static int others;        /* requests that were handled since the last single one */
static int others_first;  /* those before the first single one */
static int others_most;   /* the most before a later one */

/* The handler itself sends the next single request, so that it has come when the loop
 * polls again: the count doesn't depend on how quick a client is. */
static void counting_handle(struct http_exchange *ex)
{
    if (!str_eq(ex->req.path, S("/single"))) {
        others++;
        gated_handle(ex);
        return;
    }
    if (others_first < 0) {
        others_first = others;
    } else if (others > others_most) {
        others_most = others;
    }
    others = 0;
    if (--singles_left > 0) {
        (void)client_try_say(single_client, S(GET_("/single")));
    }
    serving_handle(ex);
}

static struct http_loop *the_loop;

static void *keep_loop(void *arg, struct http_loop *loop)
{
    the_loop = loop;
    return arg;
}

static struct http_server *gated_start(void (*handle)(struct http_exchange *ex))
{
    const struct http_listener gated = {S("127.0.0.1:0"), handle};
    struct http_options o =
        serving_options((struct http_options){.listen = &gated, .n_listen = 1});
    struct http_server *s = NULL;

    o.thread_start = keep_loop;
    handled = 0;
    T_OK(http_server_start(t_cx(), &o, &s));
    return s;
}

/* A client whose request keeps the loop at the gate. */
static int gate_close(struct http_server *s)
{
    int fd = client_dial(s);

    must_be(pthread_barrier_init(&gate, NULL, 2) == 0);
    client_say(fd, S(GET_("/gate")));
    (void)pthread_barrier_wait(&gate);
    return fd;
}

static void gate_open(int fd)
{
    (void)pthread_barrier_wait(&gate);
    (void)client_hear(fd, S("GET /gate||"));
    must_be(pthread_barrier_destroy(&gate) == 0);
    (void)close(fd);
}

TEST(test_http_answers_are_written_when_a_round_ends)
{
    struct http_server *s = gated_start(gated_handle);

    for (int i = 0; i < ASKING; i++) {
        clients[i] = client_dial(s);
        client_say(clients[i], S(GET_("/first")));
        (void)client_hear(clients[i], S("GET /first||"));
    }
    int fd = gate_close(s);

    for (int i = 0; i < ASKING; i++) {
        client_say(clients[i], S(GET_("/counted")));
    }
    gate_open(fd);
    for (int i = 0; i < ASKING; i++) {
        (void)client_hear(clients[i], S("GET /counted||"));
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
TEST(test_http_answers_of_the_round_that_stops_are_written)
{
    struct http_server *s = gated_start(gated_handle);
    int asking = client_dial(s);

    client_say(asking, S(GET_("/first")));
    (void)client_hear(asking, S("GET /first||"));
    int fd = gate_close(s);

    client_say(asking, S(GET_("/last")));
    loop_stop(the_loop);
    gate_open(fd);
    T_TRUE(str_ends(client_hear(asking, S("")), S("GET /last||")));
    (void)close(asking);
    http_server_stop(&s);
}

/* A client that the loop knows already. */
static int client_known(const struct http_server *s)
{
    int fd = client_dial(s);

    client_say(fd, S(GET_("/first")));
    (void)client_hear(fd, S("GET /first||"));
    return fd;
}

static Str pipelined(int n)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 256 * 1024};

    for (int i = 1; i < n; i++) {
        buf_add(&b, S(GET_("/p")));
    }
    buf_add(&b, S(GET_("/last")));
    return buf_text(&b);
}

/* `n` clients' pipelines have come before the first of the single requests. */
static void crowd_run(int n, int each, int singles)
{
    struct http_server *s = gated_start(counting_handle);
    int crowd[CROWD];

    for (int i = 0; i < n; i++) {
        crowd[i] = client_known(s);
    }
    single_client = client_known(s);
    singles_left = singles;
    int fd = gate_close(s);

    others = 0;
    others_first = -1;
    others_most = 0;
    for (int i = 0; i < n; i++) {
        client_say(crowd[i], pipelined(each));
    }
    client_say(single_client, S(GET_("/single")));
    gate_open(fd);
    for (int i = 0; i < n; i++) {
        (void)client_hear(crowd[i], S("GET /last||"));
        (void)close(crowd[i]);
    }
    (void)close(single_client);
    http_server_stop(&s);
    T_INT(singles_left, 0);
}

TEST(test_http_a_pipeline_delays_another_request_by_one_turn)
{
    crowd_run(1, PIPELINED, 1);
    T_INT(others_first, LIMIT_TURN_REQUESTS);
    T_INT(others, PIPELINED - LIMIT_TURN_REQUESTS);
}

TEST(test_http_many_pipelines_delay_another_request_by_one_round)
{
    crowd_run(CROWD, CROWD_PIPELINED, SINGLES);
    T_INT(others_first, CROWD * LIMIT_TURN_REQUESTS);
    T_TRUE(others_most >= LIMIT_ROUND_REQUESTS);
    T_TRUE(others_most < LIMIT_ROUND_REQUESTS + LIMIT_TURN_REQUESTS);
}

T_MAIN(
    T(test_http_a_pipeline_delays_another_request_by_one_turn),
    T(test_http_many_pipelines_delay_another_request_by_one_round),
    T(test_http_answers_are_written_when_a_round_ends),
    T(test_http_answers_of_the_round_that_stops_are_written))
