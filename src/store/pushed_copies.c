/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pushed_copies.c - the rows of copies: by event, by setting, by key.
 */
#include "store/pushed_copies.h"

#include "base/cx.h"
#include "base/limits.h"
#include "store/accounts.h"
#include "store/pushed_copy_row.h"
#include "store/step.h"

/* Reading. */

struct pushed_copy pushed_copy_read(struct arena *mem, struct db_stmt *stmt)
{
    return (struct pushed_copy){
        .id = db_get_int(stmt, 0),
        .event = db_get_int(stmt, 1),
        .settings = db_get_int(stmt, 2),
        .account = db_get_int(stmt, 3),
        .source = (enum source_id)db_get_int(stmt, 4),
        .key = db_get_blob(mem, stmt, 5),
        .generation = db_get_int(stmt, 6),
        .external_id = db_get_text(mem, stmt, 7),
        .link = db_get_text(mem, stmt, 8),
        .want = (enum copy_want)db_get_int(stmt, 9),
        .status = (enum copy_status)db_get_int(stmt, 10),
        .reason = (enum copy_reason)db_get_int(stmt, 11),
        .want_rev = db_get_int(stmt, 12),
        .have_rev = db_get_int(stmt, 13),
        .flags = (int)db_get_int(stmt, 14),
        .due_ms = db_get_int(stmt, 15),
        .since_ms = db_get_int(stmt, 16),
        .attempts = db_get_int(stmt, 17),
        .written_ms = db_get_int(stmt, 18),
        .start = db_get_int(stmt, 19),
        .end = db_get_int(stmt, 20),
        .sent_end_s = db_get_int(stmt, 21),
        .sent_after_ms = db_get_int(stmt, 22),
    };
}

static Res copy_row_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(struct pushed_copy *)ret = pushed_copy_read(&cx->mem, stmt);
    return OK;
}

static const struct db_range copy_ranges[] = {COPY_RANGES};

const struct db_row pushed_copy_row = {
    "copy", sizeof(struct pushed_copy), copy_row_read, copy_ranges, COUNT(copy_ranges)};

static Res copy_view_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(struct pushed_copy_view *)ret = (struct pushed_copy_view){
        .copy = pushed_copy_read(&cx->mem, stmt),
        .inactive = (enum sync_inactive)db_get_int(stmt, COPY_COLUMN_COUNT),
        .is_connected = db_get_int(stmt, COPY_COLUMN_COUNT + 1) == ACCOUNT_CONNECTED,
    };
    return OK;
}

static const struct db_range copy_view_ranges[] = {
    COPY_RANGES,
    {COPY_COLUMN_COUNT, "inactive_reason", SYNC_ACTIVE, SYNC_TOO_LARGE},
    {COPY_COLUMN_COUNT + 1, "status", ACCOUNT_CONNECTED, ACCOUNT_NEEDS_RECONNECT},
};

static const struct db_row copy_view_row = {
    "copy", sizeof(struct pushed_copy_view), copy_view_read, copy_view_ranges,
    COUNT(copy_view_ranges)};

#define VIEW "select " COPY_COLUMNS ", y.inactive_reason, o.status"
#define WITH_SETTING                                                                     \
    " join calendar_sync y on y.settings = c.settings join accounts o on o.id = c.account"

static Res copies_read(
    struct cx *cx, struct db *db, const char *sql, struct db_args args,
    struct pushed_copies_page *ret)
{
    struct db_list list = {0};

    TRY(db_rows(cx, db, sql, args, &copy_view_row, &list));
    *ret = (struct pushed_copies_page){
        .at = list.at, .n = list.n, .n_unreadable = list.n_unreadable};
    return OK;
}

Res pushed_copies_list(
    struct cx *cx, struct db *db, const struct pushed_events_filter *filter,
    int64_t first, int64_t last, struct pushed_copies_page *ret)
{
    return copies_read(
        cx, db,
        VIEW " from pushed_events e join pushed_copies c on c.event = e.id" WITH_SETTING
             " where e.provider = $1 and e.mode = $2 and e.user_id = $3"
             " and e.ends_at > $4 and e.starts_at < $5 and e.id >= $6 and e.id <= $7"
             " order by c.event, c.settings",
        DB_ARGS(
            db_int(filter->owner.provider), db_int(filter->owner.mode),
            db_text(filter->owner.user), db_int(filter->after_s),
            db_int(filter->before_s), db_int(first), db_int(last)),
        ret);
}

Res pushed_copies_of_event(
    struct cx *cx, struct db *db, int64_t event, struct pushed_copies_page *ret)
{
    return copies_read(
        cx, db,
        VIEW " from pushed_copies c" WITH_SETTING
             " where c.event = $1 order by c.settings",
        DB_ARGS(db_int(event)), ret);
}

