/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refusals.c - a counter for each second of the last minute, and for each source.
 */
#include "grants/refusals.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/limits.h"

enum { SLOTS = LIMIT_REFUSALS_MS / 1000 };

/* The refusals of one second; a slot is used again when its second is over. */
struct refusal_slot {
    int64_t second;
    int64_t n;
};

struct refusal_counter {
    struct refusal_slot slots[SLOTS];
    int64_t silent_until_ms;
};

struct refusals {
    pthread_mutex_t lock;
    struct refusal_counter of[SOURCE_COUNT];
};

struct refusals *refusals_open(void)
{
    struct refusals *all = heap_alloc(sizeof(*all));

    must_be(pthread_mutex_init(&all->lock, NULL) == 0);
    return all;
}

void refusals_close(struct refusals **all)
{
    if (*all != NULL) {
        (void)pthread_mutex_destroy(&(*all)->lock);
        heap_free(*all);
        *all = NULL;
    }
}

static int64_t refusal_count(struct refusal_counter *c, int64_t second)
{
    struct refusal_slot *now = &c->slots[second % SLOTS];
    int64_t all = 0;

    if (now->second != second) {
        *now = (struct refusal_slot){.second = second};
    }
    now->n++;
    for (size_t i = 0; i < SLOTS; i++) {
        all += c->slots[i].second > second - SLOTS ? c->slots[i].n : 0;
    }
    return all;
}

int64_t refusals_note(struct refusals *all, enum source_id source, int64_t mono_ms)
{
    if (all == NULL) {
        return 0;
    }
    struct refusal_counter *c = &all->of[source - 1];

    must_be(pthread_mutex_lock(&all->lock) == 0);
    int64_t n = refusal_count(c, mono_ms / 1000);
    bool warns = n >= LIMIT_REFUSALS_TOGETHER && mono_ms >= c->silent_until_ms;

    if (warns) {
        c->silent_until_ms = mono_ms + LIMIT_REFUSALS_MS;
    }
    must_be(pthread_mutex_unlock(&all->lock) == 0);
    return warns ? n : 0;
}
