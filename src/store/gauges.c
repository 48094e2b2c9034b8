/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gauges.c - one statement for each gauge. What it gives are the numbers of the labels'
 * values, counted from 1, and how many there are.
 */
#include "store/gauges.h"

#include "base/cx.h"
#include "base/metric.h"
#include "store/calendar_sync.h"
#include "store/db_rows.h"
#include "store/inner.h"
#include "store/nodes.h"

enum { MS_US = 1000, LABELS_MOST = 2 };

/* What nobody has read for centuries is no more than that. */
static int64_t us_of_ms(int64_t ms)
{
    int64_t most_ms = INT64_MAX / MS_US;

    return (ms < most_ms ? ms : most_ms) * MS_US;
}

/* In pairs of a number for each label, and a count. */
static const struct gauge_count {
    const char *sql;
    enum metric m;
    bool takes_now; /* as $1 */
} counts[] = {
    {.m = METRIC_ACCOUNTS,
     .sql = "select source, status, count(*) from accounts group by source, status"},
    {.m = METRIC_REVOCATIONS_PENDING,
     .sql = "select source, 0, count(*) from revocations group by source"},
    {.m = METRIC_CALENDARS,
     .sql =
         "select source, case when inactive_reason <> 0 then 5 else state end, count(*)"
         " from calendar_sync group by 1, 2"},
    {.m = METRIC_CHANNELS,
     .sql = "select source, case when channel_id <> '' and channel_until > $1 then 1"
            " when channel_due_at < 9223372036854775807 then 2 else 3 end, count(*)"
            " from calendar_sync group by 1, 2",
     .takes_now = true},
    {.m = METRIC_COPIES,
     .sql = "select status, 0, count(*) from pushed_copies group by status"},
    {.m = METRIC_WEBHOOK_ENDPOINTS,
     .sql = "select state, 0, count(*) from webhook_endpoints group by state"},
};

/* What another version of caldock has stored may have no place here. */
static bool gauge_place(enum metric m, const int64_t *numbers, metric_place *ret)
{
    const struct metric_label *const *labels = metric_families[m].labels;
    size_t values[LABELS_MOST] = {0};

    for (size_t i = 0; i < LABELS_MOST && labels[i] != NULL; i++) {
        if (numbers[i] < 1 || numbers[i] > (int64_t)labels[i]->n) {
            return false;
        }
        values[i] = (size_t)numbers[i] - 1;
    }
    *ret = metric_place_of(m, values);
    return true;
}

static Res gauge_read_count(
    struct cx *cx, struct db *db, const struct gauge_count *g, int64_t now_ms)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    size_t n = metric_places(g->m);
    int64_t *cells = NEW_N(&cx->mem, int64_t, n);
    Res r;

    TRY(db_query(
        cx, db, g->sql, g->takes_now ? DB_ARGS(db_int(now_ms)) : DB_NONE, &stmt));
    while (db_next(cx, stmt, &r)) {
        const int64_t numbers[LABELS_MOST] = {db_get_int(stmt, 0), db_get_int(stmt, 1)};
        metric_place place;

        if (gauge_place(g->m, numbers, &place)) {
            cells[place] = db_get_int(stmt, 2);
        }
    }
    TRY(r);
    for (size_t i = 0; i < n; i++) {
        metric_set(g->m, i, cells[i]);
    }
    return OK;
}

static void gauge_set_age(enum metric m, int64_t now_ms, int64_t since_ms)
{
    metric_set(m, 0, (now_ms - since_ms) * MS_US);
}

/* The first of what is due, of all sources. `sql` gives $2 where none is. */
static Res gauge_read_first(
    struct cx *cx, struct db *db, const char *sql, int64_t now_ms, int64_t *ret)
{
    *ret = now_ms;
    for (int64_t source = 1; source <= SOURCE_COUNT; source++) {
        int64_t due_ms;

        TRY(db_query_int(cx, db, sql, DB_ARGS(db_int(source), db_int(now_ms)), &due_ms));
        *ret = due_ms < *ret ? due_ms : *ret;
    }
    return OK;
}

