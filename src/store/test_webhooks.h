/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_webhooks.h - for the tests of webhooks in store/: a provider with endpoints, and
 * what they were sent.
 */
#pragma once

#include "base/limits.h"
#include "store/outbox.h"
#include "store/providers.h"
#include "store/test_store.h"
#include "store/webhook_deliveries.h"
#include "store/webhook_endpoints.h"

#define NOW_MS INT64_C(1772352761000) /* 2026-03-01T08:12:41Z */

static inline struct db *t_hooks_db(void)
{
    struct db *db = t_db();

    T_OK(provider_add(t_cx(), db, &(struct provider){.id = 5, .name = S("studio")}));
    T_OK(provider_add(t_cx(), db, &(struct provider){.id = 6, .name = S("other")}));
    db_stop_clock(db, NOW_MS);
    return db;
}

static inline int64_t t_endpoint_of(struct db *db, int64_t provider, int64_t types)
{
    const struct webhook_endpoint e = {
        .provider = provider,
        .url = S("https://app.example/hooks"),
        .types = types,
        .created_ms = NOW_MS};
    int64_t id = 0;

    T_OK(webhook_endpoint_add(t_cx(), db, &e, &id));
    return id;
}

static inline int64_t t_endpoint(struct db *db)
{
    return t_endpoint_of(db, 5, 0);
}

static inline struct webhook_endpoint t_endpoint_now(struct db *db, int64_t id)
{
    struct webhook_endpoint e = {0};

    T_OK(webhook_endpoint_get(t_cx(), db, id, &e));
    return e;
}

/* A message that is not joined with others. */
static inline void t_tell(struct db *db)
{
    T_OK(outbox_put(
        t_cx(), db,
        &(struct outbox_message){
            .type = WEBHOOK_ACCOUNT_CONNECTED,
            .provider = 5,
            .mode = MODE_CUSTOMER,
            .user = S("u1"),
            .account = 7,
            .calendar_source = S("GOOG")}));
}

static inline int64_t t_count(struct db *db, const char *sql)
{
    int64_t n = -1;

    T_OK(db_query_int(t_cx(), db, sql, DB_NONE, &n));
    return n;
}
