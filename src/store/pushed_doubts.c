/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pushed_doubts.c - copies that are or will be written, by setting and by key, and what
 * is doubted.
 */
#include "store/pushed_doubts.h"

#include "base/cx.h"
#include "store/pushed_copy_row.h"
#include "store/step.h"

_Static_assert(COPY_PENDING == 1 && COPY_WRITTEN == 2, "the statements below say so");
_Static_assert(COPY_DOUBTED == 8, "the same");

Res pushed_doubts_list(
    struct cx *cx, struct db *db, int64_t settings, int64_t after,
    struct pushed_doubts_page *ret)
{
    struct db_list list = {0};

    TRY(db_rows(
        cx, db,
        "select " COPY_COLUMNS " from pushed_copies c"
        " where c.settings = $1 and c.id > $2 and c.status in (1, 2)"
        " order by c.id" STEP_LIMIT,
        DB_ARGS(db_int(settings), db_int(after)), &pushed_copy_row, &list));
    *ret = (struct pushed_doubts_page){
        .at = list.at, .n = list.n, .n_unreadable = list.n_unreadable};
    return OK;
}

Res pushed_doubts_find(
    struct cx *cx, struct db *db, int64_t settings, Str key, struct pushed_copy *ret)
{
    return db_one(
        cx, db,
        "select " COPY_COLUMNS " from pushed_copies c"
        " where c.key = $2 and c.settings = $1 and c.status in (1, 2)",
        DB_ARGS(db_int(settings), db_blob(key)), &pushed_copy_row, ret);
}

Res pushed_doubts_raise(struct cx *cx, struct db *db, int64_t id)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec(
        cx, db,
        "update pushed_copies set flags = flags | 8,"
        " due_at = case when status = 2 then $2 else due_at end,"
        " since = case when status = 2 then $2 else since end,"
        " attempts = case when status = 2 then 0 else attempts end"
        " where id = $1 and status in (1, 2)",
        DB_ARGS(db_int(id), db_int(now_ms)), NULL);
}
