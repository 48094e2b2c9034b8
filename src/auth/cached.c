/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cached.c - an entry is a single block: the struct, then the data that it points to.
 */
#include "auth/cached.h"

#include <string.h>

#include "base/arena.h"

uint64_t cached_key(const unsigned char hash[AUTH_TOKEN_HASH_BYTES])
{
    uint64_t key;

    memcpy(&key, hash, sizeof(key));
    return key;
}

void cached_ref(struct cached *c)
{
    if (c != NULL) {
        atomic_fetch_add_explicit(&c->references, 1, memory_order_relaxed);
    }
}

void cached_unref(struct cached *c)
{
    if (c != NULL
        && atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) == 1) {
        heap_free(c);
    }
}

/* Copies `s` to *at and moves *at past the copy. */
static Str put_text(char **at, Str s)
{
    Str copy = {*at, s.n};

    if (s.n > 0) {
        memcpy(*at, s.p, s.n);
    }
    *at += s.n;
    return copy;
}

struct cached_credential *cached_credential_new(const struct cached_credential *from)
{
    size_t ids_bytes = from->n_providers * sizeof(int64_t);
    struct cached_credential *c = heap_alloc(
        sizeof(*c) + ids_bytes + from->issuer.n + from->user.n + from->reason.n);
    int64_t *ids = (int64_t *)(c + 1);
    char *text = (char *)(ids + from->n_providers);

    memcpy(c, from, sizeof(*c));
    if (ids_bytes > 0) {
        memcpy(ids, from->providers, ids_bytes);
    }
    c->providers = ids;
    c->issuer = put_text(&text, from->issuer);
    c->user = put_text(&text, from->user);
    c->reason = put_text(&text, from->reason);
    c->base.key = cached_key(c->hash);
    atomic_init(&c->base.references, 1);
    return c;
}

struct cached_provider *cached_provider_new(const struct cached_provider *from)
{
    size_t bytes = sizeof(*from) + from->n_patterns * sizeof(Str);

    for (size_t i = 0; i < from->n_patterns; i++) {
        bytes += from->patterns[i].n;
    }
    struct cached_provider *p = heap_alloc(bytes);
    Str *patterns = (Str *)(p + 1);
    char *text = (char *)(patterns + from->n_patterns);

    memcpy(p, from, sizeof(*p));
    for (size_t i = 0; i < from->n_patterns; i++) {
        patterns[i] = put_text(&text, from->patterns[i]);
    }
    p->patterns = patterns;
    p->base.key = (uint64_t)p->id;
    atomic_init(&p->base.references, 1);
    return p;
}

bool cached_credential_has(const struct cached_credential *c, int64_t provider)
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

int64_t cached_credential_provider(const struct cached_credential *c, int64_t named)
{
    if (named == 0) {
        return c->n_providers == 1 ? c->providers[0] : 0;
    }
    return cached_credential_has(c, named) ? named : 0;
}
