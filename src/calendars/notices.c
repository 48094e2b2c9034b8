/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notices.c - a table of calendars that are to be written, or just were, and the job that
 * writes them.
 *
 * A calendar has its place in one row of the table, by its hash. A place is free again
 * once its calendar is written and its time is over; a row without a free place refuses.
 */
#include "calendars/notices.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/calendar_sync.h"
#include "store/store.h"
#include "work/lanes.h"
#include "work/readiness.h"

enum {
    ROWS = 512,
    PLACES = 16, /* of a row */
    RESULTS = 64,
    /* A batch ends before those that wait for it give up. */
    WRITE_MS = LIMIT_NOTICES_WAIT_MS - 500,
};

struct place {
    struct calendar_notice notice; /* what is to be written, or was */
    bool is_added;                 /* to the batch that gathers */
    unsigned known;                /* bits of enum notice that the store has */
    bool is_unknown;               /* or would have, if a calendar had the channel */
    int64_t known_until_ms;        /* by clock_mono_ms, as all times here */
};

/* How a batch ended. */
struct batch_end {
    bool has_failed;
    struct calendar_notice *unknown; /* by channels that no calendar has, in order */
    size_t n_unknown;
};

struct notices {
    struct job job; /* writes a batch; its first member */
    struct notices_options options;
    pthread_mutex_t lock; /* held for as long as memory takes; guards what follows */
    bool is_under_way;    /* the job */
    uint64_t gathers;     /* the number of the batch that calendars are added to */
    size_t n_added;       /* to it */
    uint64_t ended;       /* the number of the last one that was written, or not */
    struct batch_end ends[RESULTS]; /* by their numbers, the last ones */
    int64_t next_ms;    /* no batch is written before; the job's own, as the next */
    bool has_failed;    /* the last batch */
    int64_t allowed;    /* calendars that may be added; less than 0: too many were */
    int64_t allowed_ms; /* when that was reckoned */
    struct place places[ROWS][PLACES];
};

static void notices_lock(struct notices *n)
{
    must_be(pthread_mutex_lock(&n->lock) == 0);
}

static void notices_unlock(struct notices *n)
{
    must_be(pthread_mutex_unlock(&n->lock) == 0);
}

/* The table. */

static bool place_is_free(const struct place *p, int64_t now_ms)
{
    return !p->is_added && p->known_until_ms <= now_ms;
}

static bool place_is_of(const struct place *p, const struct calendar_notice *c)
{
    return p->notice.settings == c->settings && p->notice.source == c->source
           && p->notice.channel == c->channel;
}

static struct place *place_find(
    struct notices *n, const struct calendar_notice *c, int64_t now_ms)
{
    uint64_t hash = (uint64_t)c->settings * UINT64_C(0x9E3779B97F4A7C15);
    struct place *row = n->places[hash >> 55];
    struct place *found = NULL;

    for (size_t i = 0; i < PLACES; i++) {
        if (!place_is_free(&row[i], now_ms) && place_is_of(&row[i], c)) {
            return &row[i];
        }
        if (found == NULL && place_is_free(&row[i], now_ms)) {
            found = &row[i];
        }
    }
    return found;
}

_Static_assert(ROWS == 1 << (64 - 55), "a hash has its row");

static bool place_knows(
    const struct place *p, const struct calendar_notice *c, int64_t now_ms)
{
    return p->known_until_ms > now_ms && (c->what & ~p->known) == 0;
}

static void place_use(struct place *p, const struct calendar_notice *c, int64_t now_ms)
{
    if (place_is_free(p, now_ms)) {
        *p = (struct place){.notice = *c};
    }
}

/* Adding. */

/* So many a second, and a second's worth at once. */
static bool notices_are_allowed(struct notices *n, int64_t now_ms)
{
    int64_t more = (now_ms - n->allowed_ms) * LIMIT_NOTICES_PER_S / 1000;

    if (more > 0) {
        more += n->allowed;
        n->allowed = more < LIMIT_NOTICES_PER_S ? more : LIMIT_NOTICES_PER_S;
        n->allowed_ms = now_ms;
    }
    return n->allowed > 0;
}

/* false: there is no place for it. What is known already waits for no batch. */
static bool notices_add_one(
    struct notices *n, struct notices_request *r, const struct calendar_notice *c,
    int64_t now_ms)
{
    struct place *p = place_find(n, c, now_ms);

    if (p == NULL) {
        return false;
    }
    if (place_knows(p, c, now_ms)) {
        r->n_unknown += p->is_unknown;
        return true;
    }
    r->at[r->n++] = *c; /* never before the one that is read */
    place_use(p, c, now_ms);
    if (!p->is_added) {
        p->is_added = true;
        p->notice.what = 0;
        n->n_added++;
        n->allowed--;
    }
    p->notice.what |= c->what;
    return true;
}

