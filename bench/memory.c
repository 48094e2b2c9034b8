/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.c - is the machine ours alone? Neighbours on the same processor are seen by nothing
 * that the system counts, but they share its caches: how long one read takes that waits for
 * the one before it, all over a megabyte, in nanoseconds.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { SLOTS = 1 << 18, READS = 8 * 1000 * 1000 };

static uint32_t next[SLOTS];

/* One ring through all slots in an order that no prefetcher guesses: the full period of a
 * linear congruential generator (Knuth, TAOCP 2, 3.2.1.2, Theorem A). */
static void link_slots(void)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        next[i] = (i * 1664525U + 1013904223U) % SLOTS;
    }
}

static double seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(void)
{
    volatile uint32_t last = 0;
    uint32_t slot = 0;

    link_slots();
    double began = seconds();

    for (int i = 0; i < READS; i++) {
        slot = next[slot];
    }
    double took = seconds() - began;

    last = slot; /* or the compiler leaves the loop out */
    (void)last;
    return printf("%.2f\n", took * 1e9 / READS) < 0;
}
