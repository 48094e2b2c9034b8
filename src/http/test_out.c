/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "base/testing.h"
#include "http/out.h"

/* What is written but for the Date field, which changes. */
static Str written(const struct http_answer *a, struct out_frame frame)
{
    static const Str date = SI("Date: Wed, 25 Nov 2026 23:05:47 GMT\r\n");
    struct out_date at = {0};
    struct out out = {0};
    size_t line;

    frame.date = &at;
    out_begin(&out);
    out_add_answer(&out, a, &frame);
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

static void test_out_add_answer_adds_only_what_framing_needs(void **state)
{
    struct http_answer a = answer_of(200);

    (void)state;
    T_STR(
        written(&a, (struct out_frame){0}),
        S("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nAllow: GET\r\n"
          "Content-Length: 5\r\n\r\nhello"));
    T_STR(
        written(&a, (struct out_frame){.is_head = true, .closes_after = true}),
        S("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nAllow: GET\r\n"
          "Connection: close\r\nContent-Length: 5\r\n\r\n"));
    a = (struct http_answer){.status = 299, .body = S("")};
    T_STR(
        written(&a, (struct out_frame){.is_http10 = true}),
        S("HTTP/1.1 299 \r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"));
}

static void test_out_add_answer_never_frames_what_has_no_body(void **state)
{
    static const int statuses[] = {204, 304};

    (void)state;
    for (size_t i = 0; i < COUNT(statuses); i++) {
        struct http_answer a = answer_of(statuses[i]);
        Str text = written(&a, (struct out_frame){0});

        T_TRUE(!str_contains(text, S("Content-Length")));
        T_TRUE(str_ends(text, S("\r\nAllow: GET\r\n\r\n")));
    }
}

static void test_out_add_answer_writes_a_date_of_the_standard(void **state)
{
    struct out_date date = {0};
    struct out out = {0};
    struct http_answer a = answer_of(200);
    struct tm tm = {0};
    struct tm again = {0};

    (void)state;
    out_begin(&out);
    out_add_answer(&out, &a, &(struct out_frame){.date = &date});
    arena_done(&out.mem);
    const char *end = strptime(date.text, "%a, %d %b %Y %H:%M:%S GMT", &tm);

    T_TRUE(end != NULL && *end == 0 && strlen(date.text) == 29);
    time_t t = timegm(&tm);

    (void)gmtime_r(&t, &again);
    T_TRUE(t == date.second);
    T_INT(tm.tm_wday, again.tm_wday);
}

T_MAIN(
    T(test_out_add_answer_adds_only_what_framing_needs),
    T(test_out_add_answer_never_frames_what_has_no_body),
    T(test_out_add_answer_writes_a_date_of_the_standard))
