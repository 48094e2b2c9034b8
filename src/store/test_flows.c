/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "base/limits.h"
#include "store/flows.h"
#include "store/test_store.h"

static const Str id = SI("\0flow id of 24 bytes\xff...");

#define LEASE(db, owner, now, until) t_lease(db, owner, now, until)

enum { NOW = 1000000, UNTIL = 1030000 };

static Res read_at(struct db *db, Str flow, int64_t now_ms, struct flow_record *ret)
{
    db_stop_clock(db, now_ms);
    return flow_read(t_cx(), db, flow, ret);
}

static Res finish_at(
    struct db *db, Str owner, int64_t now_ms, Str outcome, int64_t account)
{
    db_stop_clock(db, now_ms);
    return flow_finish(t_cx(), db, id, owner, outcome, account);
}

static Res sweep_at(struct db *db, int64_t now_ms)
{
    bool more;

    db_stop_clock(db, now_ms);
    return flow_sweep(t_cx(), db, &more);
}

TEST(test_claim_is_won_once)
{
    CLEANUP(db_close) struct db *a = t_db();
    CLEANUP(db_close) struct db *b = t_db();
    struct flow_record r;

    T_FAIL(FAIL_NOT_FOUND, read_at(a, id, NOW, &r));
    T_OK(flow_claim(t_cx(), a, id, LEASE(a, S("a"), NOW, UNTIL), &r));
    T_INT(r.stage, FLOW_WON);
    T_OK(flow_claim(t_cx(), b, id, LEASE(b, S("b"), NOW, UNTIL), &r));
    T_INT(r.stage, FLOW_BUSY);
    T_OK(flow_claim(t_cx(), a, id, LEASE(a, S("a"), NOW, UNTIL), &r));
    T_INT(r.stage, FLOW_BUSY); /* nor again by who has it */
    T_OK(flow_claim(t_cx(), b, S("another"), LEASE(b, S("b"), NOW, UNTIL), &r));
    T_INT(r.stage, FLOW_WON);
}

TEST(test_claim_of_a_finished_flow_tells_how_it_ended)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct flow_record r;

    T_OK(flow_claim(t_cx(), db, id, LEASE(db, S("a"), NOW, UNTIL), &r));
    T_OK(finish_at(db, S("a"), UNTIL - 1, S("success"), 42));
    for (int i = 0; i < 2; i++) { /* also long after the claim's own time */
        T_OK(flow_claim(
            t_cx(), db, id, LEASE(db, S("b"), NOW + i * 10 * UNTIL, UNTIL), &r));
        T_INT(r.stage, FLOW_DONE);
        T_STR(r.outcome, S("success"));
        T_INT(r.account, 42);
    }
    T_OK(read_at(db, id, NOW, &r));
    T_INT(r.stage, FLOW_DONE);
    T_INT(r.account, 42);
}

TEST(test_claim_that_is_over_ends_as_server_error)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct flow_record r;

    T_OK(flow_claim(t_cx(), db, id, LEASE(db, S("a"), NOW, UNTIL), &r));
    T_OK(read_at(db, id, UNTIL - 1, &r));
    T_INT(r.stage, FLOW_BUSY);
    T_OK(flow_claim(t_cx(), db, id, LEASE(db, S("b"), UNTIL - 1, 2 * UNTIL), &r));
    T_INT(r.stage, FLOW_BUSY);
    T_OK(read_at(db, id, UNTIL, &r));
    T_INT(r.stage, FLOW_LOST); /* nobody has written it yet */
    T_INT(r.outcome.n, 0);
    T_OK(finish_at(db, S("a"), UNTIL - 1, S("success"), 1)); /* so it may end well */
    T_OK(flow_claim(t_cx(), db, id, LEASE(db, S("b"), UNTIL, 2 * UNTIL), &r));
    T_STR(r.outcome, S("success"));
}

TEST(test_claim_writes_that_another_was_lost)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct flow_record r;

    T_OK(flow_claim(t_cx(), db, id, LEASE(db, S("a"), NOW, UNTIL), &r));
    T_OK(flow_claim(t_cx(), db, id, LEASE(db, S("b"), UNTIL, 2 * UNTIL), &r));
    T_INT(r.stage, FLOW_DONE);
    T_STR(r.outcome, S("server_error"));
    T_TRUE(r.is_new);
    T_OK(flow_claim(t_cx(), db, id, LEASE(db, S("b"), UNTIL, 2 * UNTIL), &r));
    T_INT(r.stage, FLOW_DONE);
    T_TRUE(!r.is_new);
    T_FAIL(FAIL_CONFLICT, finish_at(db, S("a"), UNTIL - 1, S("success"), 1));
    T_OK(read_at(db, id, UNTIL - 1, &r)); /* by any clock */
    T_STR(r.outcome, S("server_error"));
}

