/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.c - facts as single blocks: the struct, then what it points to.
 */
#include "auth/facts.h"

#include <string.h>

#include "base/arena.h"

uint64_t fact_key(const unsigned char hash[AUTH_TOKEN_HASH_BYTES])
{
    uint64_t key;

    memcpy(&key, hash, sizeof(key));
    return key;
}

void fact_hold(struct fact *f)
{
    if (f != NULL) {
        atomic_fetch_add_explicit(&f->references, 1, memory_order_relaxed);
    }
}

void fact_drop(struct fact *f)
{
    if (f != NULL
        && atomic_fetch_sub_explicit(&f->references, 1, memory_order_acq_rel) == 1) {
        heap_free(f);
    }
}

/* Copies `s` to *at and moves *at behind it. */
static Str put_text(char **at, Str s)
{
    Str copy = {*at, s.n};

    if (s.n > 0) {
        memcpy(*at, s.p, s.n);
    }
    *at += s.n;
    return copy;
}

struct credential_fact *credential_fact_new(const struct credential_fact *from)
{
    size_t ids_bytes = from->n_providers * sizeof(int64_t);
    struct credential_fact *c =
        heap_alloc(sizeof(*c) + ids_bytes + from->issuer.n + from->user.n);
    int64_t *ids = (int64_t *)(c + 1);
    char *text = (char *)(ids + from->n_providers);

    memcpy(c, from, sizeof(*c));
    if (ids_bytes > 0) {
        memcpy(ids, from->providers, ids_bytes);
    }
    c->providers = ids;
    c->issuer = put_text(&text, from->issuer);
    c->user = put_text(&text, from->user);
    c->fact.key = fact_key(c->hash);
    atomic_init(&c->fact.references, 1);
    return c;
}

struct provider_fact *provider_fact_new(const struct provider_fact *from)
{
    size_t bytes = sizeof(*from) + from->n_patterns * sizeof(Str);

    for (size_t i = 0; i < from->n_patterns; i++) {
        bytes += from->patterns[i].n;
    }
    struct provider_fact *p = heap_alloc(bytes);
    Str *patterns = (Str *)(p + 1);
    char *text = (char *)(patterns + from->n_patterns);

    memcpy(p, from, sizeof(*p));
    for (size_t i = 0; i < from->n_patterns; i++) {
        patterns[i] = put_text(&text, from->patterns[i]);
    }
    p->patterns = patterns;
    p->fact.key = (uint64_t)p->id;
    atomic_init(&p->fact.references, 1);
    return p;
}

bool credential_has_provider(const struct credential_fact *c, int64_t provider)
{
    size_t from = 0;
    size_t to = c->n_providers;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (c->providers[middle] < provider) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from < c->n_providers && c->providers[from] == provider;
}

int64_t credential_provider(const struct credential_fact *c, int64_t wish)
{
    if (wish == 0) {
        return c->n_providers == 1 ? c->providers[0] : 0;
    }
    return credential_has_provider(c, wish) ? wish : 0;
}
