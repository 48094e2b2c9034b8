/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/metric.h"
#include "base/testchild.h"
#include "work/lanes.h"
#include "work/work.h"

enum { MOST_NICE = 19 };

/* A job of the tests: counts its beginning, waits until it may go on, counts its end. */
struct probe {
    struct job job;
    struct lanes *lanes;
    sem_t *begun, *go, *ended;
    Str key;          /* the key that it parks under */
    atomic_int parks; /* how many times it parks; -1: for ever */
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
    lanes_done(p->lanes, job, p->wake);
    (void)sem_post(p->ended);
}

static void probe_drop(struct job *job)
{
    probe_of(job)->is_dropped = true;
}

static struct probe probe_new(struct lanes *lanes, sem_t *ended)
{
    return (struct probe){
        .job = {.run = probe_run, .drop = probe_drop}, .lanes = lanes, .ended = ended};
}

static struct lanes *open_lanes(int workers, int queue)
{
    struct lanes_options options = {
        .pools = {
            [POOL_STORE] = {workers, queue, .gives_way = true},
            [POOL_COLD] = {LIMIT_COLD_WORKERS, LIMIT_COLD_QUEUE},
            [POOL_CHORES] = {1, 1},
            [POOL_SOURCES] = {1, 1},
        }};

    return lanes_open(&options);
}

static void wait_for(sem_t *sem, int times)
{
    for (int i = 0; i < times; i++) {
        (void)sem_wait(sem);
    }
}

TEST(test_lanes_push_refuses_one_past_the_bound)
{
    static const struct {
        enum work_pool pool;
        int workers, most;
    } rows[] = {
        {POOL_STORE, 1, 3},
        {POOL_COLD, LIMIT_COLD_WORKERS, LIMIT_COLD_QUEUE},
    };

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
            T_TRUE(lanes_push(lanes, rows[r].pool, &probes[i].job));
        }
        wait_for(&begun, rows[r].workers); /* the workers are busy, the queue is empty */
        for (int i = rows[r].workers; i < n; i++) {
            T_TRUE(lanes_push(lanes, rows[r].pool, &probes[i].job));
        }
        T_TRUE(!lanes_push(lanes, rows[r].pool, &probes[n].job));
        for (int i = 0; i < n; i++) {
            (void)sem_post(&go);
        }
        wait_for(&ended, n);
        T_TRUE(lanes_close(&lanes, INT64_MAX));
        T_INT(probes[n].runs, 0);
    }
}

TEST(test_lanes_push_says_once_that_a_queue_is_full)
{
    struct lanes *lanes = open_lanes(1, 1);
    struct probe probes[3];
    sem_t begun, go, ended;

    (void)sem_init(&begun, 0, 0);
    (void)sem_init(&go, 0, 0);
    (void)sem_init(&ended, 0, 0);
    for (size_t i = 0; i < COUNT(probes); i++) {
        probes[i] = probe_new(lanes, &ended);
        probes[i].begun = &begun;
        probes[i].go = &go;
    }
    T_TRUE(lanes_push(lanes, POOL_SOURCES, &probes[0].job));
    wait_for(&begun, 1); /* the worker is busy, the queue is empty */
    T_TRUE(lanes_push(lanes, POOL_SOURCES, &probes[1].job));
    struct t_ear ear = t_hear();

    for (int i = 0; i < 5; i++) {
        T_TRUE(!lanes_push(lanes, POOL_SOURCES, &probes[2].job));
    }
    Str text = t_heard(ear);

    T_INT(
        t_lines_with(
            text,
            S("level=\"warn\" event=\"limits.queue\" lane=\"google\" refused=\"1\"")),
        1);
    T_INT(t_lines_with(text, S("limits.queue")), 1);
    (void)sem_post(&go);
    (void)sem_post(&go);
    wait_for(&ended, 2);
    T_TRUE(lanes_close(&lanes, INT64_MAX));
}

TEST(test_lanes_cold_jobs_never_stand_before_slow_ones)
{
    struct lanes *lanes = open_lanes(1, 4);
    struct probe cold[LIMIT_COLD_WORKERS], slow;
    sem_t begun, go, ended;

    (void)sem_init(&begun, 0, 0);
    (void)sem_init(&go, 0, 0);
    (void)sem_init(&ended, 0, 0);
    for (int i = 0; i < LIMIT_COLD_WORKERS; i++) {
        cold[i] = probe_new(lanes, &ended);
        cold[i].begun = &begun;
        cold[i].go = &go;
        T_TRUE(lanes_push(lanes, POOL_COLD, &cold[i].job));
    }
    wait_for(&begun, LIMIT_COLD_WORKERS);
    slow = probe_new(lanes, &ended);
    T_TRUE(lanes_push(lanes, POOL_STORE, &slow.job));
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
    T_TRUE(lanes_close(&lanes, INT64_MAX));
}