/* A flow whose node died after the exchange is gone on with, once. */
TEST(test_a_lost_claim_hands_its_tokens_over)
{
    CLEANUP(db_close) struct db *db = t_db();
    const struct flow_tokens tokens = {.sealed = S("sealed"), .key_id = 7};
    struct flow_record r;
    Str found = S("");

    T_OK(flow_claim(t_cx(), db, id, LEASE(db, S("a"), NOW, UNTIL), &r));
    db_stop_clock(db, NOW);
    T_OK(flow_keep(t_cx(), db, id, S("a"), &tokens));
    T_FAIL(FAIL_CONFLICT, flow_keep(t_cx(), db, id, S("b"), &tokens));
    T_FAIL(
        FAIL_NOT_FOUND,
        flow_take_lost(t_cx(), db, LEASE(db, S("b"), UNTIL - 1, 2 * UNTIL), &found, &r));
    T_OK(flow_claim(t_cx(), db, id, LEASE(db, S("b"), UNTIL - 1, 2 * UNTIL), &r));
    T_INT(r.stage, FLOW_BUSY);
    T_OK(flow_take_lost(t_cx(), db, LEASE(db, S("b"), UNTIL, 2 * UNTIL), &found, &r));
    T_INT(r.stage, FLOW_WON);
    T_STR(r.sealed, S("sealed"));
    T_STR(found, id);
    T_FAIL(FAIL_CONFLICT, finish_at(db, S("a"), UNTIL, S("success"), 1));
    T_OK(flow_claim(t_cx(), db, id, LEASE(db, S("c"), 2 * UNTIL, 3 * UNTIL), &r));
    T_INT(r.stage, FLOW_WON);
    T_STR(r.sealed, S("sealed"));
    T_OK(finish_at(db, S("c"), 2 * UNTIL, S("success"), 42));
    T_FAIL(
        FAIL_NOT_FOUND,
        flow_take_lost(t_cx(), db, LEASE(db, S("d"), 9 * UNTIL, 10 * UNTIL), &found, &r));
    T_FAIL(FAIL_CONFLICT, flow_keep(t_cx(), db, id, S("c"), &tokens));
}

TEST(test_end_lost_leaves_what_is_not_lost)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct flow_record r;

    T_OK(flow_claim(t_cx(), db, id, LEASE(db, S("a"), NOW, UNTIL), &r));
    db_stop_clock(db, UNTIL - 1);
    T_OK(flow_end_lost(t_cx(), db, id, &r));
    T_INT(r.stage, FLOW_BUSY);
    T_OK(finish_at(db, S("a"), UNTIL - 1, S("success"), 1));
    db_stop_clock(db, UNTIL);
    T_OK(flow_end_lost(t_cx(), db, id, &r));
    T_STR(r.outcome, S("success"));
}

/* As a node wrote it whose clock was an hour ahead. */
TEST(test_claim_of_the_far_future_is_over)
{
    CLEANUP(db_close) struct db *db = t_db();
    const int64_t most = NOW + LIMIT_LEASE_MOST_MS;
    struct flow_record r;

    T_OK(flow_claim(t_cx(), db, id, LEASE(db, S("a"), most - 9, most), &r));
    T_OK(read_at(db, id, NOW, &r));
    T_INT(r.stage, FLOW_BUSY);
    T_OK(read_at(db, id, NOW - 1, &r));
    T_INT(r.stage, FLOW_LOST);
    T_OK(flow_claim(t_cx(), db, id, LEASE(db, S("b"), NOW - 1, UNTIL), &r));
    T_INT(r.stage, FLOW_DONE);
    T_STR(r.outcome, S("server_error"));
}

TEST(test_finish_is_for_who_still_holds_it)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct flow_record r;

    T_FAIL(FAIL_CONFLICT, finish_at(db, S("a"), NOW, S("success"), 1));
    T_OK(flow_claim(t_cx(), db, id, LEASE(db, S("a"), NOW, UNTIL), &r));
    T_FAIL(FAIL_CONFLICT, finish_at(db, S("b"), NOW, S("success"), 1));
    T_FAIL(FAIL_CONFLICT, finish_at(db, S("a"), UNTIL, S("success"), 1));
    T_OK(finish_at(db, S("a"), UNTIL - 1, S("code_rejected"), 0));
    T_FAIL(FAIL_CONFLICT, finish_at(db, S("a"), NOW, S("success"), 1));
    T_OK(read_at(db, id, NOW, &r));
    T_STR(r.outcome, S("code_rejected"));
    T_INT(r.account, 0);
}

TEST(test_sweep_keeps_flows_for_a_day)
{
    const int64_t kept_ms = (int64_t)LIMIT_FLOW_KEPT_S * 1000;
    CLEANUP(db_close) struct db *db = t_db();
    struct flow_record r;

    T_OK(flow_claim(t_cx(), db, id, LEASE(db, S("a"), NOW, UNTIL), &r));
    T_OK(flow_claim(t_cx(), db, S("newer"), LEASE(db, S("a"), NOW + 1, UNTIL), &r));
    T_OK(sweep_at(db, NOW + kept_ms - 1));
    T_OK(read_at(db, id, NOW, &r));
    T_OK(sweep_at(db, NOW + kept_ms));
    T_FAIL(FAIL_NOT_FOUND, read_at(db, id, NOW, &r));
    T_OK(read_at(db, S("newer"), NOW, &r));
}

