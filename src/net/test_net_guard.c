/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_net_guard.c - calls with a guard: it is the address of the connection that counts,
 * whatever the name is.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/testing.h"
#include "net/guard.h"
#include "net/net.h"
#include "net/testserver.h"
#include "net/testtls.h"

/* Takes the place of the C library's for libcurl: inside.example is 127.0.0.1. */
int getaddrinfo(
    const char *name, const char *service, const struct addrinfo *hints,
    struct addrinfo **ret)
{
    static const char inside[] = "inside.example";
    __typeof__(&getaddrinfo) libc;

    *(void **)&libc = dlsym(RTLD_NEXT, "getaddrinfo");
    must_be(libc != NULL);
    return libc(strcmp(name, inside) == 0 ? "127.0.0.1" : name, service, hints, ret);
}

static const struct guard_network loopback = {
    {[10] = 0xFF, [11] = 0xFF, [12] = 127}, 96 + 8};
static const struct net_guard closed;
static const struct net_guard open_loopback = {&loopback, 1};

static const struct step ok_step = {
    SI("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), THEN_CLOSE};

static Res guard_call(
    struct net *net, const struct net_guard *guard, Str url, struct net_reply *ret)
{
    const struct net_options options = {
        .connect_timeout_ms = 60000, .timeout_ms = 60000, .guard = guard};
    const struct net_request req = {
        .method = NET_POST,
        .url = url,
        .content_type = NET_JSON,
        .body = S("{}"),
        .max_bytes = 100};

    return net_perform(t_cx(), &(struct net_via){net, &options}, &req, ret);
}

static Str url_of(const char *scheme, const char *host, int port)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 200};

    buf_add(&b, str_from_z(scheme));
    buf_add(&b, S("://"));
    buf_add(&b, str_from_z(host));
    buf_add_char(&b, ':');
    buf_add_int(&b, port);
    buf_add_char(&b, '/');
    return buf_text(&b);
}

/* Nothing is connected, however the address is written. */
TEST(test_a_closed_address_is_refused_by_any_name)
{
    static const char *const hosts[] = {
        "localhost",  "inside.example", "127.0.0.1",          "127.1", "0x7f.1",
        "2130706433", "0177.0.0.1",     "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0",
    };
    static const char *const schemes[] = {"https", "http"};

    for (size_t i = 0; i < COUNT(hosts) * COUNT(schemes); i++) {
        static struct server s;
        struct net *net = net_open();
        struct net_reply reply = {.status = 77};
        const char *host = hosts[i / COUNT(schemes)];

        testserver_start(&s, &ok_step, 1);
        Str url = url_of(schemes[i % COUNT(schemes)], host, s.port);
        Res res = guard_call(net, &closed, url, &reply);

        net_close(&net);
        testserver_stop(&s);
        if (res.code != FAIL_ADDRESS_REFUSED) {
            print_error("%s: %s\n", host, t_cx()->why.text);
        }
        T_INT(res.code, FAIL_ADDRESS_REFUSED);
        T_INT(s.served, 0);
        T_INT(reply.status, 77);
    }
}

TEST(test_an_open_address_is_called)
{
    static const char *const hosts[] = {"localhost", "inside.example", "127.0.0.1"};

    for (size_t i = 0; i < COUNT(hosts); i++) {
        static struct server s;
        struct net *net = net_open();
        struct net_reply reply;

        testserver_start(&s, &ok_step, 1);
        T_OK(guard_call(net, &open_loopback, url_of("http", hosts[i], s.port), &reply));
        net_close(&net);
        testserver_stop(&s);
        Str sent = testserver_request(&s, 0);

        T_STR(reply.body, S("ok"));
        T_TRUE(str_ends(sent, S("\r\n\r\n{}")));
        T_TRUE(!str_contains(sent, S("Accept-Encoding")));
    }
}

/* An address that is open, but where nobody listens, is no refused one. */
TEST(test_an_open_address_that_is_away_is_unavailable)
{
    static struct server s;
    struct net *net = net_open();
    struct net_reply reply;

    testserver_start(&s, NULL, 0);
    testserver_stop(&s); /* the port is free again */
    T_FAIL(
        FAIL_SOURCE_UNAVAILABLE,
        guard_call(net, &open_loopback, url_of("http", "localhost", s.port), &reply));
    net_close(&net);
}

TEST(test_a_url_of_another_shape_is_refused)
{
    struct net *net = net_open();
    struct net_reply reply;

    T_FAIL(
        FAIL_ADDRESS_REFUSED,
        guard_call(net, &open_loopback, S("http://127.0.0.1/"), &reply));
    T_FAIL(
        FAIL_ADDRESS_REFUSED,
        guard_call(net, &open_loopback, S("http://u@127.0.0.1:8080/"), &reply));
    net_close(&net);
}

