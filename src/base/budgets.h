/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budgets.h - limits of connections: of one alone, and of all together.
 *
 * A limit of one connection says little by itself, since a stranger can have thousands:
 * whatever connections may hold is bounded over all of them, too.
 */
#pragma once

enum {
    LIMIT_BLANK_BYTES = 8, /* CR and LF before a request: a few empty lines */

    /* connections and descriptors */
    LIMIT_REFUSED_CONNECTIONS = 128, /* past max_connections, which still get an answer */
    LIMIT_CONNECTIONS_LEAST = 16,    /* however few descriptors there are */
    LIMIT_LOOP_FILES = 6,            /* to poll, to be woken, reserves: ours, libuv's */
    LIMIT_WORKER_FILES = 9,          /* of libcurl: 5 connections kept, look-up, waking */
    LIMIT_STORE_FILES = 3,     /* of a connection to the store: SQLite has 3 files */
    LIMIT_OTHER_FILES = 64,    /* all that a process opens now and then */
    LIMIT_SAID_MS = 60 * 1000, /* that a limit is reached, the log hears so often */

    /* memory */
    LIMIT_CONNECTION_BYTES = 1024,                /* of a connection that does nothing */
    LIMIT_CONNECTION_REQUEST_BYTES = 512 * 1024,  /* of the largest request */
    LIMIT_CONNECTION_ANSWERS_BYTES = 1200 * 1024, /* of the largest answer, and others */
    LIMIT_CONNECTIONS_BYTES = 256 * 1024 * 1024,  /* what all hold beside that */
    LIMIT_LOOP_BYTES = 4 * 1024 * 1024,           /* a loop's part of it at least */
    LIMIT_HTTP_BYTES = 288 * 1024 * 1024,         /* all in all, with 10,000 of them */

    /* requests that are handled before others have their turn */
    LIMIT_TURN_REQUESTS = 16,  /* of one connection in one round of its loop */
    LIMIT_ROUND_REQUESTS = 64, /* of all connections that wait for another turn */

    /* deadlines beside the configured ones */
    LIMIT_DRAIN_IDLE_MS = 1000, /* for a connection without a request, in a stop */
    LIMIT_LINGER_MS = 5 * 1000, /* for a client to take its last answer and close */
    LIMIT_LATE_MS = 500,        /* the same, for a client whose request came too late */
};
