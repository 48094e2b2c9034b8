/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.h - inside auth/ only: facts of one thread by a 64-bit key, bounded.
 */
#pragma once

#include "auth/facts.h"

struct cache;

struct cache *cache_open(void);
void cache_close(struct cache **c); /* accepts NULL */

/* The fact, while it counts: NULL when there is none. Borrowed: until the next cache_put.
 */
struct fact *cache_get(struct cache *c, uint64_t key, int64_t now_ms);
/* Takes a reference. An older fact of the same key is replaced; in a full set one that
 * has ended gives way, then a negative one, then the one that ends first; a negative fact
 * never pushes out a positive one that counts. */
void cache_put(struct cache *c, struct fact *f);
/* Whether the caller is to renew that fact: true once, until it has been put anew. */
bool cache_renew(struct cache *c, const struct fact *f, int64_t now_ms);
void cache_clear(struct cache *c, bool (*goes)(const struct fact *f));
