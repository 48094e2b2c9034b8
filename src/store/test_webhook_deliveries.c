/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_webhook_deliveries.c - who makes an attempt, how many there are at a time, and
 * what comes of them.
 */
#include "store/nodes.h"
#include "store/test_webhooks.h"

enum { MOST = 4 };

static bool take_as(
    struct db *db, int64_t endpoint, const char *owner, struct webhook_job *ret)
{
    struct lease lease = {
        .owner = str_from_z(owner), .length_ms = LIMIT_WEBHOOK_LEASE_MS};
    bool got;

    ret->endpoint = endpoint;
    T_OK(webhook_delivery_take(t_cx(), db, MOST, &lease, ret, &got));
    return got;
}

static bool take(struct db *db, int64_t endpoint, struct webhook_job *ret)
{
    return take_as(db, endpoint, "n", ret);
}

/* An attempt of the job fails, or succeeds; whether that disabled the endpoint. */
static bool finish(
    struct db *db, const struct webhook_job *job, int status, int64_t again_in_ms)
{
    const struct webhook_attempt a = {
        .message = job->message,
        .endpoint = job->endpoint,
        .took_ms = 12,
        .status = status,
        .failure = status == 0 ? S("timeout") : S(""),
        .has_succeeded = status / 100 == 2,
        .is_gone = status == 410,
        .again_in_ms = again_in_ms};
    bool disabled;

    T_OK(webhook_delivery_finish(t_cx(), db, S("n"), &a, &disabled));
    return disabled;
}

#define NUMBER(db, column)                                                               \
    t_count((db), "select " column " from webhook_deliveries order by made_at")

static size_t due_now(struct db *db, struct webhook_due **ret)
{
    size_t n;

    T_OK(webhook_deliveries_due(t_cx(), db, MOST, ret, &n));
    return n;
}

TEST(test_webhook_delivery_is_taken_once)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    int64_t id = t_endpoint(db);
    struct webhook_job job = {.attempts = 77};
    struct webhook_due *due;

    T_TRUE(!take(db, id, &job));
    T_INT(job.attempts, 77);
    t_tell(db);
    T_INT(due_now(db, &due), 1);
    T_INT(due[0].endpoint, id);
    T_TRUE(!due[0].is_failing && !due[0].is_disabled);
    T_TRUE(take(db, id, &job));
    T_INT(job.endpoint, id);
    T_INT(job.attempts, 0);
    T_STR(job.url, S("https://app.example/hooks"));
    T_TRUE(str_contains(job.body, job.message));
    T_TRUE(!take(db, id, &job));
    T_INT(due_now(db, &due), 0);
    db_stop_clock(db, NOW_MS + LIMIT_WEBHOOK_LEASE_MS); /* its node has died */
    T_TRUE(take_as(db, id, "other", &job));
    T_FAIL(FAIL_CONFLICT, webhook_delivery_give_back(t_cx(), db, &job, S("n")));
    T_OK(webhook_delivery_give_back(t_cx(), db, &job, S("other")));
    T_TRUE(take(db, id, &job));
}

TEST(test_webhook_delivery_success_ends_it)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    int64_t id = t_endpoint(db);
    struct webhook_job job;

    t_tell(db);
    T_TRUE(take(db, id, &job));
    T_TRUE(!finish(db, &job, 204, 0));
    T_INT(NUMBER(db, "state"), WEBHOOK_DELIVERED);
    T_INT(NUMBER(db, "attempts"), 1);
    T_INT(NUMBER(db, "last_status"), 204);
    T_INT(NUMBER(db, "last_ms"), 12);
    T_INT(NUMBER(db, "last_at"), NOW_MS);
    T_INT(t_endpoint_now(db, id).succeeded_ms, NOW_MS);
    T_TRUE(!take(db, id, &job));
}

