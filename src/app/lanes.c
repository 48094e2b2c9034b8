/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lanes.c - one lock, two queues, one place for who waits, and a keeper: the thread that
 * starts workers and lets the parked look again.
 *
 * The lock is held for a few pointers at a time, and never while a job runs or a thread
 * is made: sixty workers made by the HTTP thread that brings the jobs held it up for 26
 * ms. Each queue has a worker from the start; the keeper adds one while there are more
 * jobs than idle workers, and they stay.
 */
#include "app/lanes.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "app/parking.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/limits.h"

enum {
    QUEUES = 2,
    SLOW_NICE = 10,
    STACK_BYTES = 1024 * 1024, /* address space only: a thread touches what it needs */
    OWNER_BYTES = 128,
};

struct job_list {
    struct job *first;
    struct job **end; /* where the next one goes */
    size_t n;
};

struct queue {
    struct job_list jobs;
    size_t most;
    size_t n_workers, most_workers;
    size_t n_idle; /* with those that have not run yet */
    pthread_cond_t filled;
};

struct lane_thread {
    struct lanes *lanes;
    pthread_t id;
    struct queue *queue; /* from here on: of a worker */
    struct worker worker;
    char owner[OWNER_BYTES];
};

struct lanes {
    pthread_mutex_t lock;
    struct queue queues[QUEUES];
    struct parking parking;
    pthread_cond_t keeper;
    bool is_stopping;
    int64_t end_ms; /* of lanes_end_by; 0: not called */
    struct lanes_options options;
    struct lane_thread *threads; /* the first is the keeper */
    size_t n_threads;
};

static void list_init(struct job_list *list)
{
    *list = (struct job_list){.end = &list->first};
}

static void list_add(struct job_list *list, struct job *job)
{
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
    list->n++;
}

static struct job *list_take(struct job_list *list)
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

static void lock(struct lanes *l)
{
    must_be(pthread_mutex_lock(&l->lock) == 0);
}

static void unlock(struct lanes *l)
{
    must_be(pthread_mutex_unlock(&l->lock) == 0);
}

/* What is slow gives way to the HTTP threads that share a CPU with it. On Linux this is
 * of the calling thread alone; elsewhere it would be of the whole process. */
static void give_way(void)
{
#ifdef __linux__
    int now = nice(SLOW_NICE);

    (void)now; /* if not, it is as before */
#endif
}

static void *work(void *arg)
{
    struct lane_thread *t = arg;
    struct lanes *l = t->lanes;

    if (t->queue == &l->queues[QUEUE_SLOW]) {
        give_way();
    }
    lock(l);
    t->queue->n_idle--;
    while (!l->is_stopping) {
        struct job *job = list_take(&t->queue->jobs);

        if (job == NULL) {
            t->queue->n_idle++;
            (void)pthread_cond_wait(&t->queue->filled, &l->lock);
            t->queue->n_idle--;
            continue;
        }
        unlock(l);
        job->run(job, &t->worker);
        lock(l);
    }
    unlock(l);
    return NULL;
}

static void queue_open(struct queue *q, int most, int most_workers)
{
    list_init(&q->jobs);
    q->most = (size_t)most;
    q->most_workers = (size_t)most_workers;
    cond_open(&q->filled);
}

/* false: the system has no thread to give. */
static bool thread_start(struct lane_thread *t, void *(*run)(void *))
{
    pthread_attr_t attr;

    must_be(pthread_attr_init(&attr) == 0);
    must_be(pthread_attr_setstacksize(&attr, STACK_BYTES) == 0);
    bool is_started = pthread_create(&t->id, &attr, run, t) == 0;

    (void)pthread_attr_destroy(&attr);
    return is_started;
}

static void worker_open(struct lanes *l, struct queue *q, struct lane_thread *t)
{
    Str node = l->options.node;
    int n = snprintf(
        t->owner, sizeof(t->owner), "%.*s/%zu", (int)node.n, node.p, l->n_threads);

    must_be(n > 0 && n < OWNER_BYTES);
    t->lanes = l;
    t->queue = q;
    t->worker = (struct worker){
        .store = l->options.store,
        .net = net_open(),
        .owner = {t->owner, (size_t)n},
        .lanes = l,
        .wake = lanes_wake,
    };
}

/* With the lock held, which it gives up meanwhile: only the keeper adds threads. false:
 * the system has none to give. */
static bool worker_start(struct lanes *l, struct queue *q)
{
    struct lane_thread *t = &l->threads[l->n_threads];

    q->n_workers++;
    q->n_idle++;
    unlock(l);
    worker_open(l, q, t);
    bool is_started = thread_start(t, work);

    lock(l);
    if (!is_started) {
        q->n_workers--;
        q->n_idle--;
        net_close(&t->worker.net);
        return false;
    }
    l->n_threads++;
    if (l->end_ms != 0) {
        net_end_by(t->worker.net, l->end_ms);
    }
    return true;
}

static bool needs_worker(const struct queue *q)
{
    return q->jobs.n > q->n_idle && q->n_workers < q->most_workers;
}

/* With the lock held. */
static void queue_add(struct lanes *l, struct queue *q, struct job *job)
{
    list_add(&q->jobs, job);
    (void)pthread_cond_signal(&q->filled);
    if (needs_worker(q)) {
        (void)pthread_cond_signal(&l->keeper);
    }
}

/* With the lock held. A parked job was let in once, so the queue's limit doesn't count.
 */
