/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_buffer.c - two halves: lines go into one while the other is being written.
 *
 * The writer sleeps until there is a line, and then a little longer, so that a busy
 * thread wakes it a few dozen times a second and not once a line.
 */
#include "base/log_buffer.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/cond.h"
#include "base/cx.h"
#include "base/log.h"

enum {
    HALF_BYTES = 128 * 1024,
    GATHER_MS = 25,
    PATIENCE_MS = 1000, /* with a log that takes nothing */
};

struct half {
    size_t n;
    char text[HALF_BYTES];
};

struct log_buffer {
    pthread_t writer;
    pthread_mutex_t lock;   /* for what follows */
    pthread_cond_t filled;  /* for the writer: there is a line, or haste */
    pthread_cond_t emptied; /* for the owner: there is room */
    struct half halves[2];
    struct half *filling; /* the other one is the writer's */
    bool is_hasty;
    bool is_closing;
    int64_t began_ms; /* when the writer began to write; 0: it doesn't */
    int64_t lost;     /* lines that found no room */
};

static void lock(struct log_buffer *b)
{
    must_be(pthread_mutex_lock(&b->lock) == 0);
}

static void unlock(struct log_buffer *b)
{
    must_be(pthread_mutex_unlock(&b->lock) == 0);
}

/* With the lock held. false: all is written, and no more will come. */
static bool wait_for_lines(struct log_buffer *b)
{
    while (b->filling->n == 0 && b->lost == 0 && !b->is_closing) {
        must_be(pthread_cond_wait(&b->filled, &b->lock) == 0);
    }
    int64_t until_ms = clock_mono_ms() + GATHER_MS;

    while (!b->is_hasty && !b->is_closing
           && cond_wait_until(&b->filled, &b->lock, until_ms)) {
    }
    return b->filling->n > 0 || b->lost > 0;
}

/* Without the lock: this half is the writer's. */
static void write_half(struct half *half, int64_t lost)
{
    CLEANUP(cx_done) struct cx cx = {0};

    log_out((Str){half->text, half->n});
    half->n = 0;
    if (lost > 0) {
        log_event(LEVEL_WARN, "log_lines_lost", KV("lines", str_int(&cx.mem, lost)));
    }
}

static void *write_all(void *arg)
{
    struct log_buffer *b = arg;

    lock(b);
    while (wait_for_lines(b)) {
        struct half *full = b->filling;
        int64_t lost = b->lost;

        b->filling = full == &b->halves[0] ? &b->halves[1] : &b->halves[0];
        b->is_hasty = false;
        b->lost = 0;
        b->began_ms = clock_mono_ms();
        (void)pthread_cond_signal(&b->emptied);
        unlock(b);
        write_half(full, lost);
        lock(b);
        b->began_ms = 0;
    }
    unlock(b);
    return NULL;
}

struct log_buffer *log_buffer_open(void)
{
    struct log_buffer *b = heap_alloc(sizeof(*b));

    b->filling = &b->halves[0];
    must_be(pthread_mutex_init(&b->lock, NULL) == 0);
    cond_open(&b->filled);
    cond_open(&b->emptied);
    must_be(pthread_create(&b->writer, NULL, write_all, b) == 0);
    return b;
}

void log_buffer_close(struct log_buffer **buffer)
{
    struct log_buffer *b = *buffer;

    *buffer = NULL;
    lock(b);
    b->is_closing = true;
    (void)pthread_cond_signal(&b->filled);
    unlock(b);
    must_be(pthread_join(b->writer, NULL) == 0);
    (void)pthread_cond_destroy(&b->emptied);
    (void)pthread_cond_destroy(&b->filled);
    (void)pthread_mutex_destroy(&b->lock);
    heap_free(b);
}

/* With the lock held: waits for a half to be written, but not for a log that is stuck. */
static bool has_room(struct log_buffer *b, size_t n)
{
    int64_t from_ms = b->began_ms;
    bool is_in_time = true;

    while (is_in_time && n > HALF_BYTES - b->filling->n) {
        from_ms = from_ms == 0 ? clock_mono_ms() : from_ms;
        is_in_time = cond_wait_until(&b->emptied, &b->lock, from_ms + PATIENCE_MS);
    }
    return n <= HALF_BYTES - b->filling->n;
}

void log_buffer_add(struct log_buffer *b, Str line, bool is_urgent)
{
    lock(b);
    bool fits = has_room(b, line.n);
    struct half *half = b->filling;
    bool is_first = half->n == 0;

    if (fits) {
        memcpy(half->text + half->n, line.p, line.n);
        half->n += line.n;
    } else {
        b->lost++;
    }
    bool is_hasty = is_urgent || half->n > HALF_BYTES / 2;
    bool wakes = is_first || (is_hasty && !b->is_hasty);

    b->is_hasty |= is_hasty;
    unlock(b);
    if (wakes) { /* with the lock held, the writer would run into it on the same CPU */
        (void)pthread_cond_signal(&b->filled);
    }
}
