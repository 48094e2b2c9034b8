/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pushed_events.c - the application's events, by their owner.
 */
#include "store/pushed_events.h"

#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/db_rows.h"
#include "store/step.h"

/* Reading. */

#define PUSHED_COLUMNS                                                                    \
    "e.id, e.provider, e.mode, e.user_id, e.event_id, e.rev, e.version, e.has_attendees," \
    " e.starts_at, e.ends_at, e.key_id, e.sealed, e.digest, e.created_at, e.updated_at,"  \
    " e.generations"

static Res pushed_event_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    struct arena *mem = &cx->mem;

    *(struct pushed_event *)ret = (struct pushed_event){
        .id = db_get_int(stmt, 0),
        .owner =
            {
                .provider = db_get_int(stmt, 1),
                .mode = (enum mode)db_get_int(stmt, 2),
                .user = db_get_text(mem, stmt, 3),
            },
        .event_id = db_get_text(mem, stmt, 4),
        .rev = db_get_int(stmt, 5),
        .version = db_get_int(stmt, 6),
        .has_attendees = db_get_int(stmt, 7) != 0,
        .starts_s = db_get_int(stmt, 8),
        .ends_s = db_get_int(stmt, 9),
        .key = (uint32_t)db_get_int(stmt, 10),
        .sealed = db_get_blob(mem, stmt, 11),
        .digest = db_get_blob(mem, stmt, 12),
        .created_ms = db_get_int(stmt, 13),
        .updated_ms = db_get_int(stmt, 14),
        .generations = db_get_int(stmt, 15),
    };
    return OK;
}

static const struct db_range pushed_event_ranges[] = {
    {2, "mode", MODE_CUSTOMER, MODE_PROVIDER},
    {5, "rev", 1, INT64_MAX},
    {6, "version", PUSHED_NO_VERSION, INT64_MAX},
    {7, "has_attendees", 0, 1},
    {10, "key_id", DB_KEY_ID},
    {13, "created_at", DB_TIME},
    {14, "updated_at", DB_TIME},
    {15, "generations", 0, INT64_MAX},
};

static const struct db_row pushed_event_row = {
    "pushed event", sizeof(struct pushed_event), pushed_event_read, pushed_event_ranges,
    COUNT(pushed_event_ranges)};

#define OWNER_ARGS(owner)                                                                \
    db_int((owner)->provider), db_int((owner)->mode), db_text((owner)->user)

Res pushed_event_get(
    struct cx *cx, struct db *db, const struct pushed_owner *owner, Str event_id,
    struct pushed_event *ret)
{
    return db_one(
        cx, db,
        "select " PUSHED_COLUMNS " from pushed_events e"
        " where provider = $1 and mode = $2 and user_id = $3 and event_id = $4",
        DB_ARGS(OWNER_ARGS(owner), db_text(event_id)), &pushed_event_row, ret);
}

Res pushed_event_get_row(
    struct cx *cx, struct db *db, int64_t id, struct pushed_event *ret)
{
    return db_one(
        cx, db, "select " PUSHED_COLUMNS " from pushed_events e where id = $1",
        DB_ARGS(db_int(id)), &pushed_event_row, ret);
}

/* Writing. */

Res pushed_event_insert(
    struct cx *cx, struct db *db, const struct pushed_event *e, int64_t *ret)
{
    return db_query_int(
        cx, db,
        "insert into pushed_events (provider, mode, user_id, event_id, rev, version,"
        " has_attendees, starts_at, ends_at, key_id, sealed, digest, created_at,"
        " updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $10, $11, $12)"
        " returning id",
        DB_ARGS(
            OWNER_ARGS(&e->owner), db_text(e->event_id), db_int(e->rev),
            db_int(e->version), db_int(e->has_attendees), db_int(e->starts_s),
            db_int(e->ends_s), db_blob(S("")), db_int(e->created_ms),
            db_int(e->updated_ms)),
        ret);
}

