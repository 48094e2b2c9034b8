/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overview.c - counts and first rows along indexes.
 */
#include "store/overview.h"

#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/calendar_channels.h"
#include "store/db_rows.h"

/* Two numbers of one row. */
struct overview_pair {
    int64_t n;
    int64_t other;
};

static Res overview_pair_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    (void)cx;
    *(struct overview_pair *)ret =
        (struct overview_pair){db_get_int(stmt, 0), db_get_int(stmt, 1)};
    return OK;
}

static const struct db_row overview_pair_row = {
    "count", sizeof(struct overview_pair), overview_pair_read};

/* Accounts and flows. */

static Res overview_read_accounts(struct cx *cx, struct db *db, struct overview *o)
{
    for (int i = 0; i < SOURCE_COUNT * 2; i++) {
        struct overview_pair found;

        TRY(db_one(
            cx, db,
            "select count(*), coalesce(sum(case when status_since > $3 then 1 else 0 end), 0)"
            " from accounts where source = $1 and status = $2",
            DB_ARGS(
                db_int(i / 2 + 1), db_int(i % 2 + 1), db_int(o->now_ms - CLOCK_DAY_MS)),
            &overview_pair_row, &found));
        o->accounts[i / 2][i % 2] =
            (struct overview_accounts){.n = found.n, .lately = found.other};
    }
    return OK;
}

_Static_assert(ACCOUNT_NEEDS_RECONNECT == 2, "two statuses, from 1 on");

static Res overview_flows_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    *(struct overview_flows *)ret = (struct overview_flows){
        .outcome = db_get_text(&cx->mem, stmt, 0), .n = db_get_int(stmt, 1)};
    return OK;
}

static const struct db_row overview_flows_row = {
    "flow", sizeof(struct overview_flows), overview_flows_read};

static Res overview_read_flows(struct cx *cx, struct db *db, struct overview *o)
{
    struct db_list list = {0};

    TRY(db_rows(
        cx, db,
        "select coalesce(outcome, ''), count(*) from flows where made_at > $1"
        " group by coalesce(outcome, '') order by count(*) desc, coalesce(outcome, '')"
        " limit 32",
        DB_ARGS(db_int(o->now_ms - CLOCK_HOUR_MS)), &overview_flows_row, &list));
    o->flows = list.at;
    o->n_flows = list.n;
    return OK;
}

_Static_assert(OVERVIEW_OUTCOMES == 32, "as the statement says");

/* What waits. What is due "at once" has 0 or 1, and no time since when. */

#define SINCE(due)                                                                       \
    "select count(*), coalesce(min(case when due_at > 1 then due_at end), 0) from (" due \
    " limit 10001) of_due"

_Static_assert(OVERVIEW_MOST == 10000, "as the statements say");

static const char *const work_due_sql[WORK_COUNT] = {
    [WORK_REFRESHES] =
        SINCE("select due_at from grants"
              " where source = $1 and due_at <= $2 order by due_at, account"),
    [WORK_SYNCS] = SINCE("select due_at from calendar_sync"
                         " where source = $1 and due_at <= $2 order by due_at, settings"),
    [WORK_PUSHES] =
        SINCE("select c.due_at from pushed_copies c where c.source = $1"
              " and c.due_at <= $2 and not exists (select 1 from account_work w"
              " where w.account = c.account and w.hold_until > $2)"
              " order by c.due_at, c.id"),
};

static int64_t overview_older(int64_t a_ms, int64_t b_ms)
{
    if (a_ms == 0 || b_ms == 0) {
        return a_ms + b_ms;
    }
    return a_ms < b_ms ? a_ms : b_ms;
}

static void overview_add(struct overview_waiting *w, struct overview_pair more)
{
    int64_t n = w->n + more.n;

    w->n = n > OVERVIEW_MOST ? OVERVIEW_MOST + 1 : n;
    w->oldest_ms = overview_older(w->oldest_ms, more.other);
}

static Res overview_read_due(
    struct cx *cx, struct db *db, struct overview *o, enum overview_work work)
{
    for (int source = 1; source <= SOURCE_COUNT; source++) {
        struct overview_pair found;

        TRY(db_one(
            cx, db, work_due_sql[work], DB_ARGS(db_int(source), db_int(o->now_ms)),
            &overview_pair_row, &found));
        overview_add(&o->waiting[work], found);
    }
    return OK;
}

static Res overview_read_webhooks(struct cx *cx, struct db *db, struct overview *o)
{
    struct overview_pair found;

    TRY(db_one(
        cx, db,
        SINCE("select w.due_at from webhook_deliveries w where w.state = 1"
              " and w.due_at <= $1 order by w.due_at"),
        DB_ARGS(db_int(o->now_ms)), &overview_pair_row, &found));
    overview_add(&o->waiting[WORK_WEBHOOKS], found);
    return OK;
}

/* Those that are tried again later wait, too; the first id is the oldest. */
static Res overview_read_revocations(struct cx *cx, struct db *db, struct overview *o)
{
    struct overview_pair found = {0};
    int64_t give_up_ms = 0;

    TRY(db_query_int(
        cx, db, "select count(*) from (select 1 from revocations limit 10001) of_all",
        DB_NONE, &found.n));
    Res r = db_query_int(
        cx, db, "select give_up_at from revocations order by id limit 1", DB_NONE,
        &give_up_ms);

    TRY(r.code == FAIL_NOT_FOUND ? OK : r);
    found.other =
        give_up_ms > LIMIT_REVOKE_GIVE_UP_MS ? give_up_ms - LIMIT_REVOKE_GIVE_UP_MS : 0;
    overview_add(&o->waiting[WORK_REVOCATIONS], found);
    return OK;
}

static Res overview_read_waiting(struct cx *cx, struct db *db, struct overview *o)
{
    TRY(overview_read_revocations(cx, db, o));
    TRY(overview_read_due(cx, db, o, WORK_REFRESHES));
    TRY(overview_read_due(cx, db, o, WORK_SYNCS));
    TRY(overview_read_due(cx, db, o, WORK_PUSHES));
    return overview_read_webhooks(cx, db, o);
}

static Res overview_read_refusals(struct cx *cx, struct db *db, struct overview *o)
{
    for (int source = 1; source <= SOURCE_COUNT; source++) {
        int64_t until_ms;
        Str why;

        TRY(calendar_channels_refusal(cx, db, (enum source_id)source, &until_ms, &why));
        o->refuses_channels[source - 1] = until_ms > o->now_ms;
    }
    return OK;
}

Res overview_read(struct cx *cx, struct db *db, struct overview *ret)
{
    struct overview o = {0};

    TRY(db_now_ms(cx, db, &o.now_ms));
    TRY(node_list(cx, db, &o.nodes, &o.n_nodes));
    TRY(overview_read_accounts(cx, db, &o));
    TRY(overview_read_flows(cx, db, &o));
    TRY(overview_read_waiting(cx, db, &o));
    TRY(overview_read_refusals(cx, db, &o));
    *ret = o;
    return OK;
}
