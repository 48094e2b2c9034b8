/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testserver.h - a server for unit tests, on a thread of its own, that plays a script: it
 * reads a request, keeps it, and does what the next step says. It waits for events, never
 * for time.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/str.h"

enum { SERVER_STEPS = 16, SERVER_REQUEST_BYTES = 16 * 1024 };

/* What becomes of the connection after an answer. */
enum after { THEN_CLOSE, THEN_KEEP, THEN_RESET, THEN_HANG };

struct step {
    Str send;
    enum after after;
};

struct server {
    int listener;
    int stop[2]; /* closing the write end ends every wait */
    int port;
    pthread_t thread;
    const struct step *steps;
    size_t n_steps;
    atomic_size_t served; /* how many steps were played */
    char requests[SERVER_STEPS][SERVER_REQUEST_BYTES];
    size_t request_bytes[SERVER_STEPS];
};

/* On a free port of 127.0.0.1; connections beyond the script are accepted and closed. */
void testserver_start(struct server *s, const struct step *steps, size_t n);
void testserver_stop(struct server *s);

Str testserver_url(struct arena *mem, const struct server *s, const char *path);
/* The request that the i-th step answered. Call after testserver_stop. */
Str testserver_request(const struct server *s, size_t i);
