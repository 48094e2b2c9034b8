/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.c - lists in pages (contract §7): page and page_size in, count, next and previous
 * out, as Django REST Framework's PageNumberPagination has them.
 */
#include "api/endpoints.h"
#include "base/buf.h"
#include "base/limits.h"

enum { LINK_BYTES = 1024 };

/* What is wrong with a number of 1 to `most`; empty: nothing. */
static Str number_complaint(struct call *c, Str text, int64_t most, int64_t *ret)
{
    int64_t v;

    if (!str_to_int(text, &v)) {
        return S("A valid integer is required.");
    }
    if (v < 1) {
        return S("Ensure this value is greater than or equal to 1.");
    }
    if (v > most) {
        struct buf b = {.mem = &c->cx->mem, .max = 100};

        buf_add(&b, S("Ensure this value is less than or equal to "));
        buf_add_int(&b, most);
        buf_add_char(&b, '.');
        return buf_text(&b);
    }
    *ret = v;
    return S("");
}

/* A parameter that is absent leaves *ret alone. */
static void read_number(struct call *c, Str name, int64_t most, int64_t *ret)
{
    Str text;
    size_t n = query_find(c->params, c->n_params, name, &text);
    Str complaint = n > 1 ? S("This parameter may be given only once.") : S("");

    if (n == 1) {
        complaint = number_complaint(c, text, most, ret);
    }
    if (complaint.n > 0) {
        (void)call_field_error(c, name, complaint);
    }
}

Res call_read_page(struct call *c, struct page_wish *ret)
{
    struct page_wish wish = {.page = 1, .size = LIMIT_PAGE_SIZE};

    read_number(c, S("page"), INT64_MAX, &wish.page);
    read_number(c, S("page_size"), LIMIT_PAGE_SIZE, &wish.size);
    if (c->n_errors > 0) {
        return (Res){FAIL_PARAMETER_INVALID};
    }
    *ret = wish;
    return OK;
}

/* The path of the call, with its variable segments filled in. */
static void add_path(struct call *c, struct buf *b)
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

/* The same list at another page, in the same format and size. */
static void write_link(struct call *c, struct writer *w, Str name, int64_t page)
{
    static const Str kept[] = {SI("page_size"), SI("format")};
    struct buf b = {.mem = &c->cx->mem, .max = LINK_BYTES};
    Str value;

    add_path(c, &b);
    buf_add(&b, S("?page="));
    buf_add_int(&b, page);
    for (size_t i = 0; i < COUNT(kept); i++) {
        if (query_find(c->params, c->n_params, kept[i], &value) > 0) {
            buf_add_char(&b, '&');
            buf_add(&b, kept[i]);
            buf_add_char(&b, '=');
            buf_add_escaped(&b, value);
        }
    }
    writer_text(w, name, call_url(c, buf_text(&b)));
}

Res call_open_page(
    struct call *c, const struct page_wish *wish, int64_t count, struct writer **ret)
{
    int64_t last = count == 0 ? 1 : (count - 1) / wish->size + 1;

    if (wish->page > last) {
        return fail(c->cx, FAIL_NOT_FOUND, "a page past the end");
    }
    struct writer *w = writer_open(&c->cx->mem, c->format);

    writer_int(w, S("count"), count);
    if (wish->page < last) {
        write_link(c, w, S("next"), wish->page + 1);
    } else {
        writer_null(w, S("next"));
    }
    if (wish->page > 1) {
        write_link(c, w, S("previous"), wish->page - 1);
    } else {
        writer_null(w, S("previous"));
    }
    writer_array(w, S("results"));
    *ret = w;
    return OK;
}
