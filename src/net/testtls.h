/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testtls.h - a TLS server for unit tests, on a thread of its own. Its certificate is its
 * own authority. It answers one request of each connection.
 */
#pragma once

#include <pthread.h>

#include <openssl/ssl.h>

#include "base/str.h"

enum { TESTTLS_HOUR_S = 3600 };

struct testtls_plan {
    const char *host; /* that the certificate is for */
    long from_s;      /* from now on */
    long to_s;
    int version;     /* the newest that the server speaks */
    Str answer;      /* empty: a 204 */
    bool stays_open; /* after its answer it reads no more, and closes at the end only */
};

struct testtls {
    const struct testtls_plan *plan;
    int listener;
    int stop[2]; /* closing the write end ends every wait */
    int port;
    pthread_t thread;
    SSL_CTX *tls;
    X509 *authority;
    char ca_file[32]; /* PEM of the authority */
};

/* A certificate of an hour for localhost, TLS 1.3. */
extern const struct testtls_plan testtls_good;

/* On a free port of 127.0.0.1. */
void testtls_start(struct testtls *s, const struct testtls_plan *plan);
void testtls_stop(struct testtls *s);
/* https://localhost:PORT/ */
Str testtls_url(struct arena *mem, const struct testtls *s);
