/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwks.c - one set of keys, replaced whole; who verifies holds a reference, so no lock is
 * held while anything is computed or fetched.
 *
 * No thread waits for another's fetch: who has no key at all fetches for itself, and a
 * set that is due is fetched by one, while the others go on with what they have.
 */
#include "oauth/jwks.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "oauth/jwks_clock.h"

struct key_set {
    atomic_int refs;
    struct jws_keys *keys;
    int64_t fresh_until_s;
};

struct jwks {
    struct arena mem; /* holds url and ca_file */
    Str url;
    struct net_options options;
    int64_t (*now_s)(void);

    pthread_mutex_t lock;   /* guards what follows */
    struct key_set *set;    /* NULL: never fetched */
    int64_t renew_from_s;   /* not before; moved when a renewal begins */
    int64_t look_up_from_s; /* not before; moved when a look for an unknown kid ends, */
    Res looked_up;          /* and how it ended */
};

static int64_t mono_s(void)
{
    return clock_mono_ms() / 1000;
}

struct jwks *jwks_open(Str url, const struct net_options *options)
{
    struct jwks *j = heap_alloc(sizeof(*j));

    j->url = str_dup(&j->mem, url);
    j->options = *options;
    if (options->ca_file != NULL) {
        Str file = str_from_z(options->ca_file);

        j->options.ca_file = str_cat(&j->mem, file, (Str){"", 1}).p;
    }
    j->now_s = mono_s;
    must_be(pthread_mutex_init(&j->lock, NULL) == 0);
    return j;
}

static void key_set_release(struct key_set **s)
{
    if (*s != NULL && atomic_fetch_sub(&(*s)->refs, 1) == 1) {
        jws_keys_free(&(*s)->keys);
        heap_free(*s);
    }
    *s = NULL;
}

void jwks_close(struct jwks **j)
{
    if (*j == NULL) {
        return;
    }
    key_set_release(&(*j)->set);
    (void)pthread_mutex_destroy(&(*j)->lock);
    arena_done(&(*j)->mem);
    heap_free(*j);
    *j = NULL;
}

void jwks_set_clock(struct jwks *j, int64_t (*clock_s)(void))
{
    j->now_s = clock_s;
}

static void lock(struct jwks *j)
{
    must_be(pthread_mutex_lock(&j->lock) == 0);
}

static void unlock(struct jwks *j)
{
    must_be(pthread_mutex_unlock(&j->lock) == 0);
}

/* The set as it is now, with a reference of the caller's; NULL before the first fetch. */
static struct key_set *set_take(struct jwks *j)
{
    lock(j);
    struct key_set *set = j->set;

    if (set != NULL) {
        atomic_fetch_add(&set->refs, 1);
    }
    unlock(j);
    return set;
}

static bool is_fresh(const struct jwks *j, const struct key_set *set)
{
    return set != NULL && j->now_s() < set->fresh_until_s;
}

static bool is_usable(const struct jwks *j, const struct key_set *set)
{
    return set != NULL && j->now_s() < set->fresh_until_s + LIMIT_JWKS_KEPT_S;
}

static int64_t fresh_s(int64_t max_age_s)
{
    if (max_age_s < LIMIT_JWKS_FRESH_MIN_S) {
        return LIMIT_JWKS_FRESH_MIN_S;
    }
    return max_age_s < LIMIT_JWKS_FRESH_MAX_S ? max_age_s : LIMIT_JWKS_FRESH_MAX_S;
}

static Res keys_fetch(
    struct cx *cx, struct jwks *j, struct net *net, struct jws_keys **ret,
    int64_t *max_age_s)
{
    struct net_request req = {.url = j->url, .max_bytes = LIMIT_JWKS_BYTES};
    struct net_reply reply;

    TRY(net_perform(cx, net, &j->options, &req, &reply));
    TRY(net_reply_check(cx, &reply));
    if (reply.status != 200
        || !(
            net_reply_is(&reply, S("application/json"))
            || net_reply_is(&reply, S("application/jwk-set+json")))) {
        return fail(
            cx, FAIL_SOURCE_ERROR, "the key URL answered %d, or no JSON", reply.status);
    }
    if (jws_keys_from_text(cx, reply.body, ret).code != FAIL_NONE) {
        return (Res){FAIL_SOURCE_ERROR}; /* the reason tells what is wrong with them */
    }
    *max_age_s = reply.max_age_s;
    return OK;
}

