/* SPDX-License-Identifier: Apache-2.0 */
#include <stdalign.h>
#include <string.h>

#include "base/arena.h"
#include "base/testing.h"

TEST(test_arena_alloc_gives_zeroed_aligned_memory)
{
    for (size_t n = 0; n < 20000; n += 777) {
        unsigned char *p = arena_alloc(&t_cx()->mem, n);

        T_INT((uintptr_t)p % alignof(max_align_t), 0);
        for (size_t i = 0; i < n; i++) {
            T_INT(p[i], 0);
        }
        memset(p, 0xAA, n);
    }
}

TEST(test_arena_reset_zeroes_what_is_used_again)
{
    struct arena mem = {0};

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

TEST(test_arena_bytes_counts_all_blocks)
{
    struct arena mem = {0};

    T_INT(arena_bytes(&mem), 0);
    (void)arena_alloc(&mem, 1);
    size_t one = arena_bytes(&mem);

    (void)arena_alloc(&mem, 100000);
    T_TRUE(one > 0 && arena_bytes(&mem) >= one + 100000);
    arena_reset(&mem);
    T_TRUE(arena_bytes(&mem) <= one);
    arena_done(&mem);
    T_INT(arena_bytes(&mem), 0);
}

TEST(test_arena_grow_keeps_what_is_there)
{
    struct arena mem = {0};
    int *at = NULL;
    size_t room = 0;

    for (int n = 0; n < 100; n++) {
        int *before = at;
        bool is_full = (size_t)n == room;

        GROW(&mem, at, (size_t)n, room, 3);
        T_TRUE(is_full == (at != before) && (size_t)n < room);
        at[n] = n;
    }
    for (int n = 0; n < 100; n++) {
        T_INT(at[n], n);
    }
    T_INT(room, 192);
    arena_done(&mem);
}

T_MAIN(
    T(test_arena_grow_keeps_what_is_there), T(test_arena_bytes_counts_all_blocks),
    T(test_arena_alloc_gives_zeroed_aligned_memory),
    T(test_arena_reset_zeroes_what_is_used_again))
