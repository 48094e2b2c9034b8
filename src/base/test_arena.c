/* SPDX-License-Identifier: Apache-2.0 */
#include <stdalign.h>
#include <string.h>

#include "base/arena.h"
#include "base/testing.h"

static void test_arena_alloc_gives_zeroed_aligned_memory(void **state)
{
    (void)state;
    for (size_t n = 0; n < 20000; n += 777) {
        unsigned char *p = arena_alloc(&t_cx()->mem, n);

        T_INT((uintptr_t)p % alignof(max_align_t), 0);
        for (size_t i = 0; i < n; i++) {
            T_INT(p[i], 0);
        }
        memset(p, 0xAA, n);
    }
}

static void test_arena_reset_zeroes_what_is_used_again(void **state)
{
    struct arena mem = {0};

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 50; i++) {
            unsigned char *p = arena_alloc(&mem, 500);

            T_INT(p[0] | p[250] | p[499], 0);
            memset(p, 0x55, 500);
        }
        arena_reset(&mem);
    }
    arena_done(&mem);
    T_TRUE(mem.blocks == NULL);
}

T_MAIN(
    T(test_arena_alloc_gives_zeroed_aligned_memory),
    T(test_arena_reset_zeroes_what_is_used_again))
