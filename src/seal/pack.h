/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.h - the compact binary form of sealed data.
 *
 * A number is written in base 128, low digits first; a text follows its length. The form
 * has no names and no types: a version in front of it says which fields follow.
 */
#pragma once

#include "base/str.h"

struct buf;

void pack_int(struct buf *b, int64_t v);
void pack_text(struct buf *b, Str s);

/* A caller reads all fields and asks once: `bad` stays set after a read past the end. */
struct unpack {
    Str rest;
    bool bad;
};

int64_t pack_read_int(struct unpack *u);
Str pack_read_text(struct unpack *u); /* points into the unpacked bytes */
/* Every field was there, and nothing follows. */
bool pack_read_done(const struct unpack *u);
