/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook_endpoints.h - where providers are told what happens.
 *
 * Secrets are opaque here: hooks/ seals them.
 */
#pragma once

#include "store/webhook_types.h"

struct cx;
struct db;

/* Stored: never renumber. */
enum webhook_state { WEBHOOK_ENABLED = 1, WEBHOOK_DISABLED = 2 };

/* Why an endpoint is disabled. Stored: never renumber. */
enum webhook_reason {
    WEBHOOK_NO_REASON = 0,
    WEBHOOK_BY_OPERATOR = 1,
    WEBHOOK_GONE = 2, /* it answered 410 */
    WEBHOOK_FAILING = 3,
};

struct webhook_endpoint {
    int64_t id;
    int64_t provider;
    Str url;
    Str description;
    int64_t types;   /* as webhook_type_is_in takes them */
    int64_t version; /* of the secret: another one each time that it is written */
    uint32_t key_id;
    Str sealed;
    int64_t previous_until_ms; /* so long the secret before signs along */
    enum webhook_state state;
    enum webhook_reason reason;
    int64_t created_ms;
    int64_t failing_since_ms; /* the first of the failures in a row; 0: the last attempt
                               * has succeeded */
    int64_t failed;           /* how many they are */
    int64_t succeeded_ms;     /* within a minute; 0: never */
};

struct webhook_endpoint_page {
    struct webhook_endpoint *at;
    size_t n;
    int64_t last; /* where the next page begins; 0: nowhere */
};

/* FAIL_LIMIT: the provider has LIMIT_WEBHOOK_ENDPOINTS. The secret is put behind it, in
 * the same transaction, since it is bound to the id. */
Res webhook_endpoint_add(
    struct cx *cx, struct db *db, const struct webhook_endpoint *e, int64_t *ret) MUST;
/* FAIL_NOT_FOUND, as in all below. */
Res webhook_endpoint_get(
    struct cx *cx, struct db *db, int64_t id, struct webhook_endpoint *ret) MUST;
/* A page of at most LIMIT_STEP_ROWS behind the id `after`. provider 0: of all. */
Res webhook_endpoint_list(
    struct cx *cx, struct db *db, int64_t provider, int64_t after,
    struct webhook_endpoint_page *ret) MUST;
/* URL, description and types. */
Res webhook_endpoint_write(struct cx *cx, struct db *db, const struct webhook_endpoint *e)
    MUST;
/* key_id, sealed and previous_until_ms. */
Res webhook_endpoint_put_secret(
    struct cx *cx, struct db *db, const struct webhook_endpoint *e) MUST;
/* FAIL_CONFLICT: something is queued from before, and has to end first. */
Res webhook_endpoint_enable(struct cx *cx, struct db *db, int64_t id) MUST;
Res webhook_endpoint_disable(
    struct cx *cx, struct db *db, int64_t id, enum webhook_reason reason) MUST;
/* With all its deliveries: few should be left. */
Res webhook_endpoint_remove(struct cx *cx, struct db *db, int64_t id) MUST;

/* The enabled endpoints of a provider, which is not going, that want the type. */
Res webhook_endpoint_wanting(
    struct cx *cx, struct db *db, int64_t provider, enum webhook_type type, int64_t **ret,
    size_t *n) MUST;
Res webhook_endpoint_count_disabled(struct cx *cx, struct db *db, int64_t *ret) MUST;
