/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyfile.h - inside seal/ only: reads a key file, and fills a keyring before it is
 * shared.
 */
#pragma once

#include <sys/stat.h>

#include "seal/keyring.h"

enum {
    KEYFILE_MOST_BYTES = 64 * 1024,
    KEYFILE_KEY_TEXT = 43,  /* 32 bytes as base64url */
    KEYFILE_TIME_MOST = 32, /* more isn't a time */
};

struct keyring *keyring_new(void);
/* Adds a key. The id must be new, and the ring must have fewer than KEYRING_MOST. */
void keyring_add(
    struct keyring *k, uint32_t id, Str created,
    const unsigned char master[SEAL_KEY_BYTES]);
void keyring_freeze(struct keyring *k); /* from now on it can only be read */

/* A file's text, in guarded memory: out of swap and core dumps, between pages that nobody
 * may touch. */
struct keyfile {
    const char *path;
    char *text; /* KEYFILE_MOST_BYTES + 1 of them */
    size_t n;
    struct stat st;
};

/* Both fail with FAIL_CONFIG, as keyring_open says. */
Res keyfile_read(struct cx *cx, const char *path, struct keyfile *ret) MUST;
Res keyfile_parse(struct cx *cx, const struct keyfile *f, struct keyring **ret) MUST;
void keyfile_done(struct keyfile *f);

void *keyfile_alloc(size_t n);     /* guarded memory; never NULL */
void keyfile_free(char **p);       /* accepts NULL; wipes */
void keyfile_close(const int *fd); /* -1: none */
