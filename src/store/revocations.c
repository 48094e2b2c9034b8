/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocations.c - revocations that are due, each worked on by one owner at a time.
 */
#include "store/revocations.h"

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/db_rows.h"
#include "store/driver.h"
#include "store/lease_sql.h"

Res revocation_insert(
    struct cx *cx, struct db *db, const struct revocation *t, int64_t *ret)
{
    return db_query_int(
        cx, db,
        "insert into revocations (source, subject, key_id, sealed, attempts, next_at,"
        " give_up_at, flow) values ($1, $2, $3, $4, $5, $6, $7, $8) returning id",
        DB_ARGS(
            db_int(t->source), db_text(t->subject), db_int(t->key_id), db_blob(t->sealed),
            db_int(t->attempts), db_int(t->next_ms), db_int(t->give_up_ms),
            db_text(t->flow)),
        ret);
}

static Res revocation_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(struct revocation *)ret = (struct revocation){
        .id = db_get_int(stmt, 0),
        .source = (enum source_id)db_get_int(stmt, 1),
        .subject = db_get_text(&cx->mem, stmt, 2),
        .key_id = (uint32_t)db_get_int(stmt, 3),
        .sealed = db_get_blob(&cx->mem, stmt, 4),
        .attempts = db_get_int(stmt, 5),
        .next_ms = db_get_int(stmt, 6),
        .give_up_ms = db_get_int(stmt, 7),
        .flow = db_get_text(&cx->mem, stmt, 8),
    };
    return OK;
}

static const struct db_row revocation_row = {
    "revocation", sizeof(struct revocation), revocation_read};

/* The rows that this binary can read. Others wait for one that knows them, and keep
 * nobody from the rest. */
#define REVOCATION_READABLE                                                              \
    "key_id between 0 and 4294967295 and attempts between 0 and 2147483647"              \
    " and give_up_at between 0 and 253402300799999"

_Static_assert(UINT32_MAX == 4294967295, "a key's id");
_Static_assert(CLOCK_MOST_MS == 253402300799999, "a time");

#define FREE                                                                             \
    "(leased_until <= $3 or leased_until > $5 or " LEASE_IS_ORPHANED("owner", "$6") ")"

/* Chooses and takes in one statement; FREE is asked twice, for two owners who choose the
 * same revocation at once. */
#define TAKE(next)                                                                       \
    "update revocations set owner = $1, leased_until = $2"                               \
    " where id = (select id from revocations where source = $4 and next_at <= $3"        \
    " and " REVOCATION_READABLE " and " FREE " " next " limit 1) and " FREE              \
    " returning id, source, subject, key_id, sealed, attempts, next_at, give_up_at, flow"

Res revocation_take(
    struct cx *cx, struct db *db, struct revocation_line line, struct lease *lease,
    struct revocation *ret)
{
    static const char *const revocation_take_sql[] = {
        [REVOCATION_OLDEST] = TAKE("order by next_at, id"),
        [REVOCATION_NEWEST] = TAKE("and attempts = 0 order by id desc"),
    };

    TRY(lease_begin(cx, db, lease));
    return db_one(
        cx, db, revocation_take_sql[line.order],
        DB_ARGS(
            db_text(lease->owner), db_int(lease->until_ms), db_int(lease->now_ms),
            db_int(line.source), db_int(lease->now_ms + LIMIT_LEASE_MOST_MS),
            db_int(lease->now_ms - LIMIT_NODE_LIVE_MS)),
        &revocation_row, ret);
}

static const char revocation_lease_lost[] = "the revocation is another's now";

Res revocation_done(struct cx *cx, struct db *db, int64_t id, Str owner)
{
    db_scrub(db);
    return db_exec_one(
        cx, db, "delete from revocations where id = $1 and owner = $2",
        DB_ARGS(db_int(id), db_text(owner)), FAIL_CONFLICT, revocation_lease_lost);
}

Res revocation_give_back(struct cx *cx, struct db *db, int64_t id, Str owner)
{
    return db_exec_one(
        cx, db,
        "update revocations set owner = '', leased_until = 0 where id = $1 and owner = $2",
        DB_ARGS(db_int(id), db_text(owner)), FAIL_CONFLICT, revocation_lease_lost);
}

Res revocation_again(
    struct cx *cx, struct db *db, int64_t id, Str owner, int64_t delay_ms)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec_one(
        cx, db,
        "update revocations set attempts = attempts + 1, next_at = $3, owner = '',"
        " leased_until = 0 where id = $1 and owner = $2",
        DB_ARGS(db_int(id), db_text(owner), db_int(now_ms + delay_ms)), FAIL_CONFLICT,
        revocation_lease_lost);
}

Res revocation_cancel(struct cx *cx, struct db *db, enum source_id source, Str subject)
{
    int64_t removed;

    TRY(db_exec(
        cx, db, "delete from revocations where source = $1 and subject = $2",
        DB_ARGS(db_int(source), db_text(subject)), &removed));
    if (removed > 0) {
        db_scrub(db);
    }
    return OK;
}

_Static_assert(SOURCE_COUNT == 2, "the sources that are known");

/* Each of the four is looked up in an index; a row that has two of them counts twice. */
Res revocation_count_unreadable(struct cx *cx, struct db *db, int64_t *ret)
{
    return db_query_int(
        cx, db,
        "select (select count(*) from revocations where source < 1)"
        " + (select count(*) from revocations where source > 2)"
        " + (select count(*) from revocations where key_id < 0)"
        " + (select count(*) from revocations where key_id > 4294967295)",
        DB_NONE, ret);
}

Res revocation_count(struct cx *cx, struct db *db, int64_t *ret)
{
    return db_query_int(cx, db, "select count(*) from revocations", DB_NONE, ret);
}