/* A connection that was made without the guard, or with one that allowed more. */
TEST(test_a_kept_connection_is_judged_again)
{
    static const struct step steps[] = {
        {SI("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), THEN_KEEP},
        {SI("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), THEN_CLOSE},
    };
    static const struct net_guard *const before[] = {NULL, &open_loopback};

    for (size_t i = 0; i < COUNT(before); i++) {
        static struct server s;
        struct net *net = net_open();
        struct net_reply reply;

        testserver_start(&s, steps, COUNT(steps));
        Str url = url_of("http", "127.0.0.1", s.port);

        T_OK(guard_call(net, before[i], url, &reply));
        T_FAIL(FAIL_ADDRESS_REFUSED, guard_call(net, &closed, url, &reply));
        net_close(&net);
        testserver_stop(&s);
        T_INT(s.served, 1);
    }
}

/* A proxy of the environment would connect in our place. */
TEST(test_no_proxy_of_the_environment_is_asked)
{
    static const char *const names[] = {"http_proxy", "all_proxy", "ALL_PROXY"};

    for (size_t i = 0; i < COUNT(names); i++) {
        static struct server proxy;
        static struct server s;
        struct net *net = net_open();
        struct net_reply reply;
        const char *z = NULL;

        testserver_start(&proxy, &ok_step, 1);
        testserver_start(&s, &ok_step, 1);
        T_OK(str_z(t_cx(), url_of("http", "127.0.0.1", proxy.port), &z));
        (void)setenv(names[i], z, 1);
        T_OK(guard_call(
            net, &open_loopback, url_of("http", "inside.example", s.port), &reply));
        (void)unsetenv(names[i]);
        net_close(&net);
        testserver_stop(&proxy);
        testserver_stop(&s);
        T_INT(proxy.served, 0);
        T_INT(s.served, 1);
    }
}

TEST(test_a_redirect_is_an_answer)
{
    static const struct step steps[] = {
        {SI("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nRetry-After: 86401\r\n"
            "Content-Length: 0\r\n\r\n"),
         THEN_KEEP},
        {SI("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
    };
    static struct server s;
    struct net *net = net_open();
    struct net_reply reply;

    testserver_start(&s, steps, COUNT(steps));
    T_OK(guard_call(net, &open_loopback, url_of("http", "127.0.0.1", s.port), &reply));
    net_close(&net);
    testserver_stop(&s);
    T_INT(s.served, 1);
    T_INT(reply.status, 302);
    T_INT(reply.retry_after_s, LIMIT_GUARDED_RETRY_AFTER_S);
}

/* Compressed or not, a body is what was sent. */
TEST(test_an_answer_is_not_decompressed)
{
    static const struct step rows[] = {
        {SI("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1F\x8B\x08\0"),
         THEN_CLOSE},
        {SI("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n\x1F\x8B\x08\0"), THEN_CLOSE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        static struct server s;
        struct net *net = net_open();
        struct net_reply reply;

        testserver_start(&s, &rows[i], 1);
        T_OK(
            guard_call(net, &open_loopback, url_of("http", "127.0.0.1", s.port), &reply));
        net_close(&net);
        testserver_stop(&s);
        T_STR(reply.body, S("\x1F\x8B\x08\0"));
    }
}

TEST(test_tls_is_verified_with_a_guard)
{
    struct net *net = net_open();
    struct testtls s;
    struct net_reply reply = {.status = 0};
    struct net_request req = {.url = S("")};

    testtls_start(&s, &testtls_good);
    req.url = testtls_url(&t_cx()->mem, &s);
    for (int is_trusted = 0; is_trusted <= 1; is_trusted++) {
        const struct net_options options = {
            .ca_file = is_trusted ? s.ca_file : NULL,
            .connect_timeout_ms = 60000,
            .timeout_ms = 60000,
            .guard = &open_loopback};

        T_FAIL(
            is_trusted ? FAIL_NONE : FAIL_SOURCE_UNAVAILABLE,
            net_perform(t_cx(), &(struct net_via){net, &options}, &req, &reply));
        T_INT(reply.status, is_trusted ? 204 : 0);
    }
    net_close(&net);
    testtls_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_a_closed_address_is_refused_by_any_name),
        T(test_an_open_address_is_called),
        T(test_an_open_address_that_is_away_is_unavailable),
        T(test_a_url_of_another_shape_is_refused),
        T(test_a_kept_connection_is_judged_again),
        T(test_no_proxy_of_the_environment_is_asked),
        T(test_a_redirect_is_an_answer),
        T(test_an_answer_is_not_decompressed),
        T(test_tls_is_verified_with_a_guard),
    };

    return net_start() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
