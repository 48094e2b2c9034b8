/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_copy_state.c - every change of a copy's state, by what was and what happened.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "base/metric.h"
#include "base/testing.h"
#include "push/copy_state.h"
#include "push/writing.h"
#include "store/calendar_settings.h"

#define NOW_MS  INT64_C(1774656000000)
#define NOW_S   (NOW_MS / 1000)
#define WEEK_MS LIMIT_WRITE_GIVE_UP_MS

/* In the calendar, as it is wanted: an hour from now, for an hour. */
static struct pushed_copy copy_written(void)
{
    return (struct pushed_copy){
        .id = 1,
        .event = 2,
        .settings = 3,
        .external_id = S("x"),
        .link = S("https://x"),
        .want = COPY_WANT_WRITTEN,
        .status = COPY_WRITTEN,
        .want_rev = 4,
        .have_rev = 4,
        .due_ms = SYNC_NEVER,
        .since_ms = NOW_MS - 5000,
        .written_ms = NOW_MS - 4000,
        .start = NOW_S + CLOCK_HOUR_S,
        .end = NOW_S + 2 * CLOCK_HOUR_S,
    };
}

static struct copy_wish wish_of(int64_t rev)
{
    return (struct copy_wish){
        .rev = rev,
        .ends_s = NOW_S + 2 * CLOCK_HOUR_S,
        .switches = SWITCH_DESTINATION,
        .now_ms = NOW_MS,
    };
}

static struct push_job job_of(const struct pushed_copy *c)
{
    return (struct push_job){
        .copy = *c,
        .has_event = true,
        .event =
            {.rev = c->want_rev,
             .starts_s = NOW_S + CLOCK_HOUR_S,
             .ends_s = NOW_S + 2 * CLOCK_HOUR_S},
        .switches = SWITCH_DESTINATION,
        .is_connected = true,
        .has_feature = true,
        .now_ms = NOW_MS,
    };
}

static const struct written there = {
    .id = SI("x"), .start = NOW_S + CLOCK_HOUR_S, .end = NOW_S + 2 * CLOCK_HOUR_S};

static void copy_state_is(
    const struct pushed_copy *c, enum copy_status status, enum copy_reason reason,
    int64_t due_ms)
{
    T_INT(c->status, status);
    T_INT(c->reason, reason);
    T_INT(c->due_ms, due_ms);
}

/* Wishes. */

TEST(test_copy_state_make_is_pending_or_skipped)
{
    struct pushed_copy c = {.event = 2};
    struct copy_wish w = wish_of(1);

    w.is_first = true;
    copy_state_make(&c, &w);
    copy_state_is(&c, COPY_PENDING, COPY_REASON_NONE, NOW_MS);
    T_INT(c.want, COPY_WANT_WRITTEN);
    T_INT(c.want_rev, 1);
    T_INT(c.flags, 0);
    c = (struct pushed_copy){.event = 2};
    w.is_first = false;
    copy_state_make(&c, &w); /* it is looked for where the source chooses ids */
    T_INT(c.flags, COPY_UNCLEAR);
    c = (struct pushed_copy){.event = 2};
    w.ends_s = NOW_S;
    copy_state_make(&c, &w);
    copy_state_is(&c, COPY_SKIPPED, COPY_PAST, SYNC_NEVER);
    c = (struct pushed_copy){.event = 2};
    w.ends_s = NOW_S + 1;
    w.switches |= SWITCH_ATTENDEES;
    w.is_first = true;
    copy_state_make(&c, &w);
    copy_state_is(&c, COPY_SKIPPED, COPY_NO_ATTENDEES, SYNC_NEVER);
    c = (struct pushed_copy){.event = 2};
    w.is_first = false;
    copy_state_make(&c, &w); /* perhaps it is in the calendar, and isn't to be */
    copy_state_is(&c, COPY_REMOVING, COPY_REASON_NONE, NOW_MS);
    c = (struct pushed_copy){.event = 2};
    w.has_attendees = true;
    w.is_first = true;
    copy_state_make(&c, &w);
    copy_state_is(&c, COPY_PENDING, COPY_REASON_NONE, NOW_MS);
}

TEST(test_copy_state_want_the_same_changes_nothing)
{
    struct pushed_copy c = copy_written();
    const struct pushed_copy before = c;
    struct copy_wish w = wish_of(4);

    w.retries = true;
    copy_state_want(&c, &w);
    T_INT(memcmp(&c, &before, sizeof(c)), 0);
    w.ends_s = NOW_S - 1; /* it was written, and got over */
    copy_state_want(&c, &w);
    T_INT(memcmp(&c, &before, sizeof(c)), 0);
    c.status = COPY_FAILED;
    w = wish_of(4);
    copy_state_want(&c, &w); /* as a sweep does */
    T_INT(c.status, COPY_FAILED);
    w.retries = true;
    copy_state_want(&c, &w);
    copy_state_is(&c, COPY_PENDING, COPY_REASON_NONE, NOW_MS);
}

