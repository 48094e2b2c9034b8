/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwks.c - one set of keys, replaced as a whole.
 *
 * A verification holds a reference to the set, so no lock is held while anything is
 * computed or fetched. One thread at a time fetches a set. A failed fetch closes the way
 * to the URL for a while: whoever comes meanwhile is answered from memory.
 */
#include "oauth/jwks.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "oauth/jwks_clock.h"

struct jwks_set {
    atomic_int refs;
    struct jws_keys *keys;
    int64_t fresh_until_s;
    int64_t fetched_s;
};

struct jwks {
    atomic_int refs;
    struct arena mem; /* holds url and ca_file */
    Str url;
    struct net_options options;
    atomic_int source; /* enum source_id; 0: of an issuer of JWTs */
    int64_t (*now_s)(void);

    pthread_mutex_t lock;    /* guards what follows */
    pthread_cond_t fetched;  /* a fetch has ended */
    struct jwks_set *set;    /* NULL: never fetched */
    bool is_fetching;        /* one thread is on its way */
    Res last;                /* how the last fetch ended */
    int64_t fetch_from_s;    /* no fetch before: the last one failed */
    int64_t find_kid_from_s; /* no fetch for an unknown kid before */
};

static int64_t jwks_clock_s(void)
{
    return clock_mono_ms() / 1000;
}

