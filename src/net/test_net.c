/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/testing.h"
#include "net/authority.h"
#include "net/net.h"
#include "net/testserver.h"

static const struct net_options generous = {
    .connect_timeout_ms = 60000,
    .timeout_ms = 60000,
};

/* One GET of one scripted answer. */
static Res ask(const struct step *step, size_t max_bytes, struct net_reply *ret)
{
    static struct server s;
    struct net *net = net_open();

    server_start(&s, step, 1);
    struct net_request req = {
        .url = server_url(&t_cx()->mem, &s, "/x?q=1"), .max_bytes = max_bytes};
    Res res = net_perform(t_cx(), net, &generous, &req, ret);

    net_close(&net);
    server_stop(&s);
    return res;
}

static void test_net_perform_gives_status_type_body_and_times(void **state)
{
    static const struct step step = {
        SI("HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
           "Cache-Control: public, max-age=123, must-revalidate\r\nRetry-After: 7\r\n"
           "Content-Length: 2\r\n\r\n{}"),
        THEN_CLOSE};
    struct net_reply reply = {0};

    (void)state;
    T_OK(ask(&step, 100, &reply));
    T_INT(reply.status, 200);
    T_STR(reply.content_type, S("application/json; charset=utf-8"));
    T_STR(reply.body, S("{}"));
    T_INT(reply.retry_after_s, 7);
    T_INT(reply.max_age_s, 123);
}

