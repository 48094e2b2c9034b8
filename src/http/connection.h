/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection.h - the life of one connection: bytes in, exchanges, bytes out.
 */
#pragma once

#include <uv.h>

struct http_connection;
struct http_loop;

/* Each is a list of deadlines of its loop. */
enum connection_state {
    CONNECTION_IDLE,     /* waits for the first byte of a request */
    CONNECTION_READING,  /* a request has begun to come */
    CONNECTION_WORKING,  /* the handler will answer later: no deadline */
    CONNECTION_ANSWERED, /* its answers are written when the loop's round ends */
    CONNECTION_WRITING,  /* the client has to take its answers before all else */
    CONNECTION_LEAVING,  /* all is said; what still comes is dropped */
    CONNECTION_STATES,
    CONNECTION_CLOSED = CONNECTION_STATES, /* in no list */
};

struct deadline;

void connection_accept(struct http_loop *loop, uv_stream_t *listener);
/* Its time in its state is over. */
void connection_expire(struct deadline *d);
/* Writes the answers that there are, and goes on: of those that are ANSWERED. */
void connection_write(struct deadline *d);
/* At once, whatever it does. */
void connection_cut(struct deadline *d);
