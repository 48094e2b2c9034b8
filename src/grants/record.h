/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - one record of what a source granted, sealed for one account.
 *
 * The associated data names provider, account and purpose: a record that was moved does
 * not open.
 */
#pragma once

#include "seal/keyring.h"

struct grant_record;

struct grant {
    Str refresh_token;
    Str refresh_token_before; /* kept until the new one has worked; empty: none */
    Str access_token;
    int64_t access_expires_ms;
    Str scope;
};

Str grant_seal(
    struct arena *mem, const struct keyring *k, int64_t provider, int64_t account,
    const struct grant *g);
/* Seals the grant into its row: fills `sealed` and `key_id`. */
void grant_seal_into(
    struct arena *mem, const struct keyring *k, int64_t provider, int64_t account,
    const struct grant *g, struct grant_record *ret);
Res grant_open(
    struct cx *cx, const struct keyring *k, int64_t provider, int64_t account, Str record,
    struct grant *ret) MUST; /* FAIL_UNREADABLE, FAIL_UNAVAILABLE as keyring_unseal */

/* A refresh token that waits to be revoked: bound to source and subject. */
Str record_revocation_seal(
    struct arena *mem, const struct keyring *k, int source, Str subject,
    Str refresh_token);
Res record_revocation_open(
    struct cx *cx, const struct keyring *k, int source, Str subject, Str record, Str *ret)
    MUST; /* as grant_open */
