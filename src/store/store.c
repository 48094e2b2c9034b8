/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - the pool of connections, and transactions on what it lends.
 *
 * A connection is opened when none is idle and is kept until the store closes, or until
 * it fails. Who finds all of them lent waits in line, until its deadline; what comes back
 * wakes one, since a crowd that wakes for one connection costs more than its work. What
 * another transaction or a lost connection came in the way of is run again, until then
 * too.
 */
#include "store/store.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/cx.h"
#include "base/limits.h"
#include "seal/seal.h"
#include "store/driver.h"

static const struct scheme {
    Str name;
    const struct db_driver *driver;
} schemes[] = {
    {SI("sqlite:"),       &db_sqlite  },
    {SI("postgresql://"), &db_postgres},
    {SI("postgres://"),   &db_postgres},
};

enum {
    AGAIN_FIRST_MS = 4,
    AGAIN_MOST_MS = 256,
};

/* Who waits for a loan; on its own stack. */
struct waiter {
    struct waiter *next;
    pthread_cond_t turn;
    bool write;
};

struct store {
    const struct db_driver *driver;
    char *where; /* may hold a password */
    struct db_place place;
    size_t most;

    pthread_mutex_t lock; /* over all that follows */
    struct waiter *first; /* in the order in which they came */
    struct db **idle;     /* `most` places */
    size_t n_idle;
    size_t n_open;
    bool is_written; /* a writer is under way, where the driver has one at a time */
};

static const struct db_driver *driver_of(Str url)
{
    for (size_t i = 0; i < COUNT(schemes); i++) {
        if (str_starts(url, schemes[i].name)) {
            return schemes[i].driver;
        }
    }
    return NULL;
}

bool store_url_is_known(Str url)
{
    return driver_of(url) != NULL;
}

Res store_open(struct cx *cx, const struct store_options *options, struct store **ret)
{
    const struct db_driver *driver = driver_of(options->url);
    const char *where;

    if (driver == NULL) { /* a URL may hold a password: it isn't quoted */
        return fail(
            cx, FAIL_CONFIG, "[store] url: must be sqlite:FILE or postgresql://…");
    }
    if (options->pool < 1) {
        return fail(cx, FAIL_CONFIG, "[store] pool: must be 1 or more");
    }
    TRY(driver->locate(cx, options->url, options->folder, &where));
    struct store *s = heap_alloc(sizeof(*s));

    s->driver = driver;
    s->where = heap_alloc(strlen(where) + 1);
    memcpy(s->where, where, strlen(where));
    s->place = (struct db_place){s->where, options->is_unprepared};
    s->most = (size_t)options->pool;
    s->idle = heap_alloc(s->most * sizeof(struct db *));
    must_be(pthread_mutex_init(&s->lock, NULL) == 0);
    *ret = s;
    return OK;
}

void store_close(struct store **s)
{
    struct store *old = *s;

    if (old == NULL) {
        return;
    }
    must_be(old->n_idle == old->n_open); /* all that was lent is back */
    while (old->n_idle > 0) {
        db_close(&old->idle[--old->n_idle]);
    }
    (void)pthread_mutex_destroy(&old->lock);
    heap_free(old->idle);
    seal_wipe(old->where, strlen(old->where));
    heap_free(old->where);
    heap_free(old);
    *s = NULL;
}

static bool can_lend(const struct store *s, bool write)
{
    return (s->n_idle > 0 || s->n_open < s->most) && !(write && s->is_written);
}

/* The first who can go on: what comes back is enough for one. */
static void wake_one(struct store *s)
{
    for (struct waiter *w = s->first; w != NULL; w = w->next) {
        if (can_lend(s, w->write)) {
            (void)pthread_cond_signal(&w->turn);
            return;
        }
    }
}

static void enqueue(struct store *s, struct waiter *w)
{
    struct waiter **at = &s->first;

    cond_open(&w->turn);
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = w;
}

static void dequeue(struct store *s, struct waiter *w)
{
    struct waiter **at = &s->first;

    while (*at != w) {
        at = &(*at)->next;
    }
    *at = w->next;
    (void)pthread_cond_destroy(&w->turn);
}