/* Fetches and replaces; *ret (may be NULL) is the new set, with a reference. */
static Res set_fetch(struct cx *cx, struct jwks *j, struct net *net, struct key_set **ret)
{
    int64_t began_s = j->now_s();
    int64_t max_age_s = -1;
    struct jws_keys *keys = NULL;

    TRY(keys_fetch(cx, j, net, &keys, &max_age_s));
    struct key_set *set = heap_alloc(sizeof(*set));

    set->keys = keys;
    set->fresh_until_s = began_s + fresh_s(max_age_s);
    atomic_init(&set->refs, ret == NULL ? 1 : 2);
    lock(j);
    struct key_set *old = j->set;

    j->set = set;
    unlock(j);
    key_set_release(&old);
    if (ret != NULL) {
        *ret = set;
    }
    return OK;
}

/* True for one thread at a time, and for one try in 30 seconds. */
static bool may_renew(struct jwks *j)
{
    int64_t now = j->now_s();

    lock(j);
    bool may = now >= j->renew_from_s;

    if (may) {
        j->renew_from_s = now + LIMIT_JWKS_LOOKUP_S;
    }
    unlock(j);
    return may;
}

/* A set that can be used; *is_new when it comes fresh from the URL. */
static Res set_get(
    struct cx *cx, struct jwks *j, struct net *net, struct key_set **ret, bool *is_new)
{
    CLEANUP(key_set_release) struct key_set *set = set_take(j);
    bool can_serve = is_usable(j, set);

    if (!is_fresh(j, set) && (!can_serve || may_renew(j))) {
        Res res = set_fetch(cx, j, net, ret);

        *is_new = res.code == FAIL_NONE;
        if (*is_new || !can_serve) {
            return res;
        }
    }
    *ret = set;
    set = NULL;
    return OK;
}

/* A secret that a URL publishes is none: never HS256. */
static Res set_verify(
    struct cx *cx, const struct key_set *set, const struct jws *t, unsigned algs,
    Str *key_issuer)
{
    Str issuer = S("");

    must_be(set != NULL);
    TRY(jws_verify(cx, set->keys, t, algs & ~(unsigned)JWS_HS256, &issuer));
    if (key_issuer != NULL) {
        *key_issuer = str_dup(&cx->mem, issuer);
    }
    return OK;
}

/* Fetches for the sake of an unknown kid, unless that was done a moment ago; then what
 * came of it counts. */
static Res set_look_up(
    struct cx *cx, struct jwks *j, struct net *net, struct key_set **ret)
{
    lock(j);
    bool may = j->now_s() >= j->look_up_from_s;
    Res last = j->looked_up;

    unlock(j);
    if (!may && last.code != FAIL_NONE) {
        return fail(cx, last.code, "the keys could not be fetched a moment ago");
    }
    if (!may) {
        *ret = set_take(j);
        return OK;
    }
    Res res = set_fetch(cx, j, net, ret);

    lock(j);
    j->look_up_from_s = j->now_s() + LIMIT_JWKS_LOOKUP_S;
    j->looked_up = res;
    unlock(j);
    return res;
}

Res jwks_verify(
    struct cx *cx, struct jwks *j, struct net *net, const struct jws *t, unsigned algs,
    Str *key_issuer)
{
    CLEANUP(key_set_release) struct key_set *set = NULL;
    CLEANUP(key_set_release) struct key_set *newer = NULL;
    bool is_new = false;

    TRY(set_get(cx, j, net, &set, &is_new));
    Res res = set_verify(cx, set, t, algs, key_issuer);

    if (res.code != FAIL_NOT_FOUND || is_new) {
        return res;
    }
    TRY(set_look_up(cx, j, net, &newer));
    return set_verify(cx, newer, t, algs, key_issuer);
}

Res jwks_verify_cached(struct cx *cx, struct jwks *j, const struct jws *t, unsigned algs)
{
    CLEANUP(key_set_release) struct key_set *set = set_take(j);

    if (!is_usable(j, set)) {
        return fail(cx, FAIL_NOT_FOUND, "no keys in memory");
    }
    return set_verify(cx, set, t, algs, NULL);
}

Res jwks_renew(struct cx *cx, struct jwks *j, struct net *net)
{
    CLEANUP(key_set_release) struct key_set *set = set_take(j);

    if (set == NULL || is_fresh(j, set) || !may_renew(j)) {
        return OK;
    }
    return set_fetch(cx, j, net, NULL);
}

Res jwks_fetch(struct cx *cx, struct jwks *j, struct net *net)
{
    return set_fetch(cx, j, net, NULL);
}
