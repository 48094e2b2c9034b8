/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric.c - cells for each thread and family, which a thread gets when it first counts.
 *
 * A cell has one writer, so that counting is a load and a store and no bus lock (ADR 42).
 * The block of a thread that has ended goes, with what it counted, to the next thread
 * that counts in the same family.
 */
#include "base/metric.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"

enum { CACHE_LINE_BYTES = 64 };

struct block {
    struct block *next; /* of the same family; only its flag changes later */
    bool is_taken;      /* a thread that lives counts in it */
    char before[CACHE_LINE_BYTES - sizeof(struct block *) - sizeof(void *)];
    _Atomic int64_t cells[]; /* then CACHE_LINE_BYTES that nobody uses */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* over blocks and gauges */
static struct block *blocks[METRICS];
static int64_t *gauges[METRICS]; /* and samples; NULL: never set */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_end;
static _Thread_local struct block *own[METRICS];

static void metrics_lock(void)
{
    must_be(pthread_mutex_lock(&lock) == 0);
}

static void metrics_unlock(void)
{
    must_be(pthread_mutex_unlock(&lock) == 0);
}

size_t metric_places(enum metric m)
{
    size_t n = 1;

    for (size_t i = 0; i < METRIC_LABELS && metric_families[m].labels[i] != NULL; i++) {
        n *= metric_families[m].labels[i]->n;
    }
    return n;
}

size_t metric_cells_each(enum metric m)
{
    const struct metric_family *f = &metric_families[m];

    return f->buckets != NULL ? f->buckets->n + 2 : 1;
}

static size_t family_cells(enum metric m)
{
    return metric_places(m) * metric_cells_each(m);
}

metric_place metric_place_of(enum metric m, const size_t *values)
{
    const struct metric_family *f = &metric_families[m];
    metric_place place = 0;

    for (size_t i = 0; i < METRIC_LABELS && f->labels[i] != NULL; i++) {
        must_be(values[i] < f->labels[i]->n);
        place = place * f->labels[i]->n + values[i];
    }
    return place;
}

size_t metric_value_of(const struct metric_label *label, Str word)
{
    size_t i = 0;

    while (i + 1 < label->n && !str_eq(label->values[i], word)) {
        i++;
    }
    return i;
}

metric_place metric_place_named(enum metric m, const Str *words)
{
    const struct metric_family *f = &metric_families[m];
    size_t values[METRIC_LABELS] = {0};

    for (size_t i = 0; i < METRIC_LABELS && f->labels[i] != NULL; i++) {
        values[i] = metric_value_of(f->labels[i], words[i]);
    }
    return metric_place_of(m, values);
}

Str metric_source(enum source_id source)
{
    return metric_families[METRIC_FLOWS_STARTED].labels[0]->values[source - 1];
}

static void thread_end(void *unused)
{
    (void)unused;
    metrics_lock();
    for (size_t m = 0; m < METRICS; m++) {
        if (own[m] != NULL) {
            own[m]->is_taken = false;
            own[m] = NULL;
        }
    }
    metrics_unlock();
}

static void key_open(void)
{
    must_be(pthread_key_create(&at_end, thread_end) == 0);
}

/* With the lock held. */
static struct block *block_free_one(enum metric m)
{
    struct block *b = blocks[m];

    while (b != NULL && b->is_taken) {
        b = b->next;
    }
    return b;
}

/* With the lock held. */
static struct block *cells_new(enum metric m)
{
    struct block *b =
        heap_alloc(sizeof(*b) + family_cells(m) * sizeof(b->cells[0]) + CACHE_LINE_BYTES);

    b->next = blocks[m];
    blocks[m] = b;
    return b;
}

static struct block *block_take(enum metric m)
{
    must_be(pthread_once(&once, key_open) == 0);
    must_be(pthread_setspecific(at_end, own) == 0); /* anything but NULL */
    metrics_lock();
    struct block *b = block_free_one(m);

    b = b != NULL ? b : cells_new(m);
    b->is_taken = true;
    metrics_unlock();
    own[m] = b;
    return b;
}

void metric_add(enum metric m, metric_place place, int64_t n)
{
    struct block *b = own[m] != NULL ? own[m] : block_take(m);
    int64_t now = atomic_load_explicit(&b->cells[place], memory_order_relaxed);

    atomic_store_explicit(&b->cells[place], now + n, memory_order_relaxed);
}

void metric_observe_us(enum metric m, metric_place place, int64_t us)
{
    const struct metric_buckets *b = metric_families[m].buckets;
    size_t first = place * (b->n + 2);
    size_t i = 0;

    while (i < b->n && us > b->us[i]) {
        i++;
    }
    metric_add(m, first + i, 1);
    metric_add(m, first + b->n + 1, us);
}

/* With the lock held. */
static int64_t *gauge_cells(enum metric m)
{
    if (gauges[m] == NULL) {
        size_t n = family_cells(m);

        gauges[m] = heap_alloc(n * sizeof(*gauges[m]));
        for (size_t i = 0; i < n; i++) {
            gauges[m][i] = METRIC_UNKNOWN;
        }
    }
    return gauges[m];
}

void metric_set(enum metric m, metric_place place, int64_t value)
{
    metrics_lock();
    gauge_cells(m)[place] = value;
    metrics_unlock();
}

void metric_set_sample(enum metric m, const int64_t *cells)
{
    size_t n = family_cells(m);

    must_be(metric_families[m].kind == METRIC_SAMPLED);
    metrics_lock();
    memcpy(gauge_cells(m), cells, n * sizeof(*cells));
    metrics_unlock();
}

/* With the lock held. */
static void blocks_sum(enum metric m, size_t n, int64_t *ret)
{
    memset(ret, 0, n * sizeof(*ret));
    for (struct block *b = blocks[m]; b != NULL; b = b->next) {
        for (size_t i = 0; i < n; i++) {
            ret[i] += atomic_load_explicit(&b->cells[i], memory_order_relaxed);
        }
    }
}

static bool family_is_set(enum metric m)
{
    enum metric_kind kind = metric_families[m].kind;

    return kind == METRIC_GAUGE || kind == METRIC_TOTAL || kind == METRIC_SAMPLED;
}

void metric_read(enum metric m, int64_t *ret)
{
    size_t n = family_cells(m);

    metrics_lock();
    if (family_is_set(m)) {
        memcpy(ret, gauge_cells(m), n * sizeof(*ret));
    } else {
        blocks_sum(m, n, ret);
    }
    metrics_unlock();
}
