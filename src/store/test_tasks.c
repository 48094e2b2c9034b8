/* SPDX-License-Identifier: Apache-2.0 */
#include "store/accounts.h"
#include "store/grants.h"
#include "store/providers.h"
#include "store/tasks.h"
#include "store/test_store.h"

#define HOLD(owner, now, until) (&(struct hold){owner, now, until})

enum { NOW = 1000000 };

static int64_t add(struct db *db, Str subject, int64_t next_ms)
{
    struct task t = {
        .source = SOURCE_GOOGLE,
        .subject = subject,
        .key_id = 0xfedcba98,
        .sealed = S("sealed\0\xff"),
        .attempts = 3,
        .next_ms = next_ms,
        .give_up_ms = 9 * (int64_t)NOW,
    };
    int64_t id = 0;

    T_OK(task_add(t_cx(), db, &t, &id));
    return id;
}

static void test_take_gives_what_was_added(void **state)
{
    CLEANUP(db_close) struct db *db = t_db();
    int64_t id = add(db, S("s"), NOW);
    struct task t;

    (void)state;
    T_OK(task_take(t_cx(), db, HOLD(S("a"), NOW, NOW + 60), &t));
    T_INT(t.id, id);
    T_INT(t.source, SOURCE_GOOGLE);
    T_STR(t.subject, S("s"));
    T_TRUE(t.key_id == 0xfedcba98);
    T_STR(t.sealed, S("sealed\0\xff"));
    T_INT(t.attempts, 3);
    T_INT(t.next_ms, NOW);
    T_INT(t.give_up_ms, 9 * (int64_t)NOW);
}

static void test_take_gives_the_oldest_that_is_due(void **state)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct task t = {.id = 77};

    (void)state;
    T_FAIL(FAIL_NOT_FOUND, task_take(t_cx(), db, HOLD(S("a"), NOW, NOW + 60), &t));
    (void)add(db, S("later"), NOW + 1);
    int64_t second = add(db, S("second"), NOW);
    int64_t first = add(db, S("first"), NOW - 1);

    T_FAIL(FAIL_NOT_FOUND, task_take(t_cx(), db, HOLD(S("a"), NOW - 2, NOW + 60), &t));
    T_INT(t.id, 77);
    T_OK(task_take(t_cx(), db, HOLD(S("a"), NOW, NOW + 60), &t));
    T_INT(t.id, first);
    T_OK(task_take(t_cx(), db, HOLD(S("b"), NOW, NOW + 60), &t));
    T_INT(t.id, second);
    T_FAIL(FAIL_NOT_FOUND, task_take(t_cx(), db, HOLD(S("c"), NOW, NOW + 60), &t));
}

static void test_take_takes_over_when_the_lease_is_over(void **state)
{
    CLEANUP(db_close) struct db *a = t_db();
    CLEANUP(db_close) struct db *b = t_db();
    int64_t id = add(a, S("s"), NOW);
    struct task t;

    (void)state;
    T_OK(task_take(t_cx(), a, HOLD(S("a"), NOW, NOW + 60), &t));
    T_FAIL(FAIL_NOT_FOUND, task_take(t_cx(), b, HOLD(S("b"), NOW + 59, NOW + 99), &t));
    T_OK(task_take(t_cx(), b, HOLD(S("b"), NOW + 60, NOW + 99), &t));
    T_INT(t.id, id);
    T_FAIL(FAIL_CONFLICT, task_again(t_cx(), a, id, S("a"), NOW + 99));
    T_FAIL(FAIL_CONFLICT, task_done(t_cx(), a, id, S("a")));
    T_OK(task_done(t_cx(), b, id, S("b")));
    T_FAIL(FAIL_CONFLICT, task_done(t_cx(), b, id, S("b")));
}

static void test_again_gives_it_back_for_later(void **state)
{
    CLEANUP(db_close) struct db *db = t_db();
    int64_t id = add(db, S("s"), NOW);
    struct task t;

    (void)state;
    T_OK(task_take(t_cx(), db, HOLD(S("a"), NOW, NOW + 60), &t));
    T_OK(task_again(t_cx(), db, id, S("a"), NOW + 10));
    T_FAIL(FAIL_CONFLICT, task_again(t_cx(), db, id, S("a"), NOW + 10));
    T_FAIL(FAIL_NOT_FOUND, task_take(t_cx(), db, HOLD(S("b"), NOW + 9, NOW + 70), &t));
    T_OK(task_take(t_cx(), db, HOLD(S("b"), NOW + 10, NOW + 70), &t));
    T_INT(t.attempts, 4);
    T_INT(t.next_ms, NOW + 10);
}