TEST(test_copy_state_want_other_values)
{
    struct pushed_copy c = copy_written();
    struct copy_wish w = wish_of(5);

    c.attempts = 3;
    copy_state_want(&c, &w);
    copy_state_is(&c, COPY_PENDING, COPY_REASON_NONE, NOW_MS);
    T_INT(c.want_rev, 5);
    T_INT(c.have_rev, 4);
    T_INT(c.attempts, 0);
    T_INT(c.since_ms, NOW_MS);
}

TEST(test_copy_state_want_restores_once)
{
    struct pushed_copy c = copy_written();
    struct copy_wish w = wish_of(4);

    w.restores = true;
    copy_state_want(&c, &w);
    copy_state_is(&c, COPY_PENDING, COPY_REASON_NONE, NOW_MS);
    T_INT(c.flags, COPY_FORCED);
    T_INT(c.generation, 0);
    c = copy_written();
    T_INT(copy_state_gone(&c, NOW_MS), COPY_NEWS_DELETED);
    w.restores = false;
    w.rev = 9;
    copy_state_want(&c, &w);
    T_INT(c.status, COPY_DELETED_BY_PERSON);
    T_INT(c.want_rev, 9);
    w.restores = true;
    copy_state_want(&c, &w);
    copy_state_is(&c, COPY_PENDING, COPY_REASON_NONE, NOW_MS);
    T_INT(c.generation, 1);
    T_INT(c.have_rev, 0);
    T_STR(c.external_id, S(""));
}

/* Its first key was used up, so it gets the next one. */
TEST(test_copy_state_inherit_forgets_what_the_person_did)
{
    struct pushed_copy c = copy_written();
    struct copy_wish w = wish_of(4);
    const struct pushed_copy before = c;

    copy_state_inherit(&c);
    T_INT(memcmp(&c, &before, sizeof(c)), 0);
    T_INT(copy_state_gone(&c, NOW_MS), COPY_NEWS_DELETED);
    copy_state_inherit(&c);
    copy_state_want(&c, &w);
    copy_state_is(&c, COPY_PENDING, COPY_REASON_NONE, NOW_MS);
    T_INT(c.generation, 1);
    T_INT(c.have_rev, 0);
}

TEST(test_copy_state_want_moved_into_the_past)
{
    struct pushed_copy c = copy_written();
    struct copy_wish w = wish_of(5);

    w.ends_s = NOW_S - 1;
    copy_state_want(&c, &w); /* it would stand in the future */
    copy_state_is(&c, COPY_REMOVING, COPY_REASON_NONE, NOW_MS);
    T_INT(c.want, COPY_WANT_SKIPPED);
    c = copy_written();
    c.end = NOW_S - 1; /* it is over where it stands, too */
    copy_state_want(&c, &w);
    copy_state_is(&c, COPY_SKIPPED, COPY_PAST, SYNC_NEVER);
}

TEST(test_copy_state_want_follows_the_attendees_switch)
{
    struct pushed_copy c = copy_written();
    struct copy_wish w = wish_of(4);

    w.switches |= SWITCH_ATTENDEES;
    copy_state_want(&c, &w);
    copy_state_is(&c, COPY_REMOVING, COPY_REASON_NONE, NOW_MS);
    struct push_job job = job_of(&c);

    job.switches = w.switches;
    T_INT(copy_state_act(&job), COPY_ACT_REMOVE);
    copy_state_begin(&c, &job, COPY_ACT_REMOVE, NOW_MS + 1);
    T_TRUE(!copy_state_removed(&c, &job, NOW_MS));
    copy_state_is(&c, COPY_SKIPPED, COPY_NO_ATTENDEES, SYNC_NEVER);
    T_INT(c.generation, 1);
    w.switches = SWITCH_DESTINATION;
    copy_state_want(&c, &w);
    copy_state_is(&c, COPY_PENDING, COPY_REASON_NONE, NOW_MS);
}

TEST(test_copy_state_leave_forgets_what_is_nowhere)
{
    static const struct {
        enum copy_status status;
        int64_t have_rev;
        int flags;
        bool is_over, only_future, goes;
    } rows[] = {
        {COPY_PENDING, 0, 0, false, false, true},
        {COPY_PENDING, 0, COPY_UNCLEAR, false, false, false},
        {COPY_PENDING, 1, 0, false, false, false},
        {COPY_SKIPPED, 0, 0, false, false, true},
        {COPY_SKIPPED, 0, COPY_LEAVING, false, false, false},
        {COPY_WRITTEN, 1, 0, false, false, false},
        {COPY_WRITTEN, 1, 0, true, false, false},
        {COPY_WRITTEN, 1, 0, true, true, true},
        {COPY_WRITTEN, 1, COPY_UNCLEAR, true, true, false},
        {COPY_FAILED, 1, 0, false, false, false},
        {COPY_DELETED_BY_PERSON, 0, 0, false, false, true},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct pushed_copy c = copy_written();

        c.status = rows[i].status;
        c.have_rev = rows[i].have_rev;
        c.flags = rows[i].flags;
        c.end = rows[i].is_over ? NOW_S : NOW_S + 1;
        T_INT(copy_state_leave(&c, NOW_MS, rows[i].only_future), rows[i].goes);
        if (!rows[i].goes) {
            copy_state_is(&c, COPY_REMOVING, COPY_REASON_NONE, NOW_MS);
            T_INT(c.want, COPY_WANT_NONE);
        }
    }
}

