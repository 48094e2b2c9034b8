/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db_rows.h"
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
    int64_t n = 0;

    T_OK(db_query_int(t_cx(), db, "select count(*) from t", DB_NONE, &n));
    return n;
}

TEST(test_query_binds_by_number_and_not_by_place)
{
    CLEANUP(db_close) struct db *db = db_with_table();
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

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

TEST(test_get_gives_back_what_was_bound)
{
    static const struct {
        struct db_value i, t, b;
        int64_t want_i;
        Str want_t, want_b;
    } rows[] = {
        {{.i = INT64_MAX, .type = DB_INT},
         {.s = SI("caf\xc3\xa9"), .type = DB_TEXT},
         {.s = SI("\0\xff"), .type = DB_BLOB},
         INT64_MAX,
         SI("caf\xc3\xa9"),
         SI("\0\xff")},
        {{.i = INT64_MIN, .type = DB_INT},
         {.s = {NULL, 0}, .type = DB_TEXT},
         {.s = {NULL, 0}, .type = DB_BLOB},
         INT64_MIN,
         SI(""),
         SI("")},
    };
    CLEANUP(db_close) struct db *db = db_with_table();

    for (size_t at = 0; at < COUNT(rows); at++) {
        CLEANUP(db_done) struct db_stmt *stmt = NULL;
        bool row;

        T_OK(db_exec(t_cx(), db, "delete from t", DB_NONE, NULL));
        T_OK(db_exec(
            t_cx(), db, "insert into t (i, t, b) values ($1, $2, $3)",
            DB_ARGS(rows[at].i, rows[at].t, rows[at].b), NULL));
        T_OK(db_query(t_cx(), db, "select i, t, b from t", DB_NONE, &stmt));
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

TEST(test_get_gives_nothing_for_null)
{
    CLEANUP(db_close) struct db *db = t_db();
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    T_OK(db_query(t_cx(), db, "select null", DB_NONE, &stmt));
    T_OK(db_step(t_cx(), stmt, &row));
    T_TRUE(db_is_null(stmt, 0));
    T_INT(db_get_int(stmt, 0), 0);
    T_STR(db_get_text(&t_cx()->mem, stmt, 0), S(""));
}

TEST(test_exec_tells_how_many_rows_it_touched)
{
    CLEANUP(db_close) struct db *db = db_with_table();
    int64_t changed;

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

TEST(test_exec_says_what_kind_of_failure_it_was)
{
    CLEANUP(db_close) struct db *db = db_with_table();
    int64_t changed = 77;

    T_OK(db_exec(t_cx(), db, "insert into t (i) values (1)", DB_NONE, NULL));
    T_FAIL(
        FAIL_CONFLICT, db_exec(
                           t_cx(), db, "insert into t (i, t) values (1, $1)",
                           DB_ARGS(db_text(S("very private"))), &changed));
    T_TRUE(!str_contains(str_from_z(t_cx()->why.text), S("private")));
    T_FAIL(
        FAIL_INTERNAL,
        db_exec(t_cx(), db, "insrt into t (i) values (1)", DB_NONE, &changed));
    T_INT(changed, 77);
    T_INT(count_rows(db), 1);
}

TEST(test_exec_one_fails_as_told_where_it_touches_nothing)
{
    CLEANUP(db_close) struct db *db = db_with_table();
    static const char sql[] = "delete from t where i = $1";

    T_OK(db_exec(t_cx(), db, "insert into t (i) values (1)", DB_NONE, NULL));
    T_OK(db_exec_one(t_cx(), db, sql, DB_ARGS(db_int(1)), FAIL_CONFLICT, "gone"));
    T_FAIL(
        FAIL_CONFLICT,
        db_exec_one(t_cx(), db, sql, DB_ARGS(db_int(1)), FAIL_CONFLICT, "gone"));
    T_STR(str_from_z(t_cx()->why.text), S("gone"));
    T_FAIL(
        FAIL_NOT_FOUND,
        db_exec_one(t_cx(), db, sql, DB_ARGS(db_int(1)), FAIL_NOT_FOUND, "none"));
}

struct pair {
    int64_t i;
    Str t;
};

static Res pair_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    struct pair *pair = ret;

    if (db_get_int(stmt, 0) < 0) {
        return fail(cx, FAIL_UNREADABLE, "below zero");
    }
    pair->i = db_get_int(stmt, 0);
    pair->t = db_get_text(&cx->mem, stmt, 1);
    return OK;
}

static const struct db_row pair_row = {"pair", sizeof(struct pair), pair_read};

static void insert_pair(struct db *db, int64_t i, Str t)
{
    T_OK(db_exec(
        t_cx(), db, "insert into t (i, t) values ($1, $2)",
        DB_ARGS(db_int(i), db_text(t)), NULL));
}

TEST(test_one_gives_the_row_or_says_that_there_is_none)
{
    CLEANUP(db_close) struct db *db = db_with_table();
    static const char sql[] = "select i, t from t where i = $1";
    struct pair pair = {.i = 77};
    int64_t i = 77;

    T_FAIL(FAIL_NOT_FOUND, db_one(t_cx(), db, sql, DB_ARGS(db_int(1)), &pair_row, &pair));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("pair")));
    T_FAIL(FAIL_NOT_FOUND, db_query_int(t_cx(), db, sql, DB_ARGS(db_int(1)), &i));
    insert_pair(db, -1, S("a"));
    T_FAIL(
        FAIL_UNREADABLE, db_one(t_cx(), db, sql, DB_ARGS(db_int(-1)), &pair_row, &pair));
    T_INT(pair.i, 77);
    T_INT(i, 77);
    insert_pair(db, 1, S("b"));
    T_OK(db_one(t_cx(), db, sql, DB_ARGS(db_int(1)), &pair_row, &pair));
    T_INT(pair.i, 1);
    T_STR(pair.t, S("b"));
    T_OK(db_query_int(t_cx(), db, sql, DB_ARGS(db_int(1)), &i));
    T_INT(i, 1);
}

TEST(test_one_refuses_a_number_out_of_its_range)
{
    CLEANUP(db_close) struct db *db = db_with_table();
    static const struct db_range ranges[] = {{0, "i", -1, 7}};
    static const struct db_row row = {
        "pair", sizeof(struct pair), pair_read, ranges, COUNT(ranges)};

    static const struct {
        int64_t i;
        enum fail want;
    } rows[] = {
        {INT64_MIN, FAIL_UNREADABLE},
        {-2, FAIL_UNREADABLE},
        {0, FAIL_NONE},
        {7, FAIL_NONE},
        {8, FAIL_UNREADABLE},
        {INT64_MAX, FAIL_UNREADABLE},
    };
    struct pair pair;

    for (size_t i = 0; i < COUNT(rows); i++) {
        insert_pair(db, rows[i].i, S(""));
        T_FAIL(
            rows[i].want, db_one(
                              t_cx(), db, "select i, t from t where i = $1",
                              DB_ARGS(db_int(rows[i].i)), &row, &pair));
    }
    T_STR(
        str_from_z(t_cx()->why.text),
        S("store: pair 9223372036854775807 has i 9223372036854775807, which this caldock "
          "doesn't know"));
}

TEST(test_rows_come_behind_what_the_list_has)
{
    CLEANUP(db_close) struct db *db = db_with_table();
    static const char sql[] = "select i, t from t where i > $1 order by i";
    struct db_list list = {0};

    T_OK(db_rows(t_cx(), db, sql, DB_ARGS(db_int(0)), &pair_row, &list));
    T_INT(list.n, 0);
    for (int64_t i = 1; i <= 40; i++) {
        insert_pair(db, i, str_int(&t_cx()->mem, i));
    }
    T_OK(db_rows(t_cx(), db, sql, DB_ARGS(db_int(1)), &pair_row, &list));
    T_INT(list.n, 39);
    T_OK(db_rows(t_cx(), db, sql, DB_ARGS(db_int(39)), &pair_row, &list));
    T_INT(list.n, 40);
    const struct pair *pairs = list.at;

    for (size_t i = 0; i < 39; i++) {
        T_INT(pairs[i].i, i + 2);
        T_STR(pairs[i].t, str_int(&t_cx()->mem, (int64_t)i + 2));
    }
    T_INT(pairs[39].i, 40);
    insert_pair(db, -1, S("a"));
    T_OK(db_rows(t_cx(), db, sql, DB_ARGS(db_int(-2)), &pair_row, &list));
    T_INT(list.n, 80); /* without the one that can't be read */
    T_INT(list.n_unreadable, 1);
    T_FAIL(
        FAIL_INTERNAL, db_rows(t_cx(), db, "selct i from t", DB_NONE, &pair_row, &list));
    T_INT(list.n, 80); /* a failed call leaves its result alone */
}

TS_MAIN(
    TS(test_query_binds_by_number_and_not_by_place),
    TS(test_get_gives_back_what_was_bound), TS(test_get_gives_nothing_for_null),
    TS(test_exec_tells_how_many_rows_it_touched),
    TS(test_exec_says_what_kind_of_failure_it_was),
    TS(test_exec_one_fails_as_told_where_it_touches_nothing),
    TS(test_one_gives_the_row_or_says_that_there_is_none),
    TS(test_one_refuses_a_number_out_of_its_range),
    TS(test_rows_come_behind_what_the_list_has))
