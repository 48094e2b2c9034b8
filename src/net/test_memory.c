/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "net/memory.h"

static bool bytes_are(const unsigned char *p, size_t n, unsigned char byte)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != byte) {
            return false;
        }
    }
    return true;
}

TEST(test_memory_realloc_keeps_what_fits)
{
    static const size_t sizes[] = {1, 1, 100, 5, 0, 100 * 1000, 3};
    unsigned char *p = memory_realloc(NULL, 10);
    size_t kept = 10;

    memset(p, 'x', 10);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        p = memory_realloc(p, sizes[i]);
        kept = kept < sizes[i] ? kept : sizes[i];
        T_TRUE(bytes_are(p, kept, 'x'));
        T_INT((uintptr_t)p % _Alignof(max_align_t), 0);
        memset(p, 'x', sizes[i]); /* all of it is ours */
        kept = sizes[i];
    }
    memory_free(p);
}

TEST(test_memory_alloc_n_is_zero)
{
    unsigned char *p = memory_alloc_n(7, 11);

    T_TRUE(bytes_are(p, 77, 0));
    memory_free(p);
    p = memory_alloc_n(7, 0);
    memory_free(p);
    memory_free(NULL);
}

static void too_many(void)
{
    memory_free(memory_alloc_n(SIZE_MAX / 2, 3));
}

static void too_large(void)
{
    memory_free(memory_alloc(SIZE_MAX));
}

TEST(test_memory_alloc_ends_the_process_past_all_sense)
{
    T_ABORTS(too_many);
    T_ABORTS(too_large);
}

TEST(test_memory_dup_z_copies)
{
    char *z = memory_dup_z("text");

    T_STR(str_from_z(z), S("text"));
    memory_free(z);
}

T_MAIN(
    T(test_memory_realloc_keeps_what_fits), T(test_memory_alloc_n_is_zero),
    T(test_memory_alloc_ends_the_process_past_all_sense), T(test_memory_dup_z_copies))
