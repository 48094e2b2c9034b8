/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps.c - one step after the other, with pauses in between.
 */
#include "store/steps.h"

#include <time.h>

#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"

enum { LOOK_MS = 50 }; /* a stop is noticed so soon in a pause */

static bool steps_are_stopped(const struct steps *s)
{
    return s->is_stopping != NULL && s->is_stopping(s->stop_arg);
}

static void steps_rest(const struct steps *s, int64_t took_ms)
{
    int64_t rest_ms = took_ms > LIMIT_STEP_REST_MS ? took_ms : LIMIT_STEP_REST_MS;
    int64_t end_ms = clock_mono_ms() + rest_ms;
    int64_t left_ms = rest_ms;

    while (left_ms > 0 && !steps_are_stopped(s)) {
        int64_t ms = left_ms < LOOK_MS ? left_ms : LOOK_MS;

        (void)nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
        left_ms = end_ms - clock_mono_ms();
    }
}

/* Runs a step once, and pauses. */
static Res steps_try(struct cx *cx, const struct steps *s, bool *more)
{
    int64_t began_ms = clock_mono_ms();
    struct cx one = {.deadline_ms = s->step_ms == 0 ? 0 : began_ms + s->step_ms};
    Res r = s->run(&one, s->arg, more);

    cx->why = one.why;
    cx_done(&one);
    if (r.code != FAIL_NONE || *more) {
        steps_rest(s, clock_mono_ms() - began_ms);
    }
    return r; /* cppcheck-suppress returnDanglingLifetime ; it holds no address */
}

Res steps_run(struct cx *cx, const struct steps *s)
{
    bool more = true;
    int tries = 0;

    while (more && !steps_are_stopped(s)) {
        Res r = steps_try(cx, s, &more);

        tries = r.code == FAIL_NONE ? 0 : tries + 1;
        if (r.code != FAIL_NONE
            && (r.code != FAIL_UNAVAILABLE || tries == LIMIT_STEP_TRIES)) {
            return r;
        }
    }
    return OK;
}
