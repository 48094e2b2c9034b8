/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared.c - the keys of the installation, read once.
 */
#include "calendars/shared.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "calendars/kept.h"
#include "seal/keyring.h"
#include "store/settings.h"
#include "store/store.h"

enum { COUNTED_MS = 60 * 1000, LOOK_MS = 500, SOON_MS = 50 };

struct shared_due {
    _Atomic int64_t looked_ms; /* clock_mono_ms; 0: look again */
    _Atomic int64_t n;         /* accounts that nobody has taken */
};

struct shared {
    pthread_mutex_t lock; /* held by the one that reads the keys */
    struct instance_keys keys;
    atomic_bool has_keys;
    struct kept_images *kept;
    struct shared_due due[SHARED_ROWS][SOURCE_COUNT];
    _Atomic int64_t channel_next_ms; /* clock_mono_ms */
    struct room events;              /* that are shown */
    _Atomic int64_t calendars[SOURCE_COUNT];
    _Atomic int64_t counted_ms[SOURCE_COUNT]; /* clock_mono_ms; 0: not yet */
};

struct shared *shared_open(void)
{
    struct shared *s = heap_alloc(sizeof(*s));

    must_be(pthread_mutex_init(&s->lock, NULL) == 0);
    atomic_init(&s->has_keys, false);
    s->kept = kept_open();
    atomic_init(&s->channel_next_ms, 0);
    s->events.most = LIMIT_EVENTS_ALL_BYTES;
    atomic_init(&s->events.taken, 0);
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        for (size_t row = 0; row < SHARED_ROWS; row++) {
            atomic_init(&s->due[row][i].looked_ms, 0);
            atomic_init(&s->due[row][i].n, 0);
        }
        atomic_init(&s->calendars[i], 0);
        atomic_init(&s->counted_ms[i], 0);
    }
    return s;
}

void shared_close(struct shared **s)
{
    if (*s == NULL) {
        return;
    }
    (void)pthread_mutex_destroy(&(*s)->lock);
    seal_wipe(&(*s)->keys, sizeof((*s)->keys));
    kept_close(&(*s)->kept);
    heap_free(*s);
    *s = NULL;
}

/* The secret, in the store. */

#define INSTANCE_NAME  S("instance_secret")
#define INSTANCE_BOUND S("instance")

Str shared_secret_seal(struct arena *mem, const struct keyring *k, Str secret)
{
    return keyring_seal(mem, k, KEY_INSTANCE, secret, INSTANCE_BOUND);
}

Res shared_secret_open(struct cx *cx, const struct keyring *k, Str record, Str *ret)
{
    Str secret;

    TRY(keyring_unseal(cx, k, KEY_INSTANCE, record, INSTANCE_BOUND, &secret));
    if (secret.n != SEAL_KEY_BYTES) {
        return fail(cx, FAIL_UNREADABLE, "an instance secret of another length");
    }
    *ret = secret;
    return OK;
}

struct instance_work {
    const struct keyring *keyring;
    Str secret;
};

static Res instance_make(struct cx *cx, struct db *db, struct instance_work *w)
{
    char *bytes = arena_alloc(&cx->mem, SEAL_KEY_BYTES);
    uint32_t key;

    seal_random(bytes, SEAL_KEY_BYTES);
    w->secret = (Str){bytes, SEAL_KEY_BYTES};
    Str record = shared_secret_seal(&cx->mem, w->keyring, w->secret);

    must_be(keyring_record_key(record, &key));
    return setting_put_sealed(cx, db, INSTANCE_NAME, key, record);
}

static Res instance_find(struct cx *cx, struct db *db, void *arg)
{
    struct instance_work *w = arg;
    Str record;

    TRY(setting_get_sealed(cx, db, INSTANCE_NAME, &record));
    return shared_secret_open(cx, w->keyring, record, &w->secret);
}

static Res instance_find_or_make(struct cx *cx, struct db *db, void *arg)
{
    Res res = instance_find(cx, db, arg);

    return res.code == FAIL_NOT_FOUND ? instance_make(cx, db, arg) : res;
}

static Res instance_read(
    struct cx *cx, struct store *store, const struct keyring *keyring, Str *ret)
{
    struct instance_work w = {.keyring = keyring};
    Res res = store_read(cx, store, instance_find, &w);

    if (res.code == FAIL_NOT_FOUND) {
        res = store_write(cx, store, instance_find_or_make, &w);
    }
    *ret = w.secret;
    return res;
}

/* The keys. */

