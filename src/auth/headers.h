/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headers.h - inside auth/ only: the headers that say who asks (docs/api.md §2, §9).
 *
 * Each header is judged at its own stage. An empty header counts as absent.
 */
#pragma once

#include "auth/auth.h"
#include "http/request.h"

struct credential {
    enum credential_kind kind;
    Str text;
    unsigned char hash[AUTH_TOKEN_HASH_BYTES];
};

/* FAIL_NOT_AUTHENTICATED: there is none. FAIL_AUTHENTICATION_FAILED: it can't be one. */
Res header_read_credential(
    struct cx *cx, const struct http_request *req, struct credential *ret) MUST;
/* After a failure: a sentence about the form of Authorization, which says nothing about
 * the credential itself; empty: the form is right. */
Str header_credential_hint(const struct http_request *req);
/* An absent header gives 0, MODE_NONE, the empty Str. FAIL_PARAMETER_INVALID fills
 * `error`. */
Res header_read_provider(
    struct cx *cx, const struct http_request *req, int64_t *ret, struct auth_error *error)
    MUST;
Res header_read_mode(
    struct cx *cx, const struct http_request *req, enum mode *ret,
    struct auth_error *error) MUST;
Res header_read_user(
    struct cx *cx, const struct http_request *req, Str *ret, struct auth_error *error)
    MUST;
/* The provider that the request names; 0 unless the header is one good number. */
int64_t header_peek_provider(const struct http_request *req);
/* FAIL_PARAMETER_INVALID; `error` names the header that is to blame. */
Res header_invalid(struct cx *cx, struct auth_error *error, Str header, Str message) MUST;

extern const Str header_user;
