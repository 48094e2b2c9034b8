/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook_deliveries.c - finds due deliveries endpoint by endpoint, so that a long queue
 * of one is not in the way of another's.
 */
#include "store/webhook_deliveries.h"

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/db_rows.h"
#include "store/lease_sql.h"
#include "store/step.h"
#include "store/webhook_endpoints.h"

enum { SUCCESS_NOTED_MS = 60 * 1000 };

/* Looking. */

Res webhook_deliveries_look(struct cx *cx, struct db *db, bool *due, bool *orphaned)
{
    int64_t now_ms;
    int64_t n;

    TRY(db_now_ms(cx, db, &now_ms));
    Res first = db_query_int(
        cx, db,
        "select due_at from webhook_deliveries where state = 1 and due_at <= $1"
        " order by due_at limit 1",
        DB_ARGS(db_int(now_ms)), &n);

    TRY(first.code == FAIL_NOT_FOUND ? OK : first);
    *due = first.code == FAIL_NONE;
    TRY(db_query_int(
        cx, db,
        "select count(*) from webhook_deliveries where owner <> ''"
        " and " LEASE_IS_ORPHANED("owner", "$1"),
        DB_ARGS(db_int(now_ms - LIMIT_NODE_LIVE_MS)), &n));
    *orphaned = n > 0;
    return OK;
}

Res webhook_deliveries_reclaim(struct cx *cx, struct db *db)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec(
        cx, db,
        "update webhook_deliveries set owner = '', until = 0, due_at = $2"
        " where owner <> '' and " LEASE_IS_ORPHANED("owner", "$1"),
        DB_ARGS(db_int(now_ms - LIMIT_NODE_LIVE_MS), db_int(now_ms)), NULL);
}

static Res due_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    (void)cx;
    *(struct webhook_due *)ret = (struct webhook_due){
        .endpoint = db_get_int(stmt, 0),
        .is_failing = db_get_int(stmt, 1) != 0,
        .is_disabled = db_get_int(stmt, 2) == WEBHOOK_DISABLED,
    };
    return OK;
}

static const struct db_row due_row = {
    "webhook endpoint", sizeof(struct webhook_due), due_read};

/* $1: now, $2: attempts at a time. A lease that ends later than $3 was written by a wrong
 * clock. */
#define HAS_ROOM                                                                         \
    "(select count(*) from webhook_deliveries u where u.endpoint = e.id"                 \
    " and u.owner <> '' and u.until > $1 and u.until <= $3)"                             \
    " < case when e.failing_since = 0 then $2 else 1 end"
#define FIRST_DUE                                                                        \
    "(select min(d.due_at) from webhook_deliveries d where d.endpoint = e.id"            \
    " and d.state = 1)"

/* Jumps from one endpoint to the next along an index: how long their queues are plays no
 * part. */
Res webhook_deliveries_due(
    struct cx *cx, struct db *db, int64_t most, struct webhook_due **ret, size_t *n)
{
    struct db_list list = {0};
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(db_rows(
        cx, db,
        "with recursive of_waiting (endpoint) as (select min(endpoint)"
        " from webhook_deliveries where state = 1 union all"
        " select (select min(d.endpoint) from webhook_deliveries d where d.state = 1"
        " and d.endpoint > of_waiting.endpoint) from of_waiting"
        " where of_waiting.endpoint is not null)"
        " select e.id, e.failing_since, e.state from of_waiting"
        " join webhook_endpoints e on e.id = of_waiting.endpoint"
        " join providers p on p.id = e.provider where p.removed_at = 0"
        " and (e.state = 2 or (" FIRST_DUE " <= $1 and " HAS_ROOM "))"
        " order by case when e.failing_since = 0 then 0 else 1 end, " FIRST_DUE
        " limit 16",
        DB_ARGS(db_int(now_ms), db_int(most), db_int(now_ms + LIMIT_LEASE_MOST_MS)),
        &due_row, &list));
    *ret = list.at;
    *n = list.n;
    return OK;
}

_Static_assert(WEBHOOK_DUE_MOST == 16, "as the statement says");

