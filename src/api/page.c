/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.c - lists in pages (docs/api.md §7): page and page_size in, count, next and
 * previous out, as Django REST Framework's PageNumberPagination has them.
 */
#include "api/page.h"

#include <stdlib.h>

#include "api/body.h"
#include "api/endpoints.h"
#include "base/buf.h"
#include "base/limits.h"

/* An escaped byte of a path takes three bytes. */
enum { LINK_BYTES = 3 * LIMIT_HEAD_BYTES + 1024 };

_Static_assert(2 * LINK_BYTES < PAGE_HEAD_BYTES, "two links fit into it");

enum { PAGE_IN_PAGE, PAGE_IN_SIZE, PAGE_IN_COUNT };

/* clang-format off */
static const struct api_field page_fields[PAGE_IN_COUNT] = {
    [PAGE_IN_PAGE] = {.name = SI("page"), .type = VALUE_INT, .least = 1, .most = INT64_MAX,
        .otherwise = &(const struct api_value){.number = 1},
        .about = SI("Which page, from 1 on.")},
    [PAGE_IN_SIZE] = {.name = SI("page_size"), .type = VALUE_INT,
        .least = 1, .most = LIMIT_PAGE_SIZE,
        .otherwise = &(const struct api_value){.number = LIMIT_PAGE_SIZE},
        .about = SI("How many items a page has.")},
};
/* clang-format on */

const struct api_shape page_query_shape = {
    .name = SI("Page"), .fields = page_fields, .n = PAGE_IN_COUNT};

Res page_read(struct call *c, struct page_query *ret)
{
    struct api_value in[PAGE_IN_COUNT];
    Res read = body_query_read(c, &page_query_shape, in);

    if (c->n_errors > 0) { /* also errors of other parameters */
        return (Res){FAIL_PARAMETER_INVALID};
    }
    TRY(read);
    *ret = (struct page_query){
        .page = in[PAGE_IN_PAGE].number, .size = in[PAGE_IN_SIZE].number};
    return OK;
}

Res page_offset(struct cx *cx, const struct page_query *query, int64_t *ret)
{
    if (__builtin_mul_overflow(query->page - 1, query->size, ret)) {
        return fail(cx, FAIL_NOT_FOUND, "a page past the end of all numbers");
    }
    return OK;
}

/* Adds the path of the call, with the variable segments filled in. */
static void page_path_add(struct call *c, struct buf *b)
{
    Str rest = str_sub(c->endpoint->path, 1, c->endpoint->path.n);
    Str part;
    size_t arg = 0;

    while (str_next_part(&rest, '/', &part)) {
        buf_add_char(b, '/');
        if (str_starts(part, S("{"))) {
            buf_add_escaped(b, c->args[arg++]);
        } else {
            buf_add(b, part);
        }
    }
}

/* Adds a parameter as the query has it, if it does. */
static void page_param_add(const struct call *c, struct buf *b, Str name)
{
    Str value;

    if (url_query_find(c->params, c->n_params, name, &value) > 0) {
        buf_add_char(b, '&');
        buf_add(b, name);
        buf_add_char(b, '=');
        buf_add_escaped(b, value);
    }
}

/* Writes the link to another page of the list, with the same format and size, and with
 * the parameters of its own that the endpoint has. */
static Res page_link_write(
    struct call *c, const struct page_query *query, struct writer *w, Str name,
    int64_t page)
{
    const struct api_shape *own = c->endpoint->query;
    struct buf b = {.mem = &c->cx->mem, .max = LINK_BYTES};
    Str value;

    page_path_add(c, &b);
    buf_add(&b, S("?page="));
    buf_add_int(&b, page);
    if (url_query_find(c->params, c->n_params, S("page_size"), &value) > 0) {
        buf_add(&b, S("&page_size="));
        buf_add_int(&b, query->size);
    }
    page_param_add(c, &b, S("format"));
    for (size_t i = 0; own != NULL && i < own->n; i++) {
        page_param_add(c, &b, own->fields[i].name);
    }
    TRY(buf_done(c->cx, &b, &value));
    writer_text(w, name, call_url(c, value));
    return OK;
}

static Str page_last_hint(struct arena *mem, int64_t last)
{
    Str page = str_cat(mem, S("The last page is "), str_int(mem, last));

    return str_cat(mem, page, S("."));
}

Res page_open(
    struct call *c, const struct page_query *query, int64_t count, struct writer **ret)
{
    int64_t last = count == 0 ? 1 : (count - 1) / query->size + 1;

    if (query->page > last) {
        call_hint(c, page_last_hint(&c->cx->mem, last));
        return fail(c->cx, FAIL_NOT_FOUND, "a page past the end");
    }
    struct writer *w = writer_open(&c->cx->mem, c->format);

    writer_int(w, S("count"), count);
    if (query->page < last) {
        TRY(page_link_write(c, query, w, S("next"), query->page + 1));
    } else {
        writer_null(w, S("next"));
    }
    if (query->page > 1) {
        TRY(page_link_write(c, query, w, S("previous"), query->page - 1));
    } else {
        writer_null(w, S("previous"));
    }
    writer_array(w, S("results"));
    *ret = w;
    return OK;
}

static int size_compare(const void *a, const void *b)
{
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;

    return (x > y) - (x < y);
}

size_t page_share(size_t *sizes, size_t n, size_t left)
{
    if (n == 0) {
        return left;
    }
    qsort(sizes, n, sizeof(*sizes), size_compare);
    for (size_t i = 0; i < n; i++) {
        if (sizes[i] > left / (n - i)) {
            return left / (n - i);
        }
        left -= sizes[i];
    }
    return sizes[n - 1];
}