TEST(test_webhook_delivery_failure_is_tried_again_then)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    int64_t id = t_endpoint(db);
    struct webhook_job job;

    t_tell(db);
    T_TRUE(take(db, id, &job));
    T_TRUE(!finish(db, &job, 0, 5000));
    T_INT(NUMBER(db, "state"), WEBHOOK_WAITING);
    T_INT(
        t_count(
            db, "select count(*) from webhook_deliveries where last_failure = 'timeout'"),
        1);
    T_INT(t_endpoint_now(db, id).failing_since_ms, NOW_MS);
    T_INT(t_endpoint_now(db, id).failed, 1);
    db_stop_clock(db, NOW_MS + 4999);
    T_TRUE(!take(db, id, &job));
    db_stop_clock(db, NOW_MS + 5000);
    T_TRUE(take(db, id, &job));
    T_INT(job.attempts, 1);
    T_TRUE(!finish(db, &job, 500, 0)); /* that was the last */
    T_INT(NUMBER(db, "state"), WEBHOOK_FAILED);
    T_INT(t_endpoint_now(db, id).failing_since_ms, NOW_MS);
    T_INT(t_endpoint_now(db, id).failed, 2);
    t_tell(db);
    T_TRUE(take(db, id, &job));
    T_TRUE(!finish(db, &job, 200, 0));
    T_INT(t_endpoint_now(db, id).failing_since_ms, 0);
    T_INT(t_endpoint_now(db, id).failed, 0);
}

/* Four at a time, and one while the last attempt failed: the one that is due the longest.
 */
TEST(test_webhook_delivery_take_keeps_to_so_many_at_a_time)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    int64_t id = t_endpoint(db);
    struct webhook_job jobs[MOST + 1];
    struct webhook_due *due;

    for (int i = 0; i < MOST + 1; i++) {
        db_stop_clock(db, NOW_MS + i);
        t_tell(db);
    }
    for (int i = 0; i < MOST; i++) {
        T_TRUE(take(db, id, &jobs[i]));
        T_INT(due_now(db, &due), i < MOST - 1);
    }
    T_TRUE(!take(db, id, &jobs[MOST]));
    T_TRUE(!finish(db, &jobs[0], 500, 5000));
    T_TRUE(!take(db, id, &jobs[MOST]));
    for (int i = 1; i < MOST; i++) {
        T_INT(due_now(db, &due), 0);
        T_TRUE(!finish(db, &jobs[i], 0, 5000));
    }
    T_INT(due_now(db, &due), 1);
    T_TRUE(due[0].is_failing);
    db_stop_clock(db, NOW_MS + 6000);
    T_TRUE(take(db, id, &jobs[0]));
    T_INT(jobs[0].attempts, 0); /* the one that was never tried: the oldest due */
    T_TRUE(!take(db, id, &jobs[1]));
    T_TRUE(!finish(db, &jobs[0], 200, 0));
    T_TRUE(take(db, id, &jobs[0]) && take(db, id, &jobs[1]));
}

/* However long the queue of one that is dead. */
TEST(test_webhook_deliveries_due_begin_with_those_that_answer)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    int64_t dead = t_endpoint(db);
    struct webhook_due *due;

    for (int i = 0; i < 50; i++) {
        t_tell(db);
    }
    T_OK(db_script(
        t_cx(), db, "update webhook_endpoints set failing_since = 1, failed = 3"));
    db_stop_clock(db, NOW_MS + 1);
    int64_t good = t_endpoint(db);

    t_tell(db);
    T_INT(due_now(db, &due), 2);
    T_INT(due[0].endpoint, good);
    T_INT(due[1].endpoint, dead);
    T_TRUE(!due[0].is_failing && due[1].is_failing);
    T_OK(webhook_endpoint_disable(t_cx(), db, good, WEBHOOK_BY_OPERATOR));
    T_INT(due_now(db, &due), 2);
    T_TRUE(due[0].is_disabled && !due[1].is_disabled);
    T_OK(provider_mark_removed(t_cx(), db, 5));
    T_INT(due_now(db, &due), 0);
}

TEST(test_webhook_delivery_finish_disables_who_is_gone)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    int64_t id = t_endpoint(db);
    struct webhook_job job;
    bool more;

    t_tell(db);
    t_tell(db);
    T_TRUE(take(db, id, &job));
    T_TRUE(finish(db, &job, 410, 5000));
    T_INT(t_endpoint_now(db, id).state, WEBHOOK_DISABLED);
    T_INT(t_endpoint_now(db, id).reason, WEBHOOK_GONE);
    T_TRUE(!take(db, id, &job));
    T_OK(webhook_deliveries_end(t_cx(), db, id, &more));
    T_INT(t_count(db, "select count(*) from webhook_deliveries where state = 3"), 2);
    T_INT(
        t_count(
            db, "select count(*) from webhook_deliveries"
                " where last_failure = 'endpoint_disabled'"),
        1);
}

