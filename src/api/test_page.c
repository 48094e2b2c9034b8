/* SPDX-License-Identifier: Apache-2.0 */
#include "api/endpoints.h"
#include "base/testing.h"

static const struct endpoint endpoint = {.path = SI("/api/v2/things"), .status = 200};
static const struct settings settings = {.public_url = SI("https://cal.example")};
static struct http_answer answer;

static struct call call_new(Str query)
{
    struct call c = {
        .cx = t_cx(), .answer = &answer, .settings = &settings, .endpoint = &endpoint};
    struct param *params;

    T_OK(query_parse(t_cx(), query, &params, &c.n_params));
    c.params = params;
    return c;
}

static void test_call_read_page_takes_what_the_contract_allows(void **state)
{
    static const struct {
        Str query;
        int64_t page, size; /* 0: an error on it */
    } rows[] = {
        {SI(""),                         1,         100},
        {SI("page=1&page_size=1"),       1,         1  },
        {SI("page=7&page_size=100"),     7,         100},
        {SI("page=9223372036854775807"), INT64_MAX, 100},
        {SI("page_size=101"),            1,         0  },
        {SI("page_size=0"),              1,         0  },
        {SI("page_size=-1"),             1,         0  },
        {SI("page_size="),               1,         0  },
        {SI("page_size=ten"),            1,         0  },
        {SI("page_size=5&page_size=5"),  1,         0  },
        {SI("page=0"),                   0,         100},
        {SI("page=-3"),                  0,         100},
        {SI("page="),                    0,         100},
        {SI("page=1.0"),                 0,         100},
        {SI("page=last"),                0,         100},
        {SI("page=9223372036854775808"), 0,         100},
        {SI("page=1&page=2"),            0,         100},
        {SI("page=x&page_size=y"),       0,         0  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c = call_new(rows[i].query);
        struct page_wish wish = {77, 78};
        int n_errors = (rows[i].page == 0) + (rows[i].size == 0);

        T_FAIL(
            n_errors == 0 ? FAIL_NONE : FAIL_PARAMETER_INVALID,
            call_read_page(&c, &wish));
        T_TRUE(wish.page == (n_errors == 0 ? rows[i].page : 77));
        T_INT(wish.size, n_errors == 0 ? rows[i].size : 78);
        T_INT(c.n_errors, n_errors);
        if (n_errors == 1) {
            T_STR(c.errors[0].field, rows[i].page == 0 ? S("page") : S("page_size"));
        }
    }
}

static void test_call_read_page_says_what_would_be_right(void **state)
{
    static const struct {
        Str query, message;
    } rows[] = {
        {SI("page=a"),        SI("A valid integer is required.")                    },
        {SI("page=0"),        SI("Ensure this value is greater than or equal to 1.")},
        {SI("page_size=101"), SI("Ensure this value is less than or equal to 100.") },
        {SI("page=1&page=1"), SI("This parameter may be given only once.")          },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c = call_new(rows[i].query);
        struct page_wish wish;

        T_FAIL(FAIL_PARAMETER_INVALID, call_read_page(&c, &wish));
        T_STR(c.errors[0].message, rows[i].message);
    }
}

static void test_call_open_page_links_to_its_neighbours(void **state)
{
    static const struct {
        Str query;
        int64_t count;
        Str want; /* empty: past the end */
    } rows[] = {
        {SI(""),                                       0,    SI("{\"count\":0,\"next\":null,\"previous\":null,\"results\":[]}")},
        {SI(""),                                       100,
         SI("{\"count\":100,\"next\":null,\"previous\":null,\"results\":[]}")                                                  },
        {SI(""),                                       101,
         SI("{\"count\":101,\"next\":\"https://cal.example/api/v2/things?page=2\","
            "\"previous\":null,\"results\":[]}")                                                                               },
        {SI("page=2"),                                 101,
         SI("{\"count\":101,\"next\":null,\"previous\":"
            "\"https://cal.example/api/v2/things?page=1\",\"results\":[]}")                                                    },
        {SI("other=1&format=json&page_size=2&page=2"), 5,
         SI("{\"count\":5,\"next\":"
            "\"https://cal.example/api/v2/things?page=3&page_size=2&format=json\","
            "\"previous\":"
            "\"https://cal.example/api/v2/things?page=1&page_size=2&format=json\","
            "\"results\":[]}")                                                                                                 },
        {SI("page=2"),                                 100,  SI("")                                                            },
        {SI("page=2"),                                 0,    SI("")                                                            },
        {SI("page=9223372036854775807"),               1000, SI("")                                                            },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c = call_new(rows[i].query);
        struct writer *w = NULL;
        struct page_wish wish;

        T_OK(call_read_page(&c, &wish));
        Res opened = call_open_page(&c, &wish, rows[i].count, &w);

        if (rows[i].want.n == 0) {
            T_FAIL(FAIL_NOT_FOUND, opened);
            T_TRUE(w == NULL);
            continue;
        }
        T_OK(opened);
        writer_end(w);
        T_OK(call_answer(&c, 200, w));
        T_STR(answer.body, rows[i].want);
    }
}

T_MAIN(
    T(test_call_read_page_takes_what_the_contract_allows),
    T(test_call_read_page_says_what_would_be_right),
    T(test_call_open_page_links_to_its_neighbours))
