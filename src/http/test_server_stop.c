/* SPDX-License-Identifier: Apache-2.0 */
#include <semaphore.h>

#include "http/loop.h"
#include "http/testserving.h"

enum { MOMENTS = 100 };

/* A stop on a thread of its own, so that a test can look at it from outside. */
struct stopping {
    struct http_server *server;
    pthread_t thread;
};

static void *stop_run(void *arg)
{
    struct stopping *st = arg;

    http_server_stop(&st->server);
    return NULL;
}

static void stop_begin(struct stopping *st, struct http_server *s)
{
    st->server = s;
    T_TRUE(pthread_create(&st->thread, NULL, stop_run, st) == 0);
}

static void stop_await(struct stopping *st)
{
    T_TRUE(pthread_join(st->thread, NULL) == 0);
    T_TRUE(st->server == NULL);
}

TEST(test_http_server_stop_lets_work_end_and_cuts_what_is_idle)
{
    struct http_server *s = serving_start((struct http_options){0});
    struct stopping st;
    int busy = client_dial(s);
    int idle = client_dial(s);
    int half = client_dial(s);

    client_say(half, S(EXPECTING));
    (void)client_hear(half, S("\r\n\r\n"));
    client_say(busy, S(GET_("/later") GET_("/never")));
    client_say(idle, S(GET_("/1")));
    (void)client_hear(idle, S("GET /1||"));
    struct http_exchange *ex = later_take();

    stop_begin(&st, s);
    T_STR(client_hear(idle, S("")), S(""));
    client_say(half, S("b"));
    Str heard = client_hear(half, S(""));
    T_TRUE(str_ends(heard, S("POST /half||b")));
    T_TRUE(str_contains(heard, S("\r\nConnection: close\r\n")));
    http_post(ex, later_send);
    heard = client_hear(busy, S(""));
    T_TRUE(str_ends(heard, S("GET /later||")));
    T_TRUE(str_contains(heard, S("\r\nConnection: close\r\n")));
    (void)close(busy);
    (void)close(idle);
    (void)close(half);
    stop_await(&st);
}

TEST(test_http_server_leave_says_so_and_goes_on_accepting)
{
    struct http_server *s = serving_start((struct http_options){0});
    int idle = client_dial(s);
    int late;

    client_say(idle, S(GET_("/1")));
    T_TRUE(!str_contains(client_hear(idle, S("GET /1||")), S("Connection: close")));
    http_server_leave(s);
    late = client_dial(s);
    client_say(late, S(GET_("/2") GET_("/never")));
    T_TRUE(
        str_contains(client_hear(late, S("GET /2||")), S("\r\nConnection: close\r\n")));
    T_STR(client_hear(late, S("")), S(""));
    client_say(idle, S(GET_("/3"))); /* it was left open */
    T_TRUE(
        str_contains(client_hear(idle, S("GET /3||")), S("\r\nConnection: close\r\n")));
    T_STR(client_hear(idle, S("")), S(""));
    (void)close(idle);
    (void)close(late);
    http_server_stop(&s);
}

/* Holds up a loop until the test lets it go on. */
struct holding {
    struct http_post post;
    sem_t held;
    sem_t goes_on;
};

static void holding_run(struct http_post *post)
{
    struct holding *h = (struct holding *)(void *)post;

    T_TRUE(sem_post(&h->held) == 0);
    T_TRUE(sem_wait(&h->goes_on) == 0);
}

/* Returns when the loop of `ex` is held up, and has been told to stop. */
static void holding_begin(
    struct holding *h, struct http_server *s, const struct http_exchange *ex)
{
    *h = (struct holding){.post.run = holding_run};
    T_TRUE(sem_init(&h->held, 0, 0) == 0 && sem_init(&h->goes_on, 0, 0) == 0);
    T_TRUE(http_loop_post(ex->loop, &h->post));
    T_TRUE(sem_wait(&h->held) == 0);
    http_server_leave(s);
    loop_stop(ex->loop); /* it hears of that before it hears of what comes now */
}

static void holding_end(struct holding *h)
{
    T_TRUE(sem_post(&h->goes_on) == 0);
}

/* Reads until the end, which may be a reset. */
static Str hear_all(int fd)
{
    struct buf b = {.mem = &t_cx()->mem, .max = HEARD_MOST_BYTES};
    char bytes[4096];
    ssize_t n;

    while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
        buf_add(&b, (Str){bytes, (size_t)n});
    }
    return buf_text(&b);
}

/* Stops a server while a client asks that is connected and, unless `is_known`, not
 * accepted yet. Returns what it hears. */
static Str stop_beside_client(bool is_known)
{
    struct http_server *s = serving_start((struct http_options){0});
    struct holding h;
    int busy = client_dial(s);
    int fd = -1;

    client_say(busy, S(GET_("/later")));
    struct http_exchange *ex = later_take();

    if (is_known) {
        fd = client_dial(s);
        client_say(fd, S(GET_("/1")));
        (void)client_hear(fd, S("GET /1||"));
    }
    holding_begin(&h, s, ex);
    fd = is_known ? fd : client_dial(s);
    (void)client_try_say(fd, S(GET_("/2")));
    holding_end(&h);
    Str heard = hear_all(fd);

    http_post(ex, later_send);
    (void)close(fd);
    (void)close(busy);
    http_server_stop(&s);
    return heard;
}

/* A machine that stands still for a second makes the client idle for too long: then once
 * more. */