static Res gauge_read_due(struct cx *cx, struct db *db, int64_t now_ms)
{
    const struct db_args now = DB_ARGS(db_int(now_ms));
    int64_t due, grant_ms, copy_ms, message_ms;

    TRY(db_query_int(
        cx, db, "select count(*) from grants where due_at <= $1", now, &due));
    TRY(gauge_read_first(
        cx, db,
        "select coalesce(min(due_at), $2) from grants where source = $1"
        " and due_at <= $2",
        now_ms, &grant_ms));
    TRY(gauge_read_first(
        cx, db,
        "select coalesce(min(due_at), $2) from pushed_copies where source = $1"
        " and due_at <= $2",
        now_ms, &copy_ms));
    TRY(db_query_int(
        cx, db,
        "select coalesce(min(due_at), $1) from webhook_deliveries"
        " where due_at <= $1 and state = 1",
        now, &message_ms));
    metric_set(METRIC_REFRESHES_DUE, 0, due);
    gauge_set_age(METRIC_REFRESH_OLDEST, now_ms, grant_ms);
    gauge_set_age(METRIC_PUSH_OLDEST, now_ms, copy_ms);
    gauge_set_age(METRIC_WEBHOOK_OLDEST, now_ms, message_ms);
    return OK;
}

/* How old what is known of calendars is (ADR 46): those up to each bound, all, their sum,
 * and the oldest. Those without a due time are read by nobody, and inactive ones wait for
 * their owner. One that was never read is as old as its setting. "materialized" keeps
 * SQLite from working an age out once for each bound. */
static const char ages_sql[] =
    "with of_ages as materialized (select $1 - case when synced_at > 0 then synced_at"
    " else (select created_at from staff_calendar_settings t where t.id = settings)"
    " end as age from calendar_sync where due_at < 9223372036854775807"
    " and inactive_reason = 0)"
    " select count(case when age <= 300000 then 1 end),"
    " count(case when age <= 900000 then 1 end),"
    " count(case when age <= 1800000 then 1 end),"
    " count(case when age <= 3600000 then 1 end),"
    " count(case when age <= 7200000 then 1 end),"
    " count(case when age <= 14400000 then 1 end),"
    " count(case when age <= 28800000 then 1 end),"
    " count(case when age <= 57600000 then 1 end),"
    " count(case when age <= 86400000 then 1 end), count(*),"
    " cast(coalesce(sum(age), 0) as bigint), coalesce(max(age), 0) from of_ages";

enum { AGE_BOUNDS = 9 };

static Res ages_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    int64_t *cells = ret; /* as metric_set_sample wants them, and the oldest */
    int64_t before = 0;

    (void)cx;
    for (int i = 0; i <= AGE_BOUNDS; i++) {
        int64_t up_to = db_get_int(stmt, i);

        cells[i] = up_to - before;
        before = up_to;
    }
    for (int i = AGE_BOUNDS + 1; i < AGE_BOUNDS + 3; i++) {
        int64_t ms = db_get_int(stmt, i);

        cells[i] = us_of_ms(ms > 0 ? ms : 0); /* a clock that was put back */
    }
    return OK;
}

static const struct db_row ages_row = {
    "age", (AGE_BOUNDS + 3) * sizeof(int64_t), ages_read};

static Res gauge_read_ages(struct cx *cx, struct db *db, int64_t now_ms)
{
    int64_t cells[AGE_BOUNDS + 3];

    must_be(metric_cells_each(METRIC_SYNC_AGE) == AGE_BOUNDS + 2);
    TRY(db_one(cx, db, ages_sql, DB_ARGS(db_int(now_ms)), &ages_row, cells));
    metric_set_sample(METRIC_SYNC_AGE, cells);
    metric_set(METRIC_SYNC_OLDEST, 0, cells[AGE_BOUNDS + 2]);
    return OK;
}

static Res gauge_read_holds(struct cx *cx, struct db *db, int64_t now_ms)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        int64_t held;

        TRY(db_query_int(
            cx, db,
            "select count(*) from account_work w join accounts a on a.id = w.account"
            " where w.hold_until > $1 and a.source = $2",
            DB_ARGS(db_int(now_ms), db_int((int64_t)i + 1)), &held));
        metric_set(METRIC_ACCOUNT_HOLDS, i, held);
    }
    return OK;
}

static Res gauge_read_rest(struct cx *cx, struct db *db)
{
    struct node *nodes;
    size_t n;
    int64_t version;

    TRY(node_list(cx, db, &nodes, &n));
    TRY(migrate_read_version(cx, db, &version));
    metric_set(METRIC_NODES, 0, (int64_t)n);
    metric_set(METRIC_STORE_SCHEMA, 0, version);
    metric_set(METRIC_STORE_SCHEMA, 1, migration_newest());
    return OK;
}

Res gauges_read(struct cx *cx, struct db *db)
{
    int64_t now_ms;

    TRY(calendar_sync_now(cx, db, &now_ms));
    for (size_t i = 0; i < COUNT(counts); i++) {
        TRY(gauge_read_count(cx, db, &counts[i], now_ms));
    }
    TRY(gauge_read_due(cx, db, now_ms));
    TRY(gauge_read_ages(cx, db, now_ms));
    TRY(gauge_read_holds(cx, db, now_ms));
    return gauge_read_rest(cx, db);
}
