/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.h - inside auth/ only: a bounded table of one thread, from 64-bit keys to cached
 * entries.
 */
#pragma once

#include "auth/cached.h"

struct cache;

struct cache *cache_open(void);
void cache_close(struct cache **c); /* accepts NULL */

/* The entry, while it counts; else NULL. Borrowed until the next cache_put. */
struct cached *cache_get(struct cache *c, uint64_t key, int64_t now_ms);
/* Takes a reference. An older entry of the same key is replaced. A full set gives up an
 * entry that has ended, then a negative one, then the one that ends first; but a negative
 * entry never replaces a positive one that still counts. */
void cache_put(struct cache *c, struct cached *entry);
/* Whether the caller is to renew that entry: true once, until it is put again. */
bool cache_renew(struct cache *c, const struct cached *entry, int64_t now_ms);
/* Forgets what `goes` selects; NULL: everything. */
void cache_clear(struct cache *c, bool (*goes)(const struct cached *entry));
