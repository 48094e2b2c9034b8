/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_push.c - nothing is sent under a lease that would not last.
 */
#include "base/limits.h"
#include "calendars/shared.h"
#include "grants/testbed.h"
#include "push/push.h"
#include "push/writing.h"
#include "store/accounts.h"
#include "store/calendar_settings.h"
#include "store/db.h"

static int64_t left_ms;
static int sent;

/* These stand in for store/lease.c and push/writing.c. */
Res lease_begin(struct cx *cx, struct db *db, struct lease *lease)
{
    TRY(db_now_ms(cx, db, &lease->now_ms));
    lease->until_ms = lease->now_ms + lease->length_ms;
    return OK;
}

int64_t lease_left_ms(const struct lease *lease)
{
    (void)lease;
    return left_ms;
}

Res writing_run(struct cx *cx, struct writing *w)
{
    (void)cx;
    w->outcome = WRITING_REMOVED;
    sent++;
    return OK;
}

/* A copy that is to be removed, without its event. */
static Res copy_add(struct cx *cx, struct db *db, void *arg)
{
    const struct account a = {
        .provider = BED_PROVIDER,
        .mode = MODE_CUSTOMER,
        .user = S("u"),
        .source = SOURCE_MICROSOFT,
        .subject = S("s"),
        .username = S("ada"),
        .status = ACCOUNT_CONNECTED,
    };
    struct pushed_copy c = {
        .event = 1,
        .source = SOURCE_MICROSOFT,
        .key = S("k"),
        .have_rev = 1,
        .want = COPY_WANT_NONE,
        .status = COPY_REMOVING,
    };

    (void)arg;
    TRY(account_insert(cx, db, &a, &c.account));
    TRY(calendar_settings_insert(
        cx, db,
        &(struct calendar_setting){
            .account = c.account,
            .calendar_id = S("c"),
            .switches = SWITCH_DESTINATION,
        },
        &c.settings));
    return pushed_copy_insert(cx, db, &c);
}

static int sent_with(int64_t lease_ms)
{
    left_ms = lease_ms;
    sent = 0;
    T_OK(BED_WRITE(copy_add, NULL));
    bed.worker.shared = shared_open();
    T_OK(push_due(t_cx(), &bed.work, SOURCE_MICROSOFT, 0));
    shared_close(&bed.worker.shared);
    return sent;
}

TEST(test_push_due_sends_while_the_lease_lasts)
{
    T_INT(sent_with(LIMIT_WRITE_MS), 1);
}

/* As after a sleep between the taking of a copy and its request. */
TEST(test_push_due_sends_nothing_when_the_lease_would_not_last)
{
    T_INT(sent_with(LIMIT_WRITE_MS / 2), 0);
}

T_MAIN(
    T_BED(test_push_due_sends_while_the_lease_lasts),
    T_BED(test_push_due_sends_nothing_when_the_lease_would_not_last))