/* With the lock held. False when the deadline came first. */
static bool wait_for_loan(struct cx *cx, struct store *s, bool write)
{
    int64_t end_ms = clock_mono_ms() + cx_left_ms(cx, LIMIT_STORE_WAIT_MS);
    struct waiter self = {.write = write};
    bool is_in_time = true;

    if (can_lend(s, write)) {
        return true;
    }
    enqueue(s, &self);
    while (!can_lend(s, write) && is_in_time) {
        is_in_time = cond_wait_until(&self.turn, &s->lock, end_ms);
    }
    dequeue(s, &self);
    return can_lend(s, write);
}

/* `*ret` is NULL where the borrower has to open one; its place is kept. */
static Res pool_take(struct cx *cx, struct store *s, bool write, struct db **ret)
{
    must_be(pthread_mutex_lock(&s->lock) == 0);
    bool ok = wait_for_loan(cx, s, write);

    if (ok && s->n_idle > 0) {
        *ret = s->idle[--s->n_idle];
    } else if (ok) {
        *ret = NULL;
        s->n_open++;
    }
    if (ok && write) {
        s->is_written = s->driver->has_one_writer;
    }
    wake_one(s); /* there may be enough for the next, too */
    must_be(pthread_mutex_unlock(&s->lock) == 0);
    return ok ? OK : fail(cx, FAIL_UNAVAILABLE, "store: every connection is lent");
}

/* `db` NULL: it is no more. */
static void pool_give(struct store *s, bool write, struct db *db)
{
    must_be(pthread_mutex_lock(&s->lock) == 0);
    if (db != NULL) {
        s->idle[s->n_idle++] = db;
    } else {
        s->n_open--;
    }
    if (write) {
        s->is_written = false;
    }
    wake_one(s);
    must_be(pthread_mutex_unlock(&s->lock) == 0);
}

/* A transaction, as often as it is tried. */
struct turn {
    struct store *store;
    bool write;
    store_work *work;
    void *arg;
    enum db_fate fate; /* of the last try */
};

static Res try_on(struct cx *cx, struct turn *t, struct db **db)
{
    if (t->fate == DB_LOST) { /* the idle ones were lost with it */
        db_close(db);
    }
    t->fate = DB_SOUND;
    if (*db == NULL) {
        TRY(db_open(cx, t->store->driver, &t->store->place, db));
    }
    Res r = db_transact(cx, *db, t->write, t->work, t->arg);

    if (r.code != FAIL_NONE) {
        t->fate = db_fate(*db, r);
    }
    return r;
}

static Res try_once(struct cx *cx, struct turn *t)
{
    struct db *db = NULL;

    TRY(pool_take(cx, t->store, t->write, &db));
    Res r = try_on(cx, t, &db);

    if (t->fate == DB_BROKEN || t->fate == DB_LOST) {
        db_close(&db);
    }
    pool_give(t->store, t->write, db);
    return r;
}

/* Each time longer, and by chance, so that those who met part. False when the deadline
 * comes first. */
static bool wait_a_while(int tries, int64_t end_ms)
{
    int64_t most_ms = AGAIN_FIRST_MS;
    uint32_t chance;

    while (tries-- > 1 && most_ms < AGAIN_MOST_MS) {
        most_ms *= 2;
    }
    seal_random(&chance, sizeof(chance));
    int64_t us = chance % (most_ms * 1000);

    if (clock_mono_ms() + us / 1000 >= end_ms) {
        return false;
    }
    (void)nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL);
    return true;
}

static Res transact(struct cx *cx, struct turn t)
{
    int64_t end_ms = clock_mono_ms() + cx_left_ms(cx, LIMIT_STORE_WAIT_MS);
    Res r = try_once(cx, &t);

    for (int tries = 1; t.fate == DB_CONFLICT || t.fate == DB_LOST; tries++) {
        if (!wait_a_while(tries, end_ms)) {
            return r;
        }
        r = try_once(cx, &t);
    }
    return r;
}

Res store_write(struct cx *cx, struct store *s, store_work *work, void *arg)
{
    return transact(
        cx, (struct turn){.store = s, .write = true, .work = work, .arg = arg});
}

Res store_read(struct cx *cx, struct store *s, store_work *work, void *arg)
{
    return transact(cx, (struct turn){.store = s, .work = work, .arg = arg});
}

Res store_create(struct cx *cx, struct store *s)
{
    return s->driver->create(cx, &s->place);
}
