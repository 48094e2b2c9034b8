/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "base/testing.h"
#include "http/out.h"

/* What is written but for the Date field, which changes. */
static Str out_written(const struct http_answer *a, struct out_frame frame)
{
    static const Str date = SI("Date: Wed, 25 Nov 2026 23:05:47 GMT\r\n");
    struct out_date at = {0};
    struct out out = {0};
    size_t line;

    frame.date = &at;
    out_begin(&out);
    T_TRUE(out_add_answer(&out, a, &frame));
    Str all = str_dup(&t_cx()->mem, buf_text(&out.text));

    arena_done(&out.mem);
    T_TRUE(str_find(all, '\n', &line));
    T_TRUE(str_starts(str_sub(all, line + 1, all.n), S("Date: ")));
    return str_cat(
        &t_cx()->mem, str_sub(all, 0, line + 1), str_sub(all, line + 1 + date.n, all.n));
}

static struct http_answer answer_of(int status)
{
    struct http_answer a = {
        .status = status, .content_type = S("text/plain"), .body = S("hello")};

    http_answer_header(&a, S("Allow"), S("GET"));
    return a;
}

TEST(test_out_add_answer_adds_only_what_framing_needs)
{
    struct http_answer a = answer_of(200);

    T_STR(
        out_written(&a, (struct out_frame){0}),
        S("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nAllow: GET\r\n"
          "Content-Length: 5\r\n\r\nhello"));
    T_STR(
        out_written(&a, (struct out_frame){.is_head = true, .closes_after = true}),
        S("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nAllow: GET\r\n"
          "Connection: close\r\nContent-Length: 5\r\n\r\n"));
    a = (struct http_answer){.status = 299, .body = S("")};
    T_STR(
        out_written(&a, (struct out_frame){.is_http10 = true}),
        S("HTTP/1.1 299 \r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"));
}

TEST(test_out_add_answer_never_frames_what_has_no_body)
{
    static const int statuses[] = {204, 304};

    for (size_t i = 0; i < COUNT(statuses); i++) {
        struct http_answer a = answer_of(statuses[i]);
        Str text = out_written(&a, (struct out_frame){0});

        T_TRUE(!str_contains(text, S("Content-Length")));
        T_TRUE(str_ends(text, S("\r\nAllow: GET\r\n\r\n")));
    }
}

TEST(test_out_add_answer_writes_a_date_of_the_standard)
{
    struct out_date date = {0};
    struct out out = {0};
    struct http_answer a = answer_of(200);
    struct tm tm = {0};
    struct tm again = {0};

    out_begin(&out);
    T_TRUE(out_add_answer(&out, &a, &(struct out_frame){.date = &date}));
    arena_done(&out.mem);
    const char *end = strptime(date.text, "%a, %d %b %Y %H:%M:%S GMT", &tm);

    T_TRUE(end != NULL && *end == 0 && strlen(date.text) == 29);
    time_t t = timegm(&tm);

    (void)gmtime_r(&t, &again);
    T_TRUE(t == date.second);
    T_INT(tm.tm_wday, again.tm_wday);
}

/* The bytes that `n` answers with bodies of `bytes` take, but for the first block. */
static size_t out_bytes_of(int n, size_t bytes)
{
    struct out_date date = {0};
    struct out out = {0};
    struct http_answer a = {
        .status = 200, .body = {arena_alloc(&t_cx()->mem, bytes), bytes}};

    out_begin(&out);
    size_t first = out_bytes(&out);

    for (int i = 0; i < n; i++) {
        T_TRUE(!out_has_enough(&out));
        T_TRUE(out_add_answer(&out, &a, &(struct out_frame){.date = &date}));
    }
    T_TRUE(buf_text(&out.text).n > (size_t)n * bytes);
    size_t most = out_bytes(&out);

    arena_done(&out.mem);
    return most - first;
}

TEST(test_out_add_answer_makes_room_that_it_needs)
{
    T_INT(out_bytes_of(1, 1024), 0); /* in the first block */
    T_TRUE(out_bytes_of(14, 1024) < OUT_ENOUGH_BYTES + 8 * 1024);
    T_TRUE(out_bytes_of(1, 24000) < 25 * 1024);
    T_TRUE(out_bytes_of(1, LIMIT_ANSWER_BYTES) < LIMIT_ANSWER_BYTES + 1024);
    T_TRUE(out_bytes_of(15, 1000) < OUT_ENOUGH_BYTES + 8 * 1024);
}

TEST(test_out_has_enough_at_its_limit)
{
    struct out_date date = {0};
    struct http_answer a = {.status = 200, .body = S("")};
    struct out out = {0};

    out_begin(&out);
    T_TRUE(out_add_answer(&out, &a, &(struct out_frame){.date = &date}));
    a.body.n = OUT_ENOUGH_BYTES - 1 - 2 * out.text.n - 4; /* its length has five digits */
    a.body.p = arena_alloc(&t_cx()->mem, a.body.n + 1);
    arena_done(&out.mem);
    for (size_t more = 0; more <= 1; more++) {
        out_begin(&out);
        T_TRUE(out_add_answer(
            &out, &(struct http_answer){.status = 200, .body = S("")},
            &(struct out_frame){.date = &date}));
        T_TRUE(!out_has_enough(&out));
        a.body.n += more;
        T_TRUE(out_add_answer(&out, &a, &(struct out_frame){.date = &date}));
        T_INT(out.text.n, OUT_ENOUGH_BYTES - 1 + more);
        T_TRUE(out_has_enough(&out) == (more == 1));
        arena_done(&out.mem);
    }
}

TEST(test_out_add_answer_refuses_what_is_over_a_limit)
{
    static const struct {
        const char *name;
        size_t body;
        size_t value; /* of a field */
        bool ok;
    } rows[] = {
        {"the largest body", LIMIT_ANSWER_BYTES, 0, true},
        {"a larger one", LIMIT_ANSWER_BYTES + 1, 0, false},
        {"a large head", 0, OUT_HEAD_MOST_BYTES - 1024, true},
        {"a larger one", 0, OUT_HEAD_MOST_BYTES, false},
    };

    char *bytes = arena_alloc(&t_cx()->mem, LIMIT_ANSWER_BYTES + 1);

    memset(bytes, 'x', LIMIT_ANSWER_BYTES + 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct out_date date = {0};
        struct out out = {0};
        struct http_answer a = {.status = 200, .body = {bytes, rows[i].body}};

        http_answer_header(&a, S("A"), (Str){bytes, rows[i].value});
        out_begin(&out);
        bool ok = out_add_answer(&out, &a, &(struct out_frame){.date = &date});

        T_TRUE(ok == rows[i].ok);
        T_TRUE(ok == (buf_text(&out.text).n > 0));
        arena_done(&out.mem);
    }
}

T_MAIN(
    T(test_out_add_answer_makes_room_that_it_needs), T(test_out_has_enough_at_its_limit),
    T(test_out_add_answer_refuses_what_is_over_a_limit),
    T(test_out_add_answer_adds_only_what_framing_needs),
    T(test_out_add_answer_never_frames_what_has_no_body),
    T(test_out_add_answer_writes_a_date_of_the_standard))
