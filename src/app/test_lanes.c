/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "app/lanes.h"
#include "base/limits.h"
#include "base/testing.h"

enum { MOST_NICE = 19 };

/* A job of the tests: says that it has begun, waits to be let go, says how it ended. */
struct probe {
    struct job job;
    struct lanes *lanes;
    sem_t *begun, *go, *ended;
    Str key;          /* parks under it this many times before it leaves */
    atomic_int parks; /* -1: for ever */
    size_t most;
    Str wake;
    int runs;
    int nice; /* of the thread that ran it */
    bool is_refused;
    bool is_dropped;
};

static struct probe *probe_of(struct job *job)
{
    return (struct probe *)job; /* its first member */
}

static void probe_run(struct job *job, struct worker *w)
{
    struct probe *p = probe_of(job);

    (void)w;
    p->runs++;
    p->nice = getpriority(PRIO_PROCESS, 0);
    if (p->begun != NULL) {
        (void)sem_post(p->begun);
    }
    if (p->go != NULL) {
        (void)sem_wait(p->go);
    }
    if (p->parks != 0) {
        p->parks -= p->parks > 0;
        const struct park how = {p->key, p->most, INT64_MAX};

        if (lanes_park(p->lanes, job, &how)) {
            return;
        }
        p->is_refused = true;
    }
    lanes_leave(p->lanes, job, p->wake);
    (void)sem_post(p->ended);
}

static void probe_drop(struct job *job)
{
    probe_of(job)->is_dropped = true;
}

static struct probe probe_new(struct lanes *lanes, sem_t *ended)
{
    return (struct probe){
        .job = {.run = probe_run, .drop = probe_drop},
          .lanes = lanes, .ended = ended
    };
}

static struct lanes *open_lanes(int workers, int queue)
{
    struct lanes_options options = {.node = S("n"), .workers = workers, .queue = queue};

    return lanes_open(&options);
}

static void wait_for(sem_t *sem, int times)
{
    for (int i = 0; i < times; i++) {
        (void)sem_wait(sem);
    }
}

static void test_lanes_push_refuses_one_past_the_bound(void **state)
{
    static const struct {
        enum lane_queue queue;
        int workers, most;
    } rows[] = {
        {QUEUE_SLOW, 1,                  3               },
        {QUEUE_COLD, LIMIT_COLD_WORKERS, LIMIT_COLD_QUEUE},
    };

    (void)state;
    for (size_t r = 0; r < COUNT(rows); r++) {
        struct lanes *lanes = open_lanes(1, 3);
        struct probe probes[LIMIT_COLD_WORKERS + LIMIT_COLD_QUEUE + 1];
        int n = rows[r].workers + rows[r].most;
        sem_t begun, go, ended;

        (void)sem_init(&begun, 0, 0);
        (void)sem_init(&go, 0, 0);
        (void)sem_init(&ended, 0, 0);
        for (int i = 0; i <= n; i++) {
            probes[i] = probe_new(lanes, &ended);
            probes[i].begun = &begun;
            probes[i].go = &go;
        }
        for (int i = 0; i < rows[r].workers; i++) {
            T_TRUE(lanes_push(lanes, rows[r].queue, &probes[i].job));
        }
        wait_for(&begun, rows[r].workers); /* the workers are busy, the queue is empty */
        for (int i = rows[r].workers; i < n; i++) {
            T_TRUE(lanes_push(lanes, rows[r].queue, &probes[i].job));
        }
        T_INT(lanes_depth(lanes, rows[r].queue), rows[r].most);
        T_TRUE(!lanes_push(lanes, rows[r].queue, &probes[n].job));
        for (int i = 0; i < n; i++) {
            (void)sem_post(&go);
        }
        wait_for(&ended, n);
        lanes_close(&lanes);
        T_INT(probes[n].runs, 0);
    }
}

static void test_lanes_cold_jobs_never_stand_before_slow_ones(void **state)
{
    struct lanes *lanes = open_lanes(1, 4);
    struct probe cold[LIMIT_COLD_WORKERS], slow;
    sem_t begun, go, ended;

    (void)state;
    (void)sem_init(&begun, 0, 0);
    (void)sem_init(&go, 0, 0);
    (void)sem_init(&ended, 0, 0);
    for (int i = 0; i < LIMIT_COLD_WORKERS; i++) {
        cold[i] = probe_new(lanes, &ended);
        cold[i].begun = &begun;
        cold[i].go = &go;
        T_TRUE(lanes_push(lanes, QUEUE_COLD, &cold[i].job));
    }
    wait_for(&begun, LIMIT_COLD_WORKERS);
    slow = probe_new(lanes, &ended);
    T_TRUE(lanes_push(lanes, QUEUE_SLOW, &slow.job));
    wait_for(&ended, 1); /* while all cold workers are busy */
    T_INT(slow.runs, 1);
#ifdef __linux__
    int nice = getpriority(PRIO_PROCESS, 0);

    T_INT(cold[0].nice, nice);
    T_TRUE(slow.nice > nice || nice == MOST_NICE);
#endif
    (void)sem_post(&go);
    (void)sem_post(&go);
    wait_for(&ended, LIMIT_COLD_WORKERS);
    lanes_close(&lanes);
}