static void instance_derive(Str secret, const char *purpose, unsigned char *ret)
{
    seal_mac((const unsigned char *)secret.p, str_from_z(purpose), ret, SEAL_KEY_BYTES);
}

static void shared_set_keys(struct shared *s, Str secret)
{
    instance_derive(secret, "event_ids1", s->keys.event_ids);
    instance_derive(secret, "digests1", s->keys.digests);
    instance_derive(secret, "owners1", s->keys.owners);
    instance_derive(secret, "notify1", s->keys.notify);
    instance_derive(secret, "copies1", s->keys.copies);
    instance_derive(secret, "values1", s->keys.values);
    atomic_store(&s->has_keys, true);
}

Res shared_keys(
    struct cx *cx, struct shared *s, struct store *store, const struct keyring *keyring,
    const struct instance_keys **ret)
{
    Res res = OK;
    Str secret = S("");

    if (!atomic_load(&s->has_keys)) {
        must_be(pthread_mutex_lock(&s->lock) == 0);
        res = atomic_load(&s->has_keys) ? OK : instance_read(cx, store, keyring, &secret);
        if (res.code == FAIL_NONE && !atomic_load(&s->has_keys)) {
            shared_set_keys(s, secret);
        }
        must_be(pthread_mutex_unlock(&s->lock) == 0);
    }
    TRY(res);
    *ret = &s->keys;
    return OK;
}

const struct instance_keys *shared_keys_known(const struct shared *s)
{
    return s != NULL && atomic_load(&s->has_keys) ? &s->keys : NULL;
}

struct kept_images *shared_kept(struct shared *s)
{
    return s == NULL ? NULL : s->kept;
}

bool shared_look(struct shared *s, enum shared_row row, enum source_id source)
{
    _Atomic int64_t *looked_ms = &s->due[row][source - 1].looked_ms;
    int64_t before_ms = atomic_load(looked_ms);
    int64_t now_ms = clock_mono_ms();

    return (before_ms == 0 || now_ms >= before_ms + LOOK_MS)
           && atomic_compare_exchange_strong(looked_ms, &before_ms, now_ms);
}

void shared_look_again(struct shared *s, enum shared_row row)
{
    for (size_t i = 0; s != NULL && i < SOURCE_COUNT; i++) {
        atomic_store(&s->due[row][i].looked_ms, 0);
    }
}

bool shared_look_soon(struct shared *s, enum shared_row row)
{
    int64_t now_ms = clock_mono_ms();
    bool is_any = false;

    for (size_t i = 0; s != NULL && i < SOURCE_COUNT; i++) {
        _Atomic int64_t *looked_ms = &s->due[row][i].looked_ms;
        int64_t before_ms = atomic_load(looked_ms);

        if (now_ms >= before_ms + SOON_MS) {
            is_any = true;
            (void)atomic_compare_exchange_strong(looked_ms, &before_ms, 0);
        }
    }
    return is_any;
}

void shared_due_set(
    struct shared *s, enum shared_row row, enum source_id source, int64_t n)
{
    atomic_store(&s->due[row][source - 1].n, n);
}

bool shared_take_due(struct shared *s, enum shared_row row, enum source_id source)
{
    _Atomic int64_t *due = &s->due[row][source - 1].n;
    int64_t n = atomic_load(due);

    while (n > 0) {
        if (atomic_compare_exchange_weak(due, &n, n - 1)) {
            return true;
        }
    }
    return false;
}

int64_t shared_channel_turn_ms(struct shared *s)
{
    int64_t next_ms = atomic_load(&s->channel_next_ms);
    int64_t now_ms = clock_mono_ms();
    int64_t turn_ms;

    do {
        turn_ms = next_ms > now_ms ? next_ms : now_ms;
    } while (!atomic_compare_exchange_weak(
        &s->channel_next_ms, &next_ms, turn_ms + 1000 / LIMIT_CHANNELS_PER_S));
    return turn_ms;
}

struct room *shared_events_room(struct shared *s)
{
    return s == NULL ? NULL : &s->events;
}

int64_t shared_calendars(const struct shared *s, enum source_id source)
{
    return atomic_load(&s->calendars[source - 1]);
}

bool shared_calendars_is_old(const struct shared *s, enum source_id source)
{
    int64_t counted_ms = atomic_load(&s->counted_ms[source - 1]);

    return counted_ms == 0 || clock_mono_ms() >= counted_ms + COUNTED_MS;
}

void shared_calendars_set(struct shared *s, enum source_id source, int64_t n)
{
    atomic_store(&s->counted_ms[source - 1], clock_mono_ms());
    atomic_store(&s->calendars[source - 1], n);
}