static void stop_answers_client(bool is_known)
{
    Str heard = S("");

    for (int i = 0; i < MOMENTS && heard.n == 0; i++) {
        heard = stop_beside_client(is_known);
    }
    T_TRUE(str_ends(heard, S("GET /2||")));
    T_TRUE(str_contains(heard, S("\r\nConnection: close\r\n")));
}

TEST(test_http_server_stop_answers_who_was_not_accepted_yet)
{
    stop_answers_client(false);
}

TEST(test_http_server_stop_answers_who_was_idle_for_a_moment)
{
    stop_answers_client(true);
}

TEST(test_http_server_answers_while_its_loops_come_round)
{
    struct http_server *s = serving_start((struct http_options){.threads = 2});
    struct holding h = {.post.run = holding_run};
    int fd = client_dial(s);

    client_say(fd, S(GET_("/later")));
    struct http_exchange *ex = later_take();

    while (!http_server_answers(s)) { /* it does, sooner or later */
    }
    T_TRUE(sem_init(&h.held, 0, 0) == 0 && sem_init(&h.goes_on, 0, 0) == 0);
    T_TRUE(http_loop_post(ex->loop, &h.post));
    T_TRUE(sem_wait(&h.held) == 0);
    (void)http_server_answers(s); /* until it was held up, it did */
    for (int i = 0; i < MOMENTS; i++) {
        T_TRUE(!http_server_answers(s)); /* the other one does, and doesn't count */
    }
    holding_end(&h);
    while (!http_server_answers(s)) {
    }
    http_post(ex, later_send);
    (void)close(fd);
    http_server_stop(&s);
}

static atomic_int gone_seen;

static void gone_send(struct http_post *post)
{
    struct http_exchange *ex = http_exchange_of(post);

    atomic_fetch_add(&gone_seen, ex->is_gone ? 1 : 0);
    http_send(ex);
}

TEST(test_http_server_stop_cuts_what_takes_too_long)
{
    struct http_server *s =
        serving_start((struct http_options){.shutdown_timeout_ms = 50});
    struct stopping st;
    int busy = client_dial(s);
    int half = client_dial(s);

    client_say(half, S(EXPECTING));
    (void)client_hear(half, S("\r\n\r\n"));
    client_say(busy, S(GET_("/later")));
    struct http_exchange *ex = later_take();

    atomic_store(&gone_seen, 0);
    stop_begin(&st, s);
    T_STR(client_hear(half, S("")), S(""));
    T_STR(client_hear(busy, S("")), S(""));
    http_post(ex, gone_send); /* the stop waits for it */
    stop_await(&st);
    T_INT(atomic_load(&gone_seen), 1);
    (void)close(busy);
    (void)close(half);
}

TEST(test_http_send_survives_a_client_that_vanished)
{
    struct linger reset = {.l_onoff = 1};
    struct http_server *s = serving_start((struct http_options){0});
    int fd = client_dial(s);

    client_say(fd, S(GET_("/later") GET_("/more")));
    struct http_exchange *ex = later_take();

    T_TRUE(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == 0);
    (void)close(fd);
    http_post(ex, later_send);
    fd = client_dial(s);
    client_say(fd, S(GET_("/next")));
    T_TRUE(answer_has_status(client_hear(fd, S("GET /next||")), S("200 OK\r\n")));
    (void)close(fd);
    http_server_stop(&s);
}

/* What the hooks of loops and posts to them were seen to do. */
struct loop_seen {
    atomic_int started;
    atomic_int stopped;
    atomic_int ran;
    struct http_loop *_Atomic loop;
    struct http_post post;
};

static void *loop_seen_start(void *arg, struct http_loop *loop)
{
    struct loop_seen *seen = arg;

    atomic_store(&seen->loop, loop);
    atomic_fetch_add(&seen->started, 1);
    return seen;
}

static void loop_seen_stop(void *arg, void *loop_data)
{
    struct loop_seen *seen = arg;

    atomic_fetch_add(&seen->stopped, loop_data == seen ? 1 : 0);
}

static void loop_seen_run(struct http_post *post)
{
    struct loop_seen *seen =
        (struct loop_seen *)(void *)((char *)post - offsetof(struct loop_seen, post));

    atomic_fetch_add(&seen->ran, 1);
}

TEST(test_http_loop_post_is_refused_after_the_drain)
{
    struct loop_seen seen = {.post.run = loop_seen_run};
    struct http_server *s = serving_start((struct http_options){
        .threads = 3,
        .thread_start = loop_seen_start,
        .thread_stop = loop_seen_stop,
        .arg = &seen});
    int fd = client_dial(s);

    client_say(fd, S(GET_("/later")));
    struct http_exchange *ex = later_take();

    T_TRUE(ex->loop_data == &seen); /* so this loop has started */
    T_TRUE(http_loop_post(ex->loop, &seen.post));
    http_post(ex, later_send); /* after it, on the same loop */
    (void)client_hear(fd, S("GET /later||"));
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
    T(test_http_server_leave_says_so_and_goes_on_accepting),
    T(test_http_server_stop_answers_who_was_not_accepted_yet),
    T(test_http_server_stop_answers_who_was_idle_for_a_moment),
    T(test_http_server_answers_while_its_loops_come_round),
    T(test_http_server_stop_cuts_what_takes_too_long),
    T(test_http_send_survives_a_client_that_vanished),
    T(test_http_loop_post_is_refused_after_the_drain))
