/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.c - due times and pauses, spread by chance where many would come at once.
 */
#include "grants/schedule.h"

#include "base/clock.h"
#include "base/limits.h"
#include "seal/seal.h"
#include "sources/source.h"
#include "store/grants.h"

static int64_t delay_random(int64_t n)
{
    uint64_t v;

    seal_random(&v, sizeof(v));
    return (int64_t)(v % (uint64_t)n);
}

/* A third of the grant's life, less up to a quarter of that: accounts that were connected
 * on one day are not due on one day. */
int64_t schedule_refresh_due_ms(const struct source *source, int64_t now_ms)
{
    int64_t third = source->idle_days * CLOCK_DAY_MS / 3;

    return now_ms + third - delay_random(third / 4);
}

static int64_t delay_doubled(int64_t first_ms, int64_t times, int64_t most_ms)
{
    int64_t delay = first_ms;

    while (times-- > 0 && delay < most_ms) {
        delay *= 2;
    }
    return delay < most_ms ? delay : most_ms;
}

/* The first half of the pause is certain, the second is spread. */
int64_t schedule_refresh_delay_ms(int64_t failures, int64_t told_s)
{
    int64_t delay =
        delay_doubled(LIMIT_REFRESH_FIRST_MS, failures - 1, LIMIT_REFRESH_MOST_MS);
    int64_t told =
        told_s < LIMIT_REFRESH_TOLD_MS / 1000 ? told_s * 1000 : LIMIT_REFRESH_TOLD_MS;

    delay -= delay_random(delay / 2 + 1);
    return delay > told ? delay : told;
}

int64_t schedule_refused_delay_ms(int64_t refusals)
{
    static const int64_t pauses_ms[] = {
        LIMIT_HEAL_FIRST_MS, LIMIT_HEAL_SECOND_MS, LIMIT_HEAL_LAST_MS};

    if (refusals < 0 || refusals >= (int64_t)COUNT(pauses_ms)) {
        return GRANT_NEVER;
    }
    int64_t pause = pauses_ms[refusals];

    return pause + delay_random(pause / LIMIT_HEAL_SPREAD);
}

int64_t schedule_revoke_delay_ms(int64_t attempts)
{
    return delay_doubled(LIMIT_REVOKE_FIRST_MS, attempts, LIMIT_REVOKE_MOST_MS);
}
