/* SPDX-License-Identifier: Apache-2.0 */
/*
 * push_sweeps.c - which settings are to be gone through, and how far each is.
 */
#include "store/push_sweeps.h"

#include "base/cx.h"
#include "store/calendar_settings.h"
#include "store/db_rows.h"

static Res push_sweep_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    struct arena *mem = &cx->mem;

    *(struct push_sweep *)ret = (struct push_sweep){
        .settings = db_get_int(stmt, 0),
        .account = db_get_int(stmt, 1),
        .source = (enum source_id)db_get_int(stmt, 2),
        .calendar_id = db_get_text(mem, stmt, 3),
        .switches = (int)db_get_int(stmt, 4),
        .is_deleted = db_get_int(stmt, 5) != 0,
        .keeps_events = db_get_int(stmt, 6) != 0,
        .subject = db_get_text(mem, stmt, 7),
        .owner =
            {
                .provider = db_get_int(stmt, 8),
                .mode = (enum mode)db_get_int(stmt, 9),
                .user = db_get_text(mem, stmt, 10),
            },
        .after = db_get_int(stmt, 11),
    };
    return OK;
}

static const struct db_range push_sweep_ranges[] = {
    {2, "source", 1, SOURCE_COUNT},
    {4, "switches", 0, SWITCHES_ALL},
    {9, "mode", MODE_CUSTOMER, MODE_PROVIDER},
};

static const struct db_row push_sweep_row = {
    "calendar setting", sizeof(struct push_sweep), push_sweep_read, push_sweep_ranges,
    COUNT(push_sweep_ranges)};

Res push_sweeps_want(struct cx *cx, struct db *db, int64_t settings)
{
    return db_exec(
        cx, db,
        "update staff_calendar_settings set push_due = 1, push_after = 0 where id = $1",
        DB_ARGS(db_int(settings)), NULL);
}

Res push_sweeps_next(struct cx *cx, struct db *db, int64_t after, struct push_sweep *ret)
{
    return db_one(
        cx, db,
        "select s.id, s.account, a.source, s.calendar_id, s.switches, s.deleted_at,"
        " s.keep_events, a.subject, a.provider, a.mode, a.user_id, s.push_after"
        " from staff_calendar_settings s join accounts a on a.id = s.account"
        " where s.push_due = 1 and s.id > $1 order by s.id limit 1",
        DB_ARGS(db_int(after)), &push_sweep_row, ret);
}

Res push_sweeps_note(struct cx *cx, struct db *db, int64_t settings, int64_t after)
{
    return db_exec(
        cx, db,
        "update staff_calendar_settings set push_after = $2, push_due = $3"
        " where id = $1",
        DB_ARGS(db_int(settings), db_int(after), db_int(after > 0)), NULL);
}