TEST(test_lanes_park_runs_again_when_woken_or_by_the_clock)
{
    struct lanes *lanes = open_lanes(2, 4);
    struct probe waiter, waker;
    sem_t begun, ended;

    (void)sem_init(&begun, 0, 0);
    (void)sem_init(&ended, 0, 0);
    waiter = probe_new(lanes, &ended);
    waiter.begun = &begun;
    waiter.key = S("flow");
    waiter.parks = 3;
    T_TRUE(lanes_push(lanes, POOL_STORE, &waiter.job));
    wait_for(&begun, 1);
    waker = probe_new(lanes, &ended);
    waker.wake = S("flow");
    T_TRUE(lanes_push(lanes, POOL_STORE, &waker.job));
    wait_for(&ended, 2);
    T_TRUE(lanes_close(&lanes, INT64_MAX));
    T_INT(waiter.runs, 4);
    T_TRUE(!waiter.is_refused && waiter.job.waiting.at == NULL);
}

TEST(test_lanes_park_refuses_the_ninth_under_a_key)
{
    struct lanes *lanes = open_lanes(1, 32);
    struct probe waiters[LIMIT_PARKED_PER_FLOW + 1], other;
    sem_t begun, ended;
    int left;

    (void)sem_init(&begun, 0, 0);
    (void)sem_init(&ended, 0, 0);
    for (int i = 0; i <= LIMIT_PARKED_PER_FLOW; i++) {
        waiters[i] = probe_new(lanes, &ended);
        waiters[i].key = S("flow");
        waiters[i].parks = -1;
        waiters[i].most = LIMIT_PARKED_PER_FLOW;
        T_TRUE(lanes_push(lanes, POOL_STORE, &waiters[i].job));
    }
    wait_for(&ended, 1);
    T_TRUE(waiters[LIMIT_PARKED_PER_FLOW].is_refused);
    other = probe_new(lanes, &ended);
    other.begun = &begun;
    other.key = S("other flow");
    other.parks = -1;
    T_TRUE(lanes_push(lanes, POOL_STORE, &other.job));
    wait_for(&begun, 2); /* it parked, and ran again to check */
    T_INT(sem_getvalue(&ended, &left), 0);
    T_INT(left, 0);
    T_TRUE(lanes_close(
        &lanes, INT64_MAX)); /* drops a parked job, refuses one that checks just now */
    T_TRUE(other.is_dropped != other.is_refused);
    for (int i = 0; i < LIMIT_PARKED_PER_FLOW; i++) {
        T_TRUE(waiters[i].is_dropped != waiters[i].is_refused);
    }
    T_TRUE(!waiters[LIMIT_PARKED_PER_FLOW].is_dropped);
}

/* docs/api.md §9: more than eight may wait for a refresh. One of them checks for
 * all. */
TEST(test_lanes_wake_runs_all_that_wait)
{
    enum { MANY = 5 * LIMIT_PARKED_PER_FLOW };

    struct lanes *lanes = open_lanes(2, MANY);
    struct probe waiters[MANY];
    sem_t begun, ended;

    (void)sem_init(&begun, 0, 0);
    (void)sem_init(&ended, 0, 0);
    for (int i = 0; i < MANY; i++) {
        waiters[i] = probe_new(lanes, &ended);
        waiters[i].begun = &begun;
        waiters[i].key = S("grant");
        waiters[i].parks = -1;
        T_TRUE(lanes_push(lanes, POOL_STORE, &waiters[i].job));
    }
    wait_for(&begun, MANY + 1); /* all have parked, one has checked */
    for (int i = 0; i < MANY; i++) {
        waiters[i].parks = 0;
    }
    lanes_wake(lanes, S("grant"));
    wait_for(&ended, MANY);
    T_TRUE(lanes_close(&lanes, INT64_MAX));
    for (int i = 0; i < MANY; i++) {
        T_TRUE(!waiters[i].is_refused && !waiters[i].is_dropped);
    }
}

TEST(test_lanes_close_drops_what_is_queued)
{
    struct lanes *lanes = open_lanes(1, 4);
    struct probe busy, queued;
    sem_t begun, go, ended;

    (void)sem_init(&begun, 0, 0);
    (void)sem_init(&go, 0, 0);
    (void)sem_init(&ended, 0, 0);
    busy = probe_new(lanes, &ended);
    busy.begun = &begun;
    busy.go = &go;
    busy.parks = 1; /* refused, since the lanes stop, or dropped */
    busy.key = S("flow");
    queued = probe_new(lanes, &ended);
    T_TRUE(lanes_push(lanes, POOL_STORE, &busy.job));
    wait_for(&begun, 1);
    T_TRUE(lanes_push(lanes, POOL_STORE, &queued.job));
    (void)sem_post(&go);
    T_TRUE(lanes_close(&lanes, INT64_MAX));
    T_TRUE(busy.is_refused != busy.is_dropped);
    T_TRUE(queued.is_dropped == (queued.runs == 0));
    T_TRUE(lanes == NULL);
}

