/* SPDX-License-Identifier: Apache-2.0 */
#include "http/testserving.h"

TEST(test_http_server_answers_and_keeps_alive)
{
    struct http_server *s = serving_start((struct http_options){0});
    int fd = client_dial(s);

    client_say(fd, S(GET_("/a?b=c")));
    Str heard = client_hear(fd, S("GET /a|b=c|"));
    T_TRUE(str_starts(heard, S("HTTP/1.1 200 OK\r\nDate: ")));
    T_TRUE(str_contains(heard, S("\r\nContent-Length: 11\r\n\r\n")));
    T_TRUE(str_contains(heard, S("\r\nPeer: 127.0.0.1\r\n")));
    T_TRUE(!str_contains(heard, S("Connection:")));
    client_say(fd, S("POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nxyz"));
    T_TRUE(str_ends(client_hear(fd, S("|xyz")), S("\r\n\r\nPOST /||xyz")));
    T_INT(http_server_connections(s), 1);
    http_server_stop(&s);
    T_TRUE(s == NULL);
    (void)close(fd);
}

TEST(test_http_server_answers_pipelined_requests_in_order)
{
    struct http_server *s = serving_start((struct http_options){0});
    int fd = client_dial(s);

    client_say(
        fd, S(GET_("/1") GET_("/later") "\r\n" GET_("/3") GET_("/later/4") GET_("/5")));
    (void)client_hear(fd, S("GET /1||"));
    http_post(later_take(), later_send);
    Str heard = client_hear(fd, S("GET /3||"));
    T_TRUE(str_contains(heard, S("\r\n\r\nGET /later||HTTP/1.1 200 OK\r\n")));
    http_post(later_take(), later_send);
    heard = client_hear(fd, S("GET /5||"));
    T_TRUE(str_contains(heard, S("\r\n\r\nGET /later/4||HTTP/1.1 200 OK\r\n")));
    (void)close(fd);
    http_server_stop(&s);
}

/* One that waited for another is answered where that one is. */
static void send_two(struct http_post *post)
{
    struct http_exchange *ex = http_exchange_of(post);
    struct http_exchange *other = ex->user;

    http_send(other);
    http_send(ex);
}

TEST(test_http_send_may_answer_another_connection)
{
    struct http_server *s = serving_start((struct http_options){0});
    int fd = client_dial(s);
    int other = client_dial(s);

    client_say(fd, S(GET_("/later/1") GET_("/2")));
    struct http_exchange *ex = later_take();

    client_say(other, S(GET_("/later/3") GET_("/4")));
    ex->user = later_take();
    http_post(ex, send_two);
    T_TRUE(str_contains(client_hear(fd, S("GET /2||")), S("GET /later/1||HTTP/1.1 200")));
    T_TRUE(
        str_contains(client_hear(other, S("GET /4||")), S("GET /later/3||HTTP/1.1 200")));
    (void)close(fd);
    (void)close(other);
    http_server_stop(&s);
}

TEST(test_http_server_reads_byte_by_byte)
{
    Str text = S("\r\nPOST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                 "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" GET_("/b"));
    struct http_server *s = serving_start((struct http_options){0});
    int fd = client_dial(s);

    for (size_t i = 0; i < text.n; i++) {
        client_say(fd, str_sub(text, i, i + 1));
    }
    T_TRUE(str_contains(
        client_hear(fd, S("GET /b||")), S("\r\n\r\nPOST /a||abcdeHTTP/1.1 200")));
    (void)close(fd);
    http_server_stop(&s);
}

TEST(test_http_server_refuses_and_closes)
{
    static const struct {
        Str text;
        Str status;
    } rows[] = {
        {SI("GET / HTTP/1.1\r\n\r\n"), SI("400 Bad Request\r\n")},
        {SI("POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"),
         SI("400 Bad Request\r\n")},
        {SI("\x16\x03\x01"), SI("400 Bad Request\r\n")},
        {SI("POST / HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\nabc"),
         SI("413 Content Too Large\r\n")},
        {SI("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n10001\r\nabc"),
         SI("413 Content Too Large\r\n")},
        {SI("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n"),
         SI("501 Not Implemented\r\n")},
        {SI("GET / HTTP/2.0\r\n"), SI("505 HTTP Version Not Supported\r\n")},
    };
    struct http_server *s = serving_start((struct http_options){0});

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str heard = client_ask(s, rows[i].text);

        T_TRUE(answer_has_status(heard, rows[i].status));
        T_TRUE(str_contains(heard, S("\r\nConnection: close\r\n")));
    }
    http_server_stop(&s);
}

