/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headers.h - inside auth/ only: what a request says about who asks (contract §2, §9).
 *
 * Each header is judged at its own stage. An empty one counts as absent.
 */
#pragma once

#include "auth/auth.h"

struct credential {
    enum credential_kind kind;
    Str text;
    unsigned char hash[AUTH_TOKEN_HASH_BYTES];
};

/* FAIL_NOT_AUTHENTICATED, FAIL_AUTHENTICATION_FAILED. */
Res credential_read(struct cx *cx, const struct http_request *req, struct credential *ret)
    MUST;
/* FAIL_PARAMETER_INVALID with `error` filled; absent: 0, MODE_NONE, the empty Str. */
Res provider_read(
    struct cx *cx, const struct http_request *req, int64_t *ret, struct auth_error *error)
    MUST;
Res mode_read(
    struct cx *cx, const struct http_request *req, enum mode *ret,
    struct auth_error *error) MUST;
Res user_read(
    struct cx *cx, const struct http_request *req, Str *ret, struct auth_error *error)
    MUST;
/* The provider that the request names, 0 for anything but one good number. */
int64_t provider_peek(const struct http_request *req);
/* Names the header that is to blame. */
Res header_invalid(struct cx *cx, struct auth_error *error, Str header, Str message) MUST;

extern const Str header_user;
