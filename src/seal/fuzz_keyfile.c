/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_keyfile.c - a key file opens whole or is refused in words that hold no key.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cx.h"
#include "seal/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_ring(struct cx *cx, struct keyring *k)
{
    must_be(keyring_count(k) >= 1 && keyring_count(k) <= KEYRING_MOST);
    must_be(keyring_sealing(k) == keyring_id(k, 0));
    for (size_t i = 0; i < keyring_count(k); i++) {
        Str text;
        Str record;

        must_be(keyring_set_sealing(k, keyring_id(k, i)));
        record = keyring_seal(&cx->mem, k, KEY_TASK, S("text"), S("ad"));
        must_be(
            keyring_unseal(cx, k, KEY_TASK, record, S("ad"), &text).code == FAIL_NONE);
        must_be(str_eq(text, S("text")));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct keyring *k = NULL;
    struct cx cx = {0};
    char path[32];
    int fd = memfd_create("keys", MFD_CLOEXEC);

    must_be(seal_start() && fd >= 0 && fchmod(fd, 0600) == 0);
    must_be(write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    Res r = keyring_open(&cx, path, &k);

    must_be(r.code == FAIL_NONE || (r.code == FAIL_CONFIG && k == NULL));
    if (k != NULL) {
        check_ring(&cx, k);
    }
    keyring_close(&k);
    cx_done(&cx);
    (void)close(fd);
    return 0;
}
