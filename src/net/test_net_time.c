/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_net_time.c - time limits hold where libcurl is the slow one: a name that is looked
 * up for ever, a handshake that doesn't begin, a connection that doesn't end.
 *
 * Each call has 50 ms somewhere and would take 20 s without; 10 s is too late, also on a
 * machine that is busy.
 */
#include <errno.h>
#include <netdb.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/testing.h"
#include "net/net.h"
#include "net/testserver.h"
#include "net/testtls.h"

enum { SHORT_MS = 50, LATE_MS = 10 * 1000, LONG_MS = 60 * 1000, HANG_S = 20 };

/* Name servers that are away until the test is over, or for HANG_S. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int waiting;
    bool is_over;
} names = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* Takes the place of the C library's for libcurl. */
int getaddrinfo(
    const char *name, const char *service, const struct addrinfo *hints,
    struct addrinfo **ret)
{
    struct timespec until;

    (void)name, (void)service, (void)hints, (void)ret;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += HANG_S;
    (void)pthread_mutex_lock(&names.lock);
    names.waiting++;
    (void)pthread_cond_broadcast(&names.changed);
    while (!names.is_over
           && pthread_cond_timedwait(&names.changed, &names.lock, &until) != ETIMEDOUT) {
    }
    names.waiting--;
    (void)pthread_cond_broadcast(&names.changed);
    (void)pthread_mutex_unlock(&names.lock);
    return EAI_AGAIN;
}

/* Waits until so many look a name up. */
static void names_await(int n)
{
    (void)pthread_mutex_lock(&names.lock);
    while (names.waiting != n) {
        (void)pthread_cond_wait(&names.changed, &names.lock);
    }
    (void)pthread_mutex_unlock(&names.lock);
}

static void names_end(void)
{
    (void)pthread_mutex_lock(&names.lock);
    names.is_over = true;
    (void)pthread_cond_broadcast(&names.changed);
    while (names.waiting > 0) {
        (void)pthread_cond_wait(&names.changed, &names.lock);
    }
    (void)pthread_mutex_unlock(&names.lock);
}

/* Three ways to say how long a call may take, one for each row. */
struct time_row {
    const char *name;
    int64_t connect_timeout_ms;
    int64_t timeout_ms;
    int64_t deadline_ms; /* of the context, from now on; 0: none */
};

static const struct time_row time_rows[] = {
    {"connect_timeout", SHORT_MS, LONG_MS, 0},
    {"timeout", LONG_MS, SHORT_MS, 0},
    {"deadline", LONG_MS, LONG_MS, SHORT_MS},
};

/* Calls `url` and gives up the connections; both in time. */
static Res time_call(const struct time_row *row, Str url, const char *ca_file)
{
    const struct net_options options = {
        .ca_file = ca_file,
        .connect_timeout_ms = row->connect_timeout_ms,
        .timeout_ms = row->timeout_ms};
    int64_t began_ms = clock_mono_ms();
    struct net *net = net_open();
    struct net_request req = {.url = url, .max_bytes = 100};
    struct net_reply reply;

    t_cx()->deadline_ms = row->deadline_ms == 0 ? 0 : began_ms + row->deadline_ms;
    Res res = net_perform(t_cx(), &(struct net_via){net, &options}, &req, &reply);

    t_cx()->deadline_ms = 0;
    net_close(&net);
    if (clock_mono_ms() - began_ms >= LATE_MS) {
        print_error("%s: too late\n", row->name);
        T_TRUE(false);
    }
    return res;
}

TEST(test_a_name_that_is_looked_up_for_ever_ends_in_time)
{
    for (size_t i = 0; i < COUNT(time_rows); i++) {
        T_FAIL(
            FAIL_SOURCE_TIMEOUT,
            time_call(&time_rows[i], S("https://slow.example/"), NULL));
        names_await((int)i + 1); /* libcurl's thread is left behind */
    }
}

/* As a stop of the service does to what is under way. */
TEST(test_net_end_by_ends_a_call_that_looks_a_name_up)
{
    const struct net_options options = {
        .connect_timeout_ms = LONG_MS, .timeout_ms = LONG_MS};
    int64_t began_ms = clock_mono_ms();
    struct net *net = net_open();
    struct net_request req = {.url = S("https://slow.example/")};
    struct net_reply reply;

    net_end_by(net, began_ms + SHORT_MS);
    T_FAIL(
        FAIL_SOURCE_UNAVAILABLE,
        net_perform(t_cx(), &(struct net_via){net, &options}, &req, &reply));
    net_close(&net);
    T_TRUE(clock_mono_ms() - began_ms < LATE_MS);
}

/* A server that accepts, and waits for the end of a plain request. */
TEST(test_a_handshake_that_does_not_begin_ends_in_time)
{
    static const struct step step = {SI(""), THEN_HANG};

    for (size_t i = 0; i < COUNT(time_rows); i++) {
        static struct server s;

        testserver_start(&s, &step, 1);
        Str plain = testserver_url(&t_cx()->mem, &s, "/");
        Str url = str_cat(&t_cx()->mem, S("https"), str_sub(plain, 4, plain.n));

        T_FAIL(FAIL_SOURCE_TIMEOUT, time_call(&time_rows[i], url, NULL));
        testserver_stop(&s);
    }
}

/* An answer that ends with its connection, which doesn't end. */
TEST(test_an_answer_that_does_not_end_ends_in_time)
{
    static const struct step step = {
        SI("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it"), THEN_HANG};

    for (size_t i = 1; i < COUNT(time_rows);
         i++) { /* it is connected: from the second on */
        static struct server s;

        testserver_start(&s, &step, 1);
        T_FAIL(
            FAIL_SOURCE_TIMEOUT,
            time_call(&time_rows[i], testserver_url(&t_cx()->mem, &s, "/"), NULL));
        testserver_stop(&s);
    }
}

/* After its answer the server reads nothing, and never says that it closes. */
TEST(test_closing_does_not_wait_for_the_server)
{
    static const struct time_row row = {"closing", LONG_MS, LONG_MS, 0};
    struct testtls_plan plan = testtls_good;
    struct testtls s;

    plan.stays_open = true;
    testtls_start(&s, &plan);
    T_OK(time_call(&row, testtls_url(&t_cx()->mem, &s), s.ca_file));
    testtls_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_a_name_that_is_looked_up_for_ever_ends_in_time),
        T(test_net_end_by_ends_a_call_that_looks_a_name_up),
        T(test_a_handshake_that_does_not_begin_ends_in_time),
        T(test_an_answer_that_does_not_end_ends_in_time),
        T(test_closing_does_not_wait_for_the_server),
    };
    int failed = net_start() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;

    names_end();
    return failed;
}