Res pushed_event_put(struct cx *cx, struct db *db, const struct pushed_event *e)
{
    return db_exec_one(
        cx, db,
        "update pushed_events set rev = $2, version = $3, has_attendees = $4,"
        " starts_at = $5, ends_at = $6, key_id = $7, sealed = $8, digest = $9,"
        " updated_at = $10 where id = $1",
        DB_ARGS(
            db_int(e->id), db_int(e->rev), db_int(e->version), db_int(e->has_attendees),
            db_int(e->starts_s), db_int(e->ends_s), db_int(e->key), db_blob(e->sealed),
            db_blob(e->digest), db_int(e->updated_ms)),
        FAIL_NOT_FOUND, "the event is gone");
}

Res pushed_event_note_generation(
    struct cx *cx, struct db *db, int64_t id, int64_t generation)
{
    return db_exec(
        cx, db,
        "update pushed_events set generations = $2 where id = $1 and generations < $2",
        DB_ARGS(db_int(id), db_int(generation)), NULL);
}

Res pushed_event_delete(struct cx *cx, struct db *db, int64_t id)
{
    return db_exec_one(
        cx, db, "delete from pushed_events where id = $1", DB_ARGS(db_int(id)),
        FAIL_NOT_FOUND, "the event is gone");
}

/* Lists. */

#define OF_OWNER                                                                         \
    " from pushed_events e where provider = $1 and mode = $2 and user_id = $3"

Res pushed_event_count_future(
    struct cx *cx, struct db *db, const struct pushed_owner *owner, int64_t now_s,
    int64_t *ret)
{
    return db_query_int(
        cx, db, "select count(*)" OF_OWNER " and ends_at > $4",
        DB_ARGS(OWNER_ARGS(owner), db_int(now_s)), ret);
}

Res pushed_events_list(
    struct cx *cx, struct db *db, const struct pushed_events_filter *filter,
    int64_t offset, int64_t limit, struct pushed_events_page *ret)
{
    const struct db_args args = DB_ARGS(
        OWNER_ARGS(&filter->owner), db_int(filter->after_s), db_int(filter->before_s),
        db_int(limit), db_int(offset));
    struct db_list list = {0};

    TRY(db_rows(
        cx, db,
        "select " PUSHED_COLUMNS OF_OWNER " and ends_at > $4 and starts_at < $5"
        " order by id limit $6 offset $7",
        args, &pushed_event_row, &list));
    *ret = (struct pushed_events_page){
        .at = list.at, .n = list.n, .n_unreadable = list.n_unreadable};
    size_t seen = list.n + list.n_unreadable;

    if (seen < (size_t)limit && (seen > 0 || offset == 0)) {
        ret->count = offset + (int64_t)seen;
        return OK;
    }
    return db_query_int(
        cx, db, "select count(*)" OF_OWNER " and ends_at > $4 and starts_at < $5", args,
        &ret->count);
}

Res pushed_events_next(
    struct cx *cx, struct db *db, const struct pushed_owner *owner, int64_t after,
    int64_t now_s, struct pushed_events_page *ret)
{
    struct db_list list = {0};

    TRY(db_rows(
        cx, db,
        "select " PUSHED_COLUMNS OF_OWNER
        " and id > $4 and ends_at > $5 order by id" STEP_LIMIT,
        DB_ARGS(OWNER_ARGS(owner), db_int(after), db_int(now_s)), &pushed_event_row,
        &list));
    *ret = (struct pushed_events_page){
        .at = list.at, .n = list.n, .n_unreadable = list.n_unreadable};
    return OK;
}

/* Sweeping. */

static Res over_ids(struct cx *cx, struct db *db, int64_t before_s, struct db_list *ret)
{
    return db_rows(
        cx, db,
        "select id from pushed_events where ends_at < $1 order by ends_at" STEP_LIMIT,
        DB_ARGS(db_int(before_s)), &db_int_row, ret);
}

Res pushed_event_sweep(struct cx *cx, struct db *db, bool *more)
{
    struct db_list list = {0};
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(over_ids(cx, db, now_ms / 1000 - LIMIT_PUSHED_KEPT_DAYS * CLOCK_DAY_S, &list));
    for (size_t i = 0; i < list.n; i++) {
        const struct db_args args = DB_ARGS(db_int(((const int64_t *)list.at)[i]));

        TRY(db_exec(cx, db, "delete from pushed_copies where event = $1", args, NULL));
        TRY(db_exec(cx, db, "delete from pushed_events where id = $1", args, NULL));
    }
    *more = list.n == LIMIT_STEP_ROWS;
    return OK;
}
