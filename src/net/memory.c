/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.c - blocks that know their size, so that the whole of them can be wiped.
 */
#include "net/memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"

struct memory_block {
    size_t size;
    alignas(max_align_t) unsigned char bytes[];
};

static struct memory_block *memory_block_of(void *p)
{
    return (
        struct memory_block *)((unsigned char *)p - offsetof(struct memory_block, bytes));
}

void *memory_alloc(size_t n)
{
    must_be(n <= SIZE_MAX / 2);
    struct memory_block *b = heap_alloc(sizeof(*b) + n);

    b->size = n;
    return b->bytes;
}

void *memory_alloc_n(size_t n, size_t size)
{
    must_be(size == 0 || n <= SIZE_MAX / 2 / size);
    return memory_alloc(n * size); /* zero, as all that heap_alloc gives */
}

void memory_free(void *p)
{
    if (p != NULL) {
        struct memory_block *b = memory_block_of(p);

        explicit_bzero(b, sizeof(*b) + b->size);
        heap_free(b);
    }
}

/* Never in place: a block that grows elsewhere would leave its bytes behind. */
void *memory_realloc(void *p, size_t n)
{
    void *grown = memory_alloc(n);

    if (p != NULL) {
        size_t old = memory_block_of(p)->size;

        memcpy(grown, p, old < n ? old : n);
        memory_free(p);
    }
    return grown;
}

char *memory_dup_z(const char *z)
{
    size_t n = strlen(z) + 1;

    return memcpy(memory_alloc(n), z, n);
}
