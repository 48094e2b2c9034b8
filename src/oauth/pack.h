/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.h - the compact binary form of what is sealed: numbers in base 128, the low digits
 * first; text behind its length. No names and no types: the version before it says what
 * follows.
 */
#pragma once

#include "base/str.h"

struct buf;

void pack_int(struct buf *b, int64_t v);
void pack_text(struct buf *b, Str s);

/* Read freely and ask once: past the end, `bad` sticks. */
struct unpack {
    Str rest;
    bool bad;
};

int64_t unpack_int(struct unpack *u);
Str unpack_text(struct unpack *u); /* a part of what is unpacked */
/* All was there, and nothing more. */
bool unpack_done(const struct unpack *u);
