/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/room.h"
#include "base/testing.h"
#include "base/testmetric.h"
#include "net/net.h"
#include "net/testserver.h"

static const struct net_options generous = {
    .connect_timeout_ms = 60000,
    .timeout_ms = 60000,
};

static Res net_call(struct net *net, const struct net_request *req, struct net_reply *ret)
{
    return net_perform(t_cx(), &(struct net_via){net, &generous}, req, ret);
}

/* One GET of one scripted answer, whose `field` is read. */
static Res net_ask_field(
    const struct step *step, size_t max_bytes, const char *field, struct net_reply *ret)
{
    static struct server s;
    struct net *net = net_open();

    testserver_start(&s, step, 1);
    struct net_request req = {
        .url = testserver_url(&t_cx()->mem, &s, "/x?q=1"),
        .max_bytes = max_bytes,
        .field = field,
    };
    Res res = net_call(net, &req, ret);

    net_close(&net);
    testserver_stop(&s);
    return res;
}

static Res net_ask(const struct step *step, size_t max_bytes, struct net_reply *ret)
{
    return net_ask_field(step, max_bytes, NULL, ret);
}

TEST(test_net_perform_gives_the_answers_facts_and_body)
{
    static const struct step step = {
        SI("HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
           "Cache-Control: public\r\nCache-control: max-age=123, must-revalidate\r\n"
           "Age: 23\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
           "Retry-After: Sun, 06 Nov 1994 08:49:44 GMT\r\n"
           "Content-Length: 2\r\n\r\n{}"),
        THEN_CLOSE};
    struct net_reply reply = {0};

    T_OK(net_ask(&step, 100, &reply));
    T_INT(reply.status, 200);
    T_STR(reply.content_type, S("application/json; charset=utf-8"));
    T_STR(reply.body, S("{}"));
    T_INT(reply.retry_after_s, 7);
    T_INT(reply.max_age_s, 100);
    T_INT(reply.date_s, 784111777);
}

TEST(test_net_perform_reads_the_field_that_is_asked_for)
{
    static const struct step step = {
        SI("HTTP/1.1 302 Found\r\nlocation:  /there?a=b \r\nContent-Length: 0\r\n\r\n"),
        THEN_CLOSE};
    struct net_reply reply = {0};

    T_OK(net_ask_field(&step, 10, "Location", &reply));
    T_STR(reply.field, S("/there?a=b"));
    T_OK(net_ask_field(&step, 10, "X-Request-Id", &reply));
    T_STR(reply.field, S(""));
    T_OK(net_ask(&step, 10, &reply));
    T_STR(reply.field, S(""));
}

/* The sixteenth Cache-Control counts, the next one doesn't. */
TEST(test_net_perform_joins_sixteen_fields_of_a_name)
{
    for (size_t before = 15; before <= 16; before++) {
        struct buf b = {.mem = &t_cx()->mem, .max = 1000};
        struct net_reply reply = {0};

        buf_add(&b, S("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"));
        for (size_t i = 0; i < before; i++) {
            buf_add(&b, S("Cache-Control: max-age=60\r\n"));
        }
        buf_add(&b, S("Cache-Control: no-store\r\n\r\n"));
        struct step step = {buf_text(&b), THEN_CLOSE};

        T_OK(net_ask(&step, 10, &reply));
        T_INT(reply.max_age_s, before == 15 ? 0 : 60);
    }
}

