/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokens.h - API tokens: what each may do. The token itself is nowhere, only its SHA-256.
 */
#pragma once

#include "base/str.h"

struct cx;
struct db;

struct api_token {
    int64_t id;
    Str name;
    Str user;       /* the user that it is bound to; empty: none */
    unsigned modes; /* bits of enum mode */
    int64_t created_ms;
    int64_t expires_ms;       /* 0: never */
    int64_t revoked_ms;       /* 0: it stands */
    const int64_t *providers; /* ascending; none that is going (not so in a list) */
    size_t n_providers;
};

struct token_page {
    struct api_token *at;
    size_t n;
    int64_t last; /* where the next page begins; 0: nowhere */
};

/* All FAIL_NOT_FOUND where there is none; a revoked or expired one is found, and says so.
 */
Res token_by_hash(struct cx *cx, struct db *db, Str hash, struct api_token *ret) MUST;
Res token_by_id(struct cx *cx, struct db *db, int64_t id, struct api_token *ret) MUST;
/* A page of at most LIMIT_STEP_ROWS tokens behind the id `after`, by id. */
Res token_list(struct cx *cx, struct db *db, int64_t after, struct token_page *ret) MUST;
/* FAIL_NOT_FOUND when a provider isn't there (the reason names it). */
Res token_add(
    struct cx *cx, struct db *db, const struct api_token *t, Str hash, int64_t *ret) MUST;
Res token_revoke(struct cx *cx, struct db *db, int64_t id, int64_t now_ms) MUST;
/* Of a page behind the id `after`, removes what was revoked or had expired
 * LIMIT_TOKEN_KEPT_S ago. *last: where the next page begins; 0: nowhere. */
Res token_sweep(struct cx *cx, struct db *db, int64_t after, int64_t *last) MUST;
