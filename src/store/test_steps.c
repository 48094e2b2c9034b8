/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/limits.h"
#include "base/testing.h"
#include "store/steps.h"

/* A plan of results, one a step, and what was seen. */
struct walk {
    const enum fail *results;
    int n;
    int runs;
    int64_t slow_ms; /* how long a step takes */
    int64_t began_ms;
    int64_t ended_ms;
    int64_t paused_ms; /* before the last step */
};

static Res walk_step(struct cx *cx, void *arg, bool *more)
{
    struct walk *w = arg;
    enum fail code = w->results[w->runs++];

    w->began_ms = clock_mono_ms();
    w->paused_ms = w->began_ms - w->ended_ms;
    while (clock_mono_ms() < w->began_ms + w->slow_ms) {
        (void)usleep(1000);
    }
    w->ended_ms = clock_mono_ms();
    if (code != FAIL_NONE) {
        return fail(cx, code, "step %d", w->runs);
    }
    *more = w->runs < w->n;
    return OK;
}

static bool walk_is_over(const void *arg)
{
    const struct walk *w = arg;

    return w->runs == 2;
}

#define WALK(...)                                                                        \
    {                                                                                    \
        .results = (const enum fail[]){__VA_ARGS__},                                     \
        .n = sizeof((const enum fail[]){__VA_ARGS__}) / sizeof(enum fail)                \
    }

TEST(test_run_takes_every_step_and_rests_between)
{
    struct walk w = WALK(FAIL_NONE, FAIL_NONE, FAIL_NONE);
    const struct steps steps = {.run = walk_step, .arg = &w};

    T_OK(steps_run(t_cx(), &steps));
    T_INT(w.runs, 3);
    T_TRUE(w.paused_ms >= LIMIT_STEP_REST_MS);
    w.runs = 1;
    w.slow_ms = 40;
    T_OK(steps_run(t_cx(), &steps));
    T_TRUE(w.paused_ms >= w.slow_ms); /* others get as long as the step had */
}

#define BUSY FAIL_UNAVAILABLE

TEST(test_run_tries_a_step_again_that_met_others)
{
    struct walk w = WALK(BUSY, BUSY, BUSY, BUSY, FAIL_NONE, BUSY, FAIL_NONE);
    const struct steps steps = {.run = walk_step, .arg = &w};

    T_OK(steps_run(t_cx(), &steps));
    T_INT(w.runs, 7);
}

TEST(test_run_gives_up_after_so_many_tries)
{
    struct walk w = WALK(FAIL_NONE, BUSY, BUSY, BUSY, BUSY, BUSY, FAIL_NONE);
    const struct steps steps = {.run = walk_step, .arg = &w};

    T_FAIL(FAIL_UNAVAILABLE, steps_run(t_cx(), &steps));
    T_INT(w.runs, 1 + LIMIT_STEP_TRIES);
    T_STR(str_from_z(t_cx()->why.text), S("step 6"));
}

TEST(test_run_ends_with_any_other_failure)
{
    struct walk w = WALK(FAIL_NONE, FAIL_CONFLICT, FAIL_NONE);
    const struct steps steps = {.run = walk_step, .arg = &w};

    T_FAIL(FAIL_CONFLICT, steps_run(t_cx(), &steps));
    T_INT(w.runs, 2);
}

TEST(test_run_stops_between_steps)
{
    struct walk w = WALK(FAIL_NONE, FAIL_NONE, FAIL_NONE);
    const struct steps steps = {
        .run = walk_step, .arg = &w, .is_stopping = walk_is_over, .stop_arg = &w};

    T_OK(steps_run(t_cx(), &steps));
    T_INT(w.runs, 2);
}

static Res walk_deadline(struct cx *cx, void *arg, bool *more)
{
    *(int64_t *)arg = cx->deadline_ms;
    *more = false;
    return OK;
}

TEST(test_each_step_has_its_own_time)
{
    int64_t deadline_ms = -1;
    struct steps steps = {.run = walk_deadline, .arg = &deadline_ms};

    T_OK(steps_run(t_cx(), &steps));
    T_INT(deadline_ms, 0);
    steps.step_ms = 1000;
    T_OK(steps_run(t_cx(), &steps));
    T_TRUE(deadline_ms > clock_mono_ms() && deadline_ms <= clock_mono_ms() + 1000);
}

T_MAIN(
    T(test_run_takes_every_step_and_rests_between),
    T(test_run_tries_a_step_again_that_met_others),
    T(test_run_gives_up_after_so_many_tries), T(test_run_ends_with_any_other_failure),
    T(test_run_stops_between_steps), T(test_each_step_has_its_own_time))
