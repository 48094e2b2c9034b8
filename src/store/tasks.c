/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tasks.c - revocations that are due, each worked on by one owner at a time.
 */
#include "store/tasks.h"

#include "base/arena.h"
#include "base/cx.h"
#include "store/db.h"
#include "store/driver.h"

Res task_add(struct cx *cx, struct db *db, const struct task *t, int64_t *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    TRY(db_query(
        cx, db,
        "insert into tasks (source, subject, key_id, sealed, attempts, next_at, give_up_at)"
        " values ($1, $2, $3, $4, $5, $6, $7) returning id",
        DB_ARGS(
            db_int(t->source), db_text(t->subject), db_int(t->key_id), db_blob(t->sealed),
            db_int(t->attempts), db_int(t->next_ms), db_int(t->give_up_ms)),
        &stmt));
    TRY(db_step(cx, stmt, &row));
    must_be(row);
    *ret = db_get_int(stmt, 0);
    return OK;
}

/* Looks and takes in one statement; the second look at leased_until is for two who chose
 * the same task at once. */
static const char take_sql[] =
    "update tasks set owner = $1, leased_until = $2"
    " where id = (select id from tasks where next_at <= $3 and leased_until <= $3"
    "  order by next_at, id limit 1) and leased_until <= $3"
    " returning id, source, subject, key_id, sealed, attempts, next_at, give_up_at";

Res task_take(struct cx *cx, struct db *db, const struct hold *hold, struct task *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    TRY(db_query(
        cx, db, take_sql,
        DB_ARGS(db_text(hold->owner), db_int(hold->until_ms), db_int(hold->now_ms)),
        &stmt));
    TRY(db_step(cx, stmt, &row));
    if (!row) {
        return fail(cx, FAIL_NOT_FOUND, "no task is due");
    }
    *ret = (struct task){
        .id = db_get_int(stmt, 0),
        .source = (enum source_id)db_get_int(stmt, 1),
        .subject = db_get_text(&cx->mem, stmt, 2),
        .key_id = (uint32_t)db_get_int(stmt, 3),
        .sealed = db_get_blob(&cx->mem, stmt, 4),
        .attempts = db_get_int(stmt, 5),
        .next_ms = db_get_int(stmt, 6),
        .give_up_ms = db_get_int(stmt, 7),
    };
    return OK;
}

static Res was_held(struct cx *cx, int64_t changed, int64_t id)
{
    return changed > 0
               ? OK
               : fail(cx, FAIL_CONFLICT, "task %lld is another's now", (long long)id);
}

Res task_done(struct cx *cx, struct db *db, int64_t id, Str owner)
{
    int64_t changed;

    TRY(db_exec(
        cx, db, "delete from tasks where id = $1 and owner = $2",
        DB_ARGS(db_int(id), db_text(owner)), &changed));
    db_scrub(db);
    return was_held(cx, changed, id);
}

Res task_again(struct cx *cx, struct db *db, int64_t id, Str owner, int64_t next_ms)
{
    int64_t changed;

    TRY(db_exec(
        cx, db,
        "update tasks set attempts = attempts + 1, next_at = $3, owner = '',"
        " leased_until = 0 where id = $1 and owner = $2",
        DB_ARGS(db_int(id), db_text(owner), db_int(next_ms)), &changed));
    return was_held(cx, changed, id);
}

Res task_cancel(struct cx *cx, struct db *db, enum source_id source, Str subject)
{
    int64_t removed;

    TRY(db_exec(
        cx, db, "delete from tasks where source = $1 and subject = $2",
        DB_ARGS(db_int(source), db_text(subject)), &removed));
    if (removed > 0) {
        db_scrub(db);
    }
    return OK;
}

Res task_count(struct cx *cx, struct db *db, int64_t *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    TRY(db_query(cx, db, "select count(*) from tasks", NULL, 0, &stmt));
    TRY(db_step(cx, stmt, &row));
    must_be(row);
    *ret = db_get_int(stmt, 0);
    return OK;
}
