/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.h - lists in pages (docs/api.md §7).
 */
#pragma once

#include "api/call.h"
#include "api/shape.h"

extern const struct api_shape page_query_shape; /* page and page_size */

struct page_query {
    int64_t page;
    int64_t size;
};

/* What an answer holds beside the items of a page: count, and links to the pages before
 * and behind. */
enum { PAGE_HEAD_BYTES = 128 * 1024 };

/* Reads page and page_size of the query. Fails when it notes a field error, or when one
 * was noted before. */
Res page_read(struct call *c, struct page_query *ret) MUST;
/* How many items stand before the page. FAIL_NOT_FOUND: no number says it. */
Res page_offset(struct cx *cx, const struct page_query *query, int64_t *ret) MUST;
/* Writes count, next and previous, and opens "results": the caller writes the items, ends
 * the array and answers. FAIL_NOT_FOUND: the page is past the end. The first page always
 * exists. */
Res page_open(
    struct call *c, const struct page_query *query, int64_t count, struct writer **ret)
    MUST;
/* The largest size to which texts of these sizes can be cut so that they take no more
 * than `left` together; the longest where all fit whole. Sorts them. */
size_t page_share(size_t *sizes, size_t n, size_t left);
