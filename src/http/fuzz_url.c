/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a path, then '?' and a query. Both are taken apart, escaped, put together
 * and taken apart again: the parts are the same.
 */
#include "base/buf.h"
#include "base/cx.h"
#include "http/url.h"

enum { MOST = 8 };

static void url_check_decode(struct cx *cx, Str s)
{
    struct buf b = {.mem = &cx->mem, .max = SIZE_MAX};
    Str got;

    buf_add_escaped(&b, s);
    must_be(url_decode(cx, buf_text(&b), true, &got).code == FAIL_NONE);
    must_be(str_eq(got, s));
}

static void url_check_path(struct cx *cx, Str path)
{
    struct buf b = {.mem = &cx->mem, .max = SIZE_MAX};
    Str segments[MOST], again[MOST];
    size_t n, n_again;

    if (url_path_split(cx, path, segments, MOST, &n).code != FAIL_NONE) {
        return;
    }
    must_be(n <= MOST);
    buf_add_char(&b, '/');
    for (size_t i = 0; i < n; i++) {
        buf_add_escaped(&b, segments[i]);
        buf_add(&b, S("//"));
    }
    must_be(url_path_split(cx, buf_text(&b), again, MOST, &n_again).code == FAIL_NONE);
    must_be(n == n_again);
    for (size_t i = 0; i < n; i++) {
        must_be(segments[i].n > 0 && str_eq(segments[i], again[i]));
    }
}

static void url_check_query(struct cx *cx, Str query)
{
    struct buf b = {.mem = &cx->mem, .max = SIZE_MAX};
    struct param *params, *again;
    size_t n, n_again;

    if (url_query_parse(cx, query, &params, &n).code != FAIL_NONE) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        buf_add_escaped(&b, params[i].name);
        buf_add_char(&b, '=');
        buf_add_escaped(&b, params[i].value);
        buf_add(&b, S("&&"));
    }
    must_be(url_query_parse(cx, buf_text(&b), &again, &n_again).code == FAIL_NONE);
    must_be(n == n_again);
    for (size_t i = 0; i < n; i++) {
        Str first;

        must_be(str_eq(params[i].name, again[i].name));
        must_be(str_eq(params[i].value, again[i].value));
        must_be(url_query_find(params, n, params[i].name, &first) > 0);
    }
}

/* One by one, the readable parameters are those of a query that is readable whole. */
static void url_check_each(struct cx *cx, Str query)
{
    struct param *params, *each;
    size_t n, n_each;

    url_query_parse_each(&cx->mem, query, &each, &n_each);
    for (size_t i = 0; i < n_each; i++) {
        must_be(!each[i].is_unreadable || each[i].value.n == 0);
    }
    if (url_query_parse(cx, query, &params, &n).code != FAIL_NONE) {
        return;
    }
    must_be(n == n_each);
    for (size_t i = 0; i < n; i++) {
        must_be(!each[i].is_unreadable && str_eq(params[i].name, each[i].name));
        must_be(str_eq(params[i].value, each[i].value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {0};
    Str query = {(const char *)data, size};
    Str path = S("");

    url_check_decode(&cx, query);
    (void)str_next_part(&query, '?', &path);
    url_check_path(&cx, path);
    url_check_query(&cx, query);
    url_check_each(&cx, query);
    return 0;
}