/* Taking. */

static Res delivery_job_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(struct webhook_job *)ret = (struct webhook_job){
        .message = db_get_text(&cx->mem, stmt, 0),
        .body = db_get_text(&cx->mem, stmt, 1),
        .endpoint = db_get_int(stmt, 2),
        .url = db_get_text(&cx->mem, stmt, 3),
        .sealed = db_get_blob(&cx->mem, stmt, 4),
        .previous_until_ms = db_get_int(stmt, 5),
        .attempts = db_get_int(stmt, 6),
    };
    return OK;
}

static const struct db_range delivery_job_ranges[] = {
    {5, "previous_until", DB_TIME},
    {6, "attempts", 0, INT32_MAX},
};

static const struct db_row delivery_job_row = {
    "webhook delivery", sizeof(struct webhook_job), delivery_job_read,
    delivery_job_ranges, COUNT(delivery_job_ranges)};

static Res delivery_job_choose(
    struct cx *cx, struct db *db, int64_t endpoint, int64_t most, int64_t now_ms,
    struct webhook_job *ret)
{
    return db_one(
        cx, db,
        "select d.message, m.body, e.id, e.url, e.sealed, e.previous_until, d.attempts"
        " from webhook_endpoints e join webhook_deliveries d on d.endpoint = e.id"
        " join webhook_messages m on m.id = d.message"
        " where e.id = $4 and e.state = 1 and d.state = 1 and d.due_at <= $1"
        " and " HAS_ROOM " order by d.due_at, d.message limit 1",
        DB_ARGS(
            db_int(now_ms), db_int(most), db_int(now_ms + LIMIT_LEASE_MOST_MS),
            db_int(endpoint)),
        &delivery_job_row, ret);
}

Res webhook_delivery_take(
    struct cx *cx, struct db *db, int64_t most, struct lease *lease,
    struct webhook_job *ret, bool *got)
{
    TRY(lease_begin(cx, db, lease));
    Res res = delivery_job_choose(cx, db, ret->endpoint, most, lease->now_ms, ret);

    *got = res.code == FAIL_NONE;
    if (res.code == FAIL_NOT_FOUND) {
        return OK;
    }
    TRY(res);
    return db_exec(
        cx, db,
        "update webhook_deliveries set owner = $3, until = $4, due_at = $4"
        " where message = $1 and endpoint = $2",
        DB_ARGS(
            db_text(ret->message), db_int(ret->endpoint), db_text(lease->owner),
            db_int(lease->until_ms)),
        NULL);
}

static const char delivery_lease_lost[] = "the lease on the delivery was lost";

Res webhook_delivery_give_back(
    struct cx *cx, struct db *db, const struct webhook_job *job, Str owner)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec_one(
        cx, db,
        "update webhook_deliveries set owner = '', until = 0, due_at = $4"
        " where message = $1 and endpoint = $2 and owner = $3",
        DB_ARGS(
            db_text(job->message), db_int(job->endpoint), db_text(owner), db_int(now_ms)),
        FAIL_CONFLICT, delivery_lease_lost);
}

/* Finishing. */

static Res endpoint_note_success(
    struct cx *cx, struct db *db, int64_t endpoint, int64_t now_ms)
{
    return db_exec(
        cx, db,
        "update webhook_endpoints set failing_since = 0, failed = 0, succeeded_at = $2"
        " where id = $1 and (failing_since <> 0 or succeeded_at < $3)",
        DB_ARGS(db_int(endpoint), db_int(now_ms), db_int(now_ms - SUCCESS_NOTED_MS)),
        NULL);
}

