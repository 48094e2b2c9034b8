/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>

#include "base/budgets.h"
#include "base/testchild.h"
#include "http/loop.h"
#include "http/testserving.h"

enum {
    SOON_MS = 50,
    LATER_MS = 500, /* where the client has to be faster */
};

TEST(test_http_server_answers_408_to_a_slow_request)
{
    static const Str rows[] = {
        SI("G"),
        SI("GET / HTTP/1.1\r\n" HOST),
        SI("POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\na"),
        SI("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2\r\na"),
    };
    struct http_server *s =
        serving_start((struct http_options){.request_timeout_ms = SOON_MS});

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str heard = client_ask(s, rows[i]);

        T_TRUE(answer_has_status(heard, S("408 Request Timeout\r\n")));
        T_TRUE(str_contains(heard, S("\r\nConnection: close\r\n")));
    }
    http_server_stop(&s);
}

TEST(test_http_server_gives_each_request_its_own_time)
{
    struct http_server *s =
        serving_start((struct http_options){.request_timeout_ms = SOON_MS});
    int fd = client_dial(s);

    client_say(fd, S(GET_("/1") "GET /2"));
    Str heard = client_hear(fd, S(""));
    T_TRUE(str_contains(heard, S("\r\n\r\nGET /1||HTTP/1.1 408 ")));
    (void)close(fd);
    http_server_stop(&s);
}

TEST(test_http_server_closes_what_is_idle_without_a_word)
{
    struct http_server *s =
        serving_start((struct http_options){.idle_timeout_ms = LATER_MS});

    T_STR(client_ask(s, S("")), S(""));
    T_STR(client_ask(s, S("\r\n\r\n")), S(""));
    T_TRUE(str_ends(client_ask(s, S(GET_("/1"))), S("GET /1||")));
    http_server_stop(&s);
}

TEST(test_http_server_does_not_hurry_the_handler)
{
    struct http_server *s = serving_start((struct http_options){
        .idle_timeout_ms = LATER_MS, .request_timeout_ms = LATER_MS});
    int fd = client_dial(s);
    int other = client_dial(s);

    client_say(fd, S(GET_("/later")));
    struct http_exchange *ex = later_take();

    T_STR(client_hear(other, S("")), S("")); /* what came later has timed out */
    http_post(ex, later_send);
    T_TRUE(str_ends(client_hear(fd, S("")), S("GET /later||")));
    (void)close(other);
    (void)close(fd);
    http_server_stop(&s);
}

/* Asks for more than the buffers of both sides hold, and reads nothing. */
TEST(test_http_server_cuts_who_does_not_read)
{
    struct http_server *s =
        serving_start((struct http_options){.idle_timeout_ms = SOON_MS});
    char *body = arena_alloc(&t_cx()->mem, LIMIT_BODY_BYTES);
    Str text = str_cat(
        &t_cx()->mem, S("POST / HTTP/1.1\r\n" HOST "Content-Length: 65536\r\n\r\n"),
        (Str){body, LIMIT_BODY_BYTES});
    int fd = client_dial(s);
    int sent = 0;

    while (sent < 10000 && client_try_say(fd, text)) {
        sent++;
    }
    T_TRUE(sent < 10000);
    (void)close(fd);
    http_server_stop(&s);
}

TEST(test_http_server_closes_the_longest_idle_past_max_connections)
{
    struct http_server *s = serving_start((struct http_options){.max_connections = 3});
    int busy = client_half_say(s);
    int idle[2];

    for (int i = 0; i < 2; i++) {
        idle[i] = client_dial(s);
        client_say(idle[i], S(GET_("/1")));
        (void)client_hear(idle[i], S("GET /1||"));
    }
    client_say(idle[0], S(GET_("/2"))); /* so that the other one has waited longer */
    (void)client_hear(idle[0], S("GET /2||"));
    T_TRUE(answer_has_status(
        client_ask(s, S("GET /3 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n")),
        S("200 ")));
    T_STR(client_hear(idle[1], S("")), S(""));
    client_say(idle[0], S(GET_("/4")));
    T_TRUE(answer_has_status(client_hear(idle[0], S("GET /4||")), S("200 ")));
    client_say(busy, S("b"));
    T_TRUE(answer_has_status(client_hear(busy, S("POST /half||b")), S("200 ")));
    (void)close(idle[0]);
    (void)close(idle[1]);
    (void)close(busy);
    http_server_stop(&s);
}

