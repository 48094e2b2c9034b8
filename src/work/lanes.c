/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lanes.c - one lock, a queue for each pool, the place of parked jobs, and the starter: a
 * thread that adds workers and lets parked jobs run again.
 *
 * The lock is held for a few pointers at a time, and never while a job runs or a thread
 * is created. The starter creates the workers because that takes long: when the HTTP
 * thread that pushed the jobs did it, sixty new workers held that thread up for 26 ms.
 * Each pool has one worker from the start. The starter adds one while there are more jobs
 * than idle workers, and workers stay to the end.
 */
#include "work/lanes.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/thread.h"
#include "net/net.h"
#include "work/parking.h"

enum {
    NICER_BY = 10,
    STACK_BYTES = 1024 * 1024, /* address space only: a thread touches what it needs */
};

struct job_list {
    struct job *first;
    struct job **end; /* the link for the next job */
    size_t n;
};

struct pool {
    struct job_list jobs;
    size_t most;
    size_t n_workers, most_workers;
    size_t n_idle; /* counts workers that have not begun yet, too */
    bool gives_way;
    struct log_seldom refused; /* jobs that the queue had no room for */
    pthread_cond_t filled;
};

struct lane_thread {
    struct lanes *lanes;
    pthread_t id;
    struct pool *pool; /* this and the next: of a worker, not of the starter */
    struct worker worker;
};

struct lanes {
    pthread_mutex_t lock;
    struct pool pools[POOLS];
    struct parking parking;
    pthread_cond_t starter;
    pthread_cond_t ended; /* n_running has changed */
    size_t n_running;     /* threads that have not ended */
    bool is_stopping;
    bool is_said_not_nicer;
    int64_t end_ms; /* of lanes_end_by; 0: not called */
    struct lanes_options options;
    struct lane_thread *threads; /* the first is the starter */
    size_t n_threads;
};

static void job_list_init(struct job_list *list)
{
    *list = (struct job_list){.end = &list->first};
}

static void job_list_add(struct job_list *list, struct job *job)
{
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
    list->n++;
}

static struct job *job_list_take(struct job_list *list)
{
    struct job *job = list->first;

    if (job == NULL) {
        return NULL;
    }
    list->first = job->next;
    list->n--;
    if (list->first == NULL) {
        list->end = &list->first;
    }
    return job;
}

static void lanes_lock(struct lanes *l)
{
    must_be(pthread_mutex_lock(&l->lock) == 0);
}

static void lanes_unlock(struct lanes *l)
{
    must_be(pthread_mutex_unlock(&l->lock) == 0);
}

/* Once: it is so for all workers. */
static void lanes_say_not_nicer(struct lanes *l, int error)
{
    lanes_lock(l);
    bool is_news = !l->is_said_not_nicer;

    l->is_said_not_nicer = true;
    lanes_unlock(l);
    if (is_news) {
        log_event(
            LEVEL_WARN, EVENT_WORKERS_NOT_NICER, KZ("reason", strerrordesc_np(error)),
            KZ("effect", "slow work may delay requests that memory can answer"));
    }
}

/* Slow work gives way to the HTTP threads on the same CPU. On Linux nice(2) changes the
 * calling thread only; elsewhere it changes the whole process, so it isn't called there.
 */
static void lane_thread_give_way(struct lanes *l)
{
#ifdef __linux__
    errno = 0;
    if (nice(NICER_BY) == -1 && errno != 0) { /* a filter of calls may forbid it */
        lanes_say_not_nicer(l, errno);
    }
#else
    (void)l;
#endif
}

/* Called with the lock held; releases it. */
static void lane_thread_end(struct lanes *l)
{
    l->n_running--;
    (void)pthread_cond_signal(&l->ended);
    lanes_unlock(l);
}

static const char *worker_thread_name(enum work_pool pool)
{
    static const char *const names[POOL_SOURCES] = {
        "worker", "store", "cold", "issuers", "chores", "keeper", "notices"};

    return pool < POOL_SOURCES ? names[pool] : "source";
}

static void *worker_run(void *arg)
{
    struct lane_thread *t = arg;
    struct lanes *l = t->lanes;

    thread_set_name(worker_thread_name(t->worker.pool));
    if (t->pool->gives_way) {
        lane_thread_give_way(l);
    }
    lanes_lock(l);
    t->pool->n_idle--;
    while (!l->is_stopping) {
        struct job *job = job_list_take(&t->pool->jobs);

        if (job == NULL) {
            t->pool->n_idle++;
            (void)pthread_cond_wait(&t->pool->filled, &l->lock);
            t->pool->n_idle--;
            continue;
        }
        lanes_unlock(l);
        job->run(job, &t->worker);
        lanes_lock(l);
    }
    lane_thread_end(l);
    return NULL;
}

static void pool_open(struct pool *p, const struct pool_options *options)
{
    job_list_init(&p->jobs);
    p->most = (size_t)options->queue;
    p->most_workers = (size_t)options->workers;
    p->gives_way = options->gives_way;
    cond_open(&p->filled);
}

