/* SPDX-License-Identifier: Apache-2.0 */
#include "store/test_store.h"

static struct db *db_with_table(void)
{
    struct db *db = t_db();

    T_OK(db_script(
        t_cx(), db,
        t_is_sqlite() ? "create table t (i integer, t text, b blob, unique (i)) strict"
                      : "create table t (i bigint, t text, b bytea, unique (i))"));
    return db;
}

static int64_t count_rows(struct db *db)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row = false;

    T_OK(db_query(t_cx(), db, "select count(*) from t", NULL, 0, &stmt));
    T_OK(db_step(t_cx(), stmt, &row));
    T_TRUE(row);
    return db_get_int(stmt, 0);
}

static void test_query_binds_by_number_and_not_by_place(void **state)
{
    CLEANUP(db_close) struct db *db = db_with_table();
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    (void)state;
    T_OK(db_query(
        t_cx(), db, "select $3, $1, $2, $1",
        DB_ARGS(db_int(7), db_text(S("ab")), db_blob(S("\xff"))), &stmt));
    T_OK(db_step(t_cx(), stmt, &row));
    T_TRUE(row);
    T_STR(db_get_blob(&t_cx()->mem, stmt, 0), S("\xff"));
    T_INT(db_get_int(stmt, 1), 7);
    T_STR(db_get_text(&t_cx()->mem, stmt, 2), S("ab"));
    T_INT(db_get_int(stmt, 3), 7);
    T_OK(db_step(t_cx(), stmt, &row));
    T_TRUE(!row);
}

static void test_get_gives_back_what_was_bound(void **state)
{
    static const struct {
        struct db_value i, t, b;
        int64_t want_i;
        Str want_t, want_b;
    } rows[] = {
        {{DB_INT, INT64_MAX, SI("")},
         {DB_TEXT, 0, SI("caf\xc3\xa9")},
         {DB_BLOB, 0, SI("\0\xff")},
         INT64_MAX, SI("caf\xc3\xa9"),
         SI("\0\xff")},
        {{DB_INT, INT64_MIN, SI("")},
         {DB_TEXT, 0, {NULL, 0}},
         {DB_BLOB, 0, {NULL, 0}},
         INT64_MIN, SI(""),
         SI("")      },
    };
    CLEANUP(db_close) struct db *db = db_with_table();

    (void)state;
    for (size_t at = 0; at < COUNT(rows); at++) {
        CLEANUP(db_done) struct db_stmt *stmt = NULL;
        bool row;

        T_OK(db_exec(t_cx(), db, "delete from t", NULL, 0, NULL));
        T_OK(db_exec(
            t_cx(), db, "insert into t (i, t, b) values ($1, $2, $3)",
            DB_ARGS(rows[at].i, rows[at].t, rows[at].b), NULL));
        T_OK(db_query(t_cx(), db, "select i, t, b from t", NULL, 0, &stmt));
        T_OK(db_step(t_cx(), stmt, &row));
        T_TRUE(row);
        T_TRUE(db_get_int(stmt, 0) == rows[at].want_i);
        T_STR(db_get_text(&t_cx()->mem, stmt, 1), rows[at].want_t);
        T_STR(db_get_blob(&t_cx()->mem, stmt, 2), rows[at].want_b);
        for (int column = 0; column < 3; column++) {
            T_TRUE(!db_is_null(stmt, column)); /* what is empty is not null */
        }
    }
}

static void test_get_gives_nothing_for_null(void **state)
{
    CLEANUP(db_close) struct db *db = t_db();
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    (void)state;
    T_OK(db_query(t_cx(), db, "select null", NULL, 0, &stmt));
    T_OK(db_step(t_cx(), stmt, &row));
    T_TRUE(db_is_null(stmt, 0));
    T_INT(db_get_int(stmt, 0), 0);
    T_STR(db_get_text(&t_cx()->mem, stmt, 0), S(""));
}

static void test_exec_tells_how_many_rows_it_touched(void **state)
{
    CLEANUP(db_close) struct db *db = db_with_table();
    int64_t changed;

    (void)state;
    for (int64_t i = 0; i < 5; i++) { /* one statement, prepared once */
        T_OK(db_exec(
            t_cx(), db, "insert into t (i) values ($1)", DB_ARGS(db_int(i)), &changed));
        T_INT(changed, 1);
    }
    T_OK(db_exec(
        t_cx(), db, "insert into t (i) values ($1) on conflict (i) do nothing",
        DB_ARGS(db_int(3)), &changed));
    T_INT(changed, 0);
    T_OK(db_exec(
        t_cx(), db, "update t set t = '' where i >= $1", DB_ARGS(db_int(2)), &changed));
    T_INT(changed, 3);
    T_OK(
        db_exec(t_cx(), db, "delete from t where i = $1", DB_ARGS(db_int(99)), &changed));
    T_INT(changed, 0);
}

static void test_exec_says_what_kind_of_failure_it_was(void **state)
{
    CLEANUP(db_close) struct db *db = db_with_table();
    int64_t changed = 77;

    (void)state;
    T_OK(db_exec(t_cx(), db, "insert into t (i) values (1)", NULL, 0, NULL));
    T_FAIL(
        FAIL_CONFLICT, db_exec(
                           t_cx(), db, "insert into t (i, t) values (1, $1)",
                           DB_ARGS(db_text(S("very private"))), &changed));
    T_TRUE(!str_contains(str_from_z(t_cx()->why.text), S("private")));
    T_FAIL(
        FAIL_INTERNAL,
        db_exec(t_cx(), db, "insert into nothing (i) values (1)", NULL, 0, &changed));
    T_INT(changed, 77);
    T_INT(count_rows(db), 1);
}

static void test_grow_keeps_what_is_in_the_list(void **state)
{
    int *list = NULL;

    (void)state;
    for (int n = 0; n < 1000; n++) {
        list = db_grow(&t_cx()->mem, list, (size_t)n, sizeof(*list));
        list[n] = n;
    }
    for (int n = 0; n < 1000; n++) {
        T_INT(list[n], n);
    }
}

TS_MAIN(
    TS(test_query_binds_by_number_and_not_by_place),
    TS(test_get_gives_back_what_was_bound), TS(test_get_gives_nothing_for_null),
    TS(test_exec_tells_how_many_rows_it_touched),
    TS(test_exec_says_what_kind_of_failure_it_was),
    TS(test_grow_keeps_what_is_in_the_list))
