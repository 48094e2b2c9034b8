/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testring.h - for tests and fuzz targets: rings of known keys.
 */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include "seal/keyring.h"

#define RING_KEY_1 "key 00000001 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"
#define RING_KEY_2 "key 00000002 __79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA\n"

static inline struct keyring *ring_of(struct cx *cx, Str text)
{
    char path[] = "/tmp/caldock-ring-XXXXXX";
    int fd = mkstemp(path); /* mode 0600 */
    struct keyring *k = NULL;

    must_be(seal_start());
    must_be(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n && close(fd) == 0);
    must_be(keyring_open(cx, path, &k).code == FAIL_NONE);
    must_be(unlink(path) == 0);
    return k;
}
