/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign.h - secrets of an endpoint, and the signature of a message (standard-webhooks
 * 1.0.0, docs/webhooks.md).
 */
#pragma once

#include "base/str.h"

struct arena;
struct cx;
struct keyring;

enum { SIGN_SECRET_BYTES = 32 };

/* An endpoint has a secret, and for a while after a rotation the one before. */
struct sign_secrets {
    unsigned char now[SIGN_SECRET_BYTES];
    unsigned char before[SIGN_SECRET_BYTES];
    bool has_before;
};

/* The first secret of an endpoint, or another, in the place of what is there. */
void sign_secret_make(struct sign_secrets *s);
void sign_secret_rotate(struct sign_secrets *s);
/* As receivers know the newest: "whsec_" and base64. */
Str sign_secret_text(struct arena *mem, const struct sign_secrets *s);

/* As the store has them: sealed, and bound to the endpoint. FAIL_UNREADABLE,
 * FAIL_UNAVAILABLE as keyring_unseal. */
Str sign_lock(
    struct arena *mem, const struct keyring *k, int64_t endpoint,
    const struct sign_secrets *s);
Res sign_open(
    struct cx *cx, const struct keyring *k, int64_t endpoint, Str record,
    struct sign_secrets *ret) MUST;

/* The value of webhook-signature: "v1,…", and with two secrets "v1,… v1,…". */
Str sign_message(
    struct arena *mem, const struct sign_secrets *s, Str id, int64_t timestamp_s,
    Str body);
