/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.c - two stacks. Giving back wipes the object, which keeps one block of its arena.
 */
#include "http/pool.h"

struct pool_exchange *http_pool_take_exchange(struct http_pool *s)
{
    struct pool_exchange *x = s->exchanges;

    if (x == NULL) {
        return heap_alloc(sizeof(*x));
    }
    s->exchanges = x->next;
    s->n_exchanges--;
    *x = (struct pool_exchange){.ex.cx.mem = x->ex.cx.mem};
    return x;
}

size_t http_pool_exchange_bytes(const struct pool_exchange *x)
{
    return sizeof(*x) + arena_bytes(&x->ex.cx.mem);
}

static void exchange_free(struct pool_exchange *x)
{
    arena_done(&x->ex.cx.mem);
    heap_free(x);
}

void http_pool_give_exchange(struct http_pool *s, struct pool_exchange *x)
{
    if (s->n_exchanges == POOL_KEPT_MOST) {
        exchange_free(x);
        return;
    }
    arena_reset(&x->ex.cx.mem);
    x->next = s->exchanges;
    s->exchanges = x;
    s->n_exchanges++;
}

struct out *http_pool_take_out(struct http_pool *s)
{
    struct out *o = s->outs;

    if (o == NULL) {
        o = heap_alloc(sizeof(*o));
    } else {
        s->outs = o->next;
        s->n_outs--;
    }
    out_begin(o);
    return o;
}

static void out_free(struct out *o)
{
    arena_done(&o->mem);
    heap_free(o);
}

void http_pool_give_out(struct http_pool *s, struct out *o)
{
    if (o == NULL) {
        return;
    }
    if (s->n_outs == POOL_KEPT_MOST) {
        out_free(o);
        return;
    }
    arena_reset(&o->mem);
    o->next = s->outs;
    s->outs = o;
    s->n_outs++;
}

void http_pool_free(struct http_pool *s)
{
    while (s->exchanges != NULL) {
        exchange_free(http_pool_take_exchange(s));
    }
    while (s->outs != NULL) {
        out_free(http_pool_take_out(s));
    }
}
