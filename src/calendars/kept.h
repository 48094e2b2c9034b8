/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept.h - images that were opened of late, in memory: a query that comes again reads and
 * opens none of them.
 *
 * An image is found by its setting and its digest, which the store has beside it: one
 * that was replaced, here or by another node, is not found. All functions may be called
 * from any thread, and accept NULL as the place where nothing is kept.
 */
#pragma once

#include "base/str.h"

struct arena;

struct kept_images;

struct kept_images *kept_open(void);
void kept_close(struct kept_images **k); /* accepts NULL */

/* Keeps a copy of an opened image. One without a digest, or of over
 * LIMIT_KEPT_IMAGES_BYTES, is not kept; others go where there is no room. */
void kept_put(struct kept_images *k, int64_t settings, Str digest, Str text);
/* false: it is not kept. */
bool kept_get(
    struct kept_images *k, struct arena *mem, int64_t settings, Str digest, Str *ret)
    MUST;
/* Wipes what nobody has asked for since `mono_ms` (clock_mono_ms). */
void kept_forget(struct kept_images *k, int64_t mono_ms);
