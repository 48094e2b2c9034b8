/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c - finds a field of a request, adds one to an answer.
 */
#include "http/request.h"

size_t http_header(const struct http_request *r, Str name, Str *value)
{
    size_t n = 0;

    *value = S("");
    for (size_t i = 0; i < r->n_headers; i++) {
        const struct http_header *h = &r->headers[i];

        if (h->value.n > 0 && str_eq_nocase(h->name, name)) {
            *value = n == 0 ? h->value : *value;
            n++;
        }
    }
    return n;
}

static bool char_is_of_answer_line(unsigned char c)
{
    return c != '\r' && c != '\n' && c != '\0';
}

void http_answer_header(struct http_answer *a, Str name, Str value)
{
    must_be(a->n_extra < HTTP_EXTRA_HEADERS);
    must_be(str_is_only(value, char_is_of_answer_line));
    a->extra[a->n_extra++] = (struct http_header){name, value};
}
