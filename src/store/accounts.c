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
#include "store/db_rows.h"
#include "store/driver.h"
#include "store/step.h"

#define ACCOUNT_COLUMNS                                                                  \
    "id, provider, mode, user_id, source, subject, username, status, status_reason,"     \
    " status_since, connected_at, flow"

static Res account_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    struct arena *mem = &cx->mem;

    *(struct account *)ret = (struct account){
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
        .flow = db_get_text(mem, stmt, 11),
    };
    return OK;
}

static const struct db_range account_ranges[] = {
    {2, "mode", MODE_CUSTOMER, MODE_PROVIDER},
    {4, "source", 1, SOURCE_COUNT},
    {7, "status", ACCOUNT_CONNECTED, ACCOUNT_NEEDS_RECONNECT},
    {9, "status_since", DB_TIME},
    {10, "connected_at", DB_TIME},
};

static const struct db_row account_row = {
    "account", sizeof(struct account), account_read, account_ranges,
    COUNT(account_ranges)};

Res account_get(struct cx *cx, struct db *db, int64_t id, struct account *ret)
{
    return db_one(
        cx, db, "select " ACCOUNT_COLUMNS " from accounts where id = $1",
        DB_ARGS(db_int(id)), &account_row, ret);
}

Res account_find(
    struct cx *cx, struct db *db, int64_t provider, enum source_id source, Str subject,
    struct account *ret)
{
    return db_one(
        cx, db,
        "select " ACCOUNT_COLUMNS " from accounts"
        " where provider = $1 and source = $2 and subject = $3",
        DB_ARGS(db_int(provider), db_int(source), db_text(subject)), &account_row, ret);
}

/* One condition for whose accounts, in both of its forms. Where more is asked for, all of
 * the owner's are looked through. */
#define ACCOUNTS_OF_USER                                                                 \
    " from accounts where provider = $1 and mode = $2 and user_id = $3"
#define ACCOUNTS_OF_MODE " from accounts where provider = $1 and mode = $2"
#define MORE                                                                             \
    " and (source = $6 or $6 = 0) and (status = $7 or $7 = 0)"                           \
    " and (username = $8 or $8 = '')"
#define ACCOUNTS_ORDER " order by id limit $4 offset $5"

static bool account_filter_is_plain(const struct account_filter *f)
{
    return f->source == 0 && f->status == 0 && f->username.n == 0;
}

static const char *account_page_sql(const struct account_filter *f)
{
    if (account_filter_is_plain(f)) {
        return f->any_user ? "select " ACCOUNT_COLUMNS ACCOUNTS_OF_MODE ACCOUNTS_ORDER
                           : "select " ACCOUNT_COLUMNS ACCOUNTS_OF_USER ACCOUNTS_ORDER;
    }
    return f->any_user ? "select " ACCOUNT_COLUMNS ACCOUNTS_OF_MODE MORE ACCOUNTS_ORDER
                       : "select " ACCOUNT_COLUMNS ACCOUNTS_OF_USER MORE ACCOUNTS_ORDER;
}

static const char *account_count_sql(const struct account_filter *f)
{
    if (account_filter_is_plain(f)) {
        return f->any_user ? "select count(*)" ACCOUNTS_OF_MODE
                           : "select count(*)" ACCOUNTS_OF_USER;
    }
    return f->any_user ? "select count(*)" ACCOUNTS_OF_MODE MORE
                       : "select count(*)" ACCOUNTS_OF_USER MORE;
}

Res account_list(
    struct cx *cx, struct db *db, const struct account_filter *filter, int64_t offset,
    int64_t limit, struct account_page *ret)
{
    const struct db_args args = DB_ARGS(
        db_int(filter->provider), db_int(filter->mode), db_text(filter->user),
        db_int(limit), db_int(offset), db_int(filter->source), db_int(filter->status),
        db_text(filter->username));
    struct db_list list = {0};

    TRY(db_rows(cx, db, account_page_sql(filter), args, &account_row, &list));
    size_t seen = list.n + list.n_unreadable;
    bool is_last = seen < (size_t)limit && (seen > 0 || offset == 0);
    int64_t count = offset + (int64_t)seen;

    if (!is_last) { /* counting reads all of them, however short the page is */
        TRY(db_query_int(cx, db, account_count_sql(filter), args, &count));
    }
    *ret = (struct account_page){
        .at = list.at, .n = list.n, .count = count, .n_unreadable = list.n_unreadable};
    return OK;
}

#define ACCOUNTS_PAGE(where)                                                             \
    "select " ACCOUNT_COLUMNS " from accounts where id > $1 and id <= $2" where          \
    " order by id"