static bool notices_are_known(
    struct notices *n, const struct notices_request *r, int64_t now_ms)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct place *p = place_find(n, &r->at[i], now_ms);

        if (p == NULL || !place_is_of(p, &r->at[i])
            || !place_knows(p, &r->at[i], now_ms)) {
            return false;
        }
    }
    return true;
}

/* With the lock held. */
static enum notices_answer notices_add_all(struct notices *n, struct notices_request *r)
{
    int64_t now_ms = clock_mono_ms();
    bool are_known = notices_are_known(n, r, now_ms);
    size_t count = r->n;

    if (!are_known && !notices_are_allowed(n, now_ms)) {
        return NOTICES_REFUSED;
    }
    r->n = 0;
    for (size_t i = 0; i < count; i++) {
        const struct calendar_notice one = r->at[i];

        if (!notices_add_one(n, r, &one, now_ms)) {
            return NOTICES_REFUSED;
        }
    }
    r->ticket = n->gathers;
    return are_known ? NOTICES_STORED : NOTICES_WAITING;
}

/* With the lock held: the job that writes what was added runs, or will. */
static bool notices_start(struct notices *n)
{
    if (!n->is_under_way && n->n_added > 0) {
        n->is_under_way = lanes_push(n->options.lanes, POOL_NOTICES, &n->job);
    }
    return n->is_under_way || n->n_added == 0;
}

enum notices_answer notices_add(struct notices *n, struct notices_request *r)
{
    if (!readiness_may_serve(n->options.readiness)) {
        return NOTICES_REFUSED;
    }
    notices_lock(n);
    enum notices_answer answer = notices_add_all(n, r);

    if (!notices_start(n)) {
        answer = NOTICES_REFUSED;
    }
    notices_unlock(n);
    return answer;
}

/* Rows are written in one order, so that two nodes don't wait for each other. */
static int notice_compare(const void *a, const void *b)
{
    const struct calendar_notice *x = a;
    const struct calendar_notice *y = b;

    if (x->settings != y->settings) {
        return x->settings < y->settings ? -1 : 1;
    }
    if (x->source != y->source) {
        return x->source < y->source ? -1 : 1;
    }
    return (x->channel > y->channel) - (x->channel < y->channel);
}

static size_t batch_end_unknown(
    const struct batch_end *end, const struct notices_request *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n && end->n_unknown > 0; i++) {
        n += bsearch(
                 &r->at[i], end->unknown, end->n_unknown, sizeof(*end->unknown),
                 notice_compare)
             != NULL;
    }
    return n;
}

enum notices_answer notices_ask(struct notices *n, struct notices_request *r)
{
    enum notices_answer answer = NOTICES_WAITING;

    notices_lock(n);
    if (r->ticket <= n->ended) {
        const struct batch_end *end = &n->ends[r->ticket % RESULTS];
        bool is_old = n->ended - r->ticket >= RESULTS;

        answer = is_old || end->has_failed ? NOTICES_REFUSED : NOTICES_STORED;
        r->n_unknown += answer == NOTICES_STORED ? batch_end_unknown(end, r) : 0;
    }
    notices_unlock(n);
    return answer;
}

Str notices_key(struct arena *mem, uint64_t ticket)
{
    return str_cat(mem, S("notices:"), str_int(mem, (int64_t)ticket));
}

const struct instance_keys *notices_keys(const struct notices *n)
{
    return shared_keys_known(n->options.shared);
}

/* Writing. */

struct notice_batch {
    uint64_t number;
    struct calendar_notice *at;
    int64_t *until_ms; /* known to be due until then */
    bool *is_unknown;  /* no calendar has the channel */
    size_t n;
    int64_t began_ms;
};

static void batch_take(struct cx *cx, struct notices *n, struct notice_batch *b)
{
    notices_lock(n);
    b->number = n->gathers++;
    b->at = NEW_N(&cx->mem, struct calendar_notice, n->n_added);
    b->until_ms = NEW_N(&cx->mem, int64_t, n->n_added);
    b->is_unknown = NEW_N(&cx->mem, bool, n->n_added);
    for (size_t i = 0; i < ROWS * PLACES; i++) {
        struct place *p = &n->places[i / PLACES][i % PLACES];

        if (p->is_added) {
            b->at[b->n++] = p->notice;
            p->is_added = false;
        }
    }
    must_be(b->n == n->n_added);
    n->n_added = 0;
    notices_unlock(n);
    qsort(b->at, b->n, sizeof(*b->at), notice_compare);
}

/* A read before that time would not see what comes after it began. */
static int64_t known_ms(int64_t due_ms, int64_t now_ms)
{
    int64_t left_ms = due_ms - now_ms;

    return left_ms < LIMIT_NOTICES_JOIN_MS ? left_ms : LIMIT_NOTICES_JOIN_MS;
}