TEST(test_http_server_refuses_a_large_head)
{
    const size_t rest = strlen("GET / HTTP/1.1\r\n" HOST "Cookie: \r\n\r\n");
    struct http_server *s = serving_start((struct http_options){0});

    for (size_t n = LIMIT_HEAD_BYTES; n <= LIMIT_HEAD_BYTES + 1; n++) {
        struct buf b = {.mem = &t_cx()->mem, .max = 2 * LIMIT_HEAD_BYTES};
        int fd = client_dial(s);

        buf_add(&b, S("GET / HTTP/1.1\r\n" HOST "Cookie: "));
        for (size_t i = rest; i < n; i++) {
            buf_add_char(&b, 'c');
        }
        buf_add(&b, S("\r\n\r\n"));
        client_say(fd, buf_text(&b));
        T_TRUE(answer_has_status(
            client_hear(fd, S("||")),
            n == LIMIT_HEAD_BYTES ? S("200 OK\r\n") : S("431 ")));
        (void)close(fd);
    }
    http_server_stop(&s);
}

TEST(test_http_server_ignores_what_follows_the_last_request)
{
    struct http_server *s = serving_start((struct http_options){0});

    Str heard = client_ask(
        s,
        S("GET /1 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n" GET_("/2") "garbage"));
    T_TRUE(str_contains(heard, S("\r\nConnection: close\r\n")));
    T_TRUE(str_ends(heard, S("\r\n\r\nGET /1||")));
    heard = client_ask(s, S(GET_("/1") "garbage\r\n" GET_("/2")));
    T_TRUE(str_contains(heard, S("\r\n\r\nGET /1||HTTP/1.1 400 Bad Request\r\n")));
    T_TRUE(str_ends(heard, S("\r\n\r\n ||")));
    http_server_stop(&s);
}