/* false: the system refuses another thread. */
static bool lane_thread_start(struct lane_thread *t, void *(*run)(void *))
{
    pthread_attr_t attr;

    must_be(pthread_attr_init(&attr) == 0);
    must_be(pthread_attr_setstacksize(&attr, STACK_BYTES) == 0);
    bool is_started = pthread_create(&t->id, &attr, run, t) == 0;

    (void)pthread_attr_destroy(&attr);
    return is_started;
}

static void worker_open(struct lanes *l, struct pool *p, struct lane_thread *t)
{
    t->lanes = l;
    t->pool = p;
    t->worker = (struct worker){
        .store = l->options.store,
        .net = net_open(),
        .lanes = l,
        .refusals = l->options.refusals,
        .shared = l->options.shared,
        .pool = (enum work_pool)(p - l->pools),
    };
}

/* Called with the lock held; releases it for a while, which is safe because only the
 * starter adds threads. false: the system refuses another thread. */
static bool worker_start(struct lanes *l, struct pool *p)
{
    struct lane_thread *t = &l->threads[l->n_threads];

    p->n_workers++;
    p->n_idle++;
    l->n_running++;
    lanes_unlock(l);
    worker_open(l, p, t);
    bool is_started = lane_thread_start(t, worker_run);

    lanes_lock(l);
    if (!is_started) {
        p->n_workers--;
        p->n_idle--;
        l->n_running--;
        net_close(&t->worker.net);
        return false;
    }
    l->n_threads++;
    if (l->end_ms != 0) {
        net_end_by(t->worker.net, l->end_ms);
    }
    return true;
}

static bool pool_needs_worker(const struct pool *p)
{
    return p->jobs.n > p->n_idle && p->n_workers < p->most_workers;
}

/* Called with the lock held. */
static void pool_add(struct lanes *l, struct pool *p, struct job *job)
{
    job_list_add(&p->jobs, job);
    (void)pthread_cond_signal(&p->filled);
    if (pool_needs_worker(p)) {
        (void)pthread_cond_signal(&l->starter);
    }
}

/* Called with the lock held. A job that was parked has been admitted before, so the
 * queue's limit doesn't apply. */
static void job_run_again(void *lanes, struct job *job)
{
    struct lanes *l = lanes;

    pool_add(l, &l->pools[job->pool], job);
}

static struct parking_run lanes_run_again(struct lanes *l)
{
    return (struct parking_run){job_run_again, l};
}

/* Called with the lock held. false: no pool needs a worker, or the system refuses one. */
static bool lanes_add_worker(struct lanes *l)
{
    for (size_t i = 0; i < POOLS; i++) {
        if (pool_needs_worker(&l->pools[i])) {
            return worker_start(l, &l->pools[i]);
        }
    }
    return false;
}

/* Parked jobs also run again without being woken, because the work that they wait for may
 * have been done by another node. */
static void *lanes_starter_run(void *arg)
{
    struct lanes *l = ((struct lane_thread *)arg)->lanes;
    const struct parking_run run = lanes_run_again(l);
    int64_t check_ms = 0; /* time of the next round of checks; 0: none is planned */

    thread_set_name("lanes");
    lanes_lock(l);
    while (!l->is_stopping) {
        if (lanes_add_worker(l)) {
            continue;
        }
        if (l->parking.n_parked == 0) {
            check_ms = 0;
            (void)pthread_cond_wait(&l->starter, &l->lock);
            continue;
        }
        if (check_ms == 0) {
            check_ms = clock_mono_ms() + LIMIT_PARK_CHECK_MS;
        }
        if (!cond_wait_until(&l->starter, &l->lock, check_ms)) {
            parking_check(&l->parking, clock_mono_ms(), &run);
            check_ms = 0;
        }
    }
    lane_thread_end(l);
    return NULL;
}

struct lanes *lanes_open(const struct lanes_options *options)
{
    struct lanes *l = heap_alloc(sizeof(*l));
    size_t most_threads = 1; /* the starter */

    must_be(pthread_mutex_init(&l->lock, NULL) == 0);
    cond_open(&l->starter);
    cond_open(&l->ended);
    for (size_t i = 0; i < POOLS; i++) {
        pool_open(&l->pools[i], &options->pools[i]);
        most_threads += (size_t)options->pools[i].workers;
    }
    l->options = *options;
    l->threads = heap_alloc(most_threads * sizeof(*l->threads));
    l->threads[0].lanes = l;
    l->n_threads = l->n_running = 1;
    lanes_lock(l);
    for (size_t i = 0; i < POOLS; i++) {
        must_be(l->pools[i].most_workers == 0 || worker_start(l, &l->pools[i]));
    }
    lanes_unlock(l);
    must_be(lane_thread_start(&l->threads[0], lanes_starter_run));
    return l;
}

static void job_list_drop(struct job_list *list)
{
    for (struct job *job = job_list_take(list); job != NULL; job = job_list_take(list)) {
        job->drop(job);
    }
}