static Res batch_write_work(struct cx *cx, struct db *db, void *arg)
{
    struct notice_batch *b = arg;
    int64_t now_ms;

    TRY(calendar_sync_now(cx, db, &now_ms));
    for (size_t i = 0; i < b->n; i++) {
        int64_t due_ms = INT64_MAX;
        Res res = calendar_notice_put(cx, db, now_ms, &b->at[i], &due_ms);

        b->is_unknown[i] = res.code == FAIL_NOT_FOUND;
        TRY(b->is_unknown[i] ? OK : res);
        b->until_ms[i] = b->began_ms + known_ms(due_ms, now_ms);
    }
    return OK;
}

static struct batch_end batch_end_of(const struct notice_batch *b, bool is_stored)
{
    struct batch_end end = {.has_failed = !is_stored};

    for (size_t i = 0; i < b->n && is_stored; i++) {
        if (!b->is_unknown[i]) {
            continue;
        }
        if (end.unknown == NULL) { /* which is seldom */
            end.unknown = heap_alloc(b->n * sizeof(*end.unknown));
        }
        end.unknown[end.n_unknown++] = b->at[i];
    }
    return end;
}

/* What is noticed of a calendar while a batch with it is written goes into the next one.
 */
static void batch_finish(struct notices *n, const struct notice_batch *b, bool is_stored)
{
    struct batch_end *end = &n->ends[b->number % RESULTS];
    struct batch_end now = batch_end_of(b, is_stored);
    int64_t now_ms = clock_mono_ms();

    notices_lock(n);
    for (size_t i = 0; i < b->n && is_stored; i++) {
        struct place *p = place_find(n, &b->at[i], now_ms);

        if (p != NULL) {
            place_use(p, &b->at[i], now_ms);
            p->known = b->at[i].what;
            p->known_until_ms = b->until_ms[i];
            p->is_unknown = b->is_unknown[i];
        }
    }
    heap_free(end->unknown);
    *end = now;
    n->ended = b->number;
    n->is_under_way = false;
    n->next_ms = b->began_ms + LIMIT_NOTICES_BATCH_MS;
    (void)notices_start(n);
    notices_unlock(n);
}

static void batch_rest(int64_t until_ms)
{
    int64_t ms = until_ms - clock_mono_ms();

    if (ms > 0) {
        (void)nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
    }
}

_Static_assert(LIMIT_NOTICES_BATCH_MS < 1000, "a rest is a part of a second");

static void batch_log_change(struct notices *n, struct cx *cx, Res res, size_t calendars)
{
    bool has_failed = res.code != FAIL_NONE;

    if (has_failed && !n->has_failed) {
        log_event(LEVEL_WARN, EVENT_NOTICES_FAILED, KZ("reason", cx->why.text));
    }
    if (!has_failed && n->has_failed) {
        log_event(
            LEVEL_INFO, EVENT_NOTICES_RECOVERED, KN("calendars", (int64_t)calendars));
    }
    n->has_failed = has_failed;
}

static void batch_run(struct job *job, struct worker *w)
{
    struct notices *n = (struct notices *)(void *)job; /* its first member */
    struct notice_batch b = {.n = 0};

    batch_rest(n->next_ms);
    struct cx cx = {.deadline_ms = clock_mono_ms() + WRITE_MS};

    batch_take(&cx, n, &b);
    b.began_ms = clock_mono_ms();
    crash_point("notices.before_write");
    Res res = store_write(&cx, w->store, batch_write_work, &b);

    batch_log_change(n, &cx, res, b.n);
    batch_finish(n, &b, res.code == FAIL_NONE);
    lanes_wake(n->options.lanes, notices_key(&cx.mem, b.number));
    cx_done(&cx);
}

/* Nobody has been told that what was added is stored. */
static void batch_drop(struct job *job)
{
    (void)job;
}

struct notices *notices_open(const struct notices_options *o)
{
    struct notices *n = heap_alloc(sizeof(*n));

    must_be(pthread_mutex_init(&n->lock, NULL) == 0);
    n->job = (struct job){.run = batch_run, .drop = batch_drop};
    n->options = *o;
    n->gathers = 1;
    n->allowed = LIMIT_NOTICES_PER_S;
    n->allowed_ms = clock_mono_ms();
    return n;
}

void notices_close(struct notices **n)
{
    if (*n == NULL) {
        return;
    }
    for (size_t i = 0; i < RESULTS; i++) {
        heap_free((*n)->ends[i].unknown);
    }
    (void)pthread_mutex_destroy(&(*n)->lock);
    heap_free(*n);
    *n = NULL;
}
