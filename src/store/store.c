/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - the pool of connections, and transactions on what it lends.
 *
 * A connection is opened when none is idle and is kept until the store closes, or until
 * it fails. Callers queue when all connections are lent, until their deadline. A returned
 * connection wakes one of them: waking all costs more than their work. Work that met a
 * conflict or a lost connection is retried until the same deadline.
 */
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metric.h"
#include "seal/seal.h"
#include "store/inner.h"

static const struct url_scheme {
    Str name;
    const struct db_driver *driver;
} url_schemes[] = {
    {SI("sqlite:"), &db_sqlite},
    {SI("postgresql://"), &db_postgres},
    {SI("postgres://"), &db_postgres},
};

enum {
    AGAIN_FIRST_MS = 4,
    AGAIN_MOST_MS = 256,
};

/* A caller that waits for a connection; on its own stack. */
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
    bool is_migrated_by_hand;
    atomic_bool is_started;
    struct log_seldom full; /* transactions that failed for lack of room */
    _Atomic int64_t older;  /* the version that store_find found, if older; 0: it isn't */

    pthread_mutex_t lock; /* over all that follows */
    bool is_identified;
    struct db_identity identity; /* of the file that was opened first */
    struct waiter *first;        /* in the order in which they came */
    struct db **idle;            /* `most` places */
    size_t n_idle;
    size_t n_open;
    bool is_written; /* a writer is under way, where the driver has one at a time */
};

static const struct db_driver *url_driver(Str url)
{
    for (size_t i = 0; i < COUNT(url_schemes); i++) {
        if (str_starts(url, url_schemes[i].name)) {
            return url_schemes[i].driver;
        }
    }
    return NULL;
}

static Res url_locate(
    struct cx *cx, Str url, Str folder, const struct db_driver **driver,
    const char **where)
{
    *driver = url_driver(url);
    if (*driver == NULL) {
        return fail(
            cx, FAIL_CONFIG,
            "a store is sqlite:FILE or postgresql://…, as libpq takes it");
    }
    return (*driver)->locate(cx, url, folder, where);
}

Res store_url_check(struct cx *cx, Str url)
{
    const struct db_driver *driver;
    const char *where;

    return url_locate(cx, url, S(""), &driver, &where);
}

Res store_file(struct cx *cx, const struct store_options *options, const char **ret)
{
    const struct db_driver *driver = url_driver(options->url);

    if (driver != &db_sqlite) {
        *ret = NULL;
        return OK;
    }
    return driver->locate(cx, options->url, options->folder, ret);
}

Res store_open(struct cx *cx, const struct store_options *options, struct store **ret)
{
    const struct db_driver *driver;
    const char *where = "";

    if (options->pool < 1) {
        return fail(cx, FAIL_CONFIG, "[store] pool: must be 1 or more");
    }
    TRY(url_locate(cx, options->url, options->folder, &driver, &where));
    struct store *s = heap_alloc(sizeof(*s));

    s->driver = driver;
    s->where = heap_alloc(strlen(where) + 1);
    memcpy(s->where, where, strlen(where));
    s->place =
        (struct db_place){s->where, options->is_unprepared, options->is_for_reading};
    s->is_migrated_by_hand = options->is_migrated_by_hand;
    s->most = options->is_for_reading ? 1 : (size_t)options->pool;
    s->idle = heap_alloc(s->most * sizeof(struct db *));
    must_be(pthread_mutex_init(&s->lock, NULL) == 0);
    *ret = s;
    return OK;
}

void store_look(struct store *s, size_t *lent, size_t *open)
{
    must_be(pthread_mutex_lock(&s->lock) == 0);
    *open = s->n_open;
    *lent = s->n_open - s->n_idle;
    must_be(pthread_mutex_unlock(&s->lock) == 0);
}

Str store_kind(const struct store *s)
{
    return s->driver == &db_sqlite ? S("sqlite") : S("postgresql");
}