TEST(test_work_goes_on_until_its_time_is_over)
{
    struct worker worker = {0};
    struct work work = {.worker = &worker};

    T_TRUE(work_goes_on(&work)); /* without a limit */
    work.until_ms = clock_mono_ms() + LIMIT_CHORE_RUN_MS;
    T_TRUE(work_goes_on(&work));
    work.until_ms = clock_mono_ms();
    T_TRUE(!work_goes_on(&work));
}

TEST(test_work_ends_with_the_process)
{
    struct lanes *lanes = open_lanes(1, 1);
    struct worker worker = {.lanes = lanes};
    struct work work = {.worker = &worker};

    T_TRUE(work_goes_on(&work));
    lanes_end_by(lanes, clock_mono_ms() + LIMIT_CHORE_RUN_MS);
    T_TRUE(!work_goes_on(&work));
    T_TRUE(lanes_close(&lanes, clock_mono_ms() + LIMIT_CHORE_RUN_MS));
}

/* As a supervisor may do it. */
static void forbid_setpriority(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setpriority, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {COUNT(filter), filter};

    must_be(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    must_be(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/* Two workers that give way, both of which work at once. Its log is `to`. */
static void work_without_priority(int to)
{
    sem_t begun, go, ended;

    (void)alarm(60);
    must_be(dup2(to, STDERR_FILENO) >= 0);
    forbid_setpriority();
    (void)sem_init(&begun, 0, 0);
    (void)sem_init(&go, 0, 0);
    (void)sem_init(&ended, 0, 0);
    struct lanes *lanes = open_lanes(2, 2);
    struct probe probes[2];

    for (size_t i = 0; i < COUNT(probes); i++) {
        probes[i] = probe_new(lanes, &ended);
        probes[i].begun = &begun;
        probes[i].go = &go;
        must_be(lanes_push(lanes, POOL_STORE, &probes[i].job));
    }
    wait_for(&begun, 2);
    (void)sem_post(&go);
    (void)sem_post(&go);
    wait_for(&ended, 2);
    must_be(lanes_close(&lanes, INT64_MAX));
    t_end_child();
}

/* In a child, since a filter is for good; and first, while there is one thread. */
TEST(test_lanes_says_once_that_workers_are_not_nicer)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 64 * 1024};
    char bytes[4096];
    int ends[2];
    int status = 0;
    ssize_t n;

    T_TRUE(pipe(ends) == 0);
    pid_t child = fork();

    if (child == 0) {
        work_without_priority(ends[1]);
    }
    (void)close(ends[1]);
    while ((n = read(ends[0], bytes, sizeof(bytes))) > 0) {
        buf_add(&b, (Str){bytes, (size_t)n});
    }
    (void)close(ends[0]);
    T_TRUE(waitpid(child, &status, 0) == child && status == 0);
    Str text = buf_text(&b);
    size_t end = 0;

    T_TRUE(str_contains(text, S("event=\"workers.not_nicer\" reason=\"Operation not")));
    T_TRUE(str_find(text, '\n', &end) && end + 1 == text.n);
}

TEST(test_lanes_are_the_values_of_a_label)
{
    const struct metric_label *lanes = metric_families[METRIC_QUEUE_DEPTH].labels[0];

    T_INT(lanes->n, POOLS - 1);
    T_STR(lanes->values[POOL_SYNC - 1], S("sync_google"));
    T_STR(lanes->values[POOL_WEBHOOKS - 1], S("webhooks"));
    T_INT(metric_families[METRIC_PARKED].labels[0]->n, PARK_WHATS);
}

T_MAIN(
    T(test_lanes_says_once_that_workers_are_not_nicer),
    T(test_lanes_are_the_values_of_a_label),
    T(test_lanes_push_refuses_one_past_the_bound),
    T(test_lanes_push_says_once_that_a_queue_is_full),
    T(test_lanes_cold_jobs_never_stand_before_slow_ones),
    T(test_lanes_park_runs_again_when_woken_or_by_the_clock),
    T(test_lanes_park_refuses_the_ninth_under_a_key),
    T(test_lanes_wake_runs_all_that_wait), T(test_lanes_close_drops_what_is_queued),
    T(test_work_goes_on_until_its_time_is_over), T(test_work_ends_with_the_process))
