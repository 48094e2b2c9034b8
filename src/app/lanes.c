/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lanes.c - one lock, two queues, one place for who waits, and a thread that lets the
 * parked look again while there are any.
 *
 * The lock is held for a few pointers at a time and never while a job runs. Workers are
 * started when a job finds none idle, and stay.
 */
#include "app/lanes.h"

#include <pthread.h>
#include <stdio.h>

#include "app/parking.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/limits.h"

enum {
    QUEUES = 2,
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
    size_t n_workers, n_idle, most_workers;
    pthread_cond_t filled;
};

struct lane_thread {
    struct lanes *lanes;
    struct queue *queue; /* NULL: the one that looks after the parked */
    struct worker worker;
    char owner[OWNER_BYTES];
    pthread_t id;
};

struct lanes {
    pthread_mutex_t lock;
    struct queue queues[QUEUES];
    struct parking parking;
    pthread_cond_t someone_parked;
    bool is_stopping;
    int64_t end_ms; /* of lanes_end_by; 0: not called */
    struct lanes_options options;
    struct lane_thread *threads;
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

static void *work(void *arg)
{
    struct lane_thread *t = arg;
    struct lanes *l = t->lanes;

    lock(l);
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
static bool thread_start(struct lanes *l, struct queue *queue, void *(*run)(void *))
{
    struct lane_thread *t = &l->threads[l->n_threads];
    pthread_attr_t attr;

    t->lanes = l;
    t->queue = queue;
    must_be(pthread_attr_init(&attr) == 0);
    must_be(pthread_attr_setstacksize(&attr, STACK_BYTES) == 0);
    bool is_started = pthread_create(&t->id, &attr, run, t) == 0;

    (void)pthread_attr_destroy(&attr);
    l->n_threads += is_started ? 1 : 0;
    return is_started;
}

/* With the lock held. */
static bool worker_start(struct lanes *l, struct queue *q)
{
    struct lane_thread *t = &l->threads[l->n_threads];
    Str node = l->options.node;
    int n = snprintf(
        t->owner, sizeof(t->owner), "%.*s/%zu", (int)node.n, node.p, l->n_threads);

    must_be(n > 0 && n < OWNER_BYTES);
    t->worker = (struct worker){
        .store = l->options.store,
        .net = net_open(),
        .owner = {t->owner, (size_t)n},
        .lanes = l,
        .wake = lanes_wake,
    };
    if (l->end_ms != 0) {
        net_end_by(t->worker.net, l->end_ms);
    }
    if (!thread_start(l, q, work)) {
        net_close(&t->worker.net);
        return false;
    }
    q->n_workers++;
    return true;
}

/* With the lock held. false: there is nobody to run it, not even later. */
static bool queue_add(struct lanes *l, struct queue *q, struct job *job)
{
    bool needs_more = q->jobs.n >= q->n_idle && q->n_workers < q->most_workers;

    if (needs_more && !l->is_stopping && !worker_start(l, q) && q->n_workers == 0) {
        return false;
    }
    list_add(&q->jobs, job);
    (void)pthread_cond_signal(&q->filled);
    return true;
}

/* With the lock held. A parked job was let in once, so the queue's limit doesn't count.
 */
static void run_again(void *lanes, struct job *job)
{
    struct lanes *l = lanes;
    bool is_taken = queue_add(l, &l->queues[QUEUE_SLOW], job);

    must_be(is_taken); /* the worker that ran it before is there */
}

static struct parking_run again(struct lanes *l)
{
    return (struct parking_run){run_again, l};
}

/* Another node may have done what parked jobs wait for: nobody wakes them here. */
static void *look_after_parked(void *arg)
{
    struct lanes *l = ((struct lane_thread *)arg)->lanes;
    const struct parking_run run = again(l);

    lock(l);
    while (!l->is_stopping) {
        if (l->parking.n_parked == 0) {
            (void)pthread_cond_wait(&l->someone_parked, &l->lock);
            continue;
        }
        int64_t until_ms = clock_mono_ms() + LIMIT_PARK_LOOK_MS;
        bool is_early = true;

        while (!l->is_stopping && is_early) {
            is_early = cond_wait_until(&l->someone_parked, &l->lock, until_ms);
        }
        parking_look(&l->parking, clock_mono_ms(), &run);
    }
    unlock(l);
    return NULL;
}

struct lanes *lanes_open(const struct lanes_options *options)
{
    struct lanes *l = heap_alloc(sizeof(*l));
    size_t most_threads = (size_t)options->workers + LIMIT_COLD_WORKERS + 1;

    must_be(pthread_mutex_init(&l->lock, NULL) == 0);
    cond_open(&l->someone_parked);
    queue_open(&l->queues[QUEUE_SLOW], options->queue, options->workers);
    queue_open(&l->queues[QUEUE_COLD], LIMIT_COLD_QUEUE, LIMIT_COLD_WORKERS);
    l->options = *options;
    l->threads = heap_alloc(most_threads * sizeof(*l->threads));
    must_be(thread_start(l, NULL, look_after_parked));
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
    (void)pthread_cond_broadcast(&l->someone_parked);
    for (size_t i = 0; i < QUEUES; i++) {
        (void)pthread_cond_broadcast(&l->queues[i].filled);
    }
    unlock(l);
    for (size_t i = 0; i < l->n_threads; i++) {
        must_be(pthread_join(l->threads[i].id, NULL) == 0);
        net_close(&l->threads[i].worker.net);
    }
    parking_wake_all(&l->parking, &run);
    for (size_t i = 0; i < QUEUES; i++) {
        drop_all(&l->queues[i].jobs);
        (void)pthread_cond_destroy(&l->queues[i].filled);
    }
    (void)pthread_cond_destroy(&l->someone_parked);
    (void)pthread_mutex_destroy(&l->lock);
    heap_free(l->threads);
    heap_free(l);
}

void lanes_end_by(struct lanes *l, int64_t mono_ms)
{
    lock(l);
    l->end_ms = mono_ms;
    for (size_t i = 0; i < l->n_threads; i++) {
        if (l->threads[i].queue != NULL) {
            net_end_by(l->threads[i].worker.net, mono_ms);
        }
    }
    unlock(l);
}

bool lanes_push(struct lanes *l, enum lane_queue queue, struct job *job)
{
    struct queue *q = &l->queues[queue];

    lock(l);
    bool is_taken = !l->is_stopping && q->jobs.n < q->most && queue_add(l, q, job);

    unlock(l);
    return is_taken;
}

bool lanes_park(struct lanes *l, struct job *job, const struct park *how)
{
    lock(l);
    bool is_taken = !l->is_stopping && parking_add(&l->parking, job, how);

    if (is_taken) {
        (void)pthread_cond_signal(&l->someone_parked);
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
