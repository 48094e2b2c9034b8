/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "store/accounts.h"
#include "store/grants.h"
#include "store/nodes.h"
#include "store/providers.h"
#include "store/revocations.h"
#include "store/test_store.h"

enum { NOW = 1000000 };

static const struct revocation_line oldest = {SOURCE_GOOGLE, REVOCATION_OLDEST};
static const struct revocation_line newest = {SOURCE_GOOGLE, REVOCATION_NEWEST};

static int64_t revocation_new(struct db *db, Str subject, int64_t next_ms)
{
    struct revocation t = {
        .source = SOURCE_GOOGLE,
        .subject = subject,
        .key_id = 0xfedcba98,
        .sealed = S("sealed\0\xff"),
        .attempts = 3,
        .next_ms = next_ms,
        .give_up_ms = 9 * (int64_t)NOW,
    };
    int64_t id = 0;

    T_OK(revocation_insert(t_cx(), db, &t, &id));
    return id;
}

TEST(test_take_gives_what_was_added)
{
    CLEANUP(db_close) struct db *db = t_db();
    int64_t id = revocation_new(db, S("s"), NOW);
    struct revocation t;

    T_OK(revocation_take(t_cx(), db, oldest, t_lease(db, S("a"), NOW, NOW + 60), &t));
    T_INT(t.id, id);
    T_INT(t.source, SOURCE_GOOGLE);
    T_STR(t.subject, S("s"));
    T_TRUE(t.key_id == 0xfedcba98);
    T_STR(t.sealed, S("sealed\0\xff"));
    T_INT(t.attempts, 3);
    T_INT(t.next_ms, NOW);
    T_INT(t.give_up_ms, 9 * (int64_t)NOW);
}

TEST(test_take_gives_the_oldest_that_is_due)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct revocation t = {.id = 77};

    T_FAIL(
        FAIL_NOT_FOUND,
        revocation_take(t_cx(), db, oldest, t_lease(db, S("a"), NOW, NOW + 60), &t));
    (void)revocation_new(db, S("later"), NOW + 1);
    int64_t second = revocation_new(db, S("second"), NOW);
    int64_t first = revocation_new(db, S("first"), NOW - 1);

    T_FAIL(
        FAIL_NOT_FOUND,
        revocation_take(t_cx(), db, oldest, t_lease(db, S("a"), NOW - 2, NOW + 60), &t));
    T_INT(t.id, 77);
    T_OK(revocation_take(t_cx(), db, oldest, t_lease(db, S("a"), NOW, NOW + 60), &t));
    T_INT(t.id, first);
    T_OK(revocation_take(t_cx(), db, oldest, t_lease(db, S("b"), NOW, NOW + 60), &t));
    T_INT(t.id, second);
    T_FAIL(
        FAIL_NOT_FOUND,
        revocation_take(t_cx(), db, oldest, t_lease(db, S("c"), NOW, NOW + 60), &t));
}

static int64_t take_next(struct db *db, struct revocation_line line)
{
    struct revocation t = {0};

    return revocation_take(t_cx(), db, line, t_lease(db, S("a"), NOW, NOW + 60), &t).code
                   == FAIL_NONE
               ? t.id
               : 0;
}

static int64_t untried_new(struct db *db, enum source_id source, int64_t next_ms)
{
    int64_t id = 0;

    T_OK(revocation_insert(
        t_cx(), db,
        &(struct revocation){
            .source = source,
            .subject = S("s"),
            .sealed = S("x"),
            .next_ms = next_ms,
            .give_up_ms = 9 * (int64_t)NOW},
        &id));
    return id;
}

/* What was tried, or isn't due, is no news; what is due comes from the end. */
TEST(test_take_gives_the_newest_that_was_never_tried)
{
    CLEANUP(db_close) struct db *db = t_db();
    int64_t first = untried_new(db, SOURCE_GOOGLE, NOW - 9);
    int64_t second = untried_new(db, SOURCE_GOOGLE, NOW - 9);

    (void)untried_new(db, SOURCE_GOOGLE, NOW + 1);
    int64_t tried = revocation_new(db, S("tried"), NOW - 99);

    T_INT(take_next(db, newest), second);
    T_INT(take_next(db, newest), first);
    T_INT(take_next(db, newest), 0);
    T_INT(take_next(db, oldest), tried);
}

TEST(test_take_is_of_one_source)
{
    CLEANUP(db_close) struct db *db = t_db();
    int64_t id = untried_new(db, SOURCE_MICROSOFT, NOW - 9);

    T_INT(take_next(db, newest), 0);
    T_INT(take_next(db, oldest), 0);
    T_INT(
        take_next(db, (struct revocation_line){SOURCE_MICROSOFT, REVOCATION_OLDEST}), id);
}

static void node_seen(struct db *db, Str id, int64_t ms)
{
    db_stop_clock(db, ms);
    T_OK(node_write(t_cx(), db, &(struct node){.id = id, .host = S("h")}));
}

