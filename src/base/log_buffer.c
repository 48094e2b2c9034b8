/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_buffer.c - two halves: lines go into one while the other is being written.
 */
#include "base/log_buffer.h"

#include <pthread.h>
#include <string.h>

#include "base/arena.h"

enum { HASTY_BYTES = LOG_BUFFER_BYTES / 8 };

struct log_half {
    size_t n;
    char text[LOG_BUFFER_BYTES];
};

struct log_buffer {
    pthread_mutex_t lock; /* for all but the half that was taken */
    struct log_half halves[2];
    int filling; /* the other half is the writer's */
    bool is_hasty;
    int64_t lost;
};

struct log_buffer *log_buffer_open(void)
{
    struct log_buffer *b = heap_alloc(sizeof(*b));

    must_be(pthread_mutex_init(&b->lock, NULL) == 0);
    return b;
}

void log_buffer_close(struct log_buffer **b)
{
    (void)pthread_mutex_destroy(&(*b)->lock);
    heap_free(*b);
    *b = NULL;
}

enum log_wake log_buffer_add(struct log_buffer *b, Str line, bool is_urgent)
{
    must_be(pthread_mutex_lock(&b->lock) == 0);
    struct log_half *half = &b->halves[b->filling];
    bool is_first = half->n == 0 && b->lost == 0;

    if (line.n <= LOG_BUFFER_BYTES - half->n) {
        memcpy(half->text + half->n, line.p, line.n);
        half->n += line.n;
    } else {
        b->lost++;
    }
    bool gets_hasty = !b->is_hasty && (is_urgent || half->n > HASTY_BYTES);

    b->is_hasty |= gets_hasty;
    must_be(pthread_mutex_unlock(&b->lock) == 0);
    if (gets_hasty) {
        return LOG_WAKE_NOW;
    }
    return is_first ? LOG_WAKE_SOON : LOG_WAKE_NONE;
}

struct log_taken log_buffer_take(struct log_buffer *b)
{
    must_be(pthread_mutex_lock(&b->lock) == 0);
    struct log_half *full = &b->halves[b->filling];
    struct log_taken taken = {{full->text, full->n}, b->lost};

    b->filling = 1 - b->filling;
    b->halves[b->filling].n = 0; /* was taken the last time */
    b->is_hasty = false;
    b->lost = 0;
    must_be(pthread_mutex_unlock(&b->lock) == 0);
    return taken;
}
