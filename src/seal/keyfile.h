/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyfile.h - inside seal/ only: how a keyring is filled before it is shared.
 */
#pragma once

#include "seal/keyring.h"

struct keyring *keyring_new(void);
/* An id that isn't there yet, KEYRING_MOST in all. */
void keyring_add(
    struct keyring *k, uint32_t id, const unsigned char master[SEAL_KEY_BYTES]);
void keyring_freeze(struct keyring *k); /* from now on it can only be read */
