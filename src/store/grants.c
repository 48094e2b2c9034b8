/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grants.c - the sealed grant of an account, written only over the version that the
 * writer has read, or under the lease that it took on that version.
 *
 * Each function is one conditional statement: it is right whatever others commit
 * meanwhile.
 */
#include "store/grants.h"

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/db_rows.h"
#include "store/lease_sql.h"

/* A time to try again that lies beyond this was written by a wrong clock. */
enum { RETRY_MOST_MS = LIMIT_REFRESH_TOLD_MS + 60 * 60 * 1000 };

static Res grant_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(struct grant_record *)ret = (struct grant_record){
        .version = db_get_int(stmt, 1),
        .key_id = (uint32_t)db_get_int(stmt, 2),
        .sealed = db_get_blob(&cx->mem, stmt, 3),
        .leased_until_ms = db_get_int(stmt, 4),
        .failures = db_get_int(stmt, 5),
        .retry_ms = db_get_int(stmt, 6),
        .refusals = db_get_int(stmt, 7),
    };
    return OK;
}

static const struct db_range grant_ranges[] = {
    {1, "version", 1, INT64_MAX},  {2, "key_id", DB_KEY_ID},
    {4, "leased_until", DB_TIME},  {5, "failures", 0, INT32_MAX},
    {7, "refusals", 0, INT32_MAX}, {6, "retry_at", DB_TIME},
};

static const struct db_row grant_row = {
    "grant", sizeof(struct grant_record), grant_read, grant_ranges, COUNT(grant_ranges)};

Res grant_get(struct cx *cx, struct db *db, int64_t account, struct grant_record *ret)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_one(
        cx, db,
        "select account, version, key_id, sealed,"
        " case when " LEASE_IS_ORPHANED(
            "leased_by",
            "$2") " then 0 else leased_until end,"
                  " failures, retry_at, refusals from grants where account = $1",
        DB_ARGS(db_int(account), db_int(now_ms - LIMIT_NODE_LIVE_MS)), &grant_row, ret);
}

static const char first_sql[] =
    "insert into grants (account, version, key_id, sealed, due_at, source)"
    " values ($1, 1, $2, $3, $5,"
    " coalesce((select accounts.source from accounts where accounts.id = $1), 0))"
    " on conflict (account) do nothing";

static const char next_sql[] =
    "update grants set version = version + 1, key_id = $2, sealed = $3, leased_by = '',"
    " leased_until = 0, failures = 0, retry_at = 0, refusals = 0, due_at = $5"
    " where account = $1 and version = $4";

Res grant_put(struct cx *cx, struct db *db, int64_t account, const struct grant_record *g)
{
    return db_exec_one(
        cx, db, g->version == 0 ? first_sql : next_sql,
        DB_ARGS(
            db_int(account), db_int(g->key_id), db_blob(g->sealed), db_int(g->version),
            db_int(g->due_ms)),
        FAIL_CONFLICT, "the grant isn't the version that was read");
}

Res grant_lease(
    struct cx *cx, struct db *db, int64_t account, int64_t version, struct lease *lease,
    bool *got)
{
    int64_t changed;

    TRY(lease_begin(cx, db, lease));

    TRY(db_exec(
        cx, db,
        "update grants set leased_by = $3, leased_until = $4"
        " where account = $1 and version = $2"
        " and (leased_until <= $5 or leased_until > $6"
        " or " LEASE_IS_ORPHANED(
            "leased_by", "$8") ")"
                               " and (retry_at <= $5 or retry_at > $7)",
        DB_ARGS(
            db_int(account), db_int(version), db_text(lease->owner),
            db_int(lease->until_ms), db_int(lease->now_ms),
            db_int(lease->now_ms + LIMIT_LEASE_MOST_MS),
            db_int(lease->now_ms + RETRY_MOST_MS),
            db_int(lease->now_ms - LIMIT_NODE_LIVE_MS)),
        &changed));
    *got = changed > 0;
    return OK;
}

static const char grant_lease_lost[] = "the lease on the grant was lost";

Res grant_refreshed(
    struct cx *cx, struct db *db, int64_t account, Str owner,
    const struct grant_record *g)
{
    return db_exec_one(
        cx, db,
        "update grants set version = version + 1, key_id = $3, sealed = $4,"
        " leased_by = '', leased_until = 0, due_at = $5, failures = $6, retry_at = $7,"
        " refusals = $8"
        " where account = $1 and leased_by = $2",
        DB_ARGS(
            db_int(account), db_text(owner), db_int(g->key_id), db_blob(g->sealed),
            db_int(g->due_ms), db_int(g->failures), db_int(g->retry_ms),
            db_int(g->refusals)),
        FAIL_CONFLICT, grant_lease_lost);
}

