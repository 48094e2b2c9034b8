/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook_endpoints.c - rows of endpoints, and which of them want a message.
 */
#include "store/webhook_endpoints.h"

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/db_rows.h"
#include "store/driver.h"
#include "store/step.h"

static Res endpoint_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(struct webhook_endpoint *)ret = (struct webhook_endpoint){
        .id = db_get_int(stmt, 0),
        .provider = db_get_int(stmt, 1),
        .url = db_get_text(&cx->mem, stmt, 2),
        .description = db_get_text(&cx->mem, stmt, 3),
        .types = db_get_int(stmt, 4),
        .version = db_get_int(stmt, 5),
        .key_id = (uint32_t)db_get_int(stmt, 6),
        .sealed = db_get_blob(&cx->mem, stmt, 7),
        .previous_until_ms = db_get_int(stmt, 8),
        .state = (enum webhook_state)db_get_int(stmt, 9),
        .reason = (enum webhook_reason)db_get_int(stmt, 10),
        .created_ms = db_get_int(stmt, 11),
        .failing_since_ms = db_get_int(stmt, 12),
        .failed = db_get_int(stmt, 13),
        .succeeded_ms = db_get_int(stmt, 14),
    };
    return OK;
}

static const struct db_range endpoint_ranges[] = {
    {4, "types", 0, UINT32_MAX},
    {6, "key_id", DB_KEY_ID},
    {8, "previous_until", DB_TIME},
    {9, "state", WEBHOOK_ENABLED, WEBHOOK_DISABLED},
    {10, "reason", WEBHOOK_NO_REASON, WEBHOOK_FAILING},
    {11, "created_at", DB_TIME},
    {12, "failing_since", DB_TIME},
    {13, "failed", 0, INT32_MAX},
    {14, "succeeded_at", DB_TIME},
};

static const struct db_row endpoint_row = {
    "webhook endpoint", sizeof(struct webhook_endpoint), endpoint_read, endpoint_ranges,
    COUNT(endpoint_ranges)};

#define ENDPOINT_COLUMNS                                                                 \
    "id, provider, url, description, types, version, key_id, sealed, previous_until,"    \
    " state, reason, created_at, failing_since, failed, succeeded_at"

static const char endpoint_gone[] = "there is no such endpoint";

_Static_assert(LIMIT_WEBHOOK_ENDPOINTS == 5, "as commands.c says");

Res webhook_endpoint_add(
    struct cx *cx, struct db *db, const struct webhook_endpoint *e, int64_t *ret)
{
    int64_t n;

    TRY(db_query_int(
        cx, db, "select count(*) from webhook_endpoints where provider = $1",
        DB_ARGS(db_int(e->provider)), &n));
    if (n >= LIMIT_WEBHOOK_ENDPOINTS) {
        return fail(
            cx, FAIL_LIMIT, "provider %lld has %d endpoints, which is the most",
            (long long)e->provider, LIMIT_WEBHOOK_ENDPOINTS);
    }
    return db_query_int(
        cx, db,
        "insert into webhook_endpoints (provider, url, description, types, version,"
        " key_id, sealed, state, created_at) values ($1, $2, $3, $4, 1, 0, $5, $6, $7)"
        " returning id",
        DB_ARGS(
            db_int(e->provider), db_text(e->url), db_text(e->description),
            db_int(e->types), db_blob(S("")), db_int(WEBHOOK_ENABLED),
            db_int(e->created_ms)),
        ret);
}

Res webhook_endpoint_get(
    struct cx *cx, struct db *db, int64_t id, struct webhook_endpoint *ret)
{
    return db_one(
        cx, db, "select " ENDPOINT_COLUMNS " from webhook_endpoints where id = $1",
        DB_ARGS(db_int(id)), &endpoint_row, ret);
}

#define ENDPOINT_PAGE(where)                                                             \
    "select " ENDPOINT_COLUMNS                                                           \
    " from webhook_endpoints where id > $1 and id <= $2" where " order by id"

Res webhook_endpoint_list(
    struct cx *cx, struct db *db, int64_t provider, int64_t after,
    struct webhook_endpoint_page *ret)
{
    const struct db_value of = db_int(provider);
    struct db_list list = {0};
    int64_t last;

