/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flows.c - who claimed a flow, and how it ended.
 *
 * A claim is an insert of the flow's id: the unique key decides who wins, on any number
 * of nodes. A claim holds while now < claimed_until.
 */
#include "store/flows.h"

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/db.h"

static const Str lost = SI("server_error"); /* how a flow ends whose node died */

Res flow_look(
    struct cx *cx, struct db *db, Str id, int64_t now_ms, struct flow_record *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    TRY(db_query(
        cx, db, "select claimed_until, outcome, account from flows where id = $1",
        DB_ARGS(db_blob(id)), &stmt));
    TRY(db_step(cx, stmt, &row));
    if (!row) {
        return fail(cx, FAIL_NOT_FOUND, "the flow is open");
    }
    if (!db_is_null(stmt, 1)) {
        *ret = (struct flow_record){
            .stage = FLOW_DONE,
            .outcome = db_get_text(&cx->mem, stmt, 1),
            .account = db_get_int(stmt, 2),
        };
    } else if (db_get_int(stmt, 0) > now_ms) {
        *ret = (struct flow_record){.stage = FLOW_BUSY};
    } else {
        *ret = (struct flow_record){.stage = FLOW_DONE, .outcome = lost};
    }
    return OK;
}

/* Writes down what flow_look says of a claim whose time has passed. */
static Res end_lost(struct cx *cx, struct db *db, Str id, int64_t now_ms)
{
    return db_exec(
        cx, db,
        "update flows set outcome = $3"
        " where id = $1 and outcome is null and claimed_until <= $2",
        DB_ARGS(db_blob(id), db_int(now_ms), db_text(lost)), NULL);
}

Res flow_claim(
    struct cx *cx, struct db *db, Str id, const struct hold *hold,
    struct flow_record *ret)
{
    int64_t added;

    TRY(db_exec(
        cx, db,
        "insert into flows (id, node, claimed_until, made_at) values ($1, $2, $3, $4)"
        " on conflict (id) do nothing",
        DB_ARGS(
            db_blob(id), db_text(hold->owner), db_int(hold->until_ms),
            db_int(hold->now_ms)),
        &added));
    if (added > 0) {
        *ret = (struct flow_record){.stage = FLOW_WON};
        return OK;
    }
    TRY(end_lost(cx, db, id, hold->now_ms));
    return flow_look(cx, db, id, hold->now_ms, ret);
}

Res flow_finish(
    struct cx *cx, struct db *db, Str id, const struct hold *hold, Str outcome,
    int64_t account)
{
    int64_t changed;

    TRY(db_exec(
        cx, db,
        "update flows set outcome = $4, account = $5"
        " where id = $1 and node = $2 and outcome is null and claimed_until > $3",
        DB_ARGS(
            db_blob(id), db_text(hold->owner), db_int(hold->now_ms), db_text(outcome),
            db_int(account)),
        &changed));
    return changed > 0 ? OK : fail(cx, FAIL_CONFLICT, "the claim of the flow was lost");
}

Res flow_release(struct cx *cx, struct db *db, Str id, Str owner)
{
    return db_exec(
        cx, db, "delete from flows where id = $1 and node = $2 and outcome is null",
        DB_ARGS(db_blob(id), db_text(owner)), NULL);
}

Res flow_sweep(struct cx *cx, struct db *db, int64_t now_ms)
{
    return db_exec(
        cx, db, "delete from flows where made_at <= $1",
        DB_ARGS(db_int(now_ms - (int64_t)LIMIT_FLOW_KEPT_S * 1000)), NULL);
}
