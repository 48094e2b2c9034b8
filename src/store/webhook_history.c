/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook_history.c - pages of deliveries, and replays.
 */
#include "store/webhook_history.h"

#include "base/arena.h"
#include "base/cx.h"
#include "store/db_rows.h"
#include "store/step.h"

static Res delivery_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(struct webhook_delivery *)ret = (struct webhook_delivery){
        .message = db_get_text(&cx->mem, stmt, 0),
        .type = db_get_text(&cx->mem, stmt, 1),
        .state = (enum webhook_delivery_state)db_get_int(stmt, 2),
        .attempts = db_get_int(stmt, 3),
        .made_ms = db_get_int(stmt, 4),
        .due_ms = db_get_int(stmt, 5),
        .last_ms = db_get_int(stmt, 6),
        .took_ms = db_get_int(stmt, 7),
        .status = (int)db_get_int(stmt, 8),
        .failure = db_get_text(&cx->mem, stmt, 9),
    };
    return OK;
}

static const struct db_range delivery_ranges[] = {
    {2, "state", WEBHOOK_WAITING, WEBHOOK_FAILED},
    {4, "made_at", DB_TIME},
    {6, "last_at", DB_TIME},
    {8, "last_status", 0, 999},
};

static const struct db_row delivery_row = {
    "webhook delivery", sizeof(struct webhook_delivery), delivery_read, delivery_ranges,
    COUNT(delivery_ranges)};

/* A page that an unreadable row made shorter is not the last. */
Res webhook_history_read(struct cx *cx, struct db *db, struct webhook_history *page)
{
    struct db_list list = {0};

    TRY(db_rows(
        cx, db,
        "select d.message, m.type, d.state, d.attempts, d.made_at, d.due_at, d.last_at,"
        " d.last_ms, d.last_status, d.last_failure from webhook_deliveries d"
        " join webhook_messages m on m.id = d.message"
        " where d.endpoint = $1 and (d.made_at, d.message) > ($2, $3)"
        " order by d.made_at, d.message" STEP_LIMIT,
        DB_ARGS(
            db_int(page->endpoint), db_int(page->after_ms), db_text(page->after_message)),
        &delivery_row, &list));
    page->at = list.at;
    page->n = list.n;
    page->more = list.n + list.n_unreadable == LIMIT_STEP_ROWS && list.n > 0;
    if (list.n > 0) {
        page->after_ms = page->at[list.n - 1].made_ms;
        page->after_message = page->at[list.n - 1].message;
    }
    return OK;
}

Res webhook_history_replay(
    struct cx *cx, struct db *db, int64_t endpoint, Str message, bool *did)
{
    int64_t now_ms;
    int64_t state;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(db_query_int(
        cx, db,
        "select state from webhook_deliveries where message = $1 and endpoint = $2",
        DB_ARGS(db_text(message), db_int(endpoint)), &state));
    *did = state != WEBHOOK_WAITING;
    return db_exec(
        cx, db,
        "update webhook_deliveries set state = 1, attempts = 0, due_at = $3"
        " where message = $1 and endpoint = $2 and state <> 1",
        DB_ARGS(db_text(message), db_int(endpoint), db_int(now_ms)), NULL);
}

Res webhook_history_forget(struct cx *cx, struct db *db, int64_t endpoint, bool *more)
{
    int64_t removed;

    TRY(db_exec(
        cx, db,
        "delete from webhook_deliveries where endpoint = $1 and message in (select message"
        " from webhook_deliveries where endpoint = $1 order by made_at, message" STEP_LIMIT
        ")",
        DB_ARGS(db_int(endpoint)), &removed));
    *more = removed == LIMIT_STEP_ROWS;
    return OK;
}
