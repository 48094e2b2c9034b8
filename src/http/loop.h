/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h - one thread's event loop, and what its connections share: the read buffer, the
 * deadlines, exchanges and output buffers to lend.
 *
 * While it runs, all but loop_stop and posting belong to its thread.
 *
 * loop.c and connection.c need each other, the one accepted circle of this folder: a loop
 * tells its connections when their time or turn has come, and they change its lists. They
 * are parts of one thing; function pointers between them would hide that and undo
 * nothing.
 */
#pragma once

#include <stdatomic.h>
#include <uv.h>

#include "http/budget.h"
#include "http/connection.h"
#include "http/deadlines.h"
#include "http/out.h"
#include "http/pool.h"
#include "http/server.h"
#include "http/shared.h"

enum {
    LOOP_READ_BYTES = 16 * 1024, /* at once, and so kept of a connection at most */
    LOOP_ANSWERS_MOST = 64,      /* wait for a round to end: for a millisecond or two */
};

/* A listening socket of one loop. libuv only says that someone has come: where it accepts
 * by itself and finds no descriptor, it drops clients unsaid, or tries for ever. */
struct loop_listener {
    uv_poll_t poll;
    int fd;
    bool is_unix;
    struct http_loop *loop;
    void (*answer)(struct http_exchange *ex); /* the handler of its connections */
};

struct http_loop {
    const struct http_options *options;
    struct http_shared *shared;
    void *data; /* what thread_start returned */

    uv_loop_t uv;
    uv_async_t wake;
    uv_prepare_t round_end; /* rings when all bytes that had come were read */
    uv_idle_t awake;        /* active while there is something to do in the next round */
    uv_timer_t timer;       /* rings at the earliest deadline */
    uv_timer_t shutdown;    /* rings shutdown_timeout after the drain began */
    uv_timer_t rest;        /* active while the listeners wait for free descriptors */
    struct loop_listener *listeners;
    size_t n_listeners;
    int reserve; /* a descriptor to refuse a client with; -1: somebody else has it */

    struct deadlines deadlines[DEADLINE_KINDS];
    /* Lists without deadlines: connections in the order of their turns. */
    struct deadlines answered; /* their answers are written when the round ends */
    struct deadlines waiting;  /* they have requests left for the next round */
    struct deadlines paused;   /* they aren't read, since memory is short */
    unsigned round;            /* its number */
    size_t n_answers;          /* since answers were last written */
    uint64_t n_requests;       /* handled since the start */
    size_t n_connections;
    size_t n_orphans; /* exchanges with a worker whose connection is closed */
    struct http_pool pool;
    struct budget budget;
    struct out_date date;
    bool has_served; /* its thread was started before the stop */
    bool is_draining;

    atomic_bool has_woken; /* since the last loop_answers */

    uv_mutex_t lock; /* for what follows */
    struct http_post *first_post;
    struct http_post *last_post;
    bool must_stop;
    bool is_stopped; /* takes no more posts */

    char read_bytes[LOOP_READ_BYTES];
};

/* Ready to listen; panics when the system has no more to give. */
struct http_loop *loop_open(
    const struct http_options *options, struct http_shared *shared);
/* Owns `fd`, a bound socket, from now on, even if it fails; returns 0 or uv's error. */
int loop_listen(
    struct http_loop *loop, int fd, bool is_unix,
    void (*handle)(struct http_exchange *ex));
/* Serves until loop_stop, on the calling thread. */
void loop_run(struct http_loop *loop);
void loop_stop(struct http_loop *loop);
/* Whether it has come round since the last call; wakes it for the next one. From one
 * other thread, at any time. */
bool loop_answers(struct http_loop *loop);
/* After loop_run has returned. */
void loop_close(struct http_loop *loop);

/* Ends the work whose deadline has passed; rings again at the next one. */
void loop_expire(struct http_loop *loop);
/* The timer rings at `at_ms` at the latest. */
void loop_arm(struct http_loop *loop, uint64_t at_ms);
/* Writes all answers when many wait for the end of the round. */
void loop_write_if_many(struct http_loop *loop);
/* Closes connections until requests can be taken again, first those that have waited
 * longest for their client: to take answers, or else to send a request. */
void loop_make_room(struct http_loop *loop);
/* Ends the loop when it drains and nothing is left to do. */
void loop_end_if_empty(struct http_loop *loop);