Res account_list_all(
    struct cx *cx, struct db *db, int64_t provider, int64_t after,
    struct account_page *ret)
{
    const struct db_value of = db_int(provider);
    struct db_list list = {0};
    int64_t last;

    TRY(db_query_int(
        cx, db,
        provider == 0 ? STEP_PAGE_END("accounts", "")
                      : STEP_PAGE_END("accounts", " and provider = $2"),
        DB_ARGS(db_int(after), of), &last));
    TRY(db_rows(
        cx, db, provider == 0 ? ACCOUNTS_PAGE("") : ACCOUNTS_PAGE(" and provider = $3"),
        DB_ARGS(db_int(after), db_int(last), of), &account_row, &list));
    *ret = (struct account_page){
        .at = list.at, .n = list.n, .n_unreadable = list.n_unreadable, .last = last};
    return OK;
}

Res account_list_ids(
    struct cx *cx, struct db *db, int64_t provider, int64_t after, int64_t **ret,
    size_t *n)
{
    struct db_list list = {0};

    TRY(db_rows(
        cx, db,
        "select id from accounts where provider = $1 and id > $2 order by id" STEP_LIMIT,
        DB_ARGS(db_int(provider), db_int(after)), &db_int_row, &list));
    *ret = list.at;
    *n = list.n;
    return OK;
}

Res account_count_provider(struct cx *cx, struct db *db, int64_t provider, int64_t *ret)
{
    return db_query_int(
        cx, db, "select count(*) from accounts where provider = $1",
        DB_ARGS(db_int(provider)), ret);
}

Res account_insert(struct cx *cx, struct db *db, const struct account *a, int64_t *ret)
{
    Res r = db_query_int(
        cx, db,
        "insert into accounts (provider, mode, user_id, source, subject, username, status,"
        " status_reason, status_since, connected_at, flow)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        " on conflict (provider, source, subject) do nothing returning id",
        DB_ARGS(
            db_int(a->provider), db_int(a->mode), db_text(a->user), db_int(a->source),
            db_text(a->subject), db_text(a->username), db_int(a->status),
            db_text(a->status_reason), db_int(a->status_since_ms),
            db_int(a->connected_ms), db_text(a->flow)),
        ret);

    return r.code == FAIL_NOT_FOUND
               ? fail(cx, FAIL_CONFLICT, "the account is connected already")
               : r;
}

Res account_renew(struct cx *cx, struct db *db, const struct account *a)
{
    return db_exec_one(
        cx, db,
        "update accounts set username = $2, connected_at = $3, status = $4,"
        " status_since = case when status = $4 then status_since else $3 end,"
        " status_reason = '', flow = $5 where id = $1",
        DB_ARGS(
            db_int(a->id), db_text(a->username), db_int(a->connected_ms),
            db_int(ACCOUNT_CONNECTED), db_text(a->flow)),
        FAIL_NOT_FOUND, "the account is gone");
}

Res account_needs_reconnect(
    struct cx *cx, struct db *db, int64_t id, Str reason, int64_t now_ms, bool *marked)
{
    int64_t changed;

    TRY(db_exec(
        cx, db,
        "update accounts set status = $2, status_reason = $3, status_since = $4"
        " where id = $1 and status <> $2",
        DB_ARGS(
            db_int(id), db_int(ACCOUNT_NEEDS_RECONNECT), db_text(reason), db_int(now_ms)),
        &changed));
    *marked = changed > 0;
    return OK;
}

Res account_heal(
    struct cx *cx, struct db *db, int64_t id, Str reason, int64_t now_ms, bool *healed)
{
    int64_t changed;

    TRY(db_exec(
        cx, db,
        "update accounts set status = $2, status_reason = '', status_since = $3"
        " where id = $1 and status = $4 and status_reason = $5",
        DB_ARGS(
            db_int(id), db_int(ACCOUNT_CONNECTED), db_int(now_ms),
            db_int(ACCOUNT_NEEDS_RECONNECT), db_text(reason)),
        &changed));
    *healed = changed > 0;
    return OK;
}

Res account_delete(struct cx *cx, struct db *db, int64_t id)
{
    db_scrub(db);
    return db_exec_one(
        cx, db, "delete from accounts where id = $1", DB_ARGS(db_int(id)), FAIL_NOT_FOUND,
        "the account is gone");
}

Res account_count_subject(
    struct cx *cx, struct db *db, enum source_id source, Str subject, int64_t *ret)
{
    return db_query_int(
        cx, db, "select count(*) from accounts where source = $1 and subject = $2",
        DB_ARGS(db_int(source), db_text(subject)), ret);
}
