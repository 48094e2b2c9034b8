/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook_messages.c - writes messages, widens those that wait to be joined, removes old
 * ones.
 */
#include "store/webhook_messages.h"

#include "base/arena.h"
#include "base/cx.h"
#include "store/db_rows.h"
#include "store/step.h"

Res webhook_message_add(struct cx *cx, struct db *db, const struct webhook_message *m)
{
    return db_exec(
        cx, db,
        "insert into webhook_messages (id, provider, subject, type, body, not_before,"
        " happens_after, happens_before, created_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        DB_ARGS(
            db_text(m->id), db_int(m->provider), db_text(m->subject), db_text(m->type),
            db_text(m->body), db_int(m->not_before_ms), db_int(m->after_s),
            db_int(m->before_s), db_int(m->created_ms)),
        NULL);
}

static Res message_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(struct webhook_message *)ret = (struct webhook_message){
        .id = db_get_text(&cx->mem, stmt, 0),
        .not_before_ms = db_get_int(stmt, 1),
        .after_s = db_get_int(stmt, 2),
        .before_s = db_get_int(stmt, 3),
        .created_ms = db_get_int(stmt, 4),
    };
    return OK;
}

static const struct db_row message_row = {
    "webhook message", sizeof(struct webhook_message), message_read};

/* That no attempt has begun is read, not reckoned from the time: so a change never gets
 * into a body that is on its way already. */
Res webhook_message_find_open(
    struct cx *cx, struct db *db, int64_t provider, Str subject, int64_t now_ms,
    struct webhook_message *ret)
{
    TRY(db_one(
        cx, db,
        "select m.id, m.not_before, m.happens_after, m.happens_before, m.created_at"
        " from webhook_messages m where m.provider = $1 and m.subject = $2"
        " and m.not_before > $3 and not exists (select 1 from webhook_deliveries d"
        " where d.message = m.id and (d.state <> 1 or d.attempts > 0 or d.owner <> ''))"
        " order by m.not_before desc limit 1",
        DB_ARGS(db_int(provider), db_text(subject), db_int(now_ms)), &message_row, ret));
    ret->provider = provider;
    ret->subject = subject;
    return OK;
}

Res webhook_message_widen(struct cx *cx, struct db *db, const struct webhook_message *m)
{
    return db_exec_one(
        cx, db,
        "update webhook_messages set body = $2, happens_after = $3, happens_before = $4"
        " where id = $1",
        DB_ARGS(
            db_text(m->id), db_text(m->body), db_int(m->after_s), db_int(m->before_s)),
        FAIL_CONFLICT, "the message is gone");
}

Res webhook_message_deliver(
    struct cx *cx, struct db *db, const struct webhook_message *m, int64_t endpoint)
{
    return db_exec(
        cx, db,
        "insert into webhook_deliveries (message, endpoint, made_at, state, due_at)"
        " values ($1, $2, $3, 1, $4) on conflict (message, endpoint) do nothing",
        DB_ARGS(
            db_text(m->id), db_int(endpoint), db_int(m->created_ms),
            db_int(m->not_before_ms)),
        NULL);
}

static Res message_id_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(Str *)ret = db_get_text(&cx->mem, stmt, 0);
    return OK;
}

static const struct db_row message_id_row = {
    "webhook message", sizeof(Str), message_id_read};

static Res messages_delete(
    struct cx *cx, struct db *db, const struct db_list *ids, bool *more)
{
    *more = ids->n == LIMIT_SWEEP_ROWS;
    return step_delete(
        cx, db, "delete from webhook_messages where id in " STEP_PLACES, DB_TEXT, ids);
}

Res webhook_message_sweep(struct cx *cx, struct db *db, int64_t keep_ms, bool *more)
{
    struct db_list ids = {0};
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(db_rows(
        cx, db,
        "select m.id from webhook_messages m where m.created_at <= $1"
        " and not exists (select 1 from webhook_deliveries d where d.message = m.id"
        " and d.state = 1) order by m.created_at, m.id" SWEEP_LIMIT,
        DB_ARGS(db_int(now_ms - keep_ms)), &message_id_row, &ids));
    return messages_delete(cx, db, &ids, more);
}

Res webhook_message_forget(struct cx *cx, struct db *db, int64_t provider, bool *more)
{
    struct db_list ids = {0};

    TRY(db_rows(
        cx, db,
        "select id from webhook_messages where provider = $1"
        " order by subject, not_before" SWEEP_LIMIT,
        DB_ARGS(db_int(provider)), &message_id_row, &ids));
    return messages_delete(cx, db, &ids, more);
}