/* Nobody has used or revoked its tokens yet. */
TEST(test_sweep_keeps_a_flow_that_has_tokens)
{
    const struct flow_tokens tokens = {.sealed = S("t"), .key_id = 1};
    const int64_t late_ms = NOW + 2 * (int64_t)LIMIT_FLOW_KEPT_S * 1000;
    CLEANUP(db_close) struct db *db = t_db();
    struct flow_record r;

    T_OK(flow_claim(t_cx(), db, id, LEASE(db, S("a"), NOW, UNTIL), &r));
    T_OK(flow_keep(t_cx(), db, id, S("a"), &tokens));
    T_OK(sweep_at(db, late_ms));
    T_OK(flow_claim(t_cx(), db, id, LEASE(db, S("b"), late_ms, late_ms + 60), &r));
    T_INT(r.stage, FLOW_WON);
    T_STR(r.sealed, S("t"));
}

TEST(test_sweep_removes_a_step_of_flows)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct flow_record r;
    bool more;

    T_OK(db_script(t_cx(), db, "begin"));
    for (int i = 0; i < 2 * LIMIT_SWEEP_ROWS - 1; i++) {
        Str one = str_int(&t_cx()->mem, i);

        T_OK(flow_claim(t_cx(), db, one, LEASE(db, S("a"), NOW, UNTIL), &r));
    }
    T_OK(db_script(t_cx(), db, "commit"));
    db_stop_clock(db, NOW + (int64_t)LIMIT_FLOW_KEPT_S * 1000);
    T_OK(flow_sweep(t_cx(), db, &more));
    T_TRUE(more);
    T_OK(flow_sweep(t_cx(), db, &more));
    T_TRUE(!more); /* one less than a step was left */
    T_FAIL(FAIL_NOT_FOUND, flow_read(t_cx(), db, S("0"), &r));
    T_FAIL(
        FAIL_NOT_FOUND,
        flow_read(t_cx(), db, str_int(&t_cx()->mem, 2 * LIMIT_SWEEP_ROWS - 2), &r));
}

/* Many at once for each of many flows, all from one pool. */
enum { CLAIMERS = 8, FLOWS = 50 };

struct claimer {
    pthread_t thread;
    struct store *store;
    char name;
    int flow;
    int won[FLOWS];
};

static Res claim_one(struct cx *cx, struct db *db, void *arg)
{
    struct claimer *c = arg;
    struct flow_record r;
    Str flow = str_int(&cx->mem, c->flow);

    TRY(flow_claim(
        cx, db, flow, &(struct lease){.owner = {&c->name, 1}, .length_ms = 30 * 1000},
        &r));
    c->won[c->flow] = r.stage == FLOW_WON;
    return OK;
}

static void *claim_all(void *arg)
{
    struct claimer *c = arg;
    struct cx cx = {0};

    for (c->flow = 0; c->flow < FLOWS; c->flow++) {
        must_be(store_write(&cx, c->store, claim_one, c).code == FAIL_NONE);
    }
    cx_done(&cx);
    return NULL;
}

TEST(test_claim_has_one_winner_among_threads_and_stores)
{
    CLEANUP(store_close) struct store *one = t_store(3);
    CLEANUP(store_close) struct store *other = t_store(3);
    struct claimer all[CLAIMERS];

    T_OK(store_migrate(t_cx(), one));
    for (int i = 0; i < CLAIMERS; i++) {
        all[i] =
            (struct claimer){.store = i % 2 == 0 ? one : other, .name = (char)('a' + i)};
        must_be(pthread_create(&all[i].thread, NULL, claim_all, &all[i]) == 0);
    }
    for (int i = 0; i < CLAIMERS; i++) {
        must_be(pthread_join(all[i].thread, NULL) == 0);
    }
    for (int flow = 0; flow < FLOWS; flow++) {
        int winners = 0;

        for (int i = 0; i < CLAIMERS; i++) {
            winners += all[i].won[flow];
        }
        T_INT(winners, 1);
    }
}

TS_MAIN(
    TS(test_claim_is_won_once), TS(test_claim_of_a_finished_flow_tells_how_it_ended),
    TS(test_claim_that_is_over_ends_as_server_error),
    TS(test_claim_writes_that_another_was_lost),
    TS(test_a_lost_claim_hands_its_tokens_over),
    TS(test_end_lost_leaves_what_is_not_lost), TS(test_claim_of_the_far_future_is_over),
    TS(test_finish_is_for_who_still_holds_it), TS(test_sweep_keeps_flows_for_a_day),
    TS(test_sweep_keeps_a_flow_that_has_tokens), TS(test_sweep_removes_a_step_of_flows),
    TS(test_claim_has_one_winner_among_threads_and_stores))