TEST(test_webhook_delivery_finish_disables_who_fails_for_five_days)
{
    static const struct {
        int64_t since_ms;
        int64_t failed;
        bool want;
    } rows[] = {
        {NOW_MS - LIMIT_WEBHOOK_FAILING_MS, LIMIT_WEBHOOK_FAILED - 1, true},
        {NOW_MS - LIMIT_WEBHOOK_FAILING_MS, LIMIT_WEBHOOK_FAILED - 2, false},
        {NOW_MS - LIMIT_WEBHOOK_FAILING_MS + 1, LIMIT_WEBHOOK_FAILED + 100, false},
        {0, LIMIT_WEBHOOK_FAILED + 100, false},
    };
    CLEANUP(db_close) struct db *db = t_hooks_db();
    int64_t id = t_endpoint(db);

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct webhook_job job;

        T_OK(db_exec(
            t_cx(), db,
            "update webhook_endpoints set state = 1, failing_since = $1, failed = $2",
            DB_ARGS(db_int(rows[i].since_ms), db_int(rows[i].failed)), NULL));
        t_tell(db);
        T_TRUE(take(db, id, &job));
        T_TRUE(finish(db, &job, 500, 0) == rows[i].want);
        T_INT(
            t_endpoint_now(db, id).state,
            rows[i].want ? WEBHOOK_DISABLED : WEBHOOK_ENABLED);
    }
}

TEST(test_webhook_deliveries_of_a_dead_node_are_due_at_once)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    static const uint32_t key = 7;
    const struct node node = {S("nodeAlive123"), S("host"), &key, 1, 7};
    int64_t id = t_endpoint(db);
    struct webhook_job job;
    bool due;
    bool orphaned;

    T_OK(webhook_deliveries_look(t_cx(), db, &due, &orphaned));
    T_TRUE(!due && !orphaned);
    t_tell(db);
    t_tell(db);
    T_OK(node_write(t_cx(), db, &node));
    T_TRUE(take_as(db, id, "nodeAlive123/1", &job));
    T_OK(webhook_deliveries_look(t_cx(), db, &due, &orphaned));
    T_TRUE(due && !orphaned);
    T_TRUE(take_as(db, id, "nodeDead1234/1", &job));
    T_OK(webhook_deliveries_look(t_cx(), db, &due, &orphaned));
    T_TRUE(!due && orphaned);
    T_OK(webhook_deliveries_reclaim(t_cx(), db));
    T_OK(webhook_deliveries_look(t_cx(), db, &due, &orphaned));
    T_TRUE(due && !orphaned);
    T_TRUE(take(db, id, &job));
    T_TRUE(!take(db, id, &job));
}

TEST(test_webhook_deliveries_lag_is_that_of_the_oldest)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    int64_t lag_ms = 77;

    T_OK(webhook_deliveries_lag(t_cx(), db, &lag_ms));
    T_INT(lag_ms, 0);
    (void)t_endpoint(db);
    t_tell(db);
    db_stop_clock(db, NOW_MS + 60);
    t_tell(db);
    T_OK(webhook_deliveries_lag(t_cx(), db, &lag_ms));
    T_INT(lag_ms, 60);
}

TS_MAIN(
    TS(test_webhook_delivery_is_taken_once), TS(test_webhook_delivery_success_ends_it),
    TS(test_webhook_delivery_failure_is_tried_again_then),
    TS(test_webhook_delivery_take_keeps_to_so_many_at_a_time),
    TS(test_webhook_deliveries_due_begin_with_those_that_answer),
    TS(test_webhook_delivery_finish_disables_who_is_gone),
    TS(test_webhook_delivery_finish_disables_who_fails_for_five_days),
    TS(test_webhook_deliveries_of_a_dead_node_are_due_at_once),
    TS(test_webhook_deliveries_lag_is_that_of_the_oldest))