static void test_lanes_park_runs_again_when_woken_or_by_the_clock(void **state)
{
    struct lanes *lanes = open_lanes(2, 4);
    struct probe waiter, waker;
    sem_t begun, ended;

    (void)state;
    (void)sem_init(&begun, 0, 0);
    (void)sem_init(&ended, 0, 0);
    waiter = probe_new(lanes, &ended);
    waiter.begun = &begun;
    waiter.key = S("flow");
    waiter.parks = 3;
    T_TRUE(lanes_push(lanes, QUEUE_SLOW, &waiter.job));
    wait_for(&begun, 1);
    waker = probe_new(lanes, &ended);
    waker.wake = S("flow");
    T_TRUE(lanes_push(lanes, QUEUE_SLOW, &waker.job));
    wait_for(&ended, 2);
    lanes_close(&lanes);
    T_INT(waiter.runs, 4);
    T_TRUE(!waiter.is_refused && waiter.job.waiting.at == NULL);
}

static void test_lanes_park_refuses_the_ninth_under_a_key(void **state)
{
    struct lanes *lanes = open_lanes(1, 32);
    struct probe waiters[LIMIT_PARKED_PER_FLOW + 1], other;
    sem_t begun, ended;
    int left;

    (void)state;
    (void)sem_init(&begun, 0, 0);
    (void)sem_init(&ended, 0, 0);
    for (int i = 0; i <= LIMIT_PARKED_PER_FLOW; i++) {
        waiters[i] = probe_new(lanes, &ended);
        waiters[i].key = S("flow");
        waiters[i].parks = -1;
        waiters[i].most = LIMIT_PARKED_PER_FLOW;
        T_TRUE(lanes_push(lanes, QUEUE_SLOW, &waiters[i].job));
    }
    wait_for(&ended, 1);
    T_TRUE(waiters[LIMIT_PARKED_PER_FLOW].is_refused);
    other = probe_new(lanes, &ended);
    other.begun = &begun;
    other.key = S("other flow");
    other.parks = -1;
    T_TRUE(lanes_push(lanes, QUEUE_SLOW, &other.job));
    wait_for(&begun, 2); /* it parked, and looked again */
    T_INT(sem_getvalue(&ended, &left), 0);
    T_INT(left, 0);
    lanes_close(&lanes); /* drops who is parked, refuses who is just looking */
    T_TRUE(other.is_dropped != other.is_refused);
    for (int i = 0; i < LIMIT_PARKED_PER_FLOW; i++) {
        T_TRUE(waiters[i].is_dropped != waiters[i].is_refused);
    }
    T_TRUE(!waiters[LIMIT_PARKED_PER_FLOW].is_dropped);
}

/* Contract §9: waiters for a refresh are not limited to eight. One look is enough for all
 * of them. */
static void test_lanes_wake_runs_all_that_wait(void **state)
{
    enum { MANY = 5 * LIMIT_PARKED_PER_FLOW };

    struct lanes *lanes = open_lanes(2, MANY);
    struct probe waiters[MANY];
    sem_t begun, ended;

    (void)state;
    (void)sem_init(&begun, 0, 0);
    (void)sem_init(&ended, 0, 0);
    for (int i = 0; i < MANY; i++) {
        waiters[i] = probe_new(lanes, &ended);
        waiters[i].begun = &begun;
        waiters[i].key = S("grant");
        waiters[i].parks = -1;
        T_TRUE(lanes_push(lanes, QUEUE_SLOW, &waiters[i].job));
    }
    wait_for(&begun, MANY + 1); /* all have parked, one has looked again */
    for (int i = 0; i < MANY; i++) {
        waiters[i].parks = 0;
    }
    lanes_wake(lanes, S("grant"));
    wait_for(&ended, MANY);
    lanes_close(&lanes);
    for (int i = 0; i < MANY; i++) {
        T_TRUE(!waiters[i].is_refused && !waiters[i].is_dropped);
    }
}

static void test_lanes_close_drops_what_is_queued(void **state)
{
    struct lanes *lanes = open_lanes(1, 4);
    struct probe busy, queued;
    sem_t begun, go, ended;

    (void)state;
    (void)sem_init(&begun, 0, 0);
    (void)sem_init(&go, 0, 0);
    (void)sem_init(&ended, 0, 0);
    busy = probe_new(lanes, &ended);
    busy.begun = &begun;
    busy.go = &go;
    busy.parks = 1; /* refused, since the lanes stop, or dropped */
    busy.key = S("flow");
    queued = probe_new(lanes, &ended);
    T_TRUE(lanes_push(lanes, QUEUE_SLOW, &busy.job));
    wait_for(&begun, 1);
    T_TRUE(lanes_push(lanes, QUEUE_SLOW, &queued.job));
    (void)sem_post(&go);
    lanes_close(&lanes);
    T_TRUE(busy.is_refused != busy.is_dropped);
    T_TRUE(queued.is_dropped == (queued.runs == 0));
    T_TRUE(lanes == NULL);
}

T_MAIN(
    T(test_lanes_push_refuses_one_past_the_bound),
    T(test_lanes_cold_jobs_never_stand_before_slow_ones),
    T(test_lanes_park_runs_again_when_woken_or_by_the_clock),
    T(test_lanes_park_refuses_the_ninth_under_a_key),
    T(test_lanes_wake_runs_all_that_wait), T(test_lanes_close_drops_what_is_queued))