static void test_net_perform_reads_retry_after_and_cache_control(void **state)
{
    static const struct {
        Str headers;
        int64_t retry_after_s;
        int64_t max_age_s;
    } rows[] = {
        {SI(""),                                               -1, -1       },
        {SI("Retry-After: 0\r\n"),                             0,  -1       },
        {SI("Retry-After: -5\r\n"),                            -1, -1       },
        {SI("Retry-After: soon\r\n"),                          -1, -1       },
        {SI("Retry-After: 99999999999999999999\r\n"),          -1, -1       },
        {SI("Retry-After: Thu, 01 Jan 1998 00:00:00 GMT\r\n"), 0,  -1       },
        {SI("Cache-Control: no-store, max-age=60\r\n"),        -1, 0        },
        {SI("Cache-Control: max-age=60, no-cache\r\n"),        -1, 0        },
        {SI("Cache-Control: MAX-AGE=60\r\n"),                  -1, 60       },
        {SI("Cache-Control: max-age=-1\r\n"),                  -1, -1       },
        {SI("Cache-Control: max-age=x, private\r\n"),          -1, -1       },
        {SI("Cache-Control: max-age=9223372036854775807\r\n"), -1, INT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena *mem = &t_cx()->mem;
        struct step step = {
            str_cat(
                mem, str_cat(mem, S("HTTP/1.1 503 No\r\n"), rows[i].headers),
                S("Content-Length: 0\r\n\r\n")),
            THEN_CLOSE};
        struct net_reply reply = {0};

        T_OK(ask(&step, 100, &reply));
        T_INT(reply.status, 503);
        T_INT(reply.retry_after_s, rows[i].retry_after_s);
        T_INT(reply.max_age_s, rows[i].max_age_s);
    }
}

static void test_net_perform_reads_a_retry_after_date_ahead(void **state)
{
    static const struct step step = {
        SI("HTTP/1.1 429 Slow\r\nRetry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n"
           "Content-Length: 0\r\n\r\n"),
        THEN_CLOSE};
    struct net_reply reply = {0};

    (void)state;
    T_OK(ask(&step, 100, &reply));
    T_TRUE(reply.retry_after_s > 0);
    T_TRUE(reply.retry_after_s <= 4102444800 - clock_now_s() + 60);
}

/* oauth-security 34: given a redirect answer from any endpoint, it is not followed. */
static void test_net_perform_does_not_follow_redirects(void **state)
{
    static struct server s;
    struct net *net = net_open();
    struct net_reply reply = {0};
    struct step steps[2] = {
        {SI(""),                                             THEN_CLOSE},
        {SI("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
    };

    (void)state;
    steps[0].send = S("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n"
                      "Content-Length: 0\r\n\r\n");
    server_start(&s, steps, 2);
    struct net_request req = {
        .url = server_url(&t_cx()->mem, &s, "/here"), .max_bytes = 10};

    T_OK(net_perform(t_cx(), net, &generous, &req, &reply));
    net_close(&net);
    server_stop(&s);
    T_INT(reply.status, 302);
    T_INT(s.served, 1);
}

/* oauth-security 35: given an answer over the size limit, it is refused. */
static void test_net_perform_stops_past_max_bytes(void **state)
{
    static const struct step rows[] = {
        {SI("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"), THEN_CLOSE},
        {SI("HTTP/1.1 200 OK\r\n\r\n0123456789"),                       THEN_CLOSE},
        {SI("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"),
         THEN_CLOSE                                                               },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct net_reply reply = {.status = 77};

        T_FAIL(FAIL_SOURCE_ERROR, ask(&rows[i], 9, &reply));
        T_INT(reply.status, 77); /* a failed call leaves its result alone */
        T_OK(ask(&rows[i], 10, &reply));
        T_STR(reply.body, S("0123456789"));
    }
}

static void test_net_perform_stops_past_the_header_limit(void **state)
{
    static const Str start = SI("HTTP/1.1 200 OK\r\n");
    static const Str end = SI("Content-Length: 0\r\n\r\n");
    static const Str field = SI("X: ");

    (void)state;
    for (size_t over = 0; over <= 1; over++) {
        struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_REPLY_HEAD_BYTES + 1};
        struct net_reply reply = {0};

        buf_add(&b, start);
        while (b.n + end.n < LIMIT_REPLY_HEAD_BYTES + over) {
            size_t room = LIMIT_REPLY_HEAD_BYTES + over - b.n - end.n;
            size_t line = room < 2000 ? room : 1000;

            buf_add(&b, field);
            for (size_t i = field.n + 2; i < line; i++) {
                buf_add_char(&b, 'x');
            }
            buf_add(&b, S("\r\n"));
        }
        buf_add(&b, end);
        struct step step = {buf_text(&b), THEN_KEEP};

        T_INT(step.send.n, LIMIT_REPLY_HEAD_BYTES + over);
        T_FAIL(over ? FAIL_SOURCE_ERROR : FAIL_NONE, ask(&step, 10, &reply));
    }
}

static void test_net_perform_tells_an_unusable_answer_from_an_absent_one(void **state)
{
    static const struct {
        struct step step;
        enum fail want;
    } rows[] = {
        {{SI(""), THEN_CLOSE},                                                      FAIL_SOURCE_UNAVAILABLE},
        {{SI(""), THEN_RESET},                                                      FAIL_SOURCE_UNAVAILABLE},
        {{SI("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut"), THEN_CLOSE},
         FAIL_SOURCE_UNAVAILABLE                                                                           },
        {{SI("HTTP/1.1 200 OK\r\nContent-Le"), THEN_RESET},                         FAIL_SOURCE_UNAVAILABLE},
        {{SI("garbage instead of HTTP\r\n\r\n"), THEN_CLOSE},                       FAIL_SOURCE_ERROR      },
        {{SI("HTTP/1.1 banana\r\n\r\n"), THEN_CLOSE},                               FAIL_SOURCE_ERROR      },
        {{SI("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_ERROR                                                                                 },
        {{SI("HTTP/1.1 500 Oh\r\nContent-Type: text/html\r\n\r\n<p>"), THEN_CLOSE},
         FAIL_NONE                                                                                         },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct net_reply reply = {0};

        T_FAIL(rows[i].want, ask(&rows[i].step, 100, &reply));
    }
}

static void test_net_perform_to_a_closed_port_is_unavailable(void **state)
{
    static struct server s;
    struct net *net = net_open();
    struct net_reply reply;

    (void)state;
    server_start(&s, NULL, 0);
    server_stop(&s); /* the port is free again */
    struct net_request req = {
        .url = server_url(&t_cx()->mem, &s, "/?secret=s3cr3t"), .max_bytes = 10};

    T_FAIL(FAIL_SOURCE_UNAVAILABLE, net_perform(t_cx(), net, &generous, &req, &reply));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("127.0.0.1")));
    T_TRUE(!str_contains(str_from_z(t_cx()->why.text), S("s3cr3t")));
    net_close(&net);
}

/* oauth-security 35: given an answer slower than the total time limit, it is refused. */
static void test_net_perform_ends_with_the_time(void **state)
{
    static const struct step steps[] = {
        {SI("HTTP/1.1 200 OK\r\nContent-Le"), THEN_HANG},
        {SI("HTTP/1.1 200 OK\r\nContent-Le"), THEN_HANG},
    };
    static struct server s;
    const struct net_options hasty = {.connect_timeout_ms = 60000, .timeout_ms = 20};
    struct net *net = net_open();
    struct net_reply reply;

    (void)state;
    server_start(&s, steps, COUNT(steps));
    struct net_request req = {.url = server_url(&t_cx()->mem, &s, "/"), .max_bytes = 10};

    T_FAIL(FAIL_SOURCE_TIMEOUT, net_perform(t_cx(), net, &hasty, &req, &reply));
    t_cx()->deadline_ms = clock_mono_ms() + 20; /* the context cuts it further */
    T_FAIL(FAIL_SOURCE_TIMEOUT, net_perform(t_cx(), net, &generous, &req, &reply));
    t_cx()->deadline_ms = clock_mono_ms() - 1;
    T_FAIL(FAIL_SOURCE_TIMEOUT, net_perform(t_cx(), net, &generous, &req, &reply));
    t_cx()->deadline_ms = 0;
    net_close(&net);
    server_stop(&s);
}

/* As a stop of the service does to what is under way. */
static void test_net_end_by_ends_calls(void **state)
{
    static const struct step step = {SI("HTTP/1.1 200 OK\r\nContent-Le"), THEN_HANG};
    static struct server s;
    struct net *net = net_open();
    struct net_reply reply;

    (void)state;
    server_start(&s, &step, 1);
    struct net_request req = {.url = server_url(&t_cx()->mem, &s, "/"), .max_bytes = 10};

    net_end_by(net, clock_mono_ms() + 20);
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, net_perform(t_cx(), net, &generous, &req, &reply));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, net_perform(t_cx(), net, &generous, &req, &reply));
    net_close(&net);
    server_stop(&s);
}

/* oauth-security 61: the access token goes only in the Authorization header. */
static void test_net_perform_sends_the_bearer_and_nothing_that_tells(void **state)
{
    static const struct step step = {SI("HTTP/1.1 204 No\r\n\r\n"), THEN_CLOSE};
    static struct server s;
    struct net *net = net_open();
    struct net_reply reply;

    (void)state;
    server_start(&s, &step, 1);
    struct net_request req = {
        .url = server_url(&t_cx()->mem, &s, "/a?b=c"),
        .bearer = S("tok.en"),
        .max_bytes = 0};

    T_OK(net_perform(t_cx(), net, &generous, &req, &reply));
    net_close(&net);
    server_stop(&s);
    Str sent = server_request(&s, 0);

    T_TRUE(str_starts(sent, S("GET /a?b=c HTTP/1.1\r\n")));
    T_TRUE(str_contains(sent, S("\r\nAuthorization: Bearer tok.en\r\n")));
    T_TRUE(str_contains(sent, S("\r\nAccept: application/json\r\n")));
    T_TRUE(str_contains(sent, S("\r\nUser-Agent: caldock/")));
    T_TRUE(!str_contains(sent, S("Origin")) && !str_contains(sent, S("Referer")));
    T_TRUE(!str_contains(sent, S("Cookie")) && !str_contains(sent, S("Accept-Encoding")));
}

static void test_net_perform_posts_a_form(void **state)
{
    static const struct step step = {SI("HTTP/1.1 204 No\r\n\r\n"), THEN_CLOSE};
    static struct server s;
    struct net *net = net_open();
    struct net_reply reply;

    (void)state;
    server_start(&s, &step, 1);
    struct net_request req = {
        .url = server_url(&t_cx()->mem, &s, "/token"),
        .is_post = true,
        .form = S("a=1&b=2")};

    T_OK(net_perform(t_cx(), net, &generous, &req, &reply));
    net_close(&net);
    server_stop(&s);
    Str sent = server_request(&s, 0);

    T_TRUE(str_starts(sent, S("POST /token HTTP/1.1\r\n")));
    T_TRUE(
        str_contains(sent, S("\r\nContent-Type: application/x-www-form-urlencoded\r\n")));
    T_TRUE(str_contains(sent, S("\r\nContent-Length: 7\r\n")));
    T_TRUE(str_ends(sent, S("\r\n\r\na=1&b=2")));
    T_TRUE(!str_contains(sent, S("Authorization")) && !str_contains(sent, S("Expect")));
}

/* oauth-security 32: given the connection breaks after sending, nothing is sent again,
 * not even where it had been kept open and libcurl would. */
static void test_net_perform_sends_a_request_once(void **state)
{
    static const struct step steps[] = {
        {SI("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), THEN_KEEP },
        {SI(""),                                             THEN_CLOSE},
        {SI("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
    };
    struct net_request requests[] = {
        {.is_post = true, .form = S("code=1")},
        {.bearer = S("token")              },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(requests); i++) {
        static struct server s;
        struct net *net = net_open();
        struct net_reply reply;
        struct net_request *req = &requests[i];

        server_start(&s, steps, COUNT(steps));
        req->url = server_url(&t_cx()->mem, &s, "/token");
        T_OK(net_perform(t_cx(), net, &generous, req, &reply));
        T_FAIL(FAIL_SOURCE_UNAVAILABLE, net_perform(t_cx(), net, &generous, req, &reply));
        T_INT(s.served, 2);
        T_OK(net_perform(t_cx(), net, &generous, req, &reply)); /* and it goes on */
        net_close(&net);
        server_stop(&s);
    }
}

static void test_net_perform_keeps_the_connection(void **state)
{
    static const struct step steps[] = {
        {SI("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"), THEN_KEEP },
        {SI("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2"), THEN_CLOSE},
    };
    static struct server s;
    struct net *net = net_open();
    struct net_reply reply;

    (void)state;
    server_start(&s, steps, COUNT(steps)); /* serves one connection at a time */
    struct net_request req = {.url = server_url(&t_cx()->mem, &s, "/"), .max_bytes = 1};

    T_OK(net_perform(t_cx(), net, &generous, &req, &reply));
    T_OK(net_perform(t_cx(), net, &generous, &req, &reply));
    T_STR(reply.body, S("2"));
    net_close(&net);
    server_stop(&s);
}

/* oauth-security 66: URLs are https, or loopback. */
static void test_net_url_is_allowed_takes_https_and_loopback(void **state)
{
    static const struct {
        Str url;
        bool ok;
    } rows[] = {
        {SI("https://a"),                    true },
        {SI("HTTPS://A.example:8443/p?q=/"), true },
        {SI("https://[2001:db8::1]/"),       true },
        {SI("https://a?q"),                  true },
        {SI("http://localhost:1/"),          true },
        {SI("http://LOCALHOST"),             true },
        {SI("http://127.0.0.1:65535/"),      true },
        {SI("http://[::1]:8080/"),           true },
        {SI("http://127.0.0.2/"),            false},
        {SI("http://127.1/"),                false},
        {SI("http://localhost.evil/"),       false},
        {SI("http://[::2]/"),                false},
        {SI("http://a/"),                    false},
        {SI("https://u@a/"),                 false},
        {SI("https://u:p@a/"),               false},
        {SI("http://localhost@evil/"),       false},
        {SI("http://evil\\@localhost/"),     false},
        {SI("https://a/#f"),                 false},
        {SI("https://a:0/"),                 false},
        {SI("https://a:65536/"),             false},
        {SI("https://a:/"),                  false},
        {SI("https://a:8x/"),                false},
        {SI("https://a./"),                  false},
        {SI("https://.a/"),                  false},
        {SI("https://a..b/"),                false},
        {SI("https://a_b/"),                 false},
        {SI("https://a%2e/"),                false},
        {SI("https://[::1/"),                false},
        {SI("https://[::1]x/"),              false},
        {SI("https://[::g]/"),               false},
        {SI("https://[]/"),                  false},
        {SI("https:///p"),                   false},
        {SI("https:/a"),                     false},
        {SI("https:a"),                      false},
        {SI("//a"),                          false},
        {SI("ftp://a"),                      false},
        {SI("file:///etc/passwd"),           false},
        {SI("https://a b/"),                 false},
        {SI("https://a/\r\nX: y"),           false},
        {SI("https://a/\0"),                 false},
        {SI("https://\xC3\xA9/"),            false},
        {SI(""),                             false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (net_url_is_allowed(rows[i].url) != rows[i].ok) {
            T_STR(rows[i].url, S("the other answer"));
        }
    }
}

static void test_net_perform_refuses_what_is_not_allowed(void **state)
{
    struct net *net = net_open();
    struct net_request req = {.url = S("http://192.0.2.1/"), .max_bytes = 10};
    struct net_reply reply;

    (void)state;
    T_FAIL(FAIL_SOURCE_ERROR, net_perform(t_cx(), net, &generous, &req, &reply));
    req.url = S("file:///etc/passwd");
    T_FAIL(FAIL_SOURCE_ERROR, net_perform(t_cx(), net, &generous, &req, &reply));
    net_close(&net);
}

/* oauth-security 61: a link that points elsewhere is refused. */
static void test_net_same_origin_compares_scheme_host_and_port(void **state)
{
    static const struct {
        Str a;
        Str b;
        bool same;
    } rows[] = {
        {SI("https://a/x"),     SI("https://A:443/y?z"), true },
        {SI("http://[::1]/"),   SI("http://[::1]:80"),   true },
        {SI("https://a:0443/"), SI("https://a:443"),     true },
        {SI("https://a/"),      SI("http://a/"),         false},
        {SI("https://a/"),      SI("https://a:8443/"),   false},
        {SI("https://a/"),      SI("https://a.evil/"),   false},
        {SI("https://a/"),      SI("https://a@evil/"),   false},
        {SI("https://a/"),      SI("//a/"),              false},
        {SI("https://a/"),      SI(""),                  false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(net_same_origin(rows[i].a, rows[i].b), rows[i].same);
        T_INT(net_same_origin(rows[i].b, rows[i].a), rows[i].same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_net_perform_gives_status_type_body_and_times),
        T(test_net_perform_reads_retry_after_and_cache_control),
        T(test_net_perform_reads_a_retry_after_date_ahead),
        T(test_net_perform_does_not_follow_redirects),
        T(test_net_perform_stops_past_max_bytes),
        T(test_net_perform_stops_past_the_header_limit),
        T(test_net_perform_tells_an_unusable_answer_from_an_absent_one),
        T(test_net_perform_to_a_closed_port_is_unavailable),
        T(test_net_perform_ends_with_the_time),
        T(test_net_end_by_ends_calls),
        T(test_net_perform_sends_the_bearer_and_nothing_that_tells),
        T(test_net_perform_posts_a_form),
        T(test_net_perform_sends_a_request_once),
        T(test_net_perform_keeps_the_connection),
        T(test_net_perform_refuses_what_is_not_allowed),
        T(test_net_url_is_allowed_takes_https_and_loopback),
        T(test_net_same_origin_compares_scheme_host_and_port),
    };

    return net_start() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
