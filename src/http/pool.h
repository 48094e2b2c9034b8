/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - the exchanges and output buffers of one loop. Busy connections borrow them and
 * give them back, so that an idle connection needs no memory beside its own struct.
 */
#pragma once

#include "http/out.h"
#include "http/parser.h"
#include "http/server.h"

enum { POOL_KEPT_MOST = 32 }; /* unused ones of each kind; more are freed */

struct pool_exchange {
    struct http_exchange ex; /* first: what the handler sees */
    struct parser parser;
    size_t bytes; /* as counted in the loop's budget, of one that a handler has */
    struct pool_exchange *next;
};

struct http_pool {
    struct pool_exchange *exchanges;
    struct out *outs;
    size_t n_exchanges;
    size_t n_outs;
};

/* Returns the bytes that it takes from the heap. */
size_t http_pool_exchange_bytes(const struct pool_exchange *x);
/* Zeroed. */
struct pool_exchange *http_pool_take_exchange(struct http_pool *s);
void http_pool_give_exchange(struct http_pool *s, struct pool_exchange *x);
/* Ready to write to. */
struct out *http_pool_take_out(struct http_pool *s);
void http_pool_give_out(struct http_pool *s, struct out *o); /* accepts NULL */
void http_pool_free(struct http_pool *s);
