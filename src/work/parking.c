/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parking.c - a hash table of waiting jobs.
 *
 * Any number of jobs may wait under one key, so no step that is done for each of them may
 * visit all of them: only keys with a bound are counted, and one job checks for its key.
 */
#include "work/parking.h"

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

static bool key_has_room(
    const struct job *first, const struct job *job, const struct park *how)
{
    size_t others = 0;

    for (const struct job *j = first; how->most > 0 && j != NULL; j = j->waiting.next) {
        others += j != job && str_eq(key_of(j), how->key);
    }
    return how->most == 0 || others < how->most;
}

static void job_enter(struct job **first, struct job *job, Str key)
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
    p->n_of[job->waiting.what] -= job->waiting.is_parked;
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

    must_be(how->key.n > 0 && how->key.n <= PARK_KEY_BYTES);
    if (!key_has_room(*first, job, how)) {
        return false;
    }
    if (job->waiting.at != NULL && !str_eq(key_of(job), how->key)) {
        parking_leave(p, job);
    }
    if (job->waiting.at == NULL) {
        job_enter(first, job, how->key);
    }
    job->waiting.until_ms = how->until_ms;
    job->waiting.is_parked = true;
    job->waiting.what = (int)how->what;
    p->n_parked++;
    p->n_of[how->what]++;
    return true;
}

static void job_wake(struct parking *p, struct job *job, const struct parking_run *run)
{
    job->waiting.is_parked = false;
    p->n_parked--;
    p->n_of[job->waiting.what]--;
    run->run(run->arg, job);
}

void parking_wake(struct parking *p, Str key, const struct parking_run *run)
{
    for (struct job *j = p->buckets[bucket_of(key)]; j != NULL; j = j->waiting.next) {
        if (j->waiting.is_parked && str_eq(key_of(j), key)) {
            job_wake(p, j, run);
        }
    }
}

/* Tells whether an earlier job of the bucket checks for the same key in this round. */
static bool key_is_checked(const struct job *first, const struct job *job, unsigned round)
{
    for (const struct job *j = first; j != job; j = j->waiting.next) {
        if (j->waiting.round == round && str_eq(key_of(j), key_of(job))) {
            return true;
        }
    }
    return false;
}

/* Returns the next parked job, from `job` on; NULL at the end. */
static struct job *job_parked_from(struct job *job)
{
    while (job != NULL && !job->waiting.is_parked) {
        job = job->waiting.next;
    }
    return job;
}

static void job_check(
    struct parking *p, struct job *first, struct job *job, int64_t now_ms,
    const struct parking_run *run)
{
    if (now_ms >= job->waiting.until_ms) {
        job_wake(p, job, run);
    } else if (!key_is_checked(first, job, p->round)) {
        job->waiting.round = p->round;
        job_wake(p, job, run);
    }
}

void parking_check(struct parking *p, int64_t now_ms, const struct parking_run *run)
{
    p->round++;
    for (size_t i = 0; i < PARKING_BUCKETS; i++) {
        struct job *first = p->buckets[i];

        for (struct job *j = job_parked_from(first); j != NULL;
             j = job_parked_from(j->waiting.next)) {
            job_check(p, first, j, now_ms, run);
        }
    }
}

void parking_wake_all(struct parking *p, const struct parking_run *run)
{
    for (size_t i = 0; i < PARKING_BUCKETS; i++) {
        for (struct job *j = job_parked_from(p->buckets[i]); j != NULL;
             j = job_parked_from(j->waiting.next)) {
            job_wake(p, j, run);
        }
    }
}