TEST(test_http_server_refuses_past_max_connections)
{
    struct http_server *s = serving_start((struct http_options){.max_connections = 2});
    int first = client_half_say(s);
    int second = client_half_say(s);

    Str heard = client_ask(s, S(GET_("/3")));
    T_TRUE(answer_has_status(heard, S("503 Service Unavailable\r\n")));
    T_TRUE(str_contains(heard, S("\r\nConnection: close\r\n")));
    client_say(first, S("b"));
    T_TRUE(answer_has_status(client_hear(first, S("POST /half||b")), S("200 ")));
    (void)close(first);
    (void)close(second);
    http_server_stop(&s);
}

TEST(test_http_server_serves_again_when_there_is_room)
{
    struct http_server *s = serving_start((struct http_options){.max_connections = 1});
    int fd = client_dial(s);

    client_say(fd, S("GET /1 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"));
    T_TRUE(answer_has_status(client_hear(fd, S("")), S("200 OK\r\n")));
    (void)close(fd);
    while (http_server_connections(s) > 0) {
        (void)sched_yield();
    }
    fd = client_dial(s);
    client_say(fd, S(GET_("/2")));
    T_TRUE(answer_has_status(client_hear(fd, S("GET /2||")), S("200 OK\r\n")));
    (void)close(fd);
    http_server_stop(&s);
}