/* What a dead node holds is free at once. */
TEST(test_take_takes_over_from_a_dead_node)
{
    CLEANUP(db_close) struct db *db = t_db();
    const Str owner = S("0123456789ab/x");
    struct revocation t;
    int64_t id = untried_new(db, SOURCE_GOOGLE, NOW);

    node_seen(db, S("0123456789ab"), NOW);
    T_OK(revocation_take(
        t_cx(), db, oldest, t_lease(db, owner, NOW, NOW + LIMIT_LEASE_MOST_MS), &t));
    db_stop_clock(db, NOW + LIMIT_NODE_LIVE_MS - 1);
    struct lease *lease =
        t_lease(db, S("b"), NOW + LIMIT_NODE_LIVE_MS - 1, NOW + LIMIT_LEASE_MOST_MS);

    T_FAIL(FAIL_NOT_FOUND, revocation_take(t_cx(), db, newest, lease, &t));
    db_stop_clock(db, NOW + LIMIT_NODE_LIVE_MS);
    T_OK(revocation_take(t_cx(), db, newest, lease, &t));
    T_INT(t.id, id);
}

TEST(test_take_takes_over_when_the_lease_is_over)
{
    CLEANUP(db_close) struct db *a = t_db();
    CLEANUP(db_close) struct db *b = t_db();
    int64_t id = revocation_new(a, S("s"), NOW);
    struct revocation t;

    T_OK(revocation_take(t_cx(), a, oldest, t_lease(a, S("a"), NOW, NOW + 60), &t));
    T_FAIL(
        FAIL_NOT_FOUND,
        revocation_take(t_cx(), b, oldest, t_lease(b, S("b"), NOW + 59, NOW + 99), &t));
    T_OK(revocation_take(t_cx(), b, oldest, t_lease(b, S("b"), NOW + 60, NOW + 99), &t));
    T_INT(t.id, id);
    T_FAIL(FAIL_CONFLICT, revocation_again(t_cx(), a, id, S("a"), 99));
    T_FAIL(FAIL_CONFLICT, revocation_done(t_cx(), a, id, S("a")));
    T_OK(revocation_done(t_cx(), b, id, S("b")));
    T_FAIL(FAIL_CONFLICT, revocation_done(t_cx(), b, id, S("b")));
}

TEST(test_again_gives_it_back_for_later)
{
    CLEANUP(db_close) struct db *db = t_db();
    int64_t id = revocation_new(db, S("s"), NOW);
    struct revocation t;

    T_OK(revocation_take(t_cx(), db, oldest, t_lease(db, S("a"), NOW, NOW + 60), &t));
    T_OK(revocation_again(t_cx(), db, id, S("a"), 10));
    T_FAIL(FAIL_CONFLICT, revocation_again(t_cx(), db, id, S("a"), 10));
    T_FAIL(
        FAIL_NOT_FOUND,
        revocation_take(t_cx(), db, oldest, t_lease(db, S("b"), NOW + 9, NOW + 70), &t));
    T_OK(
        revocation_take(t_cx(), db, oldest, t_lease(db, S("b"), NOW + 10, NOW + 70), &t));
    T_INT(t.attempts, 4);
    T_INT(t.next_ms, NOW + 10);
}

TEST(test_cancel_takes_all_of_a_subject_even_when_held)
{
    CLEANUP(db_close) struct db *db = t_db();
    int64_t held = revocation_new(db, S("s"), NOW - 1);
    struct revocation t;
    int64_t n;

    (void)revocation_new(db, S("s"), NOW);
    (void)revocation_new(db, S("other"), NOW);
    T_OK(revocation_take(t_cx(), db, oldest, t_lease(db, S("a"), NOW, NOW + 60), &t));
    T_INT(t.id, held);
    T_OK(revocation_cancel(t_cx(), db, SOURCE_MICROSOFT, S("s")));
    T_OK(revocation_count(t_cx(), db, &n));
    T_INT(n, 3);
    T_OK(revocation_cancel(t_cx(), db, SOURCE_GOOGLE, S("s")));
    T_OK(revocation_count(t_cx(), db, &n));
    T_INT(n, 1);
    T_FAIL(FAIL_CONFLICT, revocation_again(t_cx(), db, held, S("a"), 0));
    T_OK(revocation_cancel(t_cx(), db, SOURCE_GOOGLE, S("s"))); /* none is no failure */
}

/* As a node wrote it whose clock was an hour ahead. */
TEST(test_lease_of_the_far_future_keeps_nobody_waiting)
{
    CLEANUP(db_close) struct db *db = t_db();
    const int64_t most = NOW + LIMIT_LEASE_MOST_MS;
    struct revocation t;

    (void)revocation_new(db, S("s"), NOW - 9);
    T_OK(revocation_take(t_cx(), db, oldest, t_lease(db, S("a"), most - 9, most), &t));
    T_FAIL(
        FAIL_NOT_FOUND,
        revocation_take(t_cx(), db, oldest, t_lease(db, S("b"), NOW, NOW + 60), &t));
    T_OK(revocation_take(t_cx(), db, oldest, t_lease(db, S("b"), NOW - 1, NOW + 60), &t));
}

TS_MAIN(
    TS(test_lease_of_the_far_future_keeps_nobody_waiting),
    TS(test_take_gives_the_newest_that_was_never_tried), TS(test_take_is_of_one_source),
    TS(test_take_takes_over_from_a_dead_node), TS(test_take_gives_what_was_added),
    TS(test_take_gives_the_oldest_that_is_due),
    TS(test_take_takes_over_when_the_lease_is_over),
    TS(test_again_gives_it_back_for_later),
    TS(test_cancel_takes_all_of_a_subject_even_when_held))