    TRY(db_query_int(
        cx, db,
        provider == 0 ? STEP_PAGE_END("webhook_endpoints", "")
                      : STEP_PAGE_END("webhook_endpoints", " and provider = $2"),
        DB_ARGS(db_int(after), of), &last));
    TRY(db_rows(
        cx, db, provider == 0 ? ENDPOINT_PAGE("") : ENDPOINT_PAGE(" and provider = $3"),
        DB_ARGS(db_int(after), db_int(last), of), &endpoint_row, &list));
    *ret = (struct webhook_endpoint_page){.at = list.at, .n = list.n, .last = last};
    return OK;
}

Res webhook_endpoint_write(struct cx *cx, struct db *db, const struct webhook_endpoint *e)
{
    return db_exec_one(
        cx, db,
        "update webhook_endpoints set url = $2, description = $3, types = $4"
        " where id = $1",
        DB_ARGS(
            db_int(e->id), db_text(e->url), db_text(e->description), db_int(e->types)),
        FAIL_NOT_FOUND, endpoint_gone);
}

Res webhook_endpoint_put_secret(
    struct cx *cx, struct db *db, const struct webhook_endpoint *e)
{
    db_scrub(db);
    return db_exec_one(
        cx, db,
        "update webhook_endpoints set version = version + 1, key_id = $2, sealed = $3,"
        " previous_until = $4 where id = $1",
        DB_ARGS(
            db_int(e->id), db_int(e->key_id), db_blob(e->sealed),
            db_int(e->previous_until_ms)),
        FAIL_NOT_FOUND, endpoint_gone);
}

Res webhook_endpoint_enable(struct cx *cx, struct db *db, int64_t id)
{
    struct webhook_endpoint e;

    TRY(webhook_endpoint_get(cx, db, id, &e));
    if (e.state == WEBHOOK_ENABLED) {
        return OK;
    }
    return db_exec_one(
        cx, db,
        "update webhook_endpoints set state = $2, reason = 0, failing_since = 0,"
        " failed = 0 where id = $1 and not exists (select 1 from webhook_deliveries"
        " where endpoint = $1 and state = 1)",
        DB_ARGS(db_int(id), db_int(WEBHOOK_ENABLED)), FAIL_CONFLICT,
        "deliveries from before are still queued");
}

Res webhook_endpoint_disable(
    struct cx *cx, struct db *db, int64_t id, enum webhook_reason reason)
{
    return db_exec_one(
        cx, db,
        "update webhook_endpoints set state = $2,"
        " reason = case when state = $2 then reason else $3 end where id = $1",
        DB_ARGS(db_int(id), db_int(WEBHOOK_DISABLED), db_int(reason)), FAIL_NOT_FOUND,
        endpoint_gone);
}

Res webhook_endpoint_remove(struct cx *cx, struct db *db, int64_t id)
{
    db_scrub(db);
    return db_exec_one(
        cx, db, "delete from webhook_endpoints where id = $1", DB_ARGS(db_int(id)),
        FAIL_NOT_FOUND, endpoint_gone);
}

struct wanting {
    int64_t id;
    int64_t types;
};

static Res wanting_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    (void)cx;
    *(struct wanting *)ret = (struct wanting){db_get_int(stmt, 0), db_get_int(stmt, 1)};
    return OK;
}

static const struct db_row wanting_row = {
    "webhook endpoint", sizeof(struct wanting), wanting_read};

Res webhook_endpoint_wanting(
    struct cx *cx, struct db *db, int64_t provider, enum webhook_type type, int64_t **ret,
    size_t *n)
{
    struct db_list list = {0};

    TRY(db_rows(
        cx, db,
        "select e.id, e.types from webhook_endpoints e join providers p"
        " on p.id = e.provider where e.provider = $1 and e.state = 1 and p.removed_at = 0"
        " order by e.id",
        DB_ARGS(db_int(provider)), &wanting_row, &list));
    const struct wanting *all = list.at;

    *ret = NEW_N(&cx->mem, int64_t, list.n);
    *n = 0;
    for (size_t i = 0; i < list.n; i++) {
        if (webhook_type_is_in(type, all[i].types)) {
            (*ret)[(*n)++] = all[i].id;
        }
    }
    return OK;
}

Res webhook_endpoint_count_disabled(struct cx *cx, struct db *db, int64_t *ret)
{
    return db_query_int(
        cx, db, "select count(*) from webhook_endpoints where state = 2", DB_NONE, ret);
}
