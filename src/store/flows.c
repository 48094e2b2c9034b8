/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flows.c - which flow is claimed, the tokens that it got, and how it ended.
 *
 * A claim is an insert of the flow's id: the unique key decides who wins, on any number
 * of nodes. A claim holds while now < claimed_until.
 */
#include "store/flows.h"

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/db_rows.h"
#include "store/lease_sql.h"
#include "store/step.h"

static const Str lost = SI("server_error"); /* how a flow ends whose node died */

static const char claim_lost[] = "the claim of the flow was lost";

enum { OUTCOME_BYTES = 64 };

struct flow_row {
    int64_t claimed_until_ms; /* 0: its owner's node is dead */
    bool is_ended;
    Str outcome;
    int64_t account;
    Str sealed;
};

static bool char_is_outcome(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || c == '_';
}

/* The outcome goes into a redirect as it is. */
static Res flow_row_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    Str outcome = db_get_text(&cx->mem, stmt, 1);

    if (outcome.n > OUTCOME_BYTES || !str_is_only(outcome, char_is_outcome)) {
        return fail(cx, FAIL_UNREADABLE, "store: a flow's outcome is no word");
    }
    *(struct flow_row *)ret = (struct flow_row){
        .claimed_until_ms = db_get_int(stmt, 0),
        .is_ended = !db_is_null(stmt, 1),
        .outcome = outcome,
        .account = db_get_int(stmt, 2),
        .sealed = db_get_blob(&cx->mem, stmt, 3),
    };
    return OK;
}

static const struct db_row flow_row = {"flow", sizeof(struct flow_row), flow_row_read};

/* A claim that ends later than any can was written by a wrong clock, and is over too. */
static bool flow_is_claimed(const struct flow_row *row, int64_t now_ms)
{
    return row->claimed_until_ms > now_ms
           && row->claimed_until_ms <= now_ms + LIMIT_LEASE_MOST_MS;
}

static Res flow_get(
    struct cx *cx, struct db *db, Str id, int64_t now_ms, struct flow_row *ret)
{
    return db_one(
        cx, db,
        "select case when " LEASE_IS_ORPHANED(
            "owner",
            "$2") " then 0"
                  " else claimed_until end, outcome, account, sealed from flows where id = $1",
        DB_ARGS(db_blob(id), db_int(now_ms - LIMIT_NODE_LIVE_MS)), &flow_row, ret);
}

Res flow_read(struct cx *cx, struct db *db, Str id, struct flow_record *ret)
{
    struct flow_row row;
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(flow_get(cx, db, id, now_ms, &row));
    if (row.is_ended) {
        *ret = (struct flow_record){
            .stage = FLOW_DONE, .outcome = row.outcome, .account = row.account};
        return OK;
    }
    *ret = (struct flow_record){
        .stage = flow_is_claimed(&row, now_ms) ? FLOW_BUSY : FLOW_LOST};
    return OK;
}

Res flow_end_lost(struct cx *cx, struct db *db, Str id, struct flow_record *ret)
{
    struct flow_row row;
    int64_t now_ms;
    int64_t ended = 0;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(flow_get(cx, db, id, now_ms, &row));
    if (!row.is_ended && !flow_is_claimed(&row, now_ms)) {
        TRY(db_exec(
            cx, db,
            "update flows set outcome = $2, sealed = null, key_id = 0"
            " where id = $1 and outcome is null",
            DB_ARGS(db_blob(id), db_text(lost)), &ended));
    }
    TRY(flow_read(cx, db, id, ret));
    ret->is_new = ended > 0;
    return OK;
}

/* The lease goes over a lost claim; the row was read in this transaction. */
static Res flow_take_over(struct cx *cx, struct db *db, Str id, const struct lease *lease)
{
    return db_exec_one(
        cx, db,
        "update flows set owner = $2, claimed_until = $3"
        " where id = $1 and outcome is null",
        DB_ARGS(db_blob(id), db_text(lease->owner), db_int(lease->until_ms)),
        FAIL_CONFLICT, "the flow ended meanwhile");
}

/* Another's claim: busy, ended, or lost. */
static Res flow_claim_again(
    struct cx *cx, struct db *db, Str id, const struct lease *lease,
    struct flow_record *ret)
{
    struct flow_row row;