static Res endpoint_note_failure(
    struct cx *cx, struct db *db, const struct webhook_attempt *a, int64_t now_ms,
    bool *disabled)
{
    int64_t changed;

    TRY(db_exec(
        cx, db,
        "update webhook_endpoints set failed = failed + 1,"
        " failing_since = case when failing_since = 0 then $2 else failing_since end"
        " where id = $1",
        DB_ARGS(db_int(a->endpoint), db_int(now_ms)), NULL));
    TRY(db_exec(
        cx, db,
        "update webhook_endpoints set state = $2, reason = $3 where id = $1"
        " and state <> $2 and ($3 = $4 or (failing_since <= $5 and failed >= $6))",
        DB_ARGS(
            db_int(a->endpoint), db_int(WEBHOOK_DISABLED),
            db_int(a->is_gone ? WEBHOOK_GONE : WEBHOOK_FAILING), db_int(WEBHOOK_GONE),
            db_int(now_ms - LIMIT_WEBHOOK_FAILING_MS), db_int(LIMIT_WEBHOOK_FAILED)),
        &changed));
    *disabled = changed > 0;
    return OK;
}

static enum webhook_delivery_state attempt_state(const struct webhook_attempt *a)
{
    if (a->has_succeeded) {
        return WEBHOOK_DELIVERED;
    }
    return a->again_in_ms > 0 ? WEBHOOK_WAITING : WEBHOOK_FAILED;
}

Res webhook_delivery_finish(
    struct cx *cx, struct db *db, Str owner, const struct webhook_attempt *a,
    bool *disabled)
{
    int64_t now_ms;

    *disabled = false;
    TRY(db_now_ms(cx, db, &now_ms));
    TRY(db_exec_one(
        cx, db,
        "update webhook_deliveries set state = $4, attempts = attempts + 1, due_at = $5,"
        " owner = '', until = 0, last_at = $6, last_ms = $7, last_status = $8,"
        " last_failure = $9 where message = $1 and endpoint = $2 and owner = $3",
        DB_ARGS(
            db_text(a->message), db_int(a->endpoint), db_text(owner),
            db_int(attempt_state(a)), db_int(now_ms + a->again_in_ms), db_int(now_ms),
            db_int(a->took_ms), db_int(a->status), db_text(a->failure)),
        FAIL_CONFLICT, delivery_lease_lost));
    return a->has_succeeded ? endpoint_note_success(cx, db, a->endpoint, now_ms)
                            : endpoint_note_failure(cx, db, a, now_ms, disabled);
}

Res webhook_deliveries_end(struct cx *cx, struct db *db, int64_t endpoint, bool *more)
{
    int64_t changed;

    TRY(db_exec(
        cx, db,
        "update webhook_deliveries set state = 3, owner = '', until = 0,"
        " last_failure = case when attempts = 0 then 'endpoint_disabled'"
        " else last_failure end"
        " where endpoint = $1 and state = 1 and message in (select message"
        " from webhook_deliveries where endpoint = $1 and state = 1"
        " order by due_at, message" STEP_LIMIT ") and exists (select 1"
        " from webhook_endpoints e where e.id = $1 and e.state = 2)",
        DB_ARGS(db_int(endpoint)), &changed));
    *more = changed == LIMIT_STEP_ROWS;
    return OK;
}

/* Telling. */

static Res queue_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    (void)cx;
    *(struct webhook_queue *)ret = (struct webhook_queue){
        .waiting = db_get_int(stmt, 0), .oldest_due_ms = db_get_int(stmt, 1)};
    return OK;
}

static const struct db_row queue_row = {
    "webhook endpoint", sizeof(struct webhook_queue), queue_read};

Res webhook_deliveries_queue(
    struct cx *cx, struct db *db, int64_t endpoint, struct webhook_queue *ret)
{
    return db_one(
        cx, db,
        "select count(*), coalesce(min(due_at), 0) from webhook_deliveries"
        " where endpoint = $1 and state = 1",
        DB_ARGS(db_int(endpoint)), &queue_row, ret);
}

Res webhook_deliveries_lag(struct cx *cx, struct db *db, int64_t *ret)
{
    int64_t now_ms;
    int64_t due_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    TRY(db_query_int(
        cx, db,
        "select coalesce(min(due_at), $1) from webhook_deliveries where state = 1",
        DB_ARGS(db_int(now_ms)), &due_ms));
    *ret = due_ms < now_ms ? now_ms - due_ms : 0;
    return OK;
}
