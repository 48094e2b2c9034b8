/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "serve/negotiate.h"

TEST(test_negotiate_lets_format_win_over_accept)
{
    static const struct {
        Str query;
        Str accept, accept_too;
        enum fail kind;
        enum format want;
    } rows[] = {
        {SI(""), SI(""), SI(""), FAIL_NONE, FORMAT_IS_JSON},
        {SI("format=json"), SI("application/xml"), SI(""), FAIL_NONE, FORMAT_IS_JSON},
        {SI("format=xml"), SI("text/html"), SI(""), FAIL_NONE, FORMAT_IS_XML},
        {SI("x=1&form%61t=xml"), SI(""), SI(""), FAIL_NONE, FORMAT_IS_XML},
        {SI("format="), SI(""), SI(""), FAIL_NOT_ACCEPTABLE, FORMAT_IS_JSON},
        {SI("format"), SI(""), SI(""), FAIL_NOT_ACCEPTABLE, FORMAT_IS_JSON},
        {SI("format=XML"), SI(""), SI(""), FAIL_NOT_ACCEPTABLE, FORMAT_IS_JSON},
        {SI("format=json&format=json"), SI(""), SI(""), FAIL_PARAMETER_INVALID,
         FORMAT_IS_JSON},
        {SI(""), SI("application/xml"), SI(""), FAIL_NONE, FORMAT_IS_XML},
        {SI(""), SI("text/html"), SI("application/xml"), FAIL_NONE, FORMAT_IS_XML},
        {SI(""), SI("application/xml;q=0.1, */*;q=0.5"), SI(""), FAIL_NONE,
         FORMAT_IS_JSON},
        {SI(""), SI("text/xml"), SI(""), FAIL_NOT_ACCEPTABLE, FORMAT_IS_JSON},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_header headers[] = {
            {S("Accept"), rows[i].accept},
            {S("accept"), rows[i].accept_too},
        };
        struct http_request req = {.headers = headers, .n_headers = COUNT(headers)};
        struct call c = {.cx = t_cx(), .req = &req};
        struct param *params = NULL;

        T_OK(url_query_parse(t_cx(), rows[i].query, &params, &c.n_params));
        c.params = params;
        T_FAIL(rows[i].kind, negotiate_format(&c));
        T_INT(c.format, rows[i].want);
        T_INT(c.n_errors, rows[i].kind == FAIL_PARAMETER_INVALID);
    }
}

T_MAIN(T(test_negotiate_lets_format_win_over_accept))
