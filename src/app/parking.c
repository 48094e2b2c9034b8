/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parking.c - a hash table of who waits.
 *
 * Any number may wait under one key, so nothing that is done for each of them walks past
 * all of them: only a key with a bound is counted, and one look is enough for a key.
 */
#include "app/parking.h"

#include <string.h>

static size_t bucket_of(Str key)
{
    uint32_t hash = 2166136261U; /* FNV-1a */

    for (size_t i = 0; i < key.n; i++) {
        hash = (hash ^ (unsigned char)key.p[i]) * 16777619U;
    }
    return hash % PARKING_BUCKETS;
}

static Str key_of(const struct job *job)
{
    return (Str){job->waiting.key, job->waiting.key_bytes};
}

static bool has_room(
    const struct job *first, const struct job *job, const struct park *how)
{
    size_t others = 0;

    for (const struct job *j = first; how->most > 0 && j != NULL; j = j->waiting.next) {
        others += j != job && str_eq(key_of(j), how->key);
    }
    return how->most == 0 || others < how->most;
}

static void enter(struct job **first, struct job *job, Str key)
{
    memcpy(job->waiting.key, key.p, key.n);
    job->waiting.key_bytes = key.n;
    job->waiting.next = *first;
    job->waiting.at = first;
    if (*first != NULL) {
        (*first)->waiting.at = &job->waiting.next;
    }
    *first = job;
}

void parking_leave(struct parking *p, struct job *job)
{
    if (job->waiting.at == NULL) {
        return;
    }
    p->n_parked -= job->waiting.is_parked;
    *job->waiting.at = job->waiting.next;
    if (job->waiting.next != NULL) {
        job->waiting.next->waiting.at = job->waiting.at;
    }
    job->waiting.at = NULL;
    job->waiting.is_parked = false;
}

bool parking_add(struct parking *p, struct job *job, const struct park *how)
{
    struct job **first = &p->buckets[bucket_of(how->key)];

    must_be(how->key.n > 0 && how->key.n <= CALL_PARK_KEY_BYTES);
    if (!has_room(*first, job, how)) {
        return false;
    }
    if (job->waiting.at != NULL && !str_eq(key_of(job), how->key)) {
        parking_leave(p, job);
    }
    if (job->waiting.at == NULL) {
        enter(first, job, how->key);
    }
    job->waiting.until_ms = how->until_ms;
    job->waiting.is_parked = true;
    p->n_parked++;
    return true;
}

static void wake_one(struct parking *p, struct job *job, const struct parking_run *run)
{
    job->waiting.is_parked = false;
    p->n_parked--;
    run->run(run->arg, job);
}

void parking_wake(struct parking *p, Str key, const struct parking_run *run)
{
    for (struct job *j = p->buckets[bucket_of(key)]; j != NULL; j = j->waiting.next) {
        if (j->waiting.is_parked && str_eq(key_of(j), key)) {
            wake_one(p, j, run);
        }
    }
}

/* Whether one of the jobs before `job` looks for all of its key. */
static bool is_looked_for(const struct job *first, const struct job *job, unsigned look)
{
    for (const struct job *j = first; j != job; j = j->waiting.next) {
        if (j->waiting.look == look && str_eq(key_of(j), key_of(job))) {
            return true;
        }
    }
    return false;
}

/* The next that is parked, from `job` on; NULL at the end. */
static struct job *parked_from(struct job *job)
{
    while (job != NULL && !job->waiting.is_parked) {
        job = job->waiting.next;
    }
    return job;
}

static void look_at(
    struct parking *p, struct job *first, struct job *job, int64_t now_ms,
    const struct parking_run *run)
{
    if (now_ms >= job->waiting.until_ms) {
        wake_one(p, job, run);
    } else if (!is_looked_for(first, job, p->looks)) {
        job->waiting.look = p->looks;
        wake_one(p, job, run);
    }
}

void parking_look(struct parking *p, int64_t now_ms, const struct parking_run *run)
{
    p->looks++;
    for (size_t i = 0; i < PARKING_BUCKETS; i++) {
        struct job *first = p->buckets[i];

        for (struct job *j = parked_from(first); j != NULL;
             j = parked_from(j->waiting.next)) {
            look_at(p, first, j, now_ms, run);
        }
    }
}

void parking_wake_all(struct parking *p, const struct parking_run *run)
{
    for (size_t i = 0; i < PARKING_BUCKETS; i++) {
        for (struct job *j = parked_from(p->buckets[i]); j != NULL;
             j = parked_from(j->waiting.next)) {
            wake_one(p, j, run);
        }
    }
}