/* Acts. */

TEST(test_copy_state_act_is_what_is_left_to_do)
{
    static const struct {
        enum copy_status status;
        int64_t have_rev;
        int flags;
        int64_t event_end, copy_end; /* from now on */
        enum copy_act act;
    } rows[] = {
        {COPY_PENDING, 0, 0, 1, 0, COPY_ACT_CREATE},
        {COPY_PENDING, 0, COPY_UNCLEAR, 1, 0, COPY_ACT_CREATE},
        {COPY_PENDING, 3, 0, 1, 1, COPY_ACT_UPDATE},
        {COPY_PENDING, 4, COPY_FORCED, 1, 1, COPY_ACT_UPDATE},
        {COPY_PENDING, 3, COPY_LEAVING, 1, 1, COPY_ACT_REMOVE},
        {COPY_PENDING, 0, 0, 0, 0, COPY_ACT_SKIP},
        {COPY_PENDING, 3, 0, 0, 0, COPY_ACT_SKIP},
        {COPY_PENDING, 3, 0, 0, 1, COPY_ACT_REMOVE},
        {COPY_PENDING, 0, COPY_UNCLEAR, 0, 0, COPY_ACT_REMOVE},
        {COPY_REMOVING, 3, 0, 1, 1, COPY_ACT_REMOVE},
        {COPY_REMOVING, 3, 0, 0, 0, COPY_ACT_REMOVE},
        {COPY_WRITTEN, 4, COPY_DOUBTED, 1, 1, COPY_ACT_LOOK},
        {COPY_WRITTEN, 4, 0, 1, 1, COPY_ACT_NONE},
        {COPY_SKIPPED, 0, 0, 1, 1, COPY_ACT_NONE},
        {COPY_FAILED, 0, 0, 1, 1, COPY_ACT_NONE},
        {COPY_DELETED_BY_PERSON, 0, 0, 1, 1, COPY_ACT_NONE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct pushed_copy c = copy_written();

        c.status = rows[i].status;
        c.have_rev = rows[i].have_rev;
        c.flags = rows[i].flags;
        c.end = NOW_S + rows[i].copy_end;
        struct push_job job = job_of(&c);

        job.event.ends_s = NOW_S + rows[i].event_end;
        T_INT(copy_state_act(&job), rows[i].act);
        job.has_event = false;
        T_INT(copy_state_act(&job), COPY_ACT_REMOVE);
    }
}

/* Results. */

TEST(test_copy_state_wrote_settles_what_was_wanted)
{
    struct pushed_copy c = copy_written();

    c.status = COPY_PENDING;
    c.flags = COPY_FORCED | COPY_CHANGED | COPY_UNCLEAR;
    c.have_rev = 0;
    struct push_job job = job_of(&c);

    copy_state_wrote(&c, &job, &there, NOW_MS);
    copy_state_is(&c, COPY_WRITTEN, COPY_REASON_NONE, SYNC_NEVER);
    T_INT(c.flags, 0);
    T_INT(c.have_rev, 4);
    T_INT(c.start, there.start);
    T_INT(c.written_ms, NOW_MS);
}

/* What a read saw while it was being written may be what the person did right after. */
TEST(test_copy_state_wrote_keeps_a_doubt_that_is_younger)
{
    struct pushed_copy c = copy_written();

    c.status = COPY_PENDING;
    c.flags = COPY_DOUBTED;
    struct push_job job = job_of(&c);
    struct pushed_copy begun = c;

    copy_state_begin(&begun, &job, COPY_ACT_UPDATE, NOW_MS + 9);
    c = begun;
    copy_state_wrote(&c, &job, &there, NOW_MS + 1);
    copy_state_is(&c, COPY_WRITTEN, COPY_REASON_NONE, SYNC_NEVER);
    T_INT(c.flags, 0); /* what was before it is written over */
    c = begun;
    c.flags |= COPY_DOUBTED;
    copy_state_wrote(&c, &job, &there, NOW_MS + 1);
    copy_state_is(&c, COPY_WRITTEN, COPY_REASON_NONE, NOW_MS + 1);
    T_INT(c.since_ms, NOW_MS + 1);
    job = job_of(&c);
    T_INT(copy_state_act(&job), COPY_ACT_LOOK);
}

/* While the source was asked, the application went on. */
TEST(test_copy_state_results_leave_what_was_wanted_meanwhile)
{
    struct pushed_copy c = copy_written();
    struct copy_wish w = wish_of(6);

    c.status = COPY_PENDING;
    c.have_rev = 0;
    struct push_job job = job_of(&c);

    copy_state_begin(&c, &job, COPY_ACT_CREATE, NOW_MS + 9);
    T_INT(c.flags, COPY_UNCLEAR);
    copy_state_want(&c, &w);
    copy_state_wrote(&c, &job, &there, NOW_MS);
    copy_state_is(&c, COPY_PENDING, COPY_REASON_NONE, NOW_MS);
    T_INT(c.have_rev, 4);
    T_TRUE(!copy_state_leave(&c, NOW_MS + 1, false));
    T_INT(copy_state_refused(&c, &job), COPY_NEWS_NONE);
    copy_state_is(&c, COPY_REMOVING, COPY_REASON_NONE, NOW_MS + 1);
    copy_state_wrote(&c, &job, &there, NOW_MS + 2);
    copy_state_is(&c, COPY_REMOVING, COPY_REASON_NONE, NOW_MS + 2);
    copy_state_held(&c, &job, NOW_MS + 99);
    T_INT(c.due_ms, NOW_MS + 2);
    copy_state_skipped(&c, &job);
    T_INT(c.status, COPY_REMOVING);
}

TEST(test_copy_state_restore_that_comes_during_a_write_is_written_again)
{
    struct pushed_copy c = copy_written();
    struct copy_wish w = wish_of(4);

    c.status = COPY_PENDING;
    c.have_rev = 3;
    struct push_job job = job_of(&c);

    w.restores = true;
    copy_state_want(&c, &w);
    copy_state_wrote(&c, &job, &there, NOW_MS);
    copy_state_is(&c, COPY_PENDING, COPY_REASON_NONE, NOW_MS);
    T_INT(c.flags, COPY_FORCED);
}

TEST(test_copy_state_removed_goes_on_with_what_is_wanted)
{
    struct pushed_copy c = copy_written();
    struct copy_wish w = wish_of(5);

    T_TRUE(!copy_state_leave(&c, NOW_MS, false));
    struct push_job job = job_of(&c);

    copy_state_begin(&c, &job, COPY_ACT_REMOVE, NOW_MS + 9);
    T_INT(c.flags, COPY_LEAVING);
    struct pushed_copy again = c;

    T_TRUE(copy_state_removed(&c, &job, NOW_MS));
    copy_state_want(&again, &w); /* the destination is one again */
    T_INT(again.flags, COPY_LEAVING);
    T_TRUE(!copy_state_removed(&again, &job, NOW_MS + 1));
    copy_state_is(&again, COPY_PENDING, COPY_REASON_NONE, NOW_MS + 1);
    T_INT(again.generation, 1);
    T_INT(again.have_rev, 0);
    T_INT(again.flags, 0);
}

TEST(test_copy_state_removed_and_skipped_for_another_reason)
{
    struct pushed_copy c = copy_written();
    struct copy_wish w = wish_of(4);

    w.switches |= SWITCH_ATTENDEES;
    copy_state_want(&c, &w);
    struct push_job job = job_of(&c);

    job.switches = w.switches;
    copy_state_begin(&c, &job, COPY_ACT_REMOVE, NOW_MS + 9);
    w = wish_of(5); /* meanwhile */
    w.switches |= SWITCH_ATTENDEES;
    w.now_ms = NOW_MS + 1;
    copy_state_want(&c, &w);
    T_TRUE(!copy_state_removed(&c, &job, NOW_MS + 2));
    copy_state_is(&c, COPY_REMOVING, COPY_REASON_NONE, NOW_MS + 2);
    T_INT(c.want, COPY_WANT_SKIPPED);
    job = job_of(&c);
    job.switches = w.switches;
    T_INT(copy_state_act(&job), COPY_ACT_SKIP);
    copy_state_skipped(&c, &job);
    copy_state_is(&c, COPY_SKIPPED, COPY_NO_ATTENDEES, SYNC_NEVER);
}

TEST(test_copy_state_removed_keeps_a_key_that_perhaps_never_was)
{
    struct pushed_copy c = {.event = 2};
    struct copy_wish w = wish_of(1);

    w.is_first = true;
    copy_state_make(&c, &w);
    struct push_job job = job_of(&c);

    copy_state_begin(&c, &job, COPY_ACT_CREATE, NOW_MS + 9);
    w.switches |= SWITCH_ATTENDEES;
    copy_state_want(&c, &w);
    job = job_of(&c);
    job.switches = w.switches;
    copy_state_begin(&c, &job, COPY_ACT_REMOVE, NOW_MS + 9);
    T_TRUE(!copy_state_removed(&c, &job, NOW_MS));
    copy_state_is(&c, COPY_SKIPPED, COPY_NO_ATTENDEES, SYNC_NEVER);
    T_INT(c.generation, 0);
    T_INT(c.flags, 0);
}

/* Once its account is connected again: it may have been left over under each of its keys.
 */
TEST(test_copy_state_removed_tries_every_key_that_there_was)
{
    struct pushed_copy c = {.event = 2};
    struct copy_wish w = wish_of(1);

    w.switches |= SWITCH_ATTENDEES;
    copy_state_make(&c, &w);
    struct push_job job = job_of(&c);

    job.switches = w.switches;
    job.event.generations = 2;
    for (int64_t i = 0; i < 2; i++) {
        T_INT(copy_state_act(&job), COPY_ACT_REMOVE);
        copy_state_begin(&c, &job, COPY_ACT_REMOVE, NOW_MS + 9);
        c.flags |= COPY_MISSED;
        T_TRUE(!copy_state_removed(&c, &job, NOW_MS + 1));
        copy_state_is(&c, COPY_REMOVING, COPY_REASON_NONE, NOW_MS + 1);
        T_INT(c.generation, i + 1);
        T_INT(c.flags, COPY_UNCLEAR | COPY_LEAVING);
        job.copy = c;
    }
    T_TRUE(!copy_state_removed(&c, &job, NOW_MS + 2));
    copy_state_is(&c, COPY_SKIPPED, COPY_NO_ATTENDEES, SYNC_NEVER);
    T_INT(c.generation, 2);
    T_INT(c.flags, 0);
}

/* One that was seen has no other key. */
TEST(test_copy_state_removed_is_done_with_the_key_that_was_seen)
{
    struct pushed_copy c = copy_written();

    T_TRUE(!copy_state_leave(&c, NOW_MS, false));
    struct push_job job = job_of(&c);

    job.event.generations = 7;
    copy_state_begin(&c, &job, COPY_ACT_REMOVE, NOW_MS + 9);
    T_TRUE(copy_state_removed(&c, &job, NOW_MS));
}

/* With its event goes what is known of its keys: the last one stands in the row. */
TEST(test_copy_state_removed_without_an_event_goes_down_to_the_first_key)
{
    struct pushed_copy c = {.event = 2};
    struct copy_wish w = wish_of(1);

    copy_state_make(&c, &w);
    struct push_job job = job_of(&c);

    job.event.generations = 2;
    copy_state_begin(&c, &job, COPY_ACT_CREATE, NOW_MS + 9);
    copy_state_lose_event(&c, 2); /* while it is being made */
    T_INT(c.generation, 2);
    T_TRUE(!copy_state_leave(&c, NOW_MS, false));
    T_TRUE(!copy_state_removed(&c, &job, NOW_MS + 1)); /* that was the first key */
    T_INT(c.generation, 2);
    job = job_of(&c);
    job.has_event = false;
    job.event = (struct pushed_event){.id = 0};
    for (int64_t i = 2; i > 0; i--) {
        T_INT(copy_state_act(&job), COPY_ACT_REMOVE);
        T_TRUE(!copy_state_removed(&c, &job, NOW_MS + 1));
        T_INT(c.generation, i - 1);
        T_INT(c.due_ms, NOW_MS + 1);
        job.copy = c;
    }
    T_TRUE(copy_state_removed(&c, &job, NOW_MS + 2));
    c = copy_written(); /* its key is known */
    copy_state_lose_event(&c, 9);
    T_INT(c.generation, 0);
}

TEST(test_copy_state_gone_is_the_persons_doing_but_for_a_restore)
{
    struct pushed_copy c = copy_written();

    T_INT(copy_state_gone(&c, NOW_MS), COPY_NEWS_DELETED);
    copy_state_is(&c, COPY_DELETED_BY_PERSON, COPY_REASON_NONE, SYNC_NEVER);
    T_INT(c.have_rev, 0);
    c = copy_written();
    c.flags = COPY_FORCED;
    c.status = COPY_PENDING;
    T_INT(copy_state_gone(&c, NOW_MS), COPY_NEWS_NONE);
    copy_state_is(&c, COPY_PENDING, COPY_REASON_NONE, NOW_MS);
    T_INT(c.generation, 1);
    c = copy_written();
    T_TRUE(!copy_state_leave(&c, NOW_MS, false)); /* it was to go anyway */
    T_INT(copy_state_gone(&c, NOW_MS), COPY_NEWS_NONE);
    T_INT(c.status, COPY_REMOVING);
    T_INT(c.due_ms, NOW_MS);
}

TEST(test_copy_state_taken_tries_so_many_keys)
{
    struct pushed_copy c = copy_written();

    c.status = COPY_PENDING;
    c.have_rev = 0;
    struct push_job job = job_of(&c);

    for (int64_t i = 1; i < LIMIT_COPY_GENERATIONS; i++) {
        T_INT(copy_state_taken(&c, &job, NOW_MS), COPY_NEWS_NONE);
        T_INT(c.generation, i);
        T_INT(c.flags, COPY_UNCLEAR); /* one with this key may have been left over */
        copy_state_is(&c, COPY_PENDING, COPY_REASON_NONE, NOW_MS);
    }
    T_INT(copy_state_taken(&c, &job, NOW_MS), COPY_NEWS_FAILED);
    copy_state_is(&c, COPY_FAILED, COPY_REFUSED, SYNC_NEVER);
}

TEST(test_copy_state_looked_notes_moves)
{
    struct pushed_copy c = copy_written();
    struct written w = there;

    c.flags = COPY_DOUBTED;
    struct push_job job = job_of(&c);

    T_INT(copy_state_looked(&c, &job, &w), COPY_NEWS_NONE);
    T_INT(c.flags, 0);
    copy_state_is(&c, COPY_WRITTEN, COPY_REASON_NONE, SYNC_NEVER);
    w.start++;
    T_INT(copy_state_looked(&c, &job, &w), COPY_NEWS_CHANGED);
    T_INT(c.flags, COPY_CHANGED);
    T_INT(c.start, w.start);
    T_INT(copy_state_looked(&c, &job, &w), COPY_NEWS_NONE); /* that is known */
    T_INT(copy_state_looked(&c, &job, &there), COPY_NEWS_CHANGED);
    T_INT(c.flags, 0); /* moved back */
    w = (struct written){.is_all_day = true, .start = 9, .end = 10};
    T_INT(copy_state_looked(&c, &job, &w), COPY_NEWS_CHANGED);
    T_INT(c.flags, COPY_CHANGED | COPY_ALL_DAY);
    c.since_ms++; /* other values were wanted meanwhile */
    w.start--;
    T_INT(copy_state_looked(&c, &job, &w), COPY_NEWS_NONE);
    T_INT(c.start, 9);
}

/* Failures. */

TEST(test_copy_state_failed_waits_longer_each_time)
{
    static const int64_t pauses_s[] = {5, 15, 60, 300, 900, 3600, 3600};
    struct pushed_copy c = copy_written();
    struct copy_failure f = {.retry_after_s = -1, .now_ms = NOW_MS};
    bool gone = true;

    c.status = COPY_PENDING;
    c.since_ms = NOW_MS;
    struct push_job job = job_of(&c);

    for (size_t i = 0; i < COUNT(pauses_s); i++) {
        T_INT(copy_state_failed(&c, &job, &f, &gone), COPY_NEWS_NONE);
        T_INT(c.status, COPY_PENDING);
        T_INT(c.reason, COPY_SOURCE_ERROR);
        T_INT(c.attempts, i + 1);
        T_TRUE(c.due_ms >= NOW_MS + pauses_s[i] * 750);
        T_TRUE(c.due_ms <= NOW_MS + pauses_s[i] * 1250);
        T_TRUE(!gone);
    }
    f.retry_after_s = 7200;
    T_INT(copy_state_failed(&c, &job, &f, &gone), COPY_NEWS_NONE);
    T_INT(c.due_ms, NOW_MS + INT64_C(7200) * 1000);
}

TEST(test_copy_state_failed_gives_up_after_a_week)
{
    struct pushed_copy c = copy_written();
    struct copy_failure f = {.retry_after_s = -1, .now_ms = NOW_MS};
    bool gone = true;

    c.status = COPY_PENDING;
    c.since_ms = NOW_MS - WEEK_MS + 1;
    struct push_job job = job_of(&c);

    T_INT(copy_state_failed(&c, &job, &f, &gone), COPY_NEWS_NONE);
    f.now_ms++;
    T_INT(copy_state_failed(&c, &job, &f, &gone), COPY_NEWS_FAILED);
    copy_state_is(&c, COPY_FAILED, COPY_GAVE_UP, SYNC_NEVER);
    T_TRUE(!gone);
    c = copy_written();
    T_TRUE(!copy_state_leave(&c, NOW_MS - WEEK_MS, false));
    job = job_of(&c);
    T_INT(copy_state_failed(&c, &job, &f, &gone), COPY_NEWS_FAILED);
    T_TRUE(gone); /* nobody wants it any more */
    c = copy_written();
    c.flags = COPY_DOUBTED; /* a look never gives up */
    c.since_ms = NOW_MS - 2 * WEEK_MS;
    job = job_of(&c);
    T_INT(copy_state_failed(&c, &job, &f, &gone), COPY_NEWS_NONE);
    T_INT(c.status, COPY_WRITTEN);
    T_INT(c.reason, COPY_REASON_NONE);
}

/* What may have come of an update that asked for another end. */

enum { LATER_S = 2 * CLOCK_HOUR_S };

/* It is over, and an update to LATER_S from now is under way. */
static struct pushed_copy copy_being_moved(struct push_job *job)
{
    struct pushed_copy c = copy_written();

    c.status = COPY_PENDING;
    c.end = NOW_S;
    *job = job_of(&c);
    job->event.ends_s = NOW_S + LATER_S;
    copy_state_begin(&c, job, COPY_ACT_UPDATE, NOW_MS + 9);
    return c;
}

/* The next attempt asks for another end. */
static struct pushed_copy copy_moved_again(
    const struct pushed_copy *c, int64_t end_s, struct push_job *job)
{
    struct pushed_copy ret = *c;

    *job = job_of(&ret);
    job->event.ends_s = end_s;
    copy_state_begin(&ret, job, COPY_ACT_UPDATE, NOW_MS + 9);
    return ret;
}

/* From when on it may stay where its destination is gone: seconds from now. */
static int64_t stays_from(const struct pushed_copy *c)
{
    for (int64_t s = 0; s <= LATER_S; s++) {
        struct pushed_copy left = *c;

        if (copy_state_leave(&left, NOW_MS + s * 1000, true)) {
            return s;
        }
    }
    return -1;
}

static void comes_nothing(struct pushed_copy *c, const struct push_job *job)
{
    (void)c;
    (void)job;
}

static void comes_failure(struct pushed_copy *c, const struct push_job *job)
{
    const struct copy_failure f = {.retry_after_s = -1, .now_ms = NOW_MS};
    bool gone;

    T_INT(copy_state_failed(c, job, &f, &gone), COPY_NEWS_NONE);
}

static void comes_clear_failure(struct pushed_copy *c, const struct push_job *job)
{
    const struct copy_failure f = {
        .is_clear = true, .retry_after_s = -1, .now_ms = NOW_MS};
    bool gone;

    T_INT(copy_state_failed(c, job, &f, &gone), COPY_NEWS_NONE);
}

static void comes_refusal(struct pushed_copy *c, const struct push_job *job)
{
    T_INT(copy_state_refused(c, job), COPY_NEWS_FAILED);
}

static void comes_hold(struct pushed_copy *c, const struct push_job *job)
{
    copy_state_held(c, job, NOW_MS + 5);
}

static void comes_stop(struct pushed_copy *c, const struct push_job *job)
{
    copy_state_put_off(c, job, false, NOW_MS + 5);
}

static void comes_block(struct pushed_copy *c, const struct push_job *job)
{
    copy_state_put_off(c, job, true, NOW_MS + 5);
}

static void comes_success(struct pushed_copy *c, const struct push_job *job)
{
    const struct written w = {.id = S("x"), .start = NOW_S, .end = NOW_S + 60};

    copy_state_wrote(c, job, &w, NOW_MS);
}

/* As a node of the release before writes it, which leaves what was sent as it is. */
static void comes_older_success(struct pushed_copy *c, const struct push_job *job)
{
    struct pushed_copy before = *c;

    comes_success(c, job);
    c->sent_end_s = before.sent_end_s;
    c->sent_after_ms = before.sent_after_ms;
}

static const struct {
    void (*comes)(struct pushed_copy *c, const struct push_job *job);
    int64_t once;  /* stays_from(), when that came of one update to LATER_S */
    int64_t again; /* when nothing came of that one, and that of one to an hour before */
} ends[] = {
    {comes_nothing, LATER_S, LATER_S}, {comes_failure, LATER_S, LATER_S},
    {comes_stop, LATER_S, LATER_S},    {comes_clear_failure, 0, LATER_S},
    {comes_refusal, 0, LATER_S},       {comes_hold, 0, LATER_S},
    {comes_block, 0, LATER_S},         {comes_success, 60, 60},
    {comes_older_success, 60, 60},
};

TEST(test_copy_state_judges_by_the_latest_end_that_may_be_there)
{
    for (size_t i = 0; i < COUNT(ends); i++) {
        struct push_job job;
        struct pushed_copy c = copy_being_moved(&job);
        struct pushed_copy again = copy_moved_again(&c, NOW_S + CLOCK_HOUR_S, &job);

        ends[i].comes(&again, &job);
        T_INT(stays_from(&again), ends[i].again);
        c = copy_being_moved(&job);
        ends[i].comes(&c, &job);
        T_INT(stays_from(&c), ends[i].once);
    }
}

/* Where it was, or where it was to be: the later of both. */
TEST(test_copy_state_moved_to_an_earlier_time_may_be_where_it_was)
{
    struct push_job job;
    struct pushed_copy c = copy_being_moved(&job);

    comes_success(&c, &job); /* it ends a minute from now */
    c = copy_moved_again(&c, NOW_S + 30, &job);
    T_INT(stays_from(&c), 60);
}

/* An end of an earlier life of the row says nothing of the next. */
TEST(test_copy_state_update_after_an_older_node_begins_anew)
{
    struct push_job job;
    struct pushed_copy c = copy_being_moved(&job);

    comes_older_success(&c, &job);
    c = copy_moved_again(&c, NOW_S + 30, &job);
    T_INT(stays_from(&c), 60);
}

TEST(test_copy_state_moved_into_the_past_unseen_leaves_the_calendar)
{
    struct push_job job;
    struct pushed_copy c = copy_being_moved(&job);
    struct copy_wish w = wish_of(5);

    w.ends_s = NOW_S - 1;
    copy_state_want(&c, &w);
    copy_state_is(&c, COPY_REMOVING, COPY_REASON_NONE, NOW_MS);
    c = copy_being_moved(&job);
    job = job_of(&c);
    job.event.ends_s = NOW_S; /* it is over where it is to be, perhaps not where it is */
    T_INT(copy_state_act(&job), COPY_ACT_REMOVE);
    job.now_ms += INT64_C(1000) * LATER_S;
    T_INT(copy_state_act(&job), COPY_ACT_SKIP);
}

TEST(test_copy_state_retry_begins_anew)
{
    struct pushed_copy c = copy_written();
    const struct pushed_copy before = c;

    copy_state_retry(&c, NOW_MS);
    T_INT(memcmp(&c, &before, sizeof(c)), 0); /* it has not failed */
    c.status = COPY_FAILED;
    c.reason = COPY_GAVE_UP;
    c.attempts = 200;
    copy_state_retry(&c, NOW_MS);
    copy_state_is(&c, COPY_PENDING, COPY_REASON_NONE, NOW_MS);
    T_INT(c.attempts, 0);
    T_INT(c.since_ms, NOW_MS);
    T_INT(c.have_rev, before.have_rev);
    c.status = COPY_FAILED; /* to be taken out */
    c.want = COPY_WANT_SKIPPED;
    copy_state_retry(&c, NOW_MS);
    copy_state_is(&c, COPY_REMOVING, COPY_REASON_NONE, NOW_MS);
}

TEST(test_copy_state_clear_failure_of_a_create_leaves_nothing_there)
{
    struct pushed_copy c = copy_written();
    struct copy_failure f = {.retry_after_s = -1, .now_ms = NOW_MS};
    bool gone;

    c.status = COPY_PENDING;
    c.have_rev = 0;
    struct push_job job = job_of(&c);

    copy_state_begin(&c, &job, COPY_ACT_CREATE, NOW_MS);
    T_INT(copy_state_failed(&c, &job, &f, &gone), COPY_NEWS_NONE);
    T_INT(c.flags, COPY_UNCLEAR);
    f.is_clear = true;
    T_INT(copy_state_failed(&c, &job, &f, &gone), COPY_NEWS_NONE);
    T_INT(c.flags, 0);
    c.flags = COPY_UNCLEAR;
    T_INT(copy_state_refused(&c, &job), COPY_NEWS_FAILED);
    T_INT(c.flags, 0);
    c.flags = COPY_UNCLEAR;
    copy_state_put_off(&c, &job, false, NOW_MS); /* it was cut */
    T_INT(c.flags, COPY_UNCLEAR);
    copy_state_put_off(&c, &job, true, NOW_MS);
    T_INT(c.flags, 0);
    c.flags = COPY_UNCLEAR;
    job.copy.flags = COPY_UNCLEAR; /* an attempt before ended unclear */
    copy_state_held(&c, &job, NOW_MS + 5);
    T_INT(c.flags, COPY_UNCLEAR);
}

TEST(test_copy_state_waiting_is_no_attempt)
{
    struct pushed_copy c = copy_written();

    c.status = COPY_PENDING;
    struct push_job job = job_of(&c);

    copy_state_held(&c, &job, NOW_MS + 5);
    copy_state_is(&c, COPY_PENDING, COPY_THROTTLED, NOW_MS + 5);
    T_INT(c.attempts, 0);
    copy_state_put_off(&c, &job, true, NOW_MS + 7);
    T_INT(c.due_ms, NOW_MS + 7);
    T_INT(c.since_ms, NOW_MS); /* the week begins anew */
    T_INT(c.attempts, 0);
}

TEST(test_copies_are_the_values_of_labels)
{
    const struct metric_label *const *labels = metric_families[METRIC_PUSHES].labels;
    const struct metric_label *status = metric_families[METRIC_COPIES].labels[0];

    T_INT(labels[1]->n, COPY_ACT_SKIP);
    T_INT(labels[2]->n, WRITING_FAILED + 1);
    T_STR(labels[2]->values[WRITING_BLOCKED], S("blocked"));
    T_INT(status->n, COPY_REMOVING);
    T_STR(status->values[COPY_FAILED - 1], S("failed"));
}

T_MAIN(
    T(test_copies_are_the_values_of_labels),
    T(test_copy_state_make_is_pending_or_skipped),
    T(test_copy_state_want_the_same_changes_nothing),
    T(test_copy_state_want_other_values), T(test_copy_state_want_restores_once),
    T(test_copy_state_inherit_forgets_what_the_person_did),
    T(test_copy_state_want_moved_into_the_past),
    T(test_copy_state_want_follows_the_attendees_switch),
    T(test_copy_state_leave_forgets_what_is_nowhere),
    T(test_copy_state_act_is_what_is_left_to_do),
    T(test_copy_state_wrote_settles_what_was_wanted),
    T(test_copy_state_results_leave_what_was_wanted_meanwhile),
    T(test_copy_state_restore_that_comes_during_a_write_is_written_again),
    T(test_copy_state_wrote_keeps_a_doubt_that_is_younger),
    T(test_copy_state_removed_tries_every_key_that_there_was),
    T(test_copy_state_removed_is_done_with_the_key_that_was_seen),
    T(test_copy_state_removed_without_an_event_goes_down_to_the_first_key),
    T(test_copy_state_removed_goes_on_with_what_is_wanted),
    T(test_copy_state_removed_and_skipped_for_another_reason),
    T(test_copy_state_removed_keeps_a_key_that_perhaps_never_was),
    T(test_copy_state_gone_is_the_persons_doing_but_for_a_restore),
    T(test_copy_state_taken_tries_so_many_keys), T(test_copy_state_looked_notes_moves),
    T(test_copy_state_failed_waits_longer_each_time),
    T(test_copy_state_failed_gives_up_after_a_week), T(test_copy_state_retry_begins_anew),
    T(test_copy_state_judges_by_the_latest_end_that_may_be_there),
    T(test_copy_state_moved_to_an_earlier_time_may_be_where_it_was),
    T(test_copy_state_update_after_an_older_node_begins_anew),
    T(test_copy_state_moved_into_the_past_unseen_leaves_the_calendar),
    T(test_copy_state_clear_failure_of_a_create_leaves_nothing_there),
    T(test_copy_state_waiting_is_no_attempt))