Res grant_give_back(struct cx *cx, struct db *db, int64_t account, Str owner)
{
    return db_exec_one(
        cx, db,
        "update grants set leased_by = '', leased_until = 0"
        " where account = $1 and leased_by = $2",
        DB_ARGS(db_int(account), db_text(owner)), FAIL_CONFLICT, grant_lease_lost);
}

/* A grant that is due is postponed to retry_at like any other. */
Res grant_failed(
    struct cx *cx, struct db *db, int64_t account, Str owner, int64_t delay_ms)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec_one(
        cx, db,
        "update grants set leased_by = '', leased_until = 0, failures = failures + 1,"
        " retry_at = $3, due_at = case when due_at < $3 then $3 else due_at end"
        " where account = $1 and leased_by = $2",
        DB_ARGS(db_int(account), db_text(owner), db_int(now_ms + delay_ms)),
        FAIL_CONFLICT, grant_lease_lost);
}

/* due_at alone says when: a retry_at so far off would count as a wrong clock's. */
Res grant_refused(
    struct cx *cx, struct db *db, int64_t account, Str owner, int64_t delay_ms)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec_one(
        cx, db,
        "update grants set leased_by = '', leased_until = 0, failures = 0, retry_at = 0,"
        " refusals = refusals + 1, due_at = $3 where account = $1 and leased_by = $2",
        DB_ARGS(
            db_int(account), db_text(owner),
            db_int(delay_ms == GRANT_NEVER ? GRANT_NEVER : now_ms + delay_ms)),
        FAIL_CONFLICT, grant_lease_lost);
}

Res grant_ended(struct cx *cx, struct db *db, int64_t account, Str owner)
{
    return db_exec_one(
        cx, db,
        "update grants set leased_by = '', leased_until = 0, due_at = $3"
        " where account = $1 and leased_by = $2",
        DB_ARGS(db_int(account), db_text(owner), db_int(GRANT_NEVER)), FAIL_CONFLICT,
        grant_lease_lost);
}

Res grant_stop(struct cx *cx, struct db *db, int64_t account, int64_t version)
{
    return db_exec_one(
        cx, db, "update grants set due_at = $3 where account = $1 and version = $2",
        DB_ARGS(db_int(account), db_int(version), db_int(GRANT_NEVER)), FAIL_CONFLICT,
        "the grant is a newer one");
}

Res grant_postpone(struct cx *cx, struct db *db, int64_t account, int64_t delay_ms)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec(
        cx, db, "update grants set due_at = $2 where account = $1 and due_at < $2",
        DB_ARGS(db_int(account), db_int(now_ms + delay_ms)), NULL);
}

/* What grant_get can read, but for the times. */
#define GRANT_READABLE                                                                   \
    "version >= 1 and key_id between 0 and 4294967295"                                   \
    " and failures between 0 and 2147483647 and refusals between 0 and 2147483647"

static Res due_grant_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    (void)cx;
    *(struct due_grant *)ret =
        (struct due_grant){.account = db_get_int(stmt, 0), .due_ms = db_get_int(stmt, 1)};
    return OK;
}

static const struct db_row due_grant_row = {
    "grant", sizeof(struct due_grant), due_grant_read};

Res grant_due(
    struct cx *cx, struct db *db, const struct due_page *page, struct due_grant **ret,
    size_t *n)
{
    struct db_list list = {0};
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(db_rows(
        cx, db,
        "select account, due_at from grants where source = $4 and due_at <= $1"
        " and (due_at, account) > ($5, $6) and account % $7 = $8"
        " and (leased_until <= $1 or leased_until > $3"
        " or " LEASE_IS_ORPHANED("leased_by", "$9") ")"
                                                    " and " GRANT_READABLE
                                                    " order by due_at, account limit $2",
        DB_ARGS(
            db_int(now_ms), db_int(page->limit), db_int(now_ms + LIMIT_LEASE_MOST_MS),
            db_int(page->source), db_int(page->after.due_ms), db_int(page->after.account),
            db_int(page->parts), db_int(page->part), db_int(now_ms - LIMIT_NODE_LIVE_MS)),
        &due_grant_row, &list));
    *ret = list.at;
    *n = list.n;
    return OK;
}

Res grant_name_sources(struct cx *cx, struct db *db)
{
    return db_exec(
        cx, db,
        "update grants set source ="
        " (select accounts.source from accounts where accounts.id = grants.account)"
        " where source = 0 and " GRANT_READABLE " and exists (select 1 from accounts"
        " where accounts.id = grants.account and accounts.source between 1 and $1)",
        DB_ARGS(db_int(SOURCE_COUNT)), NULL);
}
