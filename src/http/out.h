/* SPDX-License-Identifier: Apache-2.0 */
/*
 * out.h - bytes on their way to a client, and how an answer becomes such bytes.
 */
#pragma once

#include <uv.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "http/request.h"

enum {
    OUT_ENOUGH_BYTES = 256 * 1024, /* write before more is added */
    OUT_MOST_BYTES = OUT_ENOUGH_BYTES + LIMIT_ANSWER_BYTES + 64 * 1024,
};

/* A connection has one only while it has something to write. */
struct out {
    uv_write_t write;
    struct arena mem;
    struct buf text;
    struct out *next; /* among a loop's spare ones */
};

/* The text of the Date field, made at most once a second. */
struct out_date {
    int64_t second;
    char text[32];
};

/* What an answer looks like beside what the handler says. */
struct out_frame {
    bool is_head;   /* a body is counted and not sent */
    bool is_http10; /* keep-alive must be said */
    bool closes_after;
    struct out_date *date;
};

void out_begin(struct out *o);
void out_add_answer(
    struct out *o, const struct http_answer *a, const struct out_frame *frame);
void out_add_continue(struct out *o);