/* Some of those past the limit hear 503; a flood hears nothing. */
TEST(test_http_server_does_not_answer_a_flood_of_connections)
{
    struct http_server *s = serving_start((struct http_options){.max_connections = 1});
    int fds[200];
    size_t answered = 0;

    fds[0] = client_half_say(s);
    for (size_t i = 1; i < COUNT(fds); i++) {
        fds[i] = client_dial(s);
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

TEST(test_http_server_lets_go_of_many_half_requests)
{
    struct http_server *s = serving_start((struct http_options){0});
    int fds[40];

    for (size_t i = 0; i < COUNT(fds); i++) {
        fds[i] = client_dial(s);
        client_say(fds[i], S(EXPECTING));
    }
    for (size_t i = 0; i < COUNT(fds); i++) {
        (void)client_hear(fds[i], S("\r\n\r\n"));
    }
    T_INT(http_server_connections(s), COUNT(fds));
    for (size_t i = 0; i < COUNT(fds); i++) {
        (void)close(fds[i]);
    }
    http_server_stop(&s);
}

static char large[LIMIT_ANSWER_BYTES + 1];

static void large_handle(struct http_exchange *ex)
{
    bool is_over = str_eq(ex->req.path, S("/over"));

    ex->answer.status = 200;
    ex->answer.body = (Str){large, LIMIT_ANSWER_BYTES + (is_over ? 1 : 0)};
    http_send(ex);
}

/* A handler's answer over the limit is its bug, and ends neither process nor connection.
 */
TEST(test_http_send_answers_500_for_what_is_too_large)
{
    static const struct http_listener listen[] = {{SI("127.0.0.1:0"), large_handle}};
    struct http_server *s =
        serving_start((struct http_options){.listen = listen, .n_listen = COUNT(listen)});
    int fd = client_dial(s);

    memset(large, '|', sizeof(large));
    client_say(fd, S(GET_("/over")));
    Str heard = client_hear(fd, S("\r\n\r\n"));

    T_TRUE(answer_has_status(heard, S("500 Internal Server Error\r\n")));
    T_TRUE(str_contains(heard, S("\r\nContent-Length: 0\r\n")));
    client_say(fd, S("GET /within HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"));
    heard = client_hear(fd, S(""));
    T_TRUE(answer_has_status(heard, S("200 OK\r\n")));
    T_TRUE(heard.n > LIMIT_ANSWER_BYTES);
    (void)close(fd);
    http_server_stop(&s);
}

static int64_t count_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int64_t n = 0;

    T_TRUE(dir != NULL);
    while (readdir(dir) != NULL) { /* NOLINT(concurrency-mt-unsafe): its own dir */
        n++;
    }
    (void)closedir(dir);
    return n;
}

TEST(test_http_files_are_those_that_a_server_takes)
{
    static const struct http_listener two[] = {
        {SI("127.0.0.1:0"), serving_handle},
        {SI("127.0.0.1:0"), serving_handle},
    };
    struct http_options o = serving_options((struct http_options){
        .listen = two, .n_listen = 2, .threads = 3, .max_connections = 4});
    struct http_server *s = serving_start(o);

    http_server_stop(&s); /* libuv keeps what it opens for the whole process */
    int64_t before = count_files();
    int64_t spare = o.threads; /* a loop's first connection opens libuv's reserve */

    s = serving_start(o);
    T_INT(count_files() - before, http_files(&o) - 4 - LIMIT_REFUSED_CONNECTIONS - spare);
    http_server_stop(&s);
    T_INT(count_files(), before);
}

TEST(test_http_connections_within_leaves_the_rest_its_files)
{
    const struct http_options o = {.n_listen = 2, .threads = 4, .max_connections = 10000};
    const int64_t needed = http_files(&o);

    const struct {
        int64_t files;
        int want;
    } rows[] = {
        {INT64_MAX, 10000},
        {needed, 10000},
        {needed - 1, 9999},
        {needed - 10000 + LIMIT_CONNECTIONS_LEAST + 1, LIMIT_CONNECTIONS_LEAST + 1},
        {needed - 10000 + LIMIT_CONNECTIONS_LEAST - 1, LIMIT_CONNECTIONS_LEAST},
        {-1000, LIMIT_CONNECTIONS_LEAST},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(http_connections_within(&o, rows[i].files), rows[i].want);
    }
    T_INT(http_connections_within(&(struct http_options){.max_connections = 1}, 0), 1);
}

TEST(test_http_server_says_once_that_there_are_too_many_connections)
{
    struct http_server *s = serving_start((struct http_options){.max_connections = 1});
    struct t_ear ear = t_hear();
    int busy = client_half_say(s);

    for (int i = 0; i < 3; i++) {
        T_TRUE(answer_has_status(client_ask(s, S(GET_("/1"))), S("503 ")));
    }
    (void)close(busy);
    http_server_stop(&s);
    Str text = t_heard(ear);

    T_TRUE(str_contains(
        text, S("event=\"limits.connections\" connections=\"2\" times=\"1\"\n")));
    T_INT(t_lines_with(text, S("event=")), 1);
}

T_MAIN(
    T(test_http_files_are_those_that_a_server_takes),
    T(test_http_connections_within_leaves_the_rest_its_files),
    T(test_http_server_says_once_that_there_are_too_many_connections),
    T(test_http_send_answers_500_for_what_is_too_large),
    T(test_http_server_answers_408_to_a_slow_request),
    T(test_http_server_gives_each_request_its_own_time),
    T(test_http_server_closes_what_is_idle_without_a_word),
    T(test_http_server_does_not_hurry_the_handler),
    T(test_http_server_cuts_who_does_not_read),
    T(test_http_server_closes_the_longest_idle_past_max_connections),
    T(test_http_server_refuses_past_max_connections),
    T(test_http_server_serves_again_when_there_is_room),
    T(test_http_server_does_not_answer_a_flood_of_connections),
    T(test_http_server_lets_go_of_many_half_requests))
