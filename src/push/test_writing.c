/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_writing.c - what failures mean for a copy.
 */
#include "grants/testbed.h"
#include "push/writing.h"
#include "store/calendar_settings.h"

static struct answer {
    enum fail write; /* of what is sent */
    bool was_parked;
    enum fail look; /* at the calendar */
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
    *ret = (struct calendar_rights){.can_write = true};
    return answer.look == FAIL_NONE ? OK : fail(t_cx(), answer.look, "as the test says");
}

static struct writing written_as(enum copy_act act)
{
    struct writing w = {
        .act = act,
        .calling = {.work = &bed.work},
        .job = {.switches = SWITCH_DESTINATION, .copy.external_id = S("x")},
    };

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

T_MAIN(T_BED(test_writing_that_a_stop_cuts_may_have_been_done))
