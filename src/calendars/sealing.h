/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealing.h - images and cursors as the store has them: sealed, and bound to their
 * setting, so that one that was moved does not open.
 */
#pragma once

#include "seal/keyring.h"

struct cx;

/* `purpose`: KEY_IMAGE or KEY_CURSOR. */
Str sealing_lock(
    struct arena *mem, const struct keyring *k, enum key_purpose purpose,
    int64_t settings, Str text);
/* FAIL_UNREADABLE, FAIL_UNAVAILABLE as keyring_unseal. */
Res sealing_open(
    struct cx *cx, const struct keyring *k, enum key_purpose purpose, int64_t settings,
    Str record, Str *ret) MUST;