/* false: some threads have not ended by `mono_ms`. */
static bool lanes_stop(struct lanes *l, int64_t mono_ms)
{
    bool is_in_time = true;

    lanes_lock(l);
    l->is_stopping = true;
    (void)pthread_cond_broadcast(&l->starter);
    for (size_t i = 0; i < POOLS; i++) {
        (void)pthread_cond_broadcast(&l->pools[i].filled);
    }
    while (l->n_running > 0 && is_in_time) {
        is_in_time = cond_wait_until(&l->ended, &l->lock, mono_ms);
    }
    bool have_ended = l->n_running == 0;

    lanes_unlock(l);
    return have_ended;
}

bool lanes_close(struct lanes **lanes, int64_t mono_ms)
{
    struct lanes *l = *lanes;

    if (l == NULL) {
        return true;
    }
    if (!lanes_stop(l, mono_ms)) {
        return false;
    }
    const struct parking_run run = lanes_run_again(l);

    for (size_t i = 0; i < l->n_threads; i++) {
        must_be(pthread_join(l->threads[i].id, NULL) == 0);
        net_close(&l->threads[i].worker.net); /* NULL for the starter */
    }
    parking_wake_all(&l->parking, &run);
    for (size_t i = 0; i < POOLS; i++) {
        job_list_drop(&l->pools[i].jobs);
        (void)pthread_cond_destroy(&l->pools[i].filled);
    }
    (void)pthread_cond_destroy(&l->starter);
    (void)pthread_cond_destroy(&l->ended);
    (void)pthread_mutex_destroy(&l->lock);
    heap_free(l->threads);
    heap_free(l);
    *lanes = NULL;
    return true;
}

bool lanes_are_closing(struct lanes *l)
{
    if (l == NULL) {
        return false;
    }
    lanes_lock(l);
    bool are_closing = l->end_ms != 0;

    lanes_unlock(l);
    return are_closing;
}

void lanes_look(struct lanes *l, struct lanes_state *ret)
{
    *ret = (struct lanes_state){.workers = 0};
    lanes_lock(l);
    for (size_t i = 0; i < POOLS; i++) {
        ret->queued[i] = l->pools[i].jobs.n;
        ret->workers += l->pools[i].n_workers;
        ret->idle += l->pools[i].n_idle;
    }
    memcpy(ret->parked, l->parking.n_of, sizeof(ret->parked));
    lanes_unlock(l);
}

void lanes_end_by(struct lanes *l, int64_t mono_ms)
{
    lanes_lock(l);
    l->end_ms = mono_ms;
    for (size_t i = 1; i < l->n_threads; i++) {
        net_end_by(l->threads[i].worker.net, mono_ms);
    }
    lanes_unlock(l);
}

/* Behind the lock, as a line of the log takes a while. */
static void pool_say_full(struct pool *p, enum work_pool pool)
{
    int64_t refused = log_seldom_count(&p->refused, clock_mono_ms());
    const struct metric_label *lanes = metric_families[METRIC_QUEUE_REJECTED].labels[0];

    if (refused > 0) {
        log_event(
            LEVEL_WARN, EVENT_LIMITS_QUEUE, KV("lane", lanes->values[pool - 1]),
            KN("refused", refused));
    }
}

/* Called with the lock held; releases it. */
static bool lanes_take(struct lanes *l, enum work_pool pool, struct job *job)
{
    struct pool *p = &l->pools[pool];
    bool is_full = p->jobs.n >= p->most;
    bool is_taken = !l->is_stopping && !is_full;

    if (is_taken) {
        job->pool = pool;
        pool_add(l, p, job);
    }
    lanes_unlock(l);
    if (!is_taken) {
        metric_add(METRIC_QUEUE_REJECTED, (size_t)pool - 1, 1);
    }
    if (is_full) {
        pool_say_full(p, pool);
    }
    return is_taken;
}

bool lanes_push(struct lanes *l, enum work_pool pool, struct job *job)
{
    lanes_lock(l);
    return lanes_take(l, pool, job);
}

bool lanes_move(struct lanes *l, struct job *job, enum work_pool pool)
{
    lanes_lock(l);
    parking_leave(&l->parking, job);
    return lanes_take(l, pool, job);
}

bool lanes_park(struct lanes *l, struct job *job, const struct park *how)
{
    lanes_lock(l);
    bool is_taken = !l->is_stopping && parking_add(&l->parking, job, how);

    if (is_taken) {
        (void)pthread_cond_signal(&l->starter);
    }
    lanes_unlock(l);
    return is_taken;
}

void lanes_wake(struct lanes *l, Str key)
{
    if (l == NULL) {
        return;
    }
    const struct parking_run run = lanes_run_again(l);

    lanes_lock(l);
    parking_wake(&l->parking, key, &run);
    lanes_unlock(l);
}

void lanes_done(struct lanes *l, struct job *job, Str wake)
{
    const struct parking_run run = lanes_run_again(l);

    lanes_lock(l);
    parking_leave(&l->parking, job);
    if (wake.n > 0) {
        parking_wake(&l->parking, wake, &run);
    }
    lanes_unlock(l);
}