Res pushed_copies_of_setting(
    struct cx *cx, struct db *db, int64_t settings, int64_t after,
    struct pushed_copies_page *ret)
{
    return copies_read(
        cx, db,
        VIEW " from pushed_copies c" WITH_SETTING
             " where c.settings = $1 and c.id > $2 order by c.id" STEP_LIMIT,
        DB_ARGS(db_int(settings), db_int(after)), ret);
}

Res pushed_copy_get(struct cx *cx, struct db *db, int64_t id, struct pushed_copy *ret)
{
    return db_one(
        cx, db, "select " COPY_COLUMNS " from pushed_copies c where c.id = $1",
        DB_ARGS(db_int(id)), &pushed_copy_row, ret);
}

static Res text_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(Str *)ret = db_get_text(&cx->mem, stmt, 0);
    return OK;
}

static const struct db_row text_row = {"event", sizeof(Str), text_read};

Res pushed_copy_event_of_key(
    struct cx *cx, struct db *db, const struct pushed_owner *owner, Str key, Str *ret)
{
    return db_one(
        cx, db,
        "select e.event_id from pushed_copies c join pushed_events e on e.id = c.event"
        " where c.key = $1 and e.provider = $2 and e.mode = $3 and e.user_id = $4",
        DB_ARGS(
            db_blob(key), db_int(owner->provider), db_int(owner->mode),
            db_text(owner->user)),
        &text_row, ret);
}

/* Writing. */

Res pushed_copy_insert(struct cx *cx, struct db *db, const struct pushed_copy *c)
{
    return db_exec_one(
        cx, db,
        "insert into pushed_copies (event, settings, account, source, key, generation,"
        " external_id, link, want, status, reason, want_rev, have_rev, flags, due_at,"
        " since, attempts, written_at, start_at, end_at, sent_end_at, sent_after)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,"
        " $17, $18, $19, $20, $21, $22)"
        " on conflict do nothing",
        DB_ARGS(
            db_int(c->event), db_int(c->settings), db_int(c->account), db_int(c->source),
            db_blob(c->key), db_int(c->generation), db_text(c->external_id),
            db_text(c->link), db_int(c->want), db_int(c->status), db_int(c->reason),
            db_int(c->want_rev), db_int(c->have_rev), db_int(c->flags), db_int(c->due_ms),
            db_int(c->since_ms), db_int(c->attempts), db_int(c->written_ms),
            db_int(c->start), db_int(c->end), db_int(c->sent_end_s),
            db_int(c->sent_after_ms)),
        FAIL_CONFLICT, "the event has a copy there");
}

Res pushed_copy_put(struct cx *cx, struct db *db, const struct pushed_copy *c)
{
    return db_exec_one(
        cx, db,
        "update pushed_copies set key = $2, generation = $3, external_id = $4, link = $5,"
        " want = $6, status = $7, reason = $8, want_rev = $9, have_rev = $10,"
        " flags = $11, due_at = $12, since = $13, attempts = $14, written_at = $15,"
        " start_at = $16, end_at = $17, sent_end_at = $18, sent_after = $19 where id = $1",
        DB_ARGS(
            db_int(c->id), db_blob(c->key), db_int(c->generation),
            db_text(c->external_id), db_text(c->link), db_int(c->want), db_int(c->status),
            db_int(c->reason), db_int(c->want_rev), db_int(c->have_rev), db_int(c->flags),
            db_int(c->due_ms), db_int(c->since_ms), db_int(c->attempts),
            db_int(c->written_ms), db_int(c->start), db_int(c->end),
            db_int(c->sent_end_s), db_int(c->sent_after_ms)),
        FAIL_NOT_FOUND, "the copy is gone");
}

Res pushed_copy_hand_over(struct cx *cx, struct db *db, int64_t id, int64_t settings)
{
    return db_exec(
        cx, db, "update pushed_copies set settings = $2 where id = $1",
        DB_ARGS(db_int(id), db_int(settings)), NULL);
}

Res pushed_copy_delete(struct cx *cx, struct db *db, int64_t id)
{
    return db_exec(
        cx, db, "delete from pushed_copies where id = $1", DB_ARGS(db_int(id)), NULL);
}

_Static_assert(COPY_PENDING == 1 && COPY_REMOVING == 6, "the statements below say so");

/* How long it waited doesn't count: only failures end the attempts. */
Res pushed_copies_wake_account(struct cx *cx, struct db *db, int64_t account)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec(
        cx, db,
        "update pushed_copies set due_at = $2, since = $2"
        " where account = $1 and due_at > $2 and status in (1, 6)",
        DB_ARGS(db_int(account), db_int(now_ms)), NULL);
}

Res pushed_copies_wake_setting(struct cx *cx, struct db *db, int64_t settings)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec(
        cx, db,
        "update pushed_copies set due_at = $2, since = $2"
        " where settings = $1 and due_at > $2 and status in (1, 6)",
        DB_ARGS(db_int(settings), db_int(now_ms)), NULL);
}