bool store_space(const char *path, int64_t *free_bytes, int64_t *all_bytes)
{
    struct statvfs fs;

    if (statvfs(path, &fs) != 0) {
        return false;
    }
    *free_bytes = (int64_t)(fs.f_bavail * fs.f_frsize);
    *all_bytes = (int64_t)(fs.f_blocks * fs.f_frsize);
    return true;
}

int64_t store_free_bytes(const struct store *s)
{
    int64_t free_bytes = -1;
    int64_t all_bytes;

    if (s->driver->identify != NULL) {
        (void)store_space(s->place.where, &free_bytes, &all_bytes);
    }
    return free_bytes;
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

static bool pool_can_lend(const struct store *s, bool write)
{
    return (s->n_idle > 0 || s->n_open < s->most) && !(write && s->is_written);
}

/* Wakes the first waiter that can go on: what came back is enough for one. */
static void pool_wake_one(struct store *s)
{
    for (struct waiter *w = s->first; w != NULL; w = w->next) {
        if (pool_can_lend(s, w->write)) {
            (void)pthread_cond_signal(&w->turn);
            return;
        }
    }
}

static void waiter_join_line(struct store *s, struct waiter *w)
{
    struct waiter **at = &s->first;

    cond_open(&w->turn);
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = w;
}

static void waiter_leave_line(struct store *s, struct waiter *w)
{
    struct waiter **at = &s->first;

    while (*at != w) {
        at = &(*at)->next;
    }
    *at = w->next;
    (void)pthread_cond_destroy(&w->turn);
}

/* With the lock held. False when the deadline came first. */
static bool pool_wait(struct cx *cx, struct store *s, bool write)
{
    int64_t end_ms = clock_mono_ms() + cx_left_ms(cx, LIMIT_STORE_WAIT_MS);
    struct waiter self = {.write = write};
    bool is_in_time = true;

    if (pool_can_lend(s, write)) {
        return true;
    }
    waiter_join_line(s, &self);
    while (!pool_can_lend(s, write) && is_in_time) {
        is_in_time = cond_wait_until(&self.turn, &s->lock, end_ms);
    }
    waiter_leave_line(s, &self);
    return pool_can_lend(s, write);
}

/* *ret is NULL when the borrower has to open a connection; its place is reserved. */
static Res pool_take(struct cx *cx, struct store *s, bool write, struct db **ret)
{
    int64_t began_us = clock_mono_us();

    must_be(pthread_mutex_lock(&s->lock) == 0);
    bool ok = pool_wait(cx, s, write);

    if (ok && s->n_idle > 0) {
        *ret = s->idle[--s->n_idle];
    } else if (ok) {
        *ret = NULL;
        s->n_open++;
    }
    if (ok && write) {
        s->is_written = s->driver->has_one_writer;
    }
    pool_wake_one(s); /* there may be enough for the next, too */
    must_be(pthread_mutex_unlock(&s->lock) == 0);
    metric_observe_us(METRIC_STORE_POOL_WAIT, 0, clock_mono_us() - began_us);
    return ok ? OK : fail(cx, FAIL_UNAVAILABLE, "store: every connection is lent");
}

/* `db` NULL: the connection was closed. */
static void pool_give(struct store *s, bool write, struct db *db)
{
    must_be(pthread_mutex_lock(&s->lock) == 0);
    if (db != NULL) {
        s->idle[s->n_idle++] = db;
    } else if (--s->n_open == 0) {
        s->identity.log = 0; /* it went with the last connection */
    }
    if (write) {
        s->is_written = false;
    }
    pool_wake_one(s);
    must_be(pthread_mutex_unlock(&s->lock) == 0);
}

/* A transaction and its tries. */
struct turn {
    struct store *store;
    bool write;
    store_work *work;
    void *arg;
    enum db_fate fate; /* of the last try */
    bool is_full;      /* it failed because the disk has no room */
};

static bool identity_is(const struct db_identity *a, const struct db_identity *b)
{
    return a->device == b->device && a->file == b->file; /* its log may be a new one */
}

static bool store_is_identified(struct store *s)
{
    must_be(pthread_mutex_lock(&s->lock) == 0);
    bool is_identified = s->is_identified;

    must_be(pthread_mutex_unlock(&s->lock) == 0);
    return is_identified;
}

/* What was seen becomes what is known, where nothing is; with the lock held. A log may
 * come and go, as long as no connection has it open. */
static enum store_state store_compare(
    struct store *s, const struct db_identity *seen, bool is_open)
{
    if (!s->is_identified) {
        s->is_identified = true;
        s->identity = (struct db_identity){seen->device, seen->file, 0};
    }
    if (!identity_is(seen, &s->identity)) {
        return STORE_FILE_REPLACED;
    }
    if (is_open && s->identity.log == 0 && !s->place.is_for_reading) {
        s->identity.log = seen->log;
    }
    return s->identity.log == 0 || seen->log == s->identity.log ? STORE_OK
                                                                : STORE_FILE_REPLACED;
}

/* The file at the store's place is the one that was opened first: nothing is read from,
 * or written into, one that was moved away or replaced. Its log is the one that the
 * connections have open. */
static Res store_check_file(
    struct cx *cx, struct store *s, bool is_open, enum store_state *ret)
{
    struct db_identity seen = {0};

    *ret = store_is_identified(s) ? STORE_FILE_GONE : STORE_AWAY;
    TRY(s->driver->identify(cx, &s->place, &seen));
    must_be(pthread_mutex_lock(&s->lock) == 0);
    *ret = store_compare(s, &seen, is_open);
    must_be(pthread_mutex_unlock(&s->lock) == 0);
    return *ret == STORE_OK
               ? OK
               : fail(
                   cx, FAIL_UNAVAILABLE,
                   "store: %s: is another file than the one that was opened, or its log "
                   "is: put that one back, or restart caldock to use this one",
                   s->where);
}

Res store_look_at_file(struct cx *cx, struct store *s, enum store_state *ret)
{
    if (s->driver->identify == NULL || !store_is_identified(s)) {
        return OK;
    }
    TRY(store_check_file(cx, s, false, ret));
    *ret = STORE_READ_ONLY;
    return s->driver->is_writable(&s->place)
               ? OK
               : fail(
                   cx, FAIL_UNAVAILABLE,
                   "store: %s: can only be read: it must be writable for caldock",
                   s->where);
}

static Res store_result(struct store *s, Res r)
{
    if (r.code == FAIL_CONFIG && atomic_load(&s->is_started)) {
        r.code = FAIL_UNAVAILABLE;
    }
    return r;
}

/* A connection to a file that isn't at its place any more. While nothing is there, the
 * file may be put back. Once another one is, the log must not be taken for that one's. */
static void turn_part(struct turn *t, struct db *db, enum store_state state)
{
    if (db != NULL && state == STORE_FILE_GONE) {
        t->fate = DB_SOUND;
    }
    if (db != NULL && state == STORE_FILE_REPLACED) {
        db_settle(db);
    }
}

static Res turn_check_file(struct cx *cx, struct turn *t, struct db *db)
{
    enum store_state state;

    if (t->store->driver->identify == NULL) {
        return OK;
    }
    Res r = store_check_file(cx, t->store, db != NULL, &state);

    turn_part(t, db, state);
    return r;
}

/* The file is looked at after it was opened, too: it may be replaced meanwhile. */
static Res turn_connect(struct cx *cx, struct turn *t, struct db **db)
{
    TRY(turn_check_file(cx, t, *db));
    if (*db == NULL) {
        TRY(store_result(t->store, db_open(cx, t->store->driver, &t->store->place, db)));
        TRY(turn_check_file(cx, t, *db));
    }
    if (atomic_load(&t->store->is_started)) {
        db_note_started(*db);
    }
    return OK;
}

static Res turn_try_on(struct cx *cx, struct turn *t, struct db **db)
{
    if (t->fate == DB_LOST) { /* the idle ones were lost with it */
        db_close(db);
    }
    t->fate = DB_BROKEN;
    TRY(turn_connect(cx, t, db));
    t->fate = DB_SOUND;
    Res r = db_transact(cx, *db, t->write, t->work, t->arg);

    if (r.code != FAIL_NONE) {
        t->fate = db_fate(*db, r);
    }
    t->is_full = r.code == FAIL_UNAVAILABLE && db_is_full(*db);
    return r;
}

static Res turn_try(struct cx *cx, struct turn *t)
{
    struct db *db = NULL;

    TRY(pool_take(cx, t->store, t->write, &db));
    Res r = turn_try_on(cx, t, &db);

    if (t->fate == DB_BROKEN || t->fate == DB_LOST) {
        db_close(&db);
    }
    pool_give(t->store, t->write, db);
    return r;
}

/* Waits longer each time, and by chance, so that transactions that met don't meet again.
 * False when the deadline comes first. */
static bool turn_pause(int tries, int64_t end_ms)
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

static void transaction_count(Res r)
{
    enum metric_transaction how = METRIC_ROLLED_BACK;

    if (r.code == FAIL_NONE) {
        how = METRIC_COMMITTED;
    } else if (r.code == FAIL_UNAVAILABLE) {
        how = METRIC_UNAVAILABLE;
    }
    metric_add(METRIC_STORE_TRANSACTIONS, how, 1);
}

/* Of a service: a command says by itself why it failed. */
static void turn_tell_full(struct cx *cx, const struct turn *t)
{
    struct store *s = t->store;

    if (t->is_full && atomic_load(&s->is_started)
        && log_seldom_count(&s->full, clock_mono_ms()) > 0) {
        log_event(LEVEL_ERROR, EVENT_STORE_FULL, KZ("reason", cx->why.text));
    }
}

/* The time for further tries counts from the first failure: a long try has some, too. */
static Res store_transact(struct cx *cx, struct turn t)
{
    Res r = turn_try(cx, &t);
    int64_t end_ms = clock_mono_ms() + cx_left_ms(cx, LIMIT_STORE_WAIT_MS);

    for (int tries = 1; t.fate == DB_CONFLICT || t.fate == DB_LOST; tries++) {
        metric_add(METRIC_STORE_TRANSACTIONS, METRIC_CONFLICT, t.fate == DB_CONFLICT);
        if (!turn_pause(tries, end_ms)) {
            break;
        }
        r = turn_try(cx, &t);
    }
    turn_tell_full(cx, &t);
    return r;
}

void store_note_older(struct store *s, int64_t version)
{
    atomic_store(&s->older, version);
}

bool store_is_older(struct store *s)
{
    return atomic_load(&s->older) != 0;
}

Res store_refuse_older(struct cx *cx, struct store *s)
{
    return !store_is_older(s) ? OK : migration_fail_older(cx, atomic_load(&s->older));
}

bool store_is_migrated_by_hand(const struct store *s)
{
    return s->is_migrated_by_hand;
}

static Res store_run(struct cx *cx, struct turn t)
{
    int64_t began_us = clock_mono_us();
    Res r = store_transact(cx, t);

    metric_observe_us(METRIC_STORE_DURATION, 0, clock_mono_us() - began_us);
    transaction_count(r);
    return r;
}

Res store_write(struct cx *cx, struct store *s, store_work *work, void *arg)
{
    must_be(!s->place.is_for_reading);
    return store_run(
        cx, (struct turn){.store = s, .write = true, .work = work, .arg = arg});
}

Res store_read(struct cx *cx, struct store *s, store_work *work, void *arg)
{
    Res r = store_run(cx, (struct turn){.store = s, .work = work, .arg = arg});

    if (r.code == FAIL_CONFIG || r.code == FAIL_INTERNAL) { /* as: no such column */
        TRY(store_refuse_older(cx, s));
    }
    return r;
}

Res store_find_file(struct cx *cx, struct store *s)
{
    return s->driver->find == NULL ? OK : s->driver->find(cx, &s->place);
}

/* A file that was open once is not made anew. */
Res store_create(struct cx *cx, struct store *s)
{
    enum store_state state;

    return store_is_identified(s) ? store_check_file(cx, s, false, &state)
                                  : store_result(s, s->driver->create(cx, &s->place));
}

void store_note_started(struct store *s)
{
    atomic_store(&s->is_started, true);
}
