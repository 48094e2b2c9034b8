/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection.h - the life of one connection: bytes in, exchanges, bytes out.
 *
 *               a byte             whole; the handler answers later
 *     ┌─► IDLE ───────► READING ───────────────────────────────────► WORKING
 *     │                  │   ▲  │                                       │
 *     │ memory is tight  ▼   │  │ whole, and answered at once           │ http_send
 *     │                 PAUSED  ▼                                       │
 *     │                      ANSWERED ◄─────────────────────────────────┘
 *     │                         │  the round ends: answers are written
 *     │                         ├────────► WRITING, while the client is slow
 *     │ nothing is left         ▼                 │
 *     └────────────────────── written ◄───────────┘
 *                               │  └─────► WAITING for another turn, with more requests
 *               the last answer ▼
 *                           LINGERING ─► CLOSED, as from any state at once
 */
#pragma once

#include <stdbool.h>
#include <uv.h>

struct http_connection;
struct http_loop;
struct loop_listener;
struct deadline;

enum connection_state {
    CONNECTION_IDLE,      /* waits for the first byte of a request */
    CONNECTION_READING,   /* a request has begun to come */
    CONNECTION_PAUSED,    /* the same, but it is not read: memory is short */
    CONNECTION_WORKING,   /* the handler will answer later */
    CONNECTION_ANSWERED,  /* its answers are written when the loop's round ends */
    CONNECTION_WAITING,   /* has had its turn: goes on in the next round of the loop */
    CONNECTION_WRITING,   /* the client has to take its answers before all else */
    CONNECTION_LINGERING, /* the last answer is written: drops the bytes that still come
                           */
    CONNECTION_CLOSED,
};

/* A deadline belongs to a piece of work, and stays as it is while the state changes. Each
 * kind is a list of the loop. While the handler works there is none. */
enum deadline_kind {
    DEADLINE_IDLE,    /* the next request has to begin: since the last answer */
    DEADLINE_REQUEST, /* a request has to be whole: since its first byte */
    DEADLINE_WRITE,   /* the client has to take answers: since they were ready */
    DEADLINE_LINGER,  /* the client has to close: since the last answer was written */
    DEADLINE_LATE,    /* the same, of a client whose request came too late */
    DEADLINE_KINDS,
    DEADLINE_NONE = DEADLINE_KINDS, /* in no list */
};

/* Owns `fd`, an accepted socket. */
void connection_accept(struct loop_listener *listener, int fd);
/* The deadline has passed: answers 408, or closes. */
void connection_expire(struct deadline *d);
/* Writes the answers of an ANSWERED connection, and goes on until its turn is over;
 * `turn` is its place in the loop's list. */
void connection_write(struct deadline *turn);
/* Reads from a PAUSED connection once more. */
void connection_resume(struct deadline *turn);
/* Gives a WAITING connection its next turn; false when it has had one in this round. */
bool connection_take_turn(struct deadline *turn);
