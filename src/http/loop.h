/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h - one thread's event loop, and what its connections share: the read buffer, the
 * deadlines, spare exchanges and output buffers.
 *
 * While it runs, all but loop_stop and posting belong to its thread.
 */
#pragma once

#include <stdatomic.h>
#include <uv.h>

#include "http/connection.h"
#include "http/deadlines.h"
#include "http/out.h"
#include "http/server.h"
#include "http/spares.h"

enum {
    LOOP_READ_BYTES = 64 * 1024,
    LOOP_ANSWERS_MOST = 64, /* that wait for a round to end: for about a millisecond */
};

/* A listening socket of one loop. */
struct listener {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    };
};

struct http_loop {
    const struct http_options *options;
    atomic_int *all_connections; /* of all loops */
    void *data;                  /* what thread_start returned */

    uv_loop_t uv;
    uv_async_t wake;
    uv_prepare_t round;  /* rings when all that had come has been read */
    uv_timer_t timer;    /* rings at the earliest deadline */
    uv_timer_t shutdown; /* rings shutdown_timeout after the drain began */
    struct listener *listeners;
    size_t n_listeners;

    struct deadlines lists[CONNECTION_STATES];
    size_t n_answered; /* since answers were last written */
    size_t n_connections;
    size_t n_held; /* exchanges that a worker has and whose connection is gone */
    struct spares spares;
    struct out_date date;
    bool is_draining;

    uv_mutex_t lock; /* for what follows */
    struct http_post *first_post;
    struct http_post *last_post;
    bool must_stop;
    bool is_stopped; /* takes no more posts */

    char read_bytes[LOOP_READ_BYTES];
};

/* Ready to listen; panics when the system has no more to give. */
struct http_loop *loop_open(const struct http_options *options, atomic_int *connections);
/* Takes `fd`, a bound socket, whether it fails or not; 0 or uv's error. */
int loop_listen(struct http_loop *loop, int fd, bool is_unix);
/* Serves until loop_stop, on the calling thread. */
void loop_run(struct http_loop *loop);
void loop_stop(struct http_loop *loop);
/* After loop_run has returned. */
void loop_close(struct http_loop *loop);

/* The timer rings at `at_ms` at the latest. */
void loop_arm(struct http_loop *loop, uint64_t at_ms);
/* Another connection is ANSWERED. */
void loop_answered(struct http_loop *loop);
/* Ends the loop when it drains and nothing is left to do. */
void loop_end_if_empty(struct http_loop *loop);
