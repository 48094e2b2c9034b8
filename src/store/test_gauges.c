/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_gauges.c - how old what is known of calendars is, bound by bound.
 */
#include "base/metric.h"
#include "store/gauges.h"
#include "store/test_store.h"

#define NOW INT64_C(2000000000000)

enum { CELLS_MOST = 32 };

static void run_sql(struct db *db, const char *sql)
{
    T_OK(db_script(t_cx(), db, sql));
}

/* A calendar that was synced at `synced_ms`, and whose setting was made at `made_ms`. */
static void calendar_add(struct db *db, int id, int64_t made_ms, int64_t synced_ms)
{
    char sql[512];

    (void)snprintf(
        sql, sizeof(sql),
        "insert into staff_calendar_settings (id, account, calendar_id, switches,"
        " reminder_minutes, time_zone, created_at) values (%d, 1, 'c%d', 2, 0, '', %lld);"
        "insert into calendar_sync (settings, account, source, state, due_at, synced_at)"
        " values (%d, 1, 1, 2, 5, %lld)",
        id, id, (long long)made_ms, id, (long long)synced_ms);
    run_sql(db, sql);
}

static struct db *db_with_account(void)
{
    struct db *db = t_db();

    db_stop_clock(db, NOW);
    run_sql(
        db,
        "insert into providers (id, name, created_at) values (1, 'p', 1);"
        "insert into accounts (id, provider, mode, user_id, source, subject, username,"
        " status, status_reason, status_since, connected_at) values"
        " (1, 1, 1, 'u', 1, 's', 'x', 1, '', 1, 1)");
    return db;
}

/* A sample: those of each bucket alone, the rest, the sum; and the oldest. */
static void sample(struct db *db, int64_t *cells, int64_t *oldest_us)
{
    T_OK(gauges_read(t_cx(), db));
    metric_read(METRIC_SYNC_AGE, cells);
    metric_read(METRIC_SYNC_OLDEST, oldest_us);
}

static int64_t sample_count(const int64_t *cells)
{
    int64_t n = 0;

    for (size_t i = 0; i + 1 < metric_cells_each(METRIC_SYNC_AGE); i++) {
        n += cells[i];
    }
    return n;
}

TEST(test_gauges_read_puts_each_calendar_into_its_bucket)
{
    CLEANUP(db_close) struct db *db = db_with_account();
    const struct metric_buckets *b = metric_families[METRIC_SYNC_AGE].buckets;
    int64_t cells[CELLS_MOST];
    int64_t oldest_us;
    int64_t sum_us = 0;

    T_TRUE(metric_cells_each(METRIC_SYNC_AGE) <= CELLS_MOST);
    for (size_t i = 0; i < b->n; i++) { /* one on each bound, and one past it */
        calendar_add(db, (int)(1 + 2 * i), 1, NOW - b->us[i] / 1000);
        calendar_add(db, (int)(2 + 2 * i), 1, NOW - b->us[i] / 1000 - 1);
        sum_us += 2 * b->us[i] + 1000;
    }
    sample(db, cells, &oldest_us);
    for (size_t i = 0; i <= b->n; i++) {
        T_INT(cells[i], i == 0 || i == b->n ? 1 : 2);
    }
    T_INT(cells[b->n + 1], sum_us);
    T_INT(oldest_us, b->us[b->n - 1] + 1000);
}

/* A sample says how it is now: nothing of the one before is left in it. */
TEST(test_gauges_read_sets_ages_anew)
{
    CLEANUP(db_close) struct db *db = db_with_account();
    int64_t cells[CELLS_MOST];
    int64_t oldest_us;

    calendar_add(db, 1, 1, NOW - 7000);
    sample(db, cells, &oldest_us);
    sample(db, cells, &oldest_us);
    T_INT(sample_count(cells), 1);
    T_INT(oldest_us, 7000000);
    run_sql(db, "update calendar_sync set synced_at = 1999999999000");
    sample(db, cells, &oldest_us);
    T_INT(sample_count(cells), 1);
    T_INT(oldest_us, 1000000);
    run_sql(db, "delete from staff_calendar_settings");
    sample(db, cells, &oldest_us);
    T_INT(sample_count(cells), 0);
    T_INT(oldest_us, 0);
}

TEST(test_gauges_read_knows_which_calendars_are_to_be_read)
{
    static const struct {
        const char *sql;
        int64_t n;
        int64_t oldest_us;
    } rows[] = {
        {"update calendar_sync set due_at = 9223372036854775806", 1, 7000000},
        {"update calendar_sync set due_at = 1", 1, 7000000},
        {"update calendar_sync set state = 4", 1, 7000000}, /* a pause that is to end */
        {"update calendar_sync set due_at = 9223372036854775807", 0, 0},
        {"update calendar_sync set due_at = 5, inactive_reason = 2", 0, 0},
        /* Never read: since it was made. */
        {"update calendar_sync set inactive_reason = 0, synced_at = 0", 1, 9000000},
        /* A clock that was put back. */
        {"update calendar_sync set synced_at = 2000000000001", 1, 0},
        {"update calendar_sync set synced_at = 1", 1, (NOW - 1) * 1000},
    };

    CLEANUP(db_close) struct db *db = db_with_account();

    calendar_add(db, 1, NOW - 9000, NOW - 7000);
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t cells[CELLS_MOST];
        int64_t oldest_us;

        run_sql(db, rows[i].sql);
        sample(db, cells, &oldest_us);
        T_INT(sample_count(cells), rows[i].n);
        T_INT(oldest_us, rows[i].oldest_us);
        T_INT(cells[metric_cells_each(METRIC_SYNC_AGE) - 1], rows[i].oldest_us);
    }
}

/* So many of that age are more microseconds than a cell holds. */
TEST(test_gauges_read_ends_a_sum_at_what_a_cell_holds)
{
    CLEANUP(db_close) struct db *db = db_with_account();
    int64_t cells[CELLS_MOST];
    int64_t oldest_us;

    run_sql(
        db,
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < 5000)"
        " insert into staff_calendar_settings (id, account, calendar_id, switches,"
        " reminder_minutes, time_zone, created_at) select i, 1, 'c' || i, 2, 0, '', 1"
        " from n;"
        "insert into calendar_sync (settings, account, source, state, due_at, synced_at)"
        " select id, 1, 1, 2, 5, 1 from staff_calendar_settings");
    sample(db, cells, &oldest_us);
    T_INT(sample_count(cells), 5000);
    T_TRUE(cells[metric_cells_each(METRIC_SYNC_AGE) - 1] == INT64_MAX / 1000 * 1000);
}

TS_MAIN(
    TS(test_gauges_read_puts_each_calendar_into_its_bucket),
    TS(test_gauges_read_sets_ages_anew),
    TS(test_gauges_read_knows_which_calendars_are_to_be_read),
    TS(test_gauges_read_ends_a_sum_at_what_a_cell_holds))