static void jwks_cond_open(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;

    must_be(pthread_condattr_init(&monotonic) == 0);
    must_be(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    must_be(pthread_cond_init(cond, &monotonic) == 0);
    (void)pthread_condattr_destroy(&monotonic);
}

struct jwks *jwks_open(Str url, const struct net_options *options)
{
    struct jwks *j = heap_alloc(sizeof(*j));

    atomic_init(&j->refs, 1);
    j->url = str_dup(&j->mem, url);
    j->options = *options;
    if (options->ca_file != NULL) {
        j->options.ca_file = str_zdup(&j->mem, str_from_z(options->ca_file));
    }
    j->now_s = jwks_clock_s;
    must_be(pthread_mutex_init(&j->lock, NULL) == 0);
    jwks_cond_open(&j->fetched);
    return j;
}

struct jwks *jwks_ref_same(struct jwks *j, Str url, const struct net_options *options)
{
    if (j == NULL || !str_eq(j->url, url)
        || j->options.connect_timeout_ms != options->connect_timeout_ms
        || j->options.timeout_ms != options->timeout_ms
        || j->options.ca_mark != options->ca_mark
        || !str_eq(str_from_z(j->options.ca_file), str_from_z(options->ca_file))) {
        return NULL;
    }
    atomic_fetch_add(&j->refs, 1);
    return j;
}

static void jwks_set_unref(struct jwks_set **s)
{
    if (*s != NULL && atomic_fetch_sub(&(*s)->refs, 1) == 1) {
        jws_keys_free(&(*s)->keys);
        heap_free(*s);
    }
    *s = NULL;
}

void jwks_unref(struct jwks **jwks)
{
    struct jwks *j = *jwks;

    *jwks = NULL;
    if (j == NULL || atomic_fetch_sub(&j->refs, 1) > 1) {
        return;
    }
    jwks_set_unref(&j->set);
    (void)pthread_cond_destroy(&j->fetched);
    (void)pthread_mutex_destroy(&j->lock);
    arena_done(&j->mem);
    heap_free(j);
}

void jwks_set_clock(struct jwks *j, int64_t (*clock_s)(void))
{
    j->now_s = clock_s;
}

void jwks_note_source(struct jwks *j, enum source_id source)
{
    atomic_store(&j->source, (int)source);
}

static void jwks_lock(struct jwks *j)
{
    must_be(pthread_mutex_lock(&j->lock) == 0);
}

static void jwks_unlock(struct jwks *j)
{
    must_be(pthread_mutex_unlock(&j->lock) == 0);
}

int64_t jwks_age_s(struct jwks *j)
{
    jwks_lock(j);
    int64_t age_s = j->set == NULL ? -1 : j->now_s() - j->set->fetched_s;

    jwks_unlock(j);
    return age_s;
}

static bool jwks_set_is_usable(const struct jwks *j, const struct jwks_set *set)
{
    return set != NULL && j->now_s() < set->fresh_until_s + LIMIT_JWKS_KEPT_S;
}

static int64_t jwks_fresh_s(int64_t max_age_s)
{
    if (max_age_s < LIMIT_JWKS_FRESH_MIN_S) {
        return LIMIT_JWKS_FRESH_MIN_S;
    }
    return max_age_s < LIMIT_JWKS_FRESH_MAX_S ? max_age_s : LIMIT_JWKS_FRESH_MAX_S;
}

/* Fetching. */

static Res jwks_fetch_keys(
    struct cx *cx, struct jwks *j, const struct jwks_caller *caller,
    struct net_reply *reply, struct jws_keys **ret)
{
    const struct net_via via = {caller->net, &j->options};
    const struct net_request req = {
        .url = j->url,
        .max_bytes = LIMIT_JWKS_BYTES,
        .timeout_ms = caller->is_stranger ? LIMIT_JWKS_STRANGER_MS : 0,
        .purpose = {(enum source_id)atomic_load(&j->source), NET_KEYS},
    };

    TRY(net_perform(cx, &via, &req, reply));
    TRY(net_reply_check(cx, reply));
    if (reply->status != 200) {
        return fail(cx, FAIL_SOURCE_ERROR, "the key URL answered %d", reply->status);
    }
    if (jws_keys_from_text(cx, reply->body, ret).code != FAIL_NONE) {
        return (Res){FAIL_SOURCE_ERROR}; /* the reason says what is wrong with them */
    }
    return OK;
}

static Res jwks_fetch_set(
    struct cx *cx, struct jwks *j, const struct jwks_caller *caller,
    struct jwks_set **ret)
{
    int64_t began_s = j->now_s();
    struct jws_keys *keys = NULL;
    struct net_reply reply;

    TRY(jwks_fetch_keys(cx, j, caller, &reply, &keys));
    struct jwks_set *set = heap_alloc(sizeof(*set));

    set->keys = keys;
    set->fetched_s = began_s;
    set->fresh_until_s = began_s + jwks_fresh_s(reply.max_age_s);
    atomic_init(&set->refs, 2); /* the caller's, and that of `j` */
    *ret = set;
    return OK;
}

/* Ends what began with is_fetching. *ret is the new set, with a reference. */
static Res jwks_fetch_now(
    struct cx *cx, struct jwks *j, const struct jwks_caller *caller,
    struct jwks_set **ret)
{
    Res res = jwks_fetch_set(cx, j, caller, ret);
    struct jwks_set *old = NULL;

    jwks_lock(j);
    if (res.code == FAIL_NONE) {
        old = j->set;
        j->set = *ret;
    } else {
        j->fetch_from_s = j->now_s() + LIMIT_JWKS_PAUSE_S;
    }
    j->last = res;
    j->is_fetching = false;
    must_be(pthread_cond_broadcast(&j->fetched) == 0);
    jwks_unlock(j);
    jwks_set_unref(&old);
    return res;
}

/* Verifying. */

enum jwks_step {
    JWKS_USE,    /* the set that is there */
    JWKS_FETCH,  /* a newer one */
    JWKS_WAIT,   /* another thread fetches */
    JWKS_REFUSE, /* a fetch failed a moment ago */
};

/* With the lock. */
static enum jwks_step jwks_step_for(const struct jwks *j, Str kid)
{
    bool is_usable = jwks_set_is_usable(j, j->set);
    int64_t now_s = j->now_s();

    if (is_usable && jws_keys_know(j->set->keys, kid)) {
        return JWKS_USE;
    }
    if (j->is_fetching) {
        return JWKS_WAIT;
    }
    if (now_s < j->fetch_from_s) {
        return JWKS_REFUSE;
    }
    return is_usable && now_s < j->find_kid_from_s ? JWKS_USE : JWKS_FETCH;
}

/* With the lock: until another thread's fetch has ended. */
static Res jwks_wait(struct cx *cx, struct jwks *j)
{
    const struct timespec until = {
        .tv_sec = cx->deadline_ms / 1000,
        .tv_nsec = cx->deadline_ms % 1000 * 1000000,
    };
    int rc = cx->deadline_ms == 0 ? pthread_cond_wait(&j->fetched, &j->lock)
                                  : pthread_cond_timedwait(&j->fetched, &j->lock, &until);

    return rc == ETIMEDOUT
               ? fail(cx, FAIL_SOURCE_TIMEOUT, "no time left to wait for the keys")
               : OK;
}

/* With the lock. JWKS_USE gives a set with a reference of the caller's; JWKS_FETCH makes
 * the caller the one that fetches. */
static Res jwks_decide(
    struct cx *cx, struct jwks *j, const struct jwks_caller *caller, Str kid,
    struct jwks_set **ret)
{
    enum jwks_step step = jwks_step_for(j, kid);

    while (step == JWKS_WAIT && !caller->is_stranger && caller->net != NULL) {
        TRY(jwks_wait(cx, j));
        step = jwks_step_for(j, kid);
    }
    if (step == JWKS_REFUSE) {
        return fail(cx, j->last.code, "the keys could not be fetched a moment ago");
    }
    if (step == JWKS_WAIT || (step == JWKS_FETCH && caller->net == NULL)) {
        return fail(cx, FAIL_UNAVAILABLE, "the keys have to be fetched first");
    }
    if (step == JWKS_USE) {
        *ret = j->set;
        atomic_fetch_add(&j->set->refs, 1);
        return OK;
    }
    j->is_fetching = true;
    if (jwks_set_is_usable(j, j->set)) {
        j->find_kid_from_s = j->now_s() + LIMIT_JWKS_PAUSE_S;
    }
    return OK;
}

static Res jwks_set_verify(
    struct cx *cx, const struct jwks_set *set, const struct jws *t, unsigned algs,
    Str *key_issuer)
{
    Str issuer = S("");

    TRY(jws_verify(cx, set->keys, t, algs, &issuer));
    if (key_issuer != NULL) {
        *key_issuer = str_dup(&cx->mem, issuer);
    }
    return OK;
}

Res jwks_verify(
    struct cx *cx, struct jwks *j, const struct jwks_caller *caller, const struct jws *t,
    unsigned algs, Str *key_issuer)
{
    CLEANUP(jwks_set_unref) struct jwks_set *set = NULL;

    algs &= jws_alg_public(); /* a secret that a URL publishes is no secret */
    if ((t->alg & algs) == 0) {
        return fail(cx, FAIL_PARSE_ERROR, "JWS: its alg is not allowed here");
    }
    jwks_lock(j);
    Res res = jwks_decide(cx, j, caller, t->kid, &set);

    jwks_unlock(j);
    TRY(res);
    TRY(set != NULL ? OK : jwks_fetch_now(cx, j, caller, &set));
    return jwks_set_verify(cx, set, t, algs, key_issuer);
}

bool jwks_needs_fetch(struct jwks *j, Str kid)
{
    jwks_lock(j);
    enum jwks_step step = jwks_step_for(j, kid);

    jwks_unlock(j);
    return step == JWKS_FETCH;
}

/* A set that was never asked for is not fetched either. */
static bool jwks_is_due(const struct jwks *j)
{
    bool was_asked = j->set != NULL || j->last.code != FAIL_NONE;
    int64_t now_s = j->now_s();

    return was_asked && !j->is_fetching && now_s >= j->fetch_from_s
           && (j->set == NULL || now_s >= j->set->fresh_until_s);
}

Res jwks_renew(struct cx *cx, struct jwks *j, struct net *net)
{
    CLEANUP(jwks_set_unref) struct jwks_set *set = NULL;
    const struct jwks_caller caller = {.net = net};

    jwks_lock(j);
    bool is_due = jwks_is_due(j);

    j->is_fetching |= is_due;
    jwks_unlock(j);
    return is_due ? jwks_fetch_now(cx, j, &caller, &set) : OK;
}

Res jwks_fetch(struct cx *cx, struct jwks *j, struct net *net)
{
    CLEANUP(jwks_set_unref) struct jwks_set *set = NULL;
    const struct jwks_caller caller = {.net = net};

    return jwks_fetch_now(cx, j, &caller, &set);
}
