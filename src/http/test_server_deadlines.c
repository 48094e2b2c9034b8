/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A deadline belongs to a piece of work: no bytes of the client move it. The tests
 * compare who is ended first, and by how many answers of the server events are apart.
 */
#include <poll.h>

#include "http/testserving.h"

enum {
    TIME_OUT_MS = 300, /* longer than what a test does in between */
    FOREVER_MS = 3600 * 1000,
};

/* Whether bytes or the end have come already. */
static bool client_has_heard(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

/* The loop has seen what was sent before, and its clock has gone on. */
static void let_server_see(const struct http_server *s)
{
    int fd = client_dial(s);

    (void)poll(NULL, 0, 2);
    client_say(fd, S(GET_("/seen")));
    (void)client_hear(fd, S("GET /seen||"));
    (void)close(fd);
}

TEST(test_http_server_bounds_the_empty_lines_before_a_request)
{
    struct http_server *s = serving_start((struct http_options){0});
    int fd = client_dial(s);

    for (int i = 0; i < 2; i++) { /* anew for each request */
        client_say(fd, S("\r\n\r\n\r\n\r\n" GET_("/1")));
        T_TRUE(answer_has_status(client_hear(fd, S("GET /1||")), S("200 ")));
    }
    (void)close(fd);
    Str heard = client_ask(s, S("\r\n\r\n\r\n\r\n\r" GET_("/1")));

    T_TRUE(answer_has_status(heard, S("400 Bad Request\r\n")));
    T_TRUE(str_contains(heard, S("\r\nConnection: close\r\n")));
    http_server_stop(&s);
}

TEST(test_http_server_lets_no_empty_line_move_the_idle_deadline)
{
    struct http_server *s =
        serving_start((struct http_options){.idle_timeout_ms = TIME_OUT_MS});
    int first = client_dial(s);

    let_server_see(s);
    int second = client_dial(s);

    let_server_see(s);
    client_say(first, S("\r\n"));
    T_STR(client_hear(second, S("")), S(""));
    T_TRUE(client_has_heard(first));
    T_STR(client_hear(first, S("")), S(""));
    (void)close(first);
    (void)close(second);
    http_server_stop(&s);
}

/* The first client's 100 Continue goes out after the second one's request has begun. */
TEST(test_http_server_lets_no_100_continue_move_the_deadline)
{
    struct http_server *s =
        serving_start((struct http_options){.request_timeout_ms = TIME_OUT_MS});
    int first = client_dial(s);
    int second = client_dial(s);
    Str head = S(EXPECTING);

    client_say(first, str_sub(head, 0, head.n - 1));
    let_server_see(s);
    client_say(second, S("G"));
    let_server_see(s);
    client_say(first, S("\n"));
    (void)client_hear(first, S(" Continue\r\n\r\n"));
    T_TRUE(answer_has_status(client_hear(second, S("")), S("408 ")));
    T_TRUE(client_has_heard(first));
    T_TRUE(answer_has_status(client_hear(first, S("")), S("408 ")));
    (void)close(first);
    (void)close(second);
    http_server_stop(&s);
}

/* A connection that has been idle for longer than LIMIT_LATE_MS ends after the late one.
 */
TEST(test_http_server_does_not_linger_after_a_time_out)
{
    struct http_server *s = serving_start((struct http_options){
        .request_timeout_ms = 50, .idle_timeout_ms = 1000 + TIME_OUT_MS});
    int late = client_dial(s);

    client_say(late, S("G"));
    T_TRUE(answer_has_status(client_hear(late, S("")), S("408 ")));
    int idle = client_dial(s);

    T_STR(client_hear(idle, S("")), S(""));
    T_INT(http_server_connections(s), 0);
    (void)close(idle);
    (void)close(late);
    http_server_stop(&s);
}

/* An answer moves the deadline of an idle connection. */
TEST(test_http_server_counts_idle_time_from_the_last_answer)
{
    struct http_server *s = serving_start((struct http_options){
        .idle_timeout_ms = TIME_OUT_MS, .request_timeout_ms = FOREVER_MS});
    int fd = client_dial(s);

    client_say(fd, S(GET_("/1")));
    (void)client_hear(fd, S("GET /1||"));
    let_server_see(s);
    int second = client_dial(s); /* idle from here on */

    let_server_see(s);
    (void)poll(NULL, 0, TIME_OUT_MS / 2);
    client_say(fd, S(GET_("/2"))); /* and this one from here */
    (void)client_hear(fd, S("GET /2||"));
    T_STR(client_hear(second, S("")), S(""));
    T_TRUE(!client_has_heard(fd));
    T_STR(client_hear(fd, S("")), S(""));
    (void)close(fd);
    (void)close(second);
    http_server_stop(&s);
}

T_MAIN(
    T(test_http_server_bounds_the_empty_lines_before_a_request),
    T(test_http_server_lets_no_empty_line_move_the_idle_deadline),
    T(test_http_server_lets_no_100_continue_move_the_deadline),
    T(test_http_server_does_not_linger_after_a_time_out),
    T(test_http_server_counts_idle_time_from_the_last_answer))
