/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory that lives and dies with one request.
 *
 * Allocations are zeroed, never freed singly, and wiped when the arena ends, since
 * secrets pass through it. Out of memory ends the process: every size is bounded by a
 * named limit, so running out is the machine's failure, not a request's. Built with
 * ARENA_MALLOC_EACH every allocation is a malloc of its own, so that ASan sees its edges.
 */
#pragma once

#include <stddef.h>

struct arena_block;

/* Zero-initialised is ready to use. Not thread-safe: one owner at a time. */
struct arena {
    struct arena_block *blocks; /* newest first */
};

/* Zeroed, aligned for any type, never NULL; n may be 0. */
void *arena_alloc(struct arena *mem, size_t n);
/* Wipes and gives back everything but one block, for the next request. */
void arena_reset(struct arena *mem);
/* Wipes and gives back everything. */
void arena_done(struct arena *mem);
/* Bytes that it takes from the heap, used or not. */
size_t arena_bytes(const struct arena *mem);

#define NEW(mem, type)      ((type *)arena_alloc((mem), sizeof(type)))
#define NEW_N(mem, type, n) ((type *)arena_alloc_n((mem), sizeof(type), (n)))
void *arena_alloc_n(struct arena *mem, size_t size, size_t n);
/* Room for one more behind the `n` elements at `at`, of which there is *room: `at`, or a
 * copy in twice the room, `first` at first. */
void *arena_grow(
    struct arena *mem, void *at, size_t n, size_t *room, size_t first, size_t size);
#define GROW(mem, at, n, room, first)                                                    \
    ((at) = arena_grow((mem), (at), (n), &(room), (first), sizeof(*(at))))

/* Memory that outlives a request (caches, the app): malloc that cannot fail, zeroed. */
void *heap_alloc(size_t n);
void *heap_realloc(void *p, size_t n);
void heap_free(void *p); /* accepts NULL */
