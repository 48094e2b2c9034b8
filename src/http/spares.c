/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spares.c - two stacks; what is given back is wiped, and keeps one block of its arena.
 */
#include "http/spares.h"

struct exchange *spares_take_exchange(struct spares *s)
{
    struct exchange *x = s->exchanges;

    if (x == NULL) {
        return heap_alloc(sizeof(*x));
    }
    s->exchanges = x->next;
    s->n_exchanges--;
    *x = (struct exchange){.ex.cx.mem = x->ex.cx.mem};
    return x;
}

static void exchange_free(struct exchange *x)
{
    arena_done(&x->ex.cx.mem);
    heap_free(x);
}

void spares_give_exchange(struct spares *s, struct exchange *x)
{
    if (s->n_exchanges == SPARES_MOST) {
        exchange_free(x);
        return;
    }
    arena_reset(&x->ex.cx.mem);
    x->next = s->exchanges;
    s->exchanges = x;
    s->n_exchanges++;
}

struct out *spares_take_out(struct spares *s)
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

void spares_give_out(struct spares *s, struct out *o)
{
    if (o == NULL) {
        return;
    }
    if (s->n_outs == SPARES_MOST) {
        out_free(o);
        return;
    }
    arena_reset(&o->mem);
    o->next = s->outs;
    s->outs = o;
    s->n_outs++;
}

void spares_free(struct spares *s)
{
    while (s->exchanges != NULL) {
        exchange_free(spares_take_exchange(s));
    }
    while (s->outs != NULL) {
        out_free(spares_take_out(s));
    }
}