static void test_cancel_takes_all_of_a_subject_even_when_held(void **state)
{
    CLEANUP(db_close) struct db *db = t_db();
    int64_t held = add(db, S("s"), NOW - 1);
    struct task t;
    int64_t n;

    (void)state;
    (void)add(db, S("s"), NOW);
    (void)add(db, S("other"), NOW);
    T_OK(task_take(t_cx(), db, HOLD(S("a"), NOW, NOW + 60), &t));
    T_INT(t.id, held);
    T_OK(task_cancel(t_cx(), db, SOURCE_MICROSOFT, S("s")));
    T_OK(task_count(t_cx(), db, &n));
    T_INT(n, 3);
    T_OK(task_cancel(t_cx(), db, SOURCE_GOOGLE, S("s")));
    T_OK(task_count(t_cx(), db, &n));
    T_INT(n, 1);
    T_FAIL(FAIL_CONFLICT, task_again(t_cx(), db, held, S("a"), NOW));
    T_OK(task_cancel(t_cx(), db, SOURCE_GOOGLE, S("s"))); /* none is no failure */
}

static bool take(struct db *db, Str owner, int64_t now_ms, int64_t until_ms)
{
    bool got = false;

    T_OK(lease_take(t_cx(), db, S("name"), HOLD(owner, now_ms, until_ms), &got));
    return got;
}

static bool holds(struct db *db, Str owner, int64_t now_ms)
{
    bool got = false;

    T_OK(lease_holds(t_cx(), db, S("name"), owner, now_ms, &got));
    return got;
}

static void test_lease_is_one_owners_until_it_is_over(void **state)
{
    CLEANUP(db_close) struct db *a = t_db();
    CLEANUP(db_close) struct db *b = t_db();
    bool got = false;

    (void)state;
    T_TRUE(!holds(a, S("a"), NOW));
    T_TRUE(take(a, S("a"), NOW, NOW + 60));
    T_TRUE(holds(b, S("a"), NOW + 59));
    T_TRUE(!holds(b, S("a"), NOW + 60));
    T_TRUE(!holds(b, S("b"), NOW));
    T_TRUE(!take(b, S("b"), NOW + 59, NOW + 99));
    T_OK(lease_take(t_cx(), b, S("other name"), HOLD(S("b"), NOW, NOW + 60), &got));
    T_TRUE(got);
    T_TRUE(take(b, S("b"), NOW + 60, NOW + 99));
    T_TRUE(holds(a, S("b"), NOW + 60));
    T_TRUE(!holds(a, S("a"), NOW)); /* by no clock */
}

static void test_lease_is_renewed_by_its_owner(void **state)
{
    CLEANUP(db_close) struct db *db = t_db();

    (void)state;
    T_TRUE(take(db, S("a"), NOW, NOW + 60));
    T_TRUE(take(db, S("a"), NOW + 30, NOW + 90));
    T_TRUE(holds(db, S("a"), NOW + 89));
    T_TRUE(!take(db, S("b"), NOW + 60, NOW + 99));
}

static void test_lease_drop_is_for_its_owner(void **state)
{
    CLEANUP(db_close) struct db *db = t_db();

    (void)state;
    T_TRUE(take(db, S("a"), NOW, NOW + 60));
    T_OK(lease_drop(t_cx(), db, S("name"), S("b")));
    T_TRUE(holds(db, S("a"), NOW));
    T_OK(lease_drop(t_cx(), db, S("name"), S("a")));
    T_TRUE(!holds(db, S("a"), NOW));
    T_TRUE(take(db, S("b"), NOW, NOW + 60));
}

static void test_setting_put_replaces(void **state)
{
    CLEANUP(db_close) struct db *db = t_db();
    Str value = S("untouched");

    (void)state;
    T_FAIL(FAIL_NOT_FOUND, setting_get(t_cx(), db, S("sealing_key"), &value));
    T_STR(value, S("untouched"));
    T_OK(setting_put(t_cx(), db, S("sealing_key"), S("0000002a")));
    T_OK(setting_get(t_cx(), db, S("sealing_key"), &value));
    T_STR(value, S("0000002a"));
    T_OK(setting_put(t_cx(), db, S("sealing_key"), S("")));
    T_OK(setting_get(t_cx(), db, S("sealing_key"), &value));
    T_STR(value, S(""));
}

TS_MAIN(
    TS(test_take_gives_what_was_added), TS(test_take_gives_the_oldest_that_is_due),
    TS(test_take_takes_over_when_the_lease_is_over),
    TS(test_again_gives_it_back_for_later),
    TS(test_cancel_takes_all_of_a_subject_even_when_held),
    TS(test_lease_is_one_owners_until_it_is_over), TS(test_lease_is_renewed_by_its_owner),
    TS(test_lease_drop_is_for_its_owner), TS(test_setting_put_replaces))
