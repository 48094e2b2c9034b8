/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_writing.c - what failures mean for a copy.
 */
#include "grants/testbed.h"
#include "push/event_values.h"
#include "push/writing.h"
#include "store/calendar_settings.h"

static struct answer {
    enum fail write; /* of what is sent */
    bool was_parked;
    enum fail look; /* at the calendar */
    bool is_read_only;
} answer;

/* These stand in for grants/calling.c. */
Res calling_run(struct cx *cx, struct calling *c, calling_ask *ask, void *arg)
{
    (void)ask;
    (void)arg;
    c->was_parked = answer.was_parked;
    return fail(cx, answer.write, "as the test says");
}

Res calling_get_rights(
    const struct cx *cx, struct calling *c, Str calendar_id, struct calendar_rights *ret)
{
    (void)cx;
    (void)c;
    (void)calendar_id;
    *ret = (struct calendar_rights){.can_write = !answer.is_read_only};
    return answer.look == FAIL_NONE ? OK : fail(t_cx(), answer.look, "as the test says");
}

static struct writing written_as(enum copy_act act)
{
    struct writing w = {
        .act = act,
        .calling = {.work = &bed.work},
        .job = {.switches = SWITCH_DESTINATION, .copy.external_id = S("x")},
    };
    const struct event_values values = {.title = S("Cut")};

    w.job.event.sealed = event_values_seal(&t_cx()->mem, bed.keyring, 0, &values);

    T_FAIL(answer.write, writing_run(t_cx(), &w));
    return w;
}

TEST(test_writing_that_a_stop_cuts_may_have_been_done)
{
    answer = (struct answer){FAIL_SOURCE_TIMEOUT, .was_parked = true};
    struct writing parked = written_as(COPY_ACT_REMOVE);

    T_INT(parked.outcome, WRITING_CUT);
    T_TRUE(parked.is_clear); /* nothing was sent */
    answer.was_parked = false;
    bed_stop();
    struct writing cut = written_as(COPY_ACT_REMOVE);

    bed_stopped();
    T_INT(cut.outcome, WRITING_CUT);
    T_TRUE(!cut.is_clear);
}

/* What is wrong with the copy is known by a look at its calendar. */
TEST(test_writing_blames_the_calendar_or_waits)
{
    static const struct {
        struct answer answer;
        enum copy_act act;
        enum writing_outcome outcome;
        enum sync_inactive inactive;
    } rows[] = {
        {{FAIL_NOT_FOUND}, COPY_ACT_UPDATE, WRITING_GONE, SYNC_ACTIVE},
        {{FAIL_NOT_FOUND, .is_read_only = true},
         COPY_ACT_LOOK,
         WRITING_GONE,
         SYNC_ACTIVE},
        {{FAIL_NOT_FOUND}, COPY_ACT_CREATE, WRITING_FAILED, SYNC_ACTIVE},
        {{FAIL_NOT_FOUND, .look = FAIL_NOT_FOUND},
         COPY_ACT_LOOK,
         WRITING_BLOCKED,
         SYNC_CALENDAR_GONE},
        {{FAIL_NOT_FOUND, .look = FAIL_SOURCE_UNAVAILABLE},
         COPY_ACT_LOOK,
         WRITING_FAILED,
         SYNC_ACTIVE},
        {{FAIL_PERMISSION_DENIED}, COPY_ACT_UPDATE, WRITING_REFUSED, SYNC_ACTIVE},
        {{FAIL_PERMISSION_DENIED}, COPY_ACT_REMOVE, WRITING_FAILED, SYNC_ACTIVE},
        {{FAIL_PERMISSION_DENIED, .is_read_only = true},
         COPY_ACT_UPDATE,
         WRITING_BLOCKED,
         SYNC_READ_ONLY},
        {{FAIL_PERMISSION_DENIED, .look = FAIL_SOURCE_TIMEOUT},
         COPY_ACT_UPDATE,
         WRITING_FAILED,
         SYNC_ACTIVE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        answer = rows[i].answer;
        struct writing w = written_as(rows[i].act);

        T_INT(w.outcome, rows[i].outcome);
        T_INT(w.inactive, rows[i].inactive);
        T_INT(w.is_clear, w.outcome != WRITING_BLOCKED);
    }
}

T_MAIN(
    T_BED(test_writing_that_a_stop_cuts_may_have_been_done),
    T_BED(test_writing_blames_the_calendar_or_waits))
