/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.c - blocks in a list, the newest first; allocation bumps an offset.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

#ifdef ARENA_MALLOC_EACH
enum { BLOCK_BYTES = 0 };
#else
enum { BLOCK_BYTES = 8 * 1024 - 64 };
#endif

struct arena_block {
    struct arena_block *older;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

void *heap_alloc(size_t n)
{
    void *p = calloc(1, n == 0 ? 1 : n);

    if (p == NULL) {
        fail_panic(__FILE__, __LINE__, "out of memory");
    }
    return p;
}

void *heap_realloc(void *p, size_t n)
{
    void *q = realloc(p, n == 0 ? 1 : n);

    if (q == NULL) {
        fail_panic(__FILE__, __LINE__, "out of memory");
    }
    return q;
}

void heap_free(void *p)
{
    free(p);
}

static struct arena_block *block_new(size_t size, struct arena_block *older)
{
    struct arena_block *b = heap_alloc(sizeof(*b) + size);

    b->size = size;
    b->older = older;
    return b;
}

static void block_wipe(struct arena_block *b)
{
    explicit_bzero(b->bytes, b->used);
    b->used = 0;
}

void *arena_alloc(struct arena *mem, size_t n)
{
    const size_t align = alignof(max_align_t);
    struct arena_block *b = mem->blocks;

    must_be(n <= SIZE_MAX / 2);
    n = (n + align - 1) / align * align;
    if (b == NULL || b->size - b->used < n) {
        b = block_new(n > BLOCK_BYTES ? n : BLOCK_BYTES, b);
        mem->blocks = b;
    }
    void *p = b->bytes + b->used;
    b->used += n;
    return p; /* zero: calloc made it so, and a wipe leaves it so */
}

void *arena_alloc_n(struct arena *mem, size_t size, size_t n)
{
    must_be(size == 0 || n <= SIZE_MAX / 2 / size);
    return arena_alloc(mem, size * n);
}

void *arena_grow(
    struct arena *mem, void *at, size_t n, size_t *room, size_t first, size_t size)
{
    if (n < *room) {
        return at;
    }
    size_t more = *room == 0 ? first : 2 * *room;
    void *copy = arena_alloc_n(mem, size, more);

    if (n > 0) {
        memcpy(copy, at, n * size);
    }
    *room = more;
    return copy;
}

void arena_reset(struct arena *mem)
{
    while (mem->blocks != NULL
           && (mem->blocks->older != NULL || mem->blocks->size != BLOCK_BYTES)) {
        struct arena_block *b = mem->blocks;

        mem->blocks = b->older;
        block_wipe(b);
        free(b);
    }
    if (mem->blocks != NULL) {
        block_wipe(mem->blocks);
    }
}

void arena_done(struct arena *mem)
{
    while (mem->blocks != NULL) {
        struct arena_block *b = mem->blocks;

        mem->blocks = b->older;
        block_wipe(b);
        free(b);
    }
}

size_t arena_bytes(const struct arena *mem)
{
    size_t n = 0;

    for (const struct arena_block *b = mem->blocks; b != NULL; b = b->older) {
        n += sizeof(*b) + b->size;
    }
    return n;
}