TEST(test_http_server_speaks_http_1_0)
{
    struct http_server *s = serving_start((struct http_options){0});
    int fd = client_dial(s);

    T_TRUE(str_contains(
        client_ask(s, S("GET / HTTP/1.0\r\n\r\n")), S("\r\nConnection: close\r\n")));
    client_say(fd, S("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    T_TRUE(
        str_contains(client_hear(fd, S("GET /||")), S("\r\nConnection: keep-alive\r\n")));
    client_say(fd, S("GET /2 HTTP/1.0\r\n\r\n"));
    T_TRUE(str_ends(client_hear(fd, S("")), S("GET /2||")));
    (void)close(fd);
    http_server_stop(&s);
}

TEST(test_http_server_sends_no_body_for_head_and_204)
{
    struct http_server *s = serving_start((struct http_options){0});
    int fd = client_dial(s);

    client_say(fd, S("HEAD /abc HTTP/1.1\r\n" HOST "\r\n"));
    T_TRUE(str_contains(client_hear(fd, S("\r\n\r\n")), S("\r\nContent-Length: 11\r\n")));
    client_say(fd, S(GET_("/empty")));
    Str heard = client_hear(fd, S("\r\n\r\n"));
    T_TRUE(answer_has_status(heard, S("204 No Content\r\n")));
    T_TRUE(!str_contains(heard, S("Content-Length")));
    client_say(fd, S(GET_("/next")));
    T_TRUE(answer_has_status(client_hear(fd, S("GET /next||")), S("200 OK\r\n")));
    (void)close(fd);
    http_server_stop(&s);
}

TEST(test_http_server_asks_for_the_body_that_is_expected)
{
    struct http_server *s = serving_start((struct http_options){0});
    int fd = client_dial(s);

    client_say(fd, S(EXPECTING));
    T_STR(client_hear(fd, S("\r\n\r\n")), S("HTTP/1.1 100 Continue\r\n\r\n"));
    client_say(fd, S("b"));
    T_TRUE(answer_has_status(client_hear(fd, S("POST /half||b")), S("200 OK\r\n")));
    Str heard = client_ask(
        s, S("POST / HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n"
             "Expect: 100-continue\r\n\r\n"));
    T_TRUE(answer_has_status(heard, S("413 ")));
    (void)close(fd);
    http_server_stop(&s);
}

/* The answer comes while the client is still sending, and outlives that. */
TEST(test_http_server_does_not_lose_the_last_answer)
{
    const size_t body = 4 * 1024 * 1024;
    char *bytes = arena_alloc(&t_cx()->mem, body);
    struct http_server *s = serving_start((struct http_options){0});
    int fd = client_dial(s);

    client_say(fd, S("POST / HTTP/1.1\r\n" HOST "Content-Length: 4194304\r\n\r\n"));
    client_say(fd, (Str){bytes, body});
    T_TRUE(answer_has_status(client_hear(fd, S("")), S("413 Content Too Large\r\n")));
    (void)close(fd);
    http_server_stop(&s);
}

TEST(test_http_server_does_not_listen_to_a_flood)
{
    const size_t body = 1024 * 1024;
    char *bytes = arena_alloc(&t_cx()->mem, body);
    struct http_server *s = serving_start((struct http_options){0});
    int fd = client_dial(s);
    int sent = 0;

    client_say(fd, S("POST / HTTP/1.1\r\n" HOST "Content-Length: 1000000000\r\n\r\n"));
    while (sent < 1000 && client_try_say(fd, (Str){bytes, body})) {
        sent++;
    }
    T_TRUE(sent < 1000);
    (void)close(fd);
    http_server_stop(&s);
}

struct sender {
    int fd;
    Str text;
    int times;
};

static void *send_all(void *arg)
{
    const struct sender *sender = arg;

    for (int i = 0; i < sender->times; i++) {
        if (!client_try_say(sender->fd, sender->text)) {
            break;
        }
    }
    (void)shutdown(sender->fd, SHUT_WR);
    return NULL;
}

/* 60 kB of body and as much of answer: more than the buffers of both sides hold. */
static Str big_request(void)
{
    char *body = arena_alloc(&t_cx()->mem, 60000);

    memset(body, 'b', 60000);
    return str_cat(
        &t_cx()->mem, S("POST / HTTP/1.1\r\n" HOST "Content-Length: 60000\r\n\r\n"),
        (Str){body, 60000});
}

TEST(test_http_server_answers_all_when_the_client_is_slow_to_read)
{
    struct http_server *s = serving_start((struct http_options){0});
    int fd = client_dial(s);
    struct sender sender = {.fd = fd, .text = big_request(), .times = 100};
    pthread_t thread;

    T_TRUE(pthread_create(&thread, NULL, send_all, &sender) == 0);
    Str heard = client_hear(fd, S(""));
    size_t each = heard.n / (size_t)sender.times;

    for (size_t at = 0; at < heard.n; at += each) {
        T_TRUE(answer_has_status(str_sub(heard, at, at + each), S("200 OK\r\n")));
        T_TRUE(str_ends(str_sub(heard, at, at + each), S("bbb")));
    }
    T_TRUE(each > 60000);
    T_TRUE(pthread_join(thread, NULL) == 0);
    (void)close(fd);
    http_server_stop(&s);
}

enum { CLIENTS = 4, ASKED = 100, BARS = 6 /* in the answers to one asking */ };

struct asker {
    int fd;
    pthread_t thread;
    size_t bars; /* heard */
};

static size_t count_bars(Str heard)
{
    size_t n = 0;

    for (size_t i = 0; i < heard.n; i++) {
        n += heard.p[i] == '|' ? 1 : 0;
    }
    return n;
}

/* Asserts nothing: that is for the main thread. */
static void *ask_often(void *arg)
{
    struct asker *a = arg;
    char bytes[4096];

    for (size_t i = 1; i <= ASKED; i++) {
        ssize_t n =
            client_try_say(a->fd, S(GET_("/1") GET_("/later") GET_("/3"))) ? 1 : 0;

        while (n > 0 && a->bars < i * BARS) {
            n = recv(a->fd, bytes, sizeof(bytes), 0);
            a->bars += count_bars((Str){bytes, n > 0 ? (size_t)n : 0});
        }
    }
    return NULL;
}

TEST(test_http_server_serves_many_clients_on_two_loops)
{
    struct http_server *s = serving_start((struct http_options){.threads = 2});
    struct asker askers[CLIENTS] = {0};

    for (int i = 0; i < CLIENTS; i++) {
        askers[i].fd = client_dial(s);
        T_TRUE(pthread_create(&askers[i].thread, NULL, ask_often, &askers[i]) == 0);
    }
    for (int i = 0; i < CLIENTS * ASKED; i++) {
        http_post(later_take(), later_send);
    }
    for (int i = 0; i < CLIENTS; i++) {
        T_TRUE(pthread_join(askers[i].thread, NULL) == 0);
        T_INT(askers[i].bars, ASKED * BARS);
        (void)close(askers[i].fd);
    }
    http_server_stop(&s);
}

T_MAIN(
    T(test_http_server_answers_and_keeps_alive),
    T(test_http_server_answers_pipelined_requests_in_order),
    T(test_http_send_may_answer_another_connection),
    T(test_http_server_reads_byte_by_byte), T(test_http_server_refuses_and_closes),
    T(test_http_server_refuses_a_large_head),
    T(test_http_server_ignores_what_follows_the_last_request),
    T(test_http_server_speaks_http_1_0),
    T(test_http_server_sends_no_body_for_head_and_204),
    T(test_http_server_asks_for_the_body_that_is_expected),
    T(test_http_server_does_not_lose_the_last_answer),
    T(test_http_server_does_not_listen_to_a_flood),
    T(test_http_server_answers_all_when_the_client_is_slow_to_read),
    T(test_http_server_serves_many_clients_on_two_loops))