TEST(test_net_perform_waits_an_hour_at_most)
{
    static const struct {
        Str value;
        int64_t want;
    } rows[] = {
        {SI("3599"), 3599},
        {SI("3600"), LIMIT_RETRY_AFTER_S},
        {SI("3601"), LIMIT_RETRY_AFTER_S},
        {SI("Fri, 01 Jan 2100 00:59:59 GMT"), LIMIT_RETRY_AFTER_S - 1},
        {SI("Fri, 01 Jan 2100 01:00:00 GMT"), LIMIT_RETRY_AFTER_S},
        {SI("Fri, 01 Jan 2100 01:00:01 GMT"), LIMIT_RETRY_AFTER_S},
        {SI("Thu, 31 Dec 2099 23:59:59 GMT"), 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b = {.mem = &t_cx()->mem, .max = 1000};
        struct net_reply reply = {0};

        buf_add(&b, S("HTTP/1.1 429 Slow\r\nDate: Fri, 01 Jan 2100 00:00:00 GMT\r\n"));
        buf_add(&b, S("Content-Length: 0\r\nRetry-After: "));
        buf_add(&b, rows[i].value);
        buf_add(&b, S("\r\n\r\n"));
        struct step step = {buf_text(&b), THEN_CLOSE};

        T_OK(net_ask(&step, 10, &reply));
        T_INT(reply.retry_after_s, rows[i].want);
    }
}

/* Without a Date the clock here counts. */
TEST(test_net_perform_reads_a_retry_after_date_by_the_clock)
{
    static const struct step step = {
        SI("HTTP/1.1 429 Slow\r\nRetry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n"
           "Content-Length: 0\r\n\r\n"),
        THEN_CLOSE};
    struct net_reply reply = {0};

    T_OK(net_ask(&step, 100, &reply));
    T_INT(reply.date_s, -1);
    T_INT(reply.retry_after_s, LIMIT_RETRY_AFTER_S);
}

/* SECURITY 34: given a redirect answer from any endpoint, it is not followed. */
TEST(test_net_perform_does_not_follow_redirects)
{
    static struct server s;
    struct net *net = net_open();
    struct net_reply reply = {0};
    struct step steps[2] = {
        {SI(""), THEN_CLOSE},
        {SI("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
    };

    steps[0].send = S("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n"
                      "Content-Length: 0\r\n\r\n");
    testserver_start(&s, steps, 2);
    struct net_request req = {
        .url = testserver_url(&t_cx()->mem, &s, "/here"), .max_bytes = 10};

    T_OK(net_call(net, &req, &reply));
    net_close(&net);
    testserver_stop(&s);
    T_INT(reply.status, 302);
    T_INT(s.served, 1);
}

/* SECURITY 35: given an answer over the size limit, it is refused. */
TEST(test_net_perform_stops_past_max_bytes)
{
    static const struct step rows[] = {
        {SI("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"), THEN_CLOSE},
        {SI("HTTP/1.1 200 OK\r\n\r\n0123456789"), THEN_CLOSE},
        {SI("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"),
         THEN_CLOSE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct net_reply reply = {.status = 77};

        T_FAIL(FAIL_SOURCE_ERROR, net_ask(&rows[i], 9, &reply));
        T_INT(reply.status, 77); /* a failed call leaves its result alone */
        T_OK(net_ask(&rows[i], 10, &reply));
        T_STR(reply.body, S("0123456789"));
    }
}

/* A budget that calls share: asked before the body is kept, and left as it is for who
 * has the part to give back. */
TEST(test_net_perform_takes_room_for_the_body)
{
    static const struct step step = {
        SI("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
           "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"),
        THEN_CLOSE};
    static struct server s;

    for (size_t most = 9; most <= 10; most++) {
        struct room room = {.most = most};
        struct room_part part = {.room = &room};
        struct net_reply reply = {.status = 77};
        struct net *net = net_open();

        testserver_start(&s, &step, 1);
        const struct net_request req = {
            .url = testserver_url(&t_cx()->mem, &s, "/"),
            .max_bytes = 100,
            .room = &part};
        Res res = net_call(net, &req, &reply);

        net_close(&net);
        testserver_stop(&s);
        T_INT(res.code, most == 9 ? FAIL_UNAVAILABLE : FAIL_NONE);
        T_INT(reply.status, most == 9 ? 77 : 200);
        T_TRUE(part.was_refused == (most == 9) && part.taken <= most);
        T_INT(room.taken, part.taken);
    }
}

static Res net_ask_head(const struct step *step, struct net_reply *ret)
{
    static struct server s;
    struct net *net = net_open();
    const struct net_options hasty = {.connect_timeout_ms = 60000, .timeout_ms = 1000};

    testserver_start(&s, step, 1);
    struct net_request req = {
        .url = testserver_url(&t_cx()->mem, &s, "/"),
        .max_bytes = 10,
        .drops_body = true};
    Res res = net_perform(t_cx(), &(struct net_via){net, &hasty}, &req, ret);

    net_close(&net);
    testserver_stop(&s);
    return res;
}

/* Where the body is dropped, nothing behind the head changes the reply. */
TEST(test_net_perform_takes_the_head_alone)
{
    static const struct step good[] = {
        {SI("HTTP/1.1 201 OK\r\nContent-Length: 2\r\n\r\nok"), THEN_CLOSE},
        {SI("HTTP/1.1 201 OK\r\nContent-Length: 11\r\n\r\n0123456789x"), THEN_CLOSE},
        {SI("HTTP/1.1 201 OK\r\nContent-Length: 99\r\n\r\n0"), THEN_RESET},
        {SI("HTTP/1.1 201 OK\r\nContent-Length: 99\r\n\r\n0"), THEN_HANG},
        {SI("HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\nno\r\n"), THEN_CLOSE},
        {SI("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 OK\r\n\r\n"), THEN_CLOSE},
    };
    static const struct step bad[] = {
        {SI("HTTP/1.1 201 OK\r\nContent-Length: 0\r\n"), THEN_RESET},
        {SI("HTTP/1.1 201 OK\r\n"), THEN_HANG},
        {SI("HTTP/1.1 100 Continue\r\n\r\n"), THEN_RESET},
        {SI("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 OK\r\n"), THEN_RESET},
    };
    struct net_reply reply;

    for (size_t i = 0; i < COUNT(good); i++) {
        reply = (struct net_reply){0};
        T_OK(net_ask_head(&good[i], &reply));
        T_INT(reply.status, 201);
        T_INT(reply.body.n, 0);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        reply = (struct net_reply){.status = 77};
        T_TRUE(net_ask_head(&bad[i], &reply).code != FAIL_NONE);
        T_INT(reply.status, 77);
    }
}

TEST(test_net_perform_takes_answers_up_to_the_most)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_REPLY_BYTES + 100};
    struct net_reply reply = {0};

    buf_add(&b, S("HTTP/1.1 200 OK\r\n\r\n"));
    for (size_t i = 0; i < LIMIT_REPLY_BYTES; i++) {
        buf_add_char(&b, 'x');
    }
    struct step step = {buf_text(&b), THEN_CLOSE};

    T_OK(net_ask(&step, LIMIT_REPLY_BYTES, &reply));
    T_INT(reply.body.n, LIMIT_REPLY_BYTES);
    T_FAIL(FAIL_SOURCE_ERROR, net_ask(&step, LIMIT_REPLY_BYTES - 1, &reply));
    T_TRUE(str_ends(str_from_z(t_cx()->why.text), S(": a body over the limit")));
    T_FAIL(FAIL_LIMIT, net_ask(&step, LIMIT_REPLY_BYTES + 1, &reply));
}

TEST(test_net_perform_stops_past_the_header_limit)
{
    static const Str start = SI("HTTP/1.1 200 OK\r\n");
    static const Str end = SI("Content-Length: 0\r\n\r\n");
    static const Str field = SI("X: ");

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
        T_FAIL(over ? FAIL_SOURCE_ERROR : FAIL_NONE, net_ask(&step, 10, &reply));
    }
}

TEST(test_net_perform_tells_an_unusable_answer_from_an_absent_one)
{
    static const struct {
        struct step step;
        enum fail want;
    } rows[] = {
        {{SI(""), THEN_CLOSE}, FAIL_SOURCE_UNAVAILABLE},
        {{SI(""), THEN_RESET}, FAIL_SOURCE_UNAVAILABLE},
        {{SI("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut"), THEN_CLOSE},
         FAIL_SOURCE_UNAVAILABLE},
        {{SI("HTTP/1.1 200 OK\r\nContent-Le"), THEN_RESET}, FAIL_SOURCE_UNAVAILABLE},
        {{SI("garbage instead of HTTP\r\n\r\n"), THEN_CLOSE}, FAIL_SOURCE_ERROR},
        {{SI("HTTP/1.1 banana\r\n\r\n"), THEN_CLOSE}, FAIL_SOURCE_ERROR},
        {{SI("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_ERROR},
        {{SI("HTTP/1.1 500 Oh\r\nContent-Type: text/html\r\n\r\n<p>"), THEN_CLOSE},
         FAIL_NONE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct net_reply reply = {0};

        T_FAIL(rows[i].want, net_ask(&rows[i].step, 100, &reply));
    }
}

TEST(test_net_perform_to_a_closed_port_is_unavailable)
{
    static struct server s;
    struct net *net = net_open();
    struct net_reply reply;

    testserver_start(&s, NULL, 0);
    testserver_stop(&s); /* the port is free again */
    struct net_request req = {
        .url = testserver_url(&t_cx()->mem, &s, "/?secret=s3cr3t"), .max_bytes = 10};

    T_FAIL(FAIL_SOURCE_UNAVAILABLE, net_call(net, &req, &reply));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("127.0.0.1")));
    T_TRUE(!str_contains(str_from_z(t_cx()->why.text), S("s3cr3t")));
    net_close(&net);
}

/* SECURITY 35: given an answer slower than the total time limit, it is refused. */
TEST(test_net_perform_ends_with_the_time)
{
    static const struct step steps[] = {
        {SI("HTTP/1.1 200 OK\r\nContent-Le"), THEN_HANG},
        {SI("HTTP/1.1 200 OK\r\nContent-Le"), THEN_HANG},
        {SI("HTTP/1.1 200 OK\r\nContent-Le"), THEN_HANG},
        {SI("HTTP/1.1 200 OK\r\nContent-Le"), THEN_HANG},
    };
    static struct server s;
    const struct net_options hasty = {.connect_timeout_ms = 60000, .timeout_ms = 20};
    struct net *net = net_open();
    struct net_reply reply;

    testserver_start(&s, steps, COUNT(steps));
    struct net_request req = {
        .url = testserver_url(&t_cx()->mem, &s, "/"), .max_bytes = 10};

    T_FAIL(
        FAIL_SOURCE_TIMEOUT,
        net_perform(t_cx(), &(struct net_via){net, &hasty}, &req, &reply));
    req.timeout_ms = 60000; /* a request can only shorten it */
    T_FAIL(
        FAIL_SOURCE_TIMEOUT,
        net_perform(t_cx(), &(struct net_via){net, &hasty}, &req, &reply));
    req.timeout_ms = 20;
    T_FAIL(FAIL_SOURCE_TIMEOUT, net_call(net, &req, &reply));
    req.timeout_ms = 0;
    t_cx()->deadline_ms = clock_mono_ms() + 20; /* the context cuts it further */
    T_FAIL(FAIL_SOURCE_TIMEOUT, net_call(net, &req, &reply));
    t_cx()->deadline_ms = clock_mono_ms() - 1;
    T_FAIL(FAIL_SOURCE_TIMEOUT, net_call(net, &req, &reply));
    t_cx()->deadline_ms = 0;
    net_close(&net);
    testserver_stop(&s);
}

/* As a stop of the service does to what is under way. */
TEST(test_net_end_by_ends_calls)
{
    static const struct step step = {SI("HTTP/1.1 200 OK\r\nContent-Le"), THEN_HANG};
    static struct server s;
    struct net *net = net_open();
    struct net_reply reply;

    testserver_start(&s, &step, 1);
    struct net_request req = {
        .url = testserver_url(&t_cx()->mem, &s, "/"), .max_bytes = 10};

    net_end_by(net, clock_mono_ms() + 20);
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, net_call(net, &req, &reply));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, net_call(net, &req, &reply));
    net_close(&net);
    testserver_stop(&s);
}

/* SECURITY 61: the access token goes only in the Authorization header. */
TEST(test_net_perform_sends_the_bearer_and_nothing_that_tells)
{
    static const struct step step = {SI("HTTP/1.1 204 No\r\n\r\n"), THEN_CLOSE};
    static struct server s;
    struct net *net = net_open();
    struct net_reply reply;

    testserver_start(&s, &step, 1);
    struct net_request req = {
        .url = testserver_url(&t_cx()->mem, &s, "/a?b=c"),
        .bearer = S("tok.en"),
        .max_bytes = 0};

    T_OK(net_call(net, &req, &reply));
    net_close(&net);
    testserver_stop(&s);
    Str sent = testserver_request(&s, 0);

    T_TRUE(str_starts(sent, S("GET /a?b=c HTTP/1.1\r\n")));
    T_TRUE(str_contains(sent, S("\r\nAuthorization: Bearer tok.en\r\n")));
    T_TRUE(str_contains(sent, S("\r\nAccept: application/json\r\n")));
    T_TRUE(str_contains(sent, S("\r\nUser-Agent: caldock/")));
    T_TRUE(!str_contains(sent, S("Origin")) && !str_contains(sent, S("Referer")));
    T_TRUE(str_contains(sent, S("\r\nAccept-Encoding: gzip\r\n")));
    T_TRUE(!str_contains(sent, S("Cookie")));
}

/* Every method, with and without a body: what is sent, whole and in order. */
TEST(test_net_perform_sends_each_method_as_it_is)
{
    static const struct {
        enum net_method method;
        Str content_type;
        Str body;
        Str start;
        Str has;
        Str has_not;
        Str end;
    } rows[] = {
        {NET_GET, SI(""), SI(""), SI("GET /x HTTP/1.1\r\n"), SI("\r\nAccept: "),
         SI("\r\nContent-"), SI("\r\n\r\n")},
        {NET_POST, SI("application/x-www-form-urlencoded"), SI("a=1&b=2"),
         SI("POST /x HTTP/1.1\r\n"),
         SI("\r\nContent-Type: application/x-www-form-urlencoded\r\n"), SI("\r\nExpect"),
         SI("\r\n\r\na=1&b=2")},
        {NET_POST, SI("application/json"), SI("{\"a\":\0}"), SI("POST /x HTTP/1.1\r\n"),
         SI("\r\nContent-Length: 7\r\n"), SI("urlencoded"), SI("\r\n\r\n{\"a\":\0}")},
        {NET_POST, SI(""), SI(""), SI("POST /x HTTP/1.1\r\n"),
         SI("\r\nContent-Length: 0\r\n"), SI("Content-Type"), SI("\r\n\r\n")},
        {NET_PUT, SI("application/json"), SI("{}"), SI("PUT /x HTTP/1.1\r\n"),
         SI("\r\nContent-Type: application/json\r\n"), SI("\r\nExpect"),
         SI("\r\n\r\n{}")},
        {NET_PUT, SI(""), SI(""), SI("PUT /x HTTP/1.1\r\n"),
         SI("\r\nContent-Length: 0\r\n"), SI("Content-Type"), SI("\r\n\r\n")},
        {NET_PATCH, SI("application/json"), SI("{}"), SI("PATCH /x HTTP/1.1\r\n"),
         SI("\r\nContent-Length: 2\r\n"), SI("\r\nExpect"), SI("\r\n\r\n{}")},
        {NET_DELETE, SI(""), SI(""), SI("DELETE /x HTTP/1.1\r\n"), SI("\r\nAccept: "),
         SI("\r\nContent-"), SI("\r\n\r\n")},
    };
    static const struct step step = {SI("HTTP/1.1 204 No\r\n\r\n"), THEN_CLOSE};

    for (size_t i = 0; i < COUNT(rows); i++) {
        static struct server s;
        struct net *net = net_open();
        struct net_reply reply;

        testserver_start(&s, &step, 1);
        struct net_request req = {
            .method = rows[i].method,
            .url = testserver_url(&t_cx()->mem, &s, "/x"),
            .content_type = rows[i].content_type,
            .body = rows[i].body};

        T_OK(net_call(net, &req, &reply));
        net_close(&net);
        testserver_stop(&s);
        Str sent = testserver_request(&s, 0);

        T_TRUE(str_starts(sent, rows[i].start));
        T_TRUE(str_contains(sent, rows[i].has));
        T_TRUE(!str_contains(sent, rows[i].has_not));
        T_TRUE(str_ends(sent, rows[i].end));
        T_TRUE(!str_contains(sent, S("Authorization")));
    }
}

TEST(test_net_perform_sends_headers_that_cannot_break_out)
{
    static const struct {
        struct net_header header;
        bool is_sent;
    } rows[] = {
        {{SI("Prefer"), SI("IdType=\"ImmutableId\"")}, true},
        {{SI("webhook_id"), SI("\xC3\xBC, x;y")}, true},
        {{SI("X"), SI("a\r\nY: b")}, false},
        {{SI("X"), SI("a\nb")}, false},
        {{SI("X"), SI("a\0b")}, false},
        {{SI("X"), SI("a\x7F")}, false},
        {{SI("X"), SI(" a")}, false},
        {{SI("X"), SI("a ")}, false},
        {{SI("X"), SI("")}, false},
        {{SI("X: y\r\nZ"), SI("a")}, false},
        {{SI("X "), SI("a")}, false},
        {{SI("X;"), SI("a")}, false},
        {{SI(""), SI("a")}, false},
    };
    static const struct step step = {SI("HTTP/1.1 204 No\r\n\r\n"), THEN_CLOSE};

    for (size_t i = 0; i < COUNT(rows); i++) {
        static struct server s;
        const struct net_header headers[] = {
            {SI("First"), SI("1")},
            rows[i].header,
        };
        struct net *net = net_open();
        struct net_reply reply;

        testserver_start(&s, &step, 1);
        struct net_request req = {
            .url = testserver_url(&t_cx()->mem, &s, "/x"),
            .headers = headers,
            .n_headers = COUNT(headers)};

        T_FAIL(
            rows[i].is_sent ? FAIL_NONE : FAIL_SOURCE_ERROR, net_call(net, &req, &reply));
        net_close(&net);
        testserver_stop(&s);
        T_INT(s.served, rows[i].is_sent);
        if (rows[i].is_sent) {
            Str line = str_cat(&t_cx()->mem, headers[1].name, S(": "));

            line = str_cat(&t_cx()->mem, line, headers[1].value);
            T_TRUE(str_contains(testserver_request(&s, 0), S("\r\nFirst: 1\r\n")));
            T_TRUE(str_contains(testserver_request(&s, 0), line));
        }
    }
}

TEST(test_net_perform_refuses_a_bearer_or_type_of_two_lines)
{
    const struct net_request rows[] = {
        {.url = S("http://127.0.0.1:1/"), .bearer = S("a\r\nX: y")},
        {.method = NET_POST,
         .url = S("http://127.0.0.1:1/"),
         .content_type = S("a/b\nX: y")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct net *net = net_open();
        struct net_reply reply;

        T_FAIL(FAIL_SOURCE_ERROR, net_call(net, &rows[i], &reply));
        net_close(&net);
    }
}

/* SECURITY 32: given the connection breaks after sending, nothing is sent again,
 * not even where it had been kept open and libcurl would. */
TEST(test_net_perform_sends_a_request_once)
{
    static const struct step steps[] = {
        {SI("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), THEN_KEEP},
        {SI(""), THEN_CLOSE},
        {SI("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
    };
    struct net_request requests[] = {
        {.method = NET_POST, .body = S("code=1")},
        {.bearer = S("token")},
    };

    for (size_t i = 0; i < COUNT(requests); i++) {
        static struct server s;
        struct net *net = net_open();
        struct net_reply reply;
        struct net_request *req = &requests[i];

        testserver_start(&s, steps, COUNT(steps));
        req->url = testserver_url(&t_cx()->mem, &s, "/token");
        T_OK(net_call(net, req, &reply));
        T_FAIL(FAIL_SOURCE_UNAVAILABLE, net_call(net, req, &reply));
        T_INT(s.served, 2);
        T_OK(net_call(net, req, &reply)); /* and it goes on */
        net_close(&net);
        testserver_stop(&s);
    }
}

TEST(test_net_perform_keeps_the_connection)
{
    static const struct step steps[] = {
        {SI("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"), THEN_KEEP},
        {SI("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2"), THEN_CLOSE},
    };
    static struct server s;
    struct net *net = net_open();
    struct net_reply reply;

    testserver_start(&s, steps, COUNT(steps)); /* serves one connection at a time */
    struct net_request req = {
        .url = testserver_url(&t_cx()->mem, &s, "/"), .max_bytes = 1};

    T_OK(net_call(net, &req, &reply));
    T_OK(net_call(net, &req, &reply));
    T_STR(reply.body, S("2"));
    net_close(&net);
    testserver_stop(&s);
}

TEST(test_net_perform_refuses_what_is_not_allowed)
{
    struct net *net = net_open();
    struct net_request req = {.url = S("http://192.0.2.1/"), .max_bytes = 10};
    struct net_reply reply;

    T_FAIL(FAIL_SOURCE_ERROR, net_call(net, &req, &reply));
    req.url = S("file:///etc/passwd");
    T_FAIL(FAIL_SOURCE_ERROR, net_call(net, &req, &reply));
    net_close(&net);
}

/* A call of a source for events, with this answer; what was counted before it. */
static int64_t *net_counted(const struct step *step, int64_t timeout_ms)
{
    static struct server s;
    struct net *net = net_open();
    struct net_reply reply;
    int64_t *before = t_metric_now(METRIC_SOURCE_REQUESTS);

    testserver_start(&s, step, 1);
    struct net_request req = {
        .url = testserver_url(&t_cx()->mem, &s, "/"),
        .max_bytes = 100,
        .timeout_ms = timeout_ms,
        .purpose = {.source = SOURCE_MICROSOFT, .operation = NET_EVENTS}};

    (void)net_call(net, &req, &reply).code;
    net_close(&net);
    testserver_stop(&s);
    return before;
}

TEST(test_net_perform_counts_each_result)
{
    static const struct step good = {
        SI("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE};
    static const struct step refused = {
        SI("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE};
    static const struct step throttled = {
        SI("HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE};
    static const struct step failed = {
        SI("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE};
    static const struct step hangs = {SI(""), THEN_HANG};
    static const struct step closed = {SI(""), THEN_CLOSE};
    static const struct step garbage = {SI("garbage\r\n\r\n"), THEN_CLOSE};

    T_COUNTED(
        net_counted(&good, 0), METRIC_SOURCE_REQUESTS, S("microsoft"), S("events"),
        S("ok"));
    T_COUNTED(
        net_counted(&refused, 0), METRIC_SOURCE_REQUESTS, S("microsoft"), S("events"),
        S("refused"));
    T_COUNTED(
        net_counted(&throttled, 0), METRIC_SOURCE_REQUESTS, S("microsoft"), S("events"),
        S("throttled"));
    T_COUNTED(
        net_counted(&failed, 0), METRIC_SOURCE_REQUESTS, S("microsoft"), S("events"),
        S("failed"));
    T_COUNTED(
        net_counted(&hangs, 20), METRIC_SOURCE_REQUESTS, S("microsoft"), S("events"),
        S("timeout"));
    T_COUNTED(
        net_counted(&closed, 0), METRIC_SOURCE_REQUESTS, S("microsoft"), S("events"),
        S("away"));
    T_COUNTED(
        net_counted(&garbage, 0), METRIC_SOURCE_REQUESTS, S("microsoft"), S("events"),
        S("unusable"));
}

TEST(test_net_operations_are_the_values_of_a_label)
{
    T_INT(metric_families[METRIC_SOURCE_REQUESTS].labels[1]->n, NET_OPERATIONS);
    T_STR(
        metric_families[METRIC_SOURCE_REQUESTS].labels[1]->values[NET_WRITE], S("write"));
    T_STR(
        metric_families[METRIC_SOURCE_REQUESTS].labels[2]->values[METRIC_ANSWER_UNUSABLE],
        S("unusable"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_net_operations_are_the_values_of_a_label),
        T(test_net_perform_counts_each_result),
        T(test_net_perform_gives_the_answers_facts_and_body),
        T(test_net_perform_reads_the_field_that_is_asked_for),
        T(test_net_perform_joins_sixteen_fields_of_a_name),
        T(test_net_perform_waits_an_hour_at_most),
        T(test_net_perform_reads_a_retry_after_date_by_the_clock),
        T(test_net_perform_does_not_follow_redirects),
        T(test_net_perform_stops_past_max_bytes),
        T(test_net_perform_takes_room_for_the_body),
        T(test_net_perform_takes_the_head_alone),
        T(test_net_perform_takes_answers_up_to_the_most),
        T(test_net_perform_stops_past_the_header_limit),
        T(test_net_perform_tells_an_unusable_answer_from_an_absent_one),
        T(test_net_perform_to_a_closed_port_is_unavailable),
        T(test_net_perform_ends_with_the_time),
        T(test_net_end_by_ends_calls),
        T(test_net_perform_sends_the_bearer_and_nothing_that_tells),
        T(test_net_perform_sends_each_method_as_it_is),
        T(test_net_perform_sends_headers_that_cannot_break_out),
        T(test_net_perform_refuses_a_bearer_or_type_of_two_lines),
        T(test_net_perform_sends_a_request_once),
        T(test_net_perform_keeps_the_connection),
        T(test_net_perform_refuses_what_is_not_allowed),
    };

    return net_start() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
