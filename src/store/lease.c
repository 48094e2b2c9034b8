/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease.c - when a lease begins and ends, by the database's clock and by ours.
 */
#include "store/lease.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/db.h"

Res lease_begin(struct cx *cx, struct db *db, struct lease *lease)
{
    int64_t length_ms =
        lease->length_ms < LIMIT_LEASE_MOST_MS ? lease->length_ms : LIMIT_LEASE_MOST_MS;
    /* Read first, so that the lease is over here no later than in the database. */
    int64_t boot_ms = clock_boot_ms();
    int64_t local_ms = clock_now_ms();
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    lease->now_ms = now_ms;
    lease->until_ms = now_ms + length_ms;
    lease->local_boot_ms = boot_ms + length_ms;
    lease->local_now_ms = local_ms + length_ms;
    return OK;
}

/* One clock stands still while a machine sleeps or is moved, the other may be set back:
 * the one that is further on counts. */
int64_t lease_left_ms(const struct lease *lease)
{
    int64_t by_boot = lease->local_boot_ms - clock_boot_ms();
    int64_t by_now = lease->local_now_ms - clock_now_ms();
    int64_t left = by_boot < by_now ? by_boot : by_now;

    return left > 0 ? left : 0;
}