    TRY(flow_get(cx, db, id, lease->now_ms, &row));
    if (row.is_ended || flow_is_claimed(&row, lease->now_ms)) {
        return flow_read(cx, db, id, ret);
    }
    if (row.sealed.n == 0) {
        return flow_end_lost(cx, db, id, ret); /* its code may have been sent */
    }
    TRY(flow_take_over(cx, db, id, lease));
    *ret = (struct flow_record){.stage = FLOW_WON, .sealed = row.sealed};
    return OK;
}

Res flow_claim(
    struct cx *cx, struct db *db, Str id, struct lease *lease, struct flow_record *ret)
{
    int64_t added;

    TRY(lease_begin(cx, db, lease));
    TRY(db_exec(
        cx, db,
        "insert into flows (id, owner, claimed_until, made_at) values ($1, $2, $3, $4)"
        " on conflict (id) do nothing",
        DB_ARGS(
            db_blob(id), db_text(lease->owner), db_int(lease->until_ms),
            db_int(lease->now_ms)),
        &added));
    if (added > 0) {
        *ret = (struct flow_record){.stage = FLOW_WON};
        return OK;
    }
    return flow_claim_again(cx, db, id, lease, ret);
}

Res flow_keep(
    struct cx *cx, struct db *db, Str id, Str owner, const struct flow_tokens *tokens)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec_one(
        cx, db,
        "update flows set sealed = $4, key_id = $5"
        " where id = $1 and owner = $2 and outcome is null and claimed_until > $3",
        DB_ARGS(
            db_blob(id), db_text(owner), db_int(now_ms), db_blob(tokens->sealed),
            db_int(tokens->key_id)),
        FAIL_CONFLICT, claim_lost);
}

static Res flow_id_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(Str *)ret = db_get_blob(&cx->mem, stmt, 0);
    return OK;
}

static const struct db_row flow_id_row = {"flow", sizeof(Str), flow_id_read};

Res flow_take_lost(
    struct cx *cx, struct db *db, struct lease *lease, Str *id, struct flow_record *ret)
{
    TRY(lease_begin(cx, db, lease));
    TRY(db_one(
        cx, db,
        "select id from flows where sealed is not null and outcome is null"
        " and (claimed_until <= $1 or claimed_until > $2"
        " or " LEASE_IS_ORPHANED("owner", "$3") ") order by claimed_until limit 1",
        DB_ARGS(
            db_int(lease->now_ms), db_int(lease->now_ms + LIMIT_LEASE_MOST_MS),
            db_int(lease->now_ms - LIMIT_NODE_LIVE_MS)),
        &flow_id_row, id));
    return flow_claim_again(cx, db, *id, lease, ret);
}

Res flow_put_off(struct cx *cx, struct db *db, Str id, Str owner, int64_t delay_ms)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec(
        cx, db,
        "update flows set claimed_until = $3"
        " where id = $1 and owner = $2 and outcome is null and claimed_until > $3",
        DB_ARGS(db_blob(id), db_text(owner), db_int(now_ms + delay_ms)), NULL);
}

Res flow_finish(
    struct cx *cx, struct db *db, Str id, Str owner, Str outcome, int64_t account)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec_one(
        cx, db,
        "update flows set outcome = $4, account = $5, sealed = null, key_id = 0"
        " where id = $1 and owner = $2 and outcome is null and claimed_until > $3",
        DB_ARGS(
            db_blob(id), db_text(owner), db_int(now_ms), db_text(outcome),
            db_int(account)),
        FAIL_CONFLICT, claim_lost);
}

/* A flow that has tokens stays, however old: after a day without a node somebody has yet
 * to use or revoke them. */
Res flow_sweep(struct cx *cx, struct db *db, bool *more)
{
    struct db_list list = {0};
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(db_rows(
        cx, db,
        "select id from flows where made_at <= $1 and sealed is null"
        " order by made_at" SWEEP_LIMIT,
        DB_ARGS(db_int(now_ms - (int64_t)LIMIT_FLOW_KEPT_S * 1000)), &flow_id_row,
        &list));
    *more = list.n == LIMIT_SWEEP_ROWS;
    return step_delete(
        cx, db, "delete from flows where id in " STEP_PLACES, DB_BLOB, &list);
}
