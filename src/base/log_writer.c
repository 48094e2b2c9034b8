/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_writer.c - sleeps until there is a line, and then a little longer, so that busy
 * threads wake it a few dozen times a second and not once a line.
 */
#include "base/log_writer.h"

#include <pthread.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/log_buffer.h"
#include "base/thread.h"

enum { GATHER_MS = 25 };

struct log_feed {
    struct log_writer *writer;
    struct log_buffer *buffer;
    struct log_feed *next; /* the writer's thread alone takes out of the list */
    bool is_ended;         /* under the writer's lock */
};

struct log_writer {
    const struct log_sink *sink;
    pthread_t thread;
    pthread_mutex_t lock; /* for what follows; never held while writing */
    pthread_cond_t woken; /* for the thread */
    pthread_cond_t done;  /* a turn has ended */
    struct log_feed *feeds;
    bool has_lines;
    bool is_hasty;
    bool is_closing;
    bool is_done;
    unsigned turns; /* ended so far */
};

static void writer_lock(struct log_writer *w)
{
    must_be(pthread_mutex_lock(&w->lock) == 0);
}

static void writer_unlock(struct log_writer *w)
{
    must_be(pthread_mutex_unlock(&w->lock) == 0);
}

/* false: this was the last wait. */
static bool writer_wait(struct log_writer *w)
{
    writer_lock(w);
    while (!w->has_lines && !w->is_closing) {
        must_be(pthread_cond_wait(&w->woken, &w->lock) == 0);
    }
    int64_t until_ms = clock_mono_ms() + GATHER_MS;

    while (!w->is_hasty && !w->is_closing
           && cond_wait_until(&w->woken, &w->lock, until_ms)) {
    }
    bool goes_on = !w->is_closing;

    w->has_lines = false;
    w->is_hasty = false;
    writer_unlock(w);
    return goes_on;
}

static struct log_feed *writer_feeds(struct log_writer *w)
{
    writer_lock(w);
    struct log_feed *first = w->feeds;

    writer_unlock(w);
    return first;
}

/* Whether a feed ended before its buffer is taken for the last time. */
static bool feed_is_ended(struct log_feed *f)
{
    writer_lock(f->writer);
    bool is_ended = f->is_ended;

    writer_unlock(f->writer);
    return is_ended;
}

static void feed_free(struct log_feed *f)
{
    struct log_writer *w = f->writer;

    writer_lock(w);
    struct log_feed **at = &w->feeds;

    while (*at != f) {
        at = &(*at)->next;
    }
    *at = f->next;
    writer_unlock(w);
    log_buffer_close(&f->buffer);
    heap_free(f);
}

/* One turn of all feeds: their lines, and then how many were lost. */
static void writer_turn(struct log_writer *w)
{
    struct log_feed *f = writer_feeds(w);
    int64_t lost = 0;

    while (f != NULL) {
        struct log_feed *next = f->next;
        bool is_ended = feed_is_ended(f);
        struct log_taken taken = log_buffer_take(f->buffer);

        if (taken.lines.n > 0) {
            w->sink->write(taken.lines);
        }
        lost += taken.lost;
        if (is_ended) {
            feed_free(f);
        }
        f = next;
    }
    if (lost > 0) {
        w->sink->write_lost(lost);
    }
}

static void writer_note_turn(struct log_writer *w)
{
    writer_lock(w);
    w->turns++;
    (void)pthread_cond_signal(&w->done);
    writer_unlock(w);
}

static void *writer_run(void *arg)
{
    struct log_writer *w = arg;
    bool goes_on = true;

    thread_set_name("log");
    while (goes_on) {
        goes_on = writer_wait(w);
        writer_turn(w);
        writer_note_turn(w);
    }
    writer_lock(w);
    w->is_done = true;
    (void)pthread_cond_signal(&w->done);
    writer_unlock(w);
    return NULL;
}

struct log_writer *log_writer_open(const struct log_sink *sink)
{
    struct log_writer *w = heap_alloc(sizeof(*w));

    w->sink = sink;
    must_be(pthread_mutex_init(&w->lock, NULL) == 0);
    cond_open(&w->woken);
    cond_open(&w->done);
    must_be(pthread_create(&w->thread, NULL, writer_run, w) == 0);
    return w;
}

static void writer_free(struct log_writer *w)
{
    must_be(pthread_join(w->thread, NULL) == 0);
    while (w->feeds != NULL) {
        feed_free(w->feeds);
    }
    (void)pthread_cond_destroy(&w->done);
    (void)pthread_cond_destroy(&w->woken);
    (void)pthread_mutex_destroy(&w->lock);
    heap_free(w);
}

bool log_writer_close(struct log_writer **writer, int64_t until_ms)
{
    struct log_writer *w = *writer;

    *writer = NULL;
    writer_lock(w);
    w->is_closing = true;
    (void)pthread_cond_signal(&w->woken);
    while (!w->is_done && cond_wait_until(&w->done, &w->lock, until_ms)) {
    }
    bool is_done = w->is_done;

    writer_unlock(w);
    if (is_done) {
        writer_free(w);
    } else {
        must_be(pthread_detach(w->thread) == 0);
    }
    return is_done;
}

/* The turn under way may have passed a feed already: the next one misses nothing. */
bool log_writer_flush(struct log_writer *w, int64_t until_ms)
{
    bool is_in_time = true;

    writer_lock(w);
    for (int turn = 0; turn < 2 && is_in_time; turn++) {
        unsigned before = w->turns;

        w->has_lines = w->is_hasty = true;
        (void)pthread_cond_signal(&w->woken);
        while (w->turns == before && is_in_time) {
            is_in_time = cond_wait_until(&w->done, &w->lock, until_ms);
        }
    }
    writer_unlock(w);
    return is_in_time;
}

struct log_feed *log_writer_feed(struct log_writer *w)
{
    struct log_feed *f = heap_alloc(sizeof(*f));

    f->writer = w;
    f->buffer = log_buffer_open();
    writer_lock(w);
    f->next = w->feeds;
    w->feeds = f;
    writer_unlock(w);
    return f;
}

/* Signals without the lock: with it, the thread would run into it on the same CPU. */
static void writer_wake(struct log_writer *w, bool is_hasty)
{
    writer_lock(w);
    bool is_new = !w->has_lines || (is_hasty && !w->is_hasty);

    w->has_lines = true;
    w->is_hasty |= is_hasty;
    writer_unlock(w);
    if (is_new) {
        (void)pthread_cond_signal(&w->woken);
    }
}

void log_feed_add(struct log_feed *f, Str line, bool is_urgent)
{
    enum log_wake wake = log_buffer_add(f->buffer, line, is_urgent);

    if (wake != LOG_WAKE_NONE) {
        writer_wake(f->writer, wake == LOG_WAKE_NOW);
    }
}

void log_feed_end(struct log_feed **feed)
{
    struct log_feed *f = *feed;
    struct log_writer *w = f->writer;

    *feed = NULL;
    writer_lock(w);
    f->is_ended = true; /* from here on it is the writer's */
    writer_unlock(w);
    writer_wake(w, false);
}
