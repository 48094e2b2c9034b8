/* SPDX-License-Identifier: Apache-2.0 */
/*
 * push_states.c - pages of copies by their numbers, whoever they belong to.
 *
 * A page is the rows between two numbers, whatever a filter leaves of them: so that no
 * filter needs an index of its own.
 */
#include "store/push_states.h"

#include "base/cx.h"
#include "store/accounts.h"
#include "store/pushed_copy_row.h"
#include "store/step.h"

static Res push_state_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    struct arena *mem = &cx->mem;
    int at = COPY_COLUMN_COUNT;

    *(struct push_state *)ret = (struct push_state){
        .view =
            {
                .copy = pushed_copy_read(mem, stmt),
                .inactive = (enum sync_inactive)db_get_int(stmt, at),
                .is_connected = db_get_int(stmt, at + 1) == ACCOUNT_CONNECTED,
            },
        .owner =
            {
                .provider = db_get_int(stmt, at + 2),
                .mode = (enum mode)db_get_int(stmt, at + 3),
                .user = db_get_text(mem, stmt, at + 4),
            },
        .event_id = db_get_text(mem, stmt, at + 5),
    };
    return OK;
}

static const struct db_range push_state_ranges[] = {
    COPY_RANGES,
    {COPY_COLUMN_COUNT, "inactive_reason", SYNC_ACTIVE, SYNC_TOO_LARGE},
    {COPY_COLUMN_COUNT + 1, "status", ACCOUNT_CONNECTED, ACCOUNT_NEEDS_RECONNECT},
    {COPY_COLUMN_COUNT + 3, "mode", MODE_CUSTOMER, MODE_PROVIDER},
};

static const struct db_row push_state_row = {
    "copy", sizeof(struct push_state), push_state_read, push_state_ranges,
    COUNT(push_state_ranges)};

/* The range holds for each table of the join that is not found by a key. */
static Res push_states_between(
    struct cx *cx, struct db *db, const struct push_states_filter *filter, int64_t after,
    int64_t last, struct db_list *ret)
{
    return db_rows(
        cx, db,
        "select " COPY_COLUMNS ", y.inactive_reason, o.status, o.provider, o.mode,"
        " o.user_id, coalesce(e.event_id, '') from pushed_copies c"
        " join calendar_sync y on y.settings = c.settings"
        " join accounts o on o.id = c.account left join pushed_events e on e.id = c.event"
        " where c.id > $1 and c.id <= $2 and (o.provider = $3 or $3 = 0)"
        " and (c.status = $4 or $4 = 0) order by c.id",
        DB_ARGS(
            db_int(after), db_int(last), db_int(filter->provider),
            db_int(filter->status)),
        &push_state_row, ret);
}

Res push_states_list(
    struct cx *cx, struct db *db, const struct push_states_filter *filter, int64_t after,
    struct push_states_page *ret)
{
    struct db_list list = {0};
    int64_t last = 0;
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(db_query_int(
        cx, db, STEP_PAGE_END("pushed_copies", ""), DB_ARGS(db_int(after)), &last));
    TRY(push_states_between(cx, db, filter, after, last, &list));
    *ret = (struct push_states_page){
        .at = list.at,
        .n = list.n,
        .n_unreadable = list.n_unreadable,
        .last = last,
        .now_ms = now_ms,
    };
    return OK;
}

static Res push_oldest_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    (void)cx;
    *(struct push_oldest *)ret =
        (struct push_oldest){.copy = db_get_int(stmt, 0), .due_ms = db_get_int(stmt, 1)};
    return OK;
}

static const struct db_row push_oldest_row = {
    "copy", sizeof(struct push_oldest), push_oldest_read};

Res push_states_oldest(
    struct cx *cx, struct db *db, enum source_id source, struct push_oldest *ret)
{
    struct push_oldest found = {0};
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    Res res = db_one(
        cx, db,
        "select c.id, c.due_at from pushed_copies c where c.source = $1"
        " and c.due_at <= $2 and not exists (select 1 from account_work w"
        " where w.account = c.account and w.hold_until > $2)"
        " order by c.due_at, c.id limit 1",
        DB_ARGS(db_int(source), db_int(now_ms)), &push_oldest_row, &found);

    TRY(res.code == FAIL_NOT_FOUND ? OK : res);
    found.now_ms = now_ms;
    *ret = found;
    return OK;
}
