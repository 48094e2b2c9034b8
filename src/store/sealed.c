/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealed.c - sealed records as key rotation sees them: which key, and what else a record
 * is bound to.
 */
#include "store/sealed.h"

#include "base/arena.h"
#include "base/cx.h"
#include "store/db_rows.h"

/* A page of a join begins behind a row in both tables: an engine carries an equality over
 * to the other side, but no inequality, and would read that side from its beginning. Two
 * ranges are looked up in an index, where <> reads all of it. */
/* clang-format off */
static const struct sealed_sql {
    const char *list;
    const char *count;
    const char *replace;
} sealed_sql[SEALED_KINDS] = {
    [SEALED_GRANT] = {
        "select g.account, a.provider, '', g.version, g.sealed from grants g"
        " join accounts a on a.id = g.account"
        " where g.key_id <> $1 and g.account > $2 and a.id > $2"
        " order by g.account limit $3",
        "select count(*) from grants where key_id < $1 or key_id > $1",
        "update grants set key_id = $3, sealed = $4 where account = $1 and version = $2",
    },
    [SEALED_REVOCATION] = {
        "select id, source, subject, key_id, sealed from revocations"
        " where key_id <> $1 and id > $2 order by id limit $3",
        "select count(*) from revocations where key_id < $1 or key_id > $1",
        "update revocations set key_id = $3, sealed = $4 where id = $1 and key_id = $2",
    },
    [SEALED_IMAGE] = {
        "select settings, 0, '', version, sealed from calendar_images"
        " where key_id <> $1 and settings > $2 order by settings limit $3",
        "select count(*) from calendar_images where key_id < $1 or key_id > $1",
        "update calendar_images set key_id = $3, sealed = $4"
        " where settings = $1 and version = $2",
    },
    [SEALED_CURSOR] = {
        "select settings, 0, '', synced_at, cursor from calendar_sync"
        " where key_id <> $1 and settings > $2 and cursor is not null"
        " order by settings limit $3",
        "select (select count(*) from calendar_sync"
        " where cursor is not null and key_id < $1)"
        " + (select count(*) from calendar_sync"
        " where cursor is not null and key_id > $1)",
        "update calendar_sync set key_id = $3, cursor = $4"
        " where settings = $1 and synced_at = $2 and cursor is not null",
    },
    [SEALED_INSTANCE] = {
        "select 1, 0, '', key_id, sealed from settings"
        " where sealed is not null and key_id <> $1 and $2 < 1 limit $3",
        "select count(*) from settings where sealed is not null and key_id <> $1",
        "update settings set key_id = $3, sealed = $4"
        " where sealed is not null and $1 = 1 and key_id = $2",
    },
    [SEALED_WEBHOOK] = {
        "select id, 0, '', version, sealed from webhook_endpoints"
        " where key_id <> $1 and id > $2 order by id limit $3",
        "select count(*) from webhook_endpoints where key_id < $1 or key_id > $1",
        "update webhook_endpoints set key_id = $3, sealed = $4"
        " where id = $1 and version = $2",
    },
    [SEALED_EVENT] = {
        "select id, 0, '', rev, sealed from pushed_events"
        " where key_id <> $1 and id > $2 order by id limit $3",
        "select count(*) from pushed_events where key_id < $1 or key_id > $1",
        "update pushed_events set key_id = $3, sealed = $4 where id = $1 and rev = $2",
    },
};

/* clang-format on */

static Res sealed_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(struct sealed *)ret = (struct sealed){
        .id = db_get_int(stmt, 0),
        .where = db_get_int(stmt, 1),
        .whom = db_get_text(&cx->mem, stmt, 2),
        .stamp = db_get_int(stmt, 3),
        .record = db_get_blob(&cx->mem, stmt, 4),
    };
    return OK;
}

static const struct db_row sealed_row = {"record", sizeof(struct sealed), sealed_read};

Res sealed_list(struct cx *cx, struct db *db, struct sealed_page *page)
{
    struct db_list list = {0};

    TRY(db_rows(
        cx, db, sealed_sql[page->kind].list,
        DB_ARGS(db_int(page->key), db_int(page->after), db_int(page->limit)), &sealed_row,
        &list));
    page->at = list.at;
    page->n = list.n;
    return OK;
}

Res sealed_count(
    struct cx *cx, struct db *db, enum sealed_kind kind, uint32_t key, int64_t *ret)
{
    return db_query_int(cx, db, sealed_sql[kind].count, DB_ARGS(db_int(key)), ret);
}

/* The version stays, since it is the same grant: a writer that has read it may replace
 * it, and a refresh keeps its lease. */
Res sealed_replace(
    struct cx *cx, struct db *db, enum sealed_kind kind, const struct sealed *s,
    uint32_t key, bool *done)
{
    int64_t changed;

    TRY(db_exec(
        cx, db, sealed_sql[kind].replace,
        DB_ARGS(db_int(s->id), db_int(s->stamp), db_int(key), db_blob(s->record)),
        &changed));
    *done = changed > 0;
    return OK;
}
