/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>

#include "http/serving.h"

enum {
    SOON_MS = 50,
    LATER_MS = 500, /* where the client has to be faster */
};

static void test_http_server_answers_408_to_a_slow_request(void **state)
{
    static const Str rows[] = {
        SI("G"),
        SI("GET / HTTP/1.1\r\n" HOST),
        SI("POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\na"),
        SI("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2\r\na"),
    };
    struct http_server *s = serve((struct http_options){.request_timeout_ms = SOON_MS});

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Str heard = ask(s, rows[i]);

        T_TRUE(has_status(heard, S("408 Request Timeout\r\n")));
        T_TRUE(str_contains(heard, S("\r\nConnection: close\r\n")));
    }
    http_server_stop(&s);
}

static void test_http_server_gives_each_request_its_own_time(void **state)
{
    struct http_server *s = serve((struct http_options){.request_timeout_ms = SOON_MS});
    int fd = dial(s);

    (void)state;
    say(fd, S(GET_("/1") "GET /2"));
    Str heard = hear(fd, S(""));
    T_TRUE(str_contains(heard, S("\r\n\r\nGET /1||HTTP/1.1 408 ")));
    (void)close(fd);
    http_server_stop(&s);
}

static void test_http_server_closes_what_is_idle_without_a_word(void **state)
{
    struct http_server *s = serve((struct http_options){.idle_timeout_ms = LATER_MS});

    (void)state;
    T_STR(ask(s, S("")), S(""));
    T_STR(ask(s, S("\r\n\r\n")), S(""));
    T_TRUE(str_ends(ask(s, S(GET_("/1"))), S("GET /1||")));
    http_server_stop(&s);
}

static void test_http_server_does_not_hurry_the_handler(void **state)
{
    struct http_server *s = serve((struct http_options){
        .idle_timeout_ms = LATER_MS, .request_timeout_ms = LATER_MS});
    int fd = dial(s);
    int other = dial(s);

    (void)state;
    say(fd, S(GET_("/held")));
    struct http_exchange *ex = take_held();

    T_STR(hear(other, S("")), S("")); /* what came later has timed out */
    http_post(ex, send_held);
    T_TRUE(str_ends(hear(fd, S("")), S("GET /held||")));
    (void)close(other);
    (void)close(fd);
    http_server_stop(&s);
}

/* Asks for more than the buffers of both sides hold, and reads nothing. */
static void test_http_server_cuts_who_does_not_read(void **state)
{
    struct http_server *s = serve((struct http_options){.idle_timeout_ms = SOON_MS});
    char *body = arena_alloc(&t_cx()->mem, LIMIT_BODY_BYTES);
    Str text = str_cat(
        &t_cx()->mem, S("POST / HTTP/1.1\r\n" HOST "Content-Length: 65536\r\n\r\n"),
        (Str){body, LIMIT_BODY_BYTES});
    int fd = dial(s);
    int sent = 0;

    (void)state;
    while (sent < 10000 && try_say(fd, text)) {
        sent++;
    }
    T_TRUE(sent < 10000);
    (void)close(fd);
    http_server_stop(&s);
}

static void test_http_server_refuses_past_max_connections(void **state)
{
    struct http_server *s = serve((struct http_options){.max_connections = 2});
    int first = dial(s);
    int second = dial(s);

    (void)state;
    say(first, S(GET_("/1")));
    (void)hear(first, S("GET /1||"));
    say(second, S(GET_("/2")));
    (void)hear(second, S("GET /2||"));
    Str heard = ask(s, S(GET_("/3")));
    T_TRUE(has_status(heard, S("503 Service Unavailable\r\n")));
    T_TRUE(str_contains(heard, S("\r\nConnection: close\r\n")));
    say(first, S("GET /4 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"));
    T_TRUE(str_ends(hear(first, S("")), S("GET /4||")));
    (void)close(first);
    (void)close(second);
    http_server_stop(&s);
}

static void test_http_server_serves_again_when_there_is_room(void **state)
{
    struct http_server *s = serve((struct http_options){.max_connections = 1});
    int fd = dial(s);

    (void)state;
    say(fd, S("GET /1 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"));
    T_TRUE(has_status(hear(fd, S("")), S("200 OK\r\n")));
    (void)close(fd);
    while (http_server_connections(s) > 0) {
        (void)sched_yield();
    }
    fd = dial(s);
    say(fd, S(GET_("/2")));
    T_TRUE(has_status(hear(fd, S("GET /2||")), S("200 OK\r\n")));
    (void)close(fd);
    http_server_stop(&s);
}

/* Some of those past the limit hear 503; a flood hears nothing. */
static void test_http_server_does_not_answer_a_flood_of_connections(void **state)
{
    struct http_server *s = serve((struct http_options){.max_connections = 1});
    int fds[200];
    size_t answered = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(fds); i++) {
        fds[i] = dial(s);
    }
    for (size_t i = 1; i < COUNT(fds); i++) {
        char byte;

        answered += recv(fds[i], &byte, 1, 0) == 1 ? 1 : 0;
    }
    T_TRUE(answered > 0 && answered < COUNT(fds) - 1);
    for (size_t i = 0; i < COUNT(fds); i++) {
        (void)close(fds[i]);
    }
    http_server_stop(&s);
}

static void test_http_server_lets_go_of_many_half_requests(void **state)
{
    struct http_server *s = serve((struct http_options){0});
    int fds[40];

    (void)state;
    for (size_t i = 0; i < COUNT(fds); i++) {
        fds[i] = dial(s);
        say(fds[i], S(EXPECTING));
    }
    for (size_t i = 0; i < COUNT(fds); i++) {
        (void)hear(fds[i], S("\r\n\r\n"));
    }
    T_INT(http_server_connections(s), COUNT(fds));
    for (size_t i = 0; i < COUNT(fds); i++) {
        (void)close(fds[i]);
    }
    http_server_stop(&s);
}

T_MAIN(
    T(test_http_server_answers_408_to_a_slow_request),
    T(test_http_server_gives_each_request_its_own_time),
    T(test_http_server_closes_what_is_idle_without_a_word),
    T(test_http_server_does_not_hurry_the_handler),
    T(test_http_server_cuts_who_does_not_read),
    T(test_http_server_refuses_past_max_connections),
    T(test_http_server_serves_again_when_there_is_room),
    T(test_http_server_does_not_answer_a_flood_of_connections),
    T(test_http_server_lets_go_of_many_half_requests))
