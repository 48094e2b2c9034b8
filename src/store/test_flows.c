/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "base/limits.h"
#include "store/flows.h"
#include "store/test_store.h"

static const Str id = SI("\0flow id of 24 bytes\xff...");

#define HOLD(owner, now, until) (&(struct hold){owner, now, until})

enum { NOW = 1000000, UNTIL = 1030000 };

static void test_claim_is_won_once(void **state)
{
    CLEANUP(db_close) struct db *a = t_db();
    CLEANUP(db_close) struct db *b = t_db();
    struct flow_record r;

    (void)state;
    T_FAIL(FAIL_NOT_FOUND, flow_look(t_cx(), a, id, NOW, &r));
    T_OK(flow_claim(t_cx(), a, id, HOLD(S("a"), NOW, UNTIL), &r));
    T_INT(r.stage, FLOW_WON);
    T_OK(flow_claim(t_cx(), b, id, HOLD(S("b"), NOW, UNTIL), &r));
    T_INT(r.stage, FLOW_BUSY);
    T_OK(flow_claim(t_cx(), a, id, HOLD(S("a"), NOW, UNTIL), &r));
    T_INT(r.stage, FLOW_BUSY); /* nor again by who has it */
    T_OK(flow_claim(t_cx(), b, S("another"), HOLD(S("b"), NOW, UNTIL), &r));
    T_INT(r.stage, FLOW_WON);
}

static void test_claim_of_a_finished_flow_tells_how_it_ended(void **state)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct flow_record r;

    (void)state;
    T_OK(flow_claim(t_cx(), db, id, HOLD(S("a"), NOW, UNTIL), &r));
    T_OK(flow_finish(t_cx(), db, id, HOLD(S("a"), UNTIL - 1, 0), S("success"), 42));
    for (int i = 0; i < 2; i++) { /* also long after the claim's own time */
        T_OK(flow_claim(t_cx(), db, id, HOLD(S("b"), NOW + i * 10 * UNTIL, UNTIL), &r));
        T_INT(r.stage, FLOW_DONE);
        T_STR(r.outcome, S("success"));
        T_INT(r.account, 42);
    }
    T_OK(flow_look(t_cx(), db, id, NOW, &r));
    T_INT(r.stage, FLOW_DONE);
    T_INT(r.account, 42);
}

static void test_claim_that_is_over_ends_as_server_error(void **state)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct flow_record r;

    (void)state;
    T_OK(flow_claim(t_cx(), db, id, HOLD(S("a"), NOW, UNTIL), &r));
    T_OK(flow_look(t_cx(), db, id, UNTIL - 1, &r));
    T_INT(r.stage, FLOW_BUSY);
    T_OK(flow_claim(t_cx(), db, id, HOLD(S("b"), UNTIL - 1, 2 * UNTIL), &r));
    T_INT(r.stage, FLOW_BUSY);
    T_OK(flow_look(t_cx(), db, id, UNTIL, &r));
    T_INT(r.stage, FLOW_DONE);
    T_STR(r.outcome, S("server_error"));
    T_OK(flow_claim(t_cx(), db, id, HOLD(S("b"), UNTIL, 2 * UNTIL), &r));
    T_INT(r.stage, FLOW_DONE);
    T_STR(r.outcome, S("server_error"));
    /* and stays so for a node whose clock is behind */
    T_OK(flow_look(t_cx(), db, id, NOW, &r));
    T_INT(r.stage, FLOW_DONE);
    T_FAIL(
        FAIL_CONFLICT,
        flow_finish(t_cx(), db, id, HOLD(S("a"), NOW, 0), S("success"), 1));
}

static void test_finish_is_for_who_still_holds_it(void **state)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct flow_record r;

    (void)state;
    T_FAIL(
        FAIL_CONFLICT,
        flow_finish(t_cx(), db, id, HOLD(S("a"), NOW, 0), S("success"), 1));
    T_OK(flow_claim(t_cx(), db, id, HOLD(S("a"), NOW, UNTIL), &r));
    T_FAIL(
        FAIL_CONFLICT,
        flow_finish(t_cx(), db, id, HOLD(S("b"), NOW, 0), S("success"), 1));
    T_FAIL(
        FAIL_CONFLICT,
        flow_finish(t_cx(), db, id, HOLD(S("a"), UNTIL, 0), S("success"), 1));
    T_OK(flow_finish(t_cx(), db, id, HOLD(S("a"), UNTIL - 1, 0), S("code_rejected"), 0));
    T_FAIL(
        FAIL_CONFLICT,
        flow_finish(t_cx(), db, id, HOLD(S("a"), NOW, 0), S("success"), 1));
    T_OK(flow_look(t_cx(), db, id, NOW, &r));
    T_STR(r.outcome, S("code_rejected"));
    T_INT(r.account, 0);
}

static void test_release_opens_only_an_own_claim(void **state)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct flow_record r;

    (void)state;
    T_OK(flow_claim(t_cx(), db, id, HOLD(S("a"), NOW, UNTIL), &r));
    T_OK(flow_release(t_cx(), db, id, S("b")));
    T_OK(flow_look(t_cx(), db, id, NOW, &r));
    T_OK(flow_release(t_cx(), db, id, S("a")));
    T_FAIL(FAIL_NOT_FOUND, flow_look(t_cx(), db, id, NOW, &r));
    T_OK(flow_claim(t_cx(), db, id, HOLD(S("b"), NOW, UNTIL), &r));
    T_INT(r.stage, FLOW_WON);
    T_OK(flow_finish(t_cx(), db, id, HOLD(S("b"), NOW, 0), S("success"), 1));
    T_OK(flow_release(t_cx(), db, id, S("b")));
    T_OK(flow_look(t_cx(), db, id, NOW, &r)); /* what is done stays done */
}

static void test_sweep_keeps_flows_for_a_day(void **state)
{
    const int64_t kept_ms = (int64_t)LIMIT_FLOW_KEPT_S * 1000;
    CLEANUP(db_close) struct db *db = t_db();
    struct flow_record r;

    (void)state;
    T_OK(flow_claim(t_cx(), db, id, HOLD(S("a"), NOW, UNTIL), &r));
    T_OK(flow_claim(t_cx(), db, S("newer"), HOLD(S("a"), NOW + 1, UNTIL), &r));
    T_OK(flow_sweep(t_cx(), db, NOW + kept_ms - 1));
    T_OK(flow_look(t_cx(), db, id, NOW, &r));
    T_OK(flow_sweep(t_cx(), db, NOW + kept_ms));
    T_FAIL(FAIL_NOT_FOUND, flow_look(t_cx(), db, id, NOW, &r));
    T_OK(flow_look(t_cx(), db, S("newer"), NOW, &r));
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

    TRY(flow_claim(cx, db, flow, HOLD(((Str){&c->name, 1}), NOW, UNTIL), &r));
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

static void test_claim_has_one_winner_among_threads_and_stores(void **state)
{
    CLEANUP(store_close) struct store *one = t_store(3);
    CLEANUP(store_close) struct store *other = t_store(3);
    struct claimer all[CLAIMERS];

    (void)state;
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
    TS(test_finish_is_for_who_still_holds_it), TS(test_release_opens_only_an_own_claim),
    TS(test_sweep_keeps_flows_for_a_day),
    TS(test_claim_has_one_winner_among_threads_and_stores))
