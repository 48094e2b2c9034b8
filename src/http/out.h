/* SPDX-License-Identifier: Apache-2.0 */
/*
 * out.h - answers as bytes on their way to a client.
 */
#pragma once

#include <uv.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "http/request.h"

enum {
    OUT_FIRST_BYTES = 4 * 1024,
    OUT_ENOUGH_BYTES = 16 * 1024, /* are written before another answer is added */
    OUT_HEAD_MOST_BYTES = 64 * 1024,
    OUT_MOST_BYTES = OUT_ENOUGH_BYTES + OUT_HEAD_MOST_BYTES + LIMIT_ANSWER_BYTES,
};

/* Borrowed by a connection while it has something to write. */
struct out {
    uv_write_t write;
    struct arena mem;
    struct buf text;
    struct out *next; /* among a loop's spare ones */
};

/* The text of the Date field, written at most once a second. */
struct out_date {
    int64_t second;
    char text[96]; /* 29 bytes are used; the compiler allows each number all its digits */
};

/* Facts of the connection that an answer depends on beside the handler's words. */
struct out_frame {
    bool is_head;   /* a body is counted and not sent */
    bool is_http10; /* keep-alive must be said */
    bool closes_after;
    struct out_date *date;
};

void out_begin(struct out *o);
/* Whether answers have to be written before another one is added. */
bool out_has_enough(const struct out *o);
/* Returns the bytes that it takes from the heap; 0 for NULL. */
size_t out_bytes(const struct out *o);
/* `o` doesn't have enough yet. Returns false, and adds nothing, when the head or the body
 * is over its limit. */
bool out_add_answer(
    struct out *o, const struct http_answer *a, const struct out_frame *frame);
void out_add_continue(struct out *o);
