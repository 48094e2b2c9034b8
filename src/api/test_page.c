/* SPDX-License-Identifier: Apache-2.0 */
#include "api/endpoints.h"
#include "api/page.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/testing.h"

static const struct api_field own_fields[] = {{.name = SI("of")}, {.name = SI("in")}};
static const struct api_shape own = {SI("Things"), own_fields, COUNT(own_fields)};
static const struct endpoint endpoint = {
    .path = SI("/api/v2/things"), .query = &own, .status = 200};
static const struct settings settings = {.public_url = SI("https://cal.example")};
static struct http_answer answer;

static struct call paged_call(Str query)
{
    struct call c = {
        .cx = t_cx(),
        .answer = &answer,
        .work.settings = &settings,
        .endpoint = &endpoint};
    struct param *params;

    T_OK(url_query_parse(t_cx(), query, &params, &c.n_params));
    c.params = params;
    return c;
}

TEST(test_page_read_takes_what_the_contract_allows)
{
    static const struct {
        Str query;
        int64_t page, size; /* 0: an error on it */
    } rows[] = {
        {SI(""), 1, 100},
        {SI("page=1&page_size=1"), 1, 1},
        {SI("page=7&page_size=100"), 7, 100},
        {SI("page=9223372036854775807"), INT64_MAX, 100},
        {SI("page_size=101"), 1, 0},
        {SI("page_size=0"), 1, 0},
        {SI("page_size=-1"), 1, 0},
        {SI("page_size="), 1, 0},
        {SI("page_size=ten"), 1, 0},
        {SI("page_size=5&page_size=5"), 1, 0},
        {SI("page=0"), 0, 100},
        {SI("page=-3"), 0, 100},
        {SI("page="), 0, 100},
        {SI("page=1.0"), 0, 100},
        {SI("page=last"), 0, 100},
        {SI("page=9223372036854775808"), 0, 100},
        {SI("page=1&page=2"), 0, 100},
        {SI("page=01"), 0, 100},
        {SI("page_size=007"), 1, 0},
        {SI("page=00"), 0, 100},
        {SI("page=x&page_size=y"), 0, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c = paged_call(rows[i].query);
        struct page_query query = {77, 78};
        int n_errors = (rows[i].page == 0) + (rows[i].size == 0);

        T_FAIL(n_errors == 0 ? FAIL_NONE : FAIL_PARAMETER_INVALID, page_read(&c, &query));
        T_TRUE(query.page == (n_errors == 0 ? rows[i].page : 77));
        T_INT(query.size, n_errors == 0 ? rows[i].size : 78);
        T_INT(c.n_errors, n_errors);
        if (n_errors == 1) {
            T_STR(c.errors[0].field, rows[i].page == 0 ? S("page") : S("page_size"));
        }
    }
}

TEST(test_page_read_says_what_would_be_right)
{
    static const struct {
        Str query, message;
    } rows[] = {
        {SI("page=a"), SI("A valid integer is required.")},
        {SI("page=0"), SI("Ensure this value is greater than or equal to 1.")},
        {SI("page_size=101"), SI("Ensure this value is less than or equal to 100.")},
        {SI("page=1&page=1"), SI("This parameter may be given only once.")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c = paged_call(rows[i].query);
        struct page_query query;

        T_FAIL(FAIL_PARAMETER_INVALID, page_read(&c, &query));
        T_STR(c.errors[0].message, rows[i].message);
    }
}

TEST(test_page_open_links_to_its_neighbours)
{
    static const struct {
        Str query;
        int64_t count;
        Str want; /* empty: past the end */
    } rows[] = {
        {SI(""), 0, SI("{\"count\":0,\"next\":null,\"previous\":null,\"results\":[]}")},
        {SI(""), 100,
         SI("{\"count\":100,\"next\":null,\"previous\":null,\"results\":[]}")},
        {SI(""), 101,
         SI("{\"count\":101,\"next\":\"https://cal.example/api/v2/things?page=2\","
            "\"previous\":null,\"results\":[]}")},
        {SI("page=2"), 101,
         SI("{\"count\":101,\"next\":null,\"previous\":"
            "\"https://cal.example/api/v2/things?page=1\",\"results\":[]}")},
        {SI("other=1&format=json&page_size=2&page=2"), 5,
         SI("{\"count\":5,\"next\":"
            "\"https://cal.example/api/v2/things?page=3&page_size=2&format=json\","
            "\"previous\":"
            "\"https://cal.example/api/v2/things?page=1&page_size=2&format=json\","
            "\"results\":[]}")},
        {SI("in=%26%20x&page_size=2"), 3,
         SI("{\"count\":3,\"next\":"
            "\"https://cal.example/api/v2/things?page=2&page_size=2&in=%26%20x\","
            "\"previous\":null,\"results\":[]}")},
        {SI("page=2"), 100, SI("")},
        {SI("page=2"), 0, SI("")},
        {SI("page=9223372036854775807"), 1000, SI("")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c = paged_call(rows[i].query);
        struct writer *w = NULL;
        struct page_query query;

        T_OK(page_read(&c, &query));
        Res opened = page_open(&c, &query, rows[i].count, &w);

        if (rows[i].want.n == 0) {
            T_FAIL(FAIL_NOT_FOUND, opened);
            T_TRUE(str_starts(c.hint, S("The last page is ")));
            T_TRUE(w == NULL);
            continue;
        }
        T_OK(opened);
        writer_end(w);
        T_OK(call_answer(&c, 200, w));
        T_STR(answer.body, rows[i].want);
    }
}

/* A size with as many zeros before it as a head can hold. */
TEST(test_page_read_refuses_needless_zeros)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_HEAD_BYTES};
    struct page_query query;

    buf_add(&b, S("page_size="));
    while (b.n < LIMIT_HEAD_BYTES - 1) {
        buf_add_char(&b, '0');
    }
    buf_add_char(&b, '1');
    struct call c = paged_call(buf_text(&b));

    T_FAIL(FAIL_PARAMETER_INVALID, page_read(&c, &query));
    T_STR(c.errors[0].message, S("A valid integer is required."));
}

/* A link holds any path that a head can. */
TEST(test_page_open_links_to_the_longest_path)
{
    static const struct endpoint deep = {.path = SI("/things/{id}/parts"), .status = 200};
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_HEAD_BYTES};
    struct call c = paged_call(S("page_size=1&format=json"));
    struct page_query query;
    struct writer *w;

    while (b.n < LIMIT_HEAD_BYTES) {
        buf_add_char(&b, '/');
    }
    c.endpoint = &deep;
    c.args[0] = buf_text(&b);
    T_OK(page_read(&c, &query));
    T_OK(page_open(&c, &query, 2, &w));
    writer_end(w);
    T_OK(call_answer(&c, 200, w));
    T_TRUE(str_contains(answer.body, S("%2F/parts?page=2&page_size=1&format=json\"")));
}

T_MAIN(
    T(test_page_read_takes_what_the_contract_allows),
    T(test_page_read_says_what_would_be_right), T(test_page_read_refuses_needless_zeros),
    T(test_page_open_links_to_its_neighbours),
    T(test_page_open_links_to_the_longest_path))