static void run_again(void *lanes, struct job *job)
{
    struct lanes *l = lanes;

    queue_add(l, &l->queues[QUEUE_SLOW], job);
}

static struct parking_run again(struct lanes *l)
{
    return (struct parking_run){run_again, l};
}

/* With the lock held. false: none is needed, or none to be had. */
static bool add_worker(struct lanes *l)
{
    for (size_t i = 0; i < QUEUES; i++) {
        if (needs_worker(&l->queues[i])) {
            return worker_start(l, &l->queues[i]);
        }
    }
    return false;
}

/* Another node may have done what parked jobs wait for: nobody wakes them here. */
static void *keep(void *arg)
{
    struct lanes *l = ((struct lane_thread *)arg)->lanes;
    const struct parking_run run = again(l);
    int64_t look_ms = 0; /* when the parked look next; 0: not yet said */

    lock(l);
    while (!l->is_stopping) {
        if (add_worker(l)) {
            continue;
        }
        if (l->parking.n_parked == 0) {
            look_ms = 0;
            (void)pthread_cond_wait(&l->keeper, &l->lock);
            continue;
        }
        if (look_ms == 0) {
            look_ms = clock_mono_ms() + LIMIT_PARK_LOOK_MS;
        }
        if (!cond_wait_until(&l->keeper, &l->lock, look_ms)) {
            parking_look(&l->parking, clock_mono_ms(), &run);
            look_ms = 0;
        }
    }
    unlock(l);
    return NULL;
}

struct lanes *lanes_open(const struct lanes_options *options)
{
    struct lanes *l = heap_alloc(sizeof(*l));
    size_t most_threads = (size_t)options->workers + LIMIT_COLD_WORKERS + 1;

    must_be(pthread_mutex_init(&l->lock, NULL) == 0);
    cond_open(&l->keeper);
    queue_open(&l->queues[QUEUE_SLOW], options->queue, options->workers);
    queue_open(&l->queues[QUEUE_COLD], LIMIT_COLD_QUEUE, LIMIT_COLD_WORKERS);
    l->options = *options;
    l->threads = heap_alloc(most_threads * sizeof(*l->threads));
    l->threads[0].lanes = l;
    l->n_threads = 1;
    lock(l);
    for (size_t i = 0; i < QUEUES; i++) {
        must_be(worker_start(l, &l->queues[i]));
    }
    unlock(l);
    must_be(thread_start(&l->threads[0], keep));
    return l;
}

static void drop_all(struct job_list *list)
{
    for (struct job *job = list_take(list); job != NULL; job = list_take(list)) {
        job->drop(job);
    }
}

void lanes_close(struct lanes **lanes)
{
    struct lanes *l = *lanes;

    *lanes = NULL;
    if (l == NULL) {
        return;
    }
    const struct parking_run run = again(l);

    lock(l);
    l->is_stopping = true;
    (void)pthread_cond_broadcast(&l->keeper);
    for (size_t i = 0; i < QUEUES; i++) {
        (void)pthread_cond_broadcast(&l->queues[i].filled);
    }
    unlock(l);
    must_be(pthread_join(l->threads[0].id, NULL) == 0); /* so there will be no more */
    for (size_t i = 1; i < l->n_threads; i++) {
        must_be(pthread_join(l->threads[i].id, NULL) == 0);
        net_close(&l->threads[i].worker.net);
    }
    parking_wake_all(&l->parking, &run);
    for (size_t i = 0; i < QUEUES; i++) {
        drop_all(&l->queues[i].jobs);
        (void)pthread_cond_destroy(&l->queues[i].filled);
    }
    (void)pthread_cond_destroy(&l->keeper);
    (void)pthread_mutex_destroy(&l->lock);
    heap_free(l->threads);
    heap_free(l);
}

void lanes_end_by(struct lanes *l, int64_t mono_ms)
{
    lock(l);
    l->end_ms = mono_ms;
    for (size_t i = 1; i < l->n_threads; i++) {
        net_end_by(l->threads[i].worker.net, mono_ms);
    }
    unlock(l);
}

bool lanes_push(struct lanes *l, enum lane_queue queue, struct job *job)
{
    struct queue *q = &l->queues[queue];

    lock(l);
    bool is_taken = !l->is_stopping && q->jobs.n < q->most;

    if (is_taken) {
        queue_add(l, q, job);
    }
    unlock(l);
    return is_taken;
}

bool lanes_park(struct lanes *l, struct job *job, const struct park *how)
{
    lock(l);
    bool is_taken = !l->is_stopping && parking_add(&l->parking, job, how);

    if (is_taken) {
        (void)pthread_cond_signal(&l->keeper);
    }
    unlock(l);
    return is_taken;
}

void lanes_wake(struct lanes *l, Str key)
{
    const struct parking_run run = again(l);

    lock(l);
    parking_wake(&l->parking, key, &run);
    unlock(l);
}

void lanes_leave(struct lanes *l, struct job *job, Str wake)
{
    const struct parking_run run = again(l);

    lock(l);
    parking_leave(&l->parking, job);
    if (wake.n > 0) {
        parking_wake(&l->parking, wake, &run);
    }
    unlock(l);
}

size_t lanes_depth(struct lanes *l, enum lane_queue queue)
{
    lock(l);
    size_t n = l->queues[queue].jobs.n;

    unlock(l);
    return n;
}
