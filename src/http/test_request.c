/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "http/request.h"

TEST(test_http_header_counts_without_case_and_skips_empty_fields)
{
    static const struct http_header headers[] = {
        {SI("Accept"), SI("")},
        {SI("ACCEPT"), SI("text/html")},
        {SI("accept"), SI("application/json")},
        {SI("Accept-X"), SI("no")},
        {SI("Empty"), SI("")},
    };

    static const struct {
        Str name;
        size_t count;
        Str first;
    } rows[] = {
        {SI("Accept"), 2, SI("text/html")},
        {SI("accept-x"), 1, SI("no")},
        {SI("Empty"), 0, SI("")},
        {SI("Absent"), 0, SI("")},
        {SI(""), 0, SI("")},
    };
    const struct http_request r = {.headers = headers, .n_headers = COUNT(headers)};

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str value = S("replaced");

        T_INT(http_header(&r, rows[i].name, &value), rows[i].count);
        T_STR(value, rows[i].first);
    }
}

static void add_carriage_return(void)
{
    http_answer_header(&(struct http_answer){0}, S("A"), S("b\rc"));
}

static void add_line_feed(void)
{
    http_answer_header(&(struct http_answer){0}, S("A"), S("b\nc"));
}

static void add_nul(void)
{
    http_answer_header(&(struct http_answer){0}, S("A"), S("b\0c"));
}

static void add_one_too_many(void)
{
    http_answer_header(
        &(struct http_answer){.n_extra = HTTP_EXTRA_HEADERS}, S("A"), S("b"));
}

TEST(test_http_answer_header_adds_up_to_its_limit)
{
    struct http_answer a = {0};

    for (int i = 0; i < HTTP_EXTRA_HEADERS; i++) {
        http_answer_header(&a, S("Allow"), S("GET, \xC3\xA9\t"));
    }
    T_INT(a.n_extra, HTTP_EXTRA_HEADERS);
    T_STR(a.extra[HTTP_EXTRA_HEADERS - 1].name, S("Allow"));
    T_STR(a.extra[HTTP_EXTRA_HEADERS - 1].value, S("GET, \xC3\xA9\t"));
    T_ABORTS(add_one_too_many);
}

TEST(test_http_answer_header_aborts_on_what_would_split_the_answer)
{
    T_ABORTS(add_carriage_return);
    T_ABORTS(add_line_feed);
    T_ABORTS(add_nul);
}

T_MAIN(
    T(test_http_header_counts_without_case_and_skips_empty_fields),
    T(test_http_answer_header_adds_up_to_its_limit),
    T(test_http_answer_header_aborts_on_what_would_split_the_answer))
