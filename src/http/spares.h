/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spares.h - exchanges and output buffers of one loop: lent to connections that are busy,
 * and kept for the next one, so that idle connections hold no memory.
 */
#pragma once

#include "http/out.h"
#include "http/parser.h"
#include "http/server.h"

enum { SPARES_MOST = 32 }; /* of each that are kept */

struct exchange {
    struct http_exchange ex; /* first: what the handler sees */
    struct parser parser;
    struct exchange *next;
};

struct spares {
    struct exchange *exchanges;
    struct out *outs;
    size_t n_exchanges;
    size_t n_outs;
};

/* Zeroed. */
struct exchange *spares_take_exchange(struct spares *s);
void spares_give_exchange(struct spares *s, struct exchange *x);
/* Ready to write to. */
struct out *spares_take_out(struct spares *s);
void spares_give_out(struct spares *s, struct out *o); /* accepts NULL */
void spares_free(struct spares *s);
