/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection_parts.h - what a connection consists of, and how its state, its deadline and
 * its count of memory change together. Private to connection.c, loop.c and this module.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <uv.h>

#include "http/connection.h"
#include "http/deadlines.h"
#include "http/out.h"
#include "http/pool.h"

struct http_connection {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    };
    struct http_loop *loop;
    void (*answer)(struct http_exchange *ex); /* its listener's handler */
    enum connection_state state;
    enum deadline_kind deadline_kind;
    struct deadline deadline;
    struct deadline turn;           /* in a list of the loop, by its state */
    unsigned round;                 /* of the loop, in which it came or had a turn */
    int n_turn;                     /* requests handled in that turn */
    struct pool_exchange *exchange; /* from a request's first byte to its answer */
    Str in;                         /* read, not parsed: the loop's buffer, or `kept` */
    char *kept;
    size_t kept_bytes;
    size_t bytes;        /* as counted in the loop's budget */
    struct out *out;     /* answers that are not being written yet */
    struct out *writing; /* what libuv is writing */
    size_t blank_bytes;  /* before the next request */
    size_t dropped;
    bool is_handling; /* the handler is being called */
    bool is_working;  /* the handler has not answered yet */
    bool is_last;     /* no request after this one */
    bool is_late;     /* a request came too late */
    char peer[INET6_ADDRSTRLEN];
};

/* The connection that a deadline, or a place in a list of turns, belongs to. */
struct http_connection *connection_of(struct deadline *d);
struct http_connection *connection_of_turn(struct deadline *turn);
/* Makes the state so, with the list of turns and the deadline that belong to it. */
void connection_set_state(struct http_connection *c, enum connection_state state);
/* Counts a change of state for the metrics. A connection begins and ends as closed. */
void connection_count(enum connection_state before, enum connection_state after);
/* From now on; DEADLINE_NONE ends the one that there is. */
void connection_set_deadline(struct http_connection *c, enum deadline_kind kind);
/* Wipes and gives back what has been read and not parsed. */
void connection_drop_input(struct http_connection *c);
/* Counts what the connection takes, in its loop's budget. */
void connection_weigh(struct http_connection *c);
/* Closes what was accepted; the connection is freed later. */
void connection_end_handle(struct http_connection *c);
/* Closes at once, in any state. */
void connection_cut(struct http_connection *c);
/* Whether it came, or had a turn, in this round of its loop; false for NULL. */
bool connection_is_new(struct deadline *idle);
/* Closes the connection that has been idle for longest; false when all are busy. */
bool connection_cut_idle(struct http_loop *loop);
