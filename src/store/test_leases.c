/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "store/leases.h"
#include "store/nodes.h"
#include "store/test_store.h"

enum { NOW = 1000000 };

static bool take_name(struct db *db, Str owner, int64_t now_ms, int64_t until_ms)
{
    bool got = false;

    T_OK(lease_take(t_cx(), db, S("name"), t_lease(db, owner, now_ms, until_ms), &got));
    return got;
}

static bool is_held(struct db *db, Str owner, int64_t now_ms)
{
    bool got = false;

    db_stop_clock(db, now_ms);
    T_OK(lease_holds(t_cx(), db, S("name"), owner, &got));
    return got;
}

TEST(test_lease_is_one_owners_until_it_is_over)
{
    CLEANUP(db_close) struct db *a = t_db();
    CLEANUP(db_close) struct db *b = t_db();
    bool got = false;

    T_TRUE(!is_held(a, S("a"), NOW));
    T_TRUE(take_name(a, S("a"), NOW, NOW + 60));
    T_TRUE(is_held(b, S("a"), NOW + 59));
    T_TRUE(!is_held(b, S("a"), NOW + 60));
    T_TRUE(!is_held(b, S("b"), NOW));
    T_TRUE(!take_name(b, S("b"), NOW + 59, NOW + 99));
    T_OK(lease_take(t_cx(), b, S("other name"), t_lease(b, S("b"), NOW, NOW + 60), &got));
    T_TRUE(got);
    T_TRUE(take_name(b, S("b"), NOW + 60, NOW + 99));
    T_TRUE(is_held(a, S("b"), NOW + 60));
    T_TRUE(!is_held(a, S("a"), NOW)); /* by no clock */
}

/* No owner has to wait for the lease of a node that died. */
TEST(test_lease_of_a_dead_node_is_over)
{
    CLEANUP(db_close) struct db *db = t_db();
    const struct node node = {.id = S("AAAAAAAAAAAA"), .host = S("h")};
    const int64_t dead = NOW + LIMIT_NODE_LIVE_MS;

    db_stop_clock(db, NOW);
    T_OK(node_write(t_cx(), db, &node));
    T_TRUE(take_name(db, S("AAAAAAAAAAAA/a"), NOW, 3 * dead));
    T_TRUE(!take_name(db, S("b"), dead - 1, 3 * dead));
    T_TRUE(take_name(db, S("b"), dead, 3 * dead));
    T_TRUE(!take_name(db, S("AAAAAAAAAAAA/a"), dead, 3 * dead));
}

/* The owner's node has left, or its row was swept. */
TEST(test_lease_of_a_node_without_a_row_is_over)
{
    CLEANUP(db_close) struct db *db = t_db();

    T_TRUE(take_name(db, S("BBBBBBBBBBBB/a"), NOW, NOW + 60));
    T_TRUE(take_name(db, S("b"), NOW + 1, NOW + 60));
    T_TRUE(!take_name(db, S("c"), NOW + 1, NOW + 60)); /* b is no node's */
}

TEST(test_lease_is_renewed_by_its_owner)
{
    CLEANUP(db_close) struct db *db = t_db();

    T_TRUE(take_name(db, S("a"), NOW, NOW + 60));
    T_TRUE(take_name(db, S("a"), NOW + 30, NOW + 90));
    T_TRUE(is_held(db, S("a"), NOW + 89));
    T_TRUE(!take_name(db, S("b"), NOW + 60, NOW + 99));
}

TEST(test_lease_drop_is_for_its_owner)
{
    CLEANUP(db_close) struct db *db = t_db();

    T_TRUE(take_name(db, S("a"), NOW, NOW + 60));
    T_OK(lease_drop(t_cx(), db, S("name"), S("b")));
    T_TRUE(is_held(db, S("a"), NOW));
    T_OK(lease_drop(t_cx(), db, S("name"), S("a")));
    T_TRUE(!is_held(db, S("a"), NOW));
    T_TRUE(take_name(db, S("b"), NOW, NOW + 60));
}

TEST(test_lease_of_the_far_future_is_over)
{
    CLEANUP(db_close) struct db *db = t_db();
    const int64_t most = NOW + LIMIT_LEASE_MOST_MS;

    T_TRUE(take_name(db, S("a"), most - 9, most));
    T_TRUE(!take_name(db, S("b"), NOW, NOW + 60));
    T_TRUE(take_name(db, S("b"), NOW - 1, NOW + 60));
}

/* By whichever of this machine's clocks is further on. */
TEST(test_left_is_what_is_certain)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct lease lease = {.owner = S("a"), .length_ms = 60 * 1000};
    int64_t left;

    T_INT(lease_left_ms(&lease), 0); /* never taken */
    db_stop_clock(db, NOW);
    T_OK(lease_begin(t_cx(), db, &lease));
    T_INT(lease.until_ms, NOW + 60 * 1000);
    left = lease_left_ms(&lease);
    T_TRUE(left > 50 * 1000 && left <= 60 * 1000);
    lease.local_boot_ms -= 55 * 1000; /* the machine slept */
    T_TRUE(lease_left_ms(&lease) <= 5 * 1000);
    lease.local_boot_ms += 55 * 1000;
    lease.local_now_ms -= 61 * 1000; /* it was moved, and its clock set on */
    T_INT(lease_left_ms(&lease), 0);
    lease = (struct lease){.owner = S("a"), .length_ms = LIMIT_LEASE_MOST_MS + 1};
    T_OK(lease_begin(t_cx(), db, &lease));
    T_INT(lease.until_ms, NOW + LIMIT_LEASE_MOST_MS);
}

TEST(test_sweep_removes_a_step_of_leases_that_are_over)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct lease *lease = t_lease(db, S("a"), NOW, NOW + 10);
    bool got;
    bool more;

    T_OK(db_script(t_cx(), db, "begin"));
    for (int i = 0; i < LIMIT_SWEEP_ROWS; i++) {
        T_OK(lease_take(t_cx(), db, str_int(&t_cx()->mem, i), lease, &got));
    }
    T_OK(db_script(t_cx(), db, "commit"));
    db_stop_clock(db, NOW + 9);
    T_OK(lease_sweep(t_cx(), db, &more));
    T_TRUE(!more);
    T_OK(lease_holds(t_cx(), db, S("0"), S("a"), &got));
    T_TRUE(got);
    db_stop_clock(db, NOW + 10);
    T_OK(lease_sweep(t_cx(), db, &more));
    T_TRUE(more);
    T_OK(lease_sweep(t_cx(), db, &more));
    T_TRUE(!more);
    db_stop_clock(db, NOW + 9);
    T_OK(lease_holds(t_cx(), db, S("0"), S("a"), &got));
    T_TRUE(!got); /* the row is gone */
}

TS_MAIN(
    TS(test_lease_of_the_far_future_is_over), TS(test_left_is_what_is_certain),
    TS(test_lease_is_one_owners_until_it_is_over), TS(test_lease_of_a_dead_node_is_over),
    TS(test_lease_of_a_node_without_a_row_is_over),
    TS(test_lease_is_renewed_by_its_owner), TS(test_lease_drop_is_for_its_owner),
    TS(test_sweep_removes_a_step_of_leases_that_are_over))
