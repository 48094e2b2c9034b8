/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accounts.c - connected accounts.
 *
 * Every look-up follows an index whose columns are the conditions, so that its cost
 * doesn't grow with other owners' accounts. Grants are in grants.c.
 */
#include "store/accounts.h"

#include "base/arena.h"
#include "base/cx.h"
#include "store/db.h"
#include "store/driver.h"

#define COLUMNS                                                                          \
    "id, provider, mode, user_id, source, subject, username, status, status_reason,"     \
    " status_since, connected_at"

static void read_account(struct arena *mem, struct db_stmt *stmt, struct account *ret)
{
    *ret = (struct account){
        .id = db_get_int(stmt, 0),
        .provider = db_get_int(stmt, 1),
        .mode = (enum mode)db_get_int(stmt, 2),
        .user = db_get_text(mem, stmt, 3),
        .source = (enum source_id)db_get_int(stmt, 4),
        .subject = db_get_text(mem, stmt, 5),
        .username = db_get_text(mem, stmt, 6),
        .status = (enum account_status)db_get_int(stmt, 7),
        .status_reason = db_get_text(mem, stmt, 8),
        .status_since_ms = db_get_int(stmt, 9),
        .connected_ms = db_get_int(stmt, 10),
    };
}

static Res read_one(struct cx *cx, struct db_stmt *stmt, struct account *ret)
{
    bool row;

    TRY(db_step(cx, stmt, &row));
    if (!row) {
        return fail(cx, FAIL_NOT_FOUND, "no such account");
    }
    read_account(&cx->mem, stmt, ret);
    return OK;
}

static Res read_all(struct cx *cx, struct db_stmt *stmt, struct account **ret, size_t *n)
{
    struct account *list = NULL;
    size_t count = 0;
    Res r;

    while (db_next(cx, stmt, &r)) {
        list = db_grow(&cx->mem, list, count, sizeof(*list));
        read_account(&cx->mem, stmt, &list[count++]);
    }
    TRY(r);
    *ret = list;
    *n = count;
    return OK;
}

static Res read_count(struct cx *cx, struct db_stmt *stmt, int64_t *ret)
{
    bool row;

    TRY(db_step(cx, stmt, &row));
    must_be(row);
    *ret = db_get_int(stmt, 0);
    return OK;
}

Res account_get(struct cx *cx, struct db *db, int64_t id, struct account *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;

    TRY(db_query(
        cx, db, "select " COLUMNS " from accounts where id = $1", DB_ARGS(db_int(id)),
        &stmt));
    return read_one(cx, stmt, ret);
}

Res account_find(
    struct cx *cx, struct db *db, int64_t provider, enum source_id source, Str subject,
    struct account *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;

    TRY(db_query(
        cx, db,
        "select " COLUMNS " from accounts"
        " where provider = $1 and source = $2 and subject = $3",
        DB_ARGS(db_int(provider), db_int(source), db_text(subject)), &stmt));
    return read_one(cx, stmt, ret);
}

/* One condition for whose accounts, in both of its forms. */
#define OF_USER " from accounts where provider = $1 and mode = $2 and user_id = $3"
#define OF_MODE " from accounts where provider = $1 and mode = $2"
#define PAGE    " order by id limit $4 offset $5"

static Res count_accounts(
    struct cx *cx, struct db *db, const struct account_filter *filter, int64_t *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;

    TRY(db_query(
        cx, db, filter->any_user ? "select count(*)" OF_MODE : "select count(*)" OF_USER,
        DB_ARGS(db_int(filter->provider), db_int(filter->mode), db_text(filter->user)),
        &stmt));
    return read_count(cx, stmt, ret);
}

Res account_list(
    struct cx *cx, struct db *db, const struct account_filter *filter, int64_t offset,
    int64_t limit, struct account_page *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    struct account_page page;

    TRY(count_accounts(cx, db, filter, &page.count));
    TRY(db_query(
        cx, db,
        filter->any_user ? "select " COLUMNS OF_MODE PAGE
                         : "select " COLUMNS OF_USER PAGE,
        DB_ARGS(
            db_int(filter->provider), db_int(filter->mode), db_text(filter->user),
            db_int(limit), db_int(offset)),
        &stmt));
    TRY(read_all(cx, stmt, &page.at, &page.n));
    *ret = page;
    return OK;
}

Res account_list_all(
    struct cx *cx, struct db *db, int64_t provider, struct account **ret, size_t *n)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;

    TRY(db_query(
        cx, db,
        provider == 0 ? "select " COLUMNS " from accounts order by id"
                      : "select " COLUMNS
                        " from accounts where provider = $1 order by id",
        DB_ARGS(db_int(provider)), &stmt));
    return read_all(cx, stmt, ret, n);
}

Res account_insert(struct cx *cx, struct db *db, const struct account *a, int64_t *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    TRY(db_query(
        cx, db,
        "insert into accounts (provider, mode, user_id, source, subject, username, status,"
        " status_reason, status_since, connected_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        " on conflict (provider, source, subject) do nothing returning id",
        DB_ARGS(
            db_int(a->provider), db_int(a->mode), db_text(a->user), db_int(a->source),
            db_text(a->subject), db_text(a->username), db_int(a->status),
            db_text(a->status_reason), db_int(a->status_since_ms),
            db_int(a->connected_ms)),
        &stmt));
    TRY(db_step(cx, stmt, &row));
    if (!row) {
        return fail(cx, FAIL_CONFLICT, "the account is connected already");
    }
    *ret = db_get_int(stmt, 0);
    return OK;
}

Res account_renew(struct cx *cx, struct db *db, int64_t id, Str username, int64_t now_ms)
{
    int64_t changed;

    TRY(db_exec(
        cx, db,
        "update accounts set username = $2, connected_at = $3, status = $4,"
        " status_since = case when status = $4 then status_since else $3 end,"
        " status_reason = '' where id = $1",
        DB_ARGS(db_int(id), db_text(username), db_int(now_ms), db_int(ACCOUNT_CONNECTED)),
        &changed));
    return changed > 0 ? OK : fail(cx, FAIL_NOT_FOUND, "account %lld", (long long)id);
}

Res account_needs_reconnect(
    struct cx *cx, struct db *db, int64_t id, Str reason, int64_t now_ms)
{
    return db_exec(
        cx, db,
        "update accounts set status = $2, status_reason = $3, status_since = $4"
        " where id = $1 and status <> $2",
        DB_ARGS(
            db_int(id), db_int(ACCOUNT_NEEDS_RECONNECT), db_text(reason), db_int(now_ms)),
        NULL);
}

Res account_delete(struct cx *cx, struct db *db, int64_t id)
{
    int64_t removed;

    TRY(db_exec(
        cx, db, "delete from accounts where id = $1", DB_ARGS(db_int(id)), &removed));
    db_scrub(db);
    return removed > 0 ? OK : fail(cx, FAIL_NOT_FOUND, "account %lld", (long long)id);
}

Res account_count_subject(
    struct cx *cx, struct db *db, enum source_id source, Str subject, int64_t *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;

    TRY(db_query(
        cx, db, "select count(*) from accounts where source = $1 and subject = $2",
        DB_ARGS(db_int(source), db_text(subject)), &stmt));
    return read_count(cx, stmt, ret);
}
