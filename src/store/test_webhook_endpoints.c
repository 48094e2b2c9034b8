/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_webhook_endpoints.c - endpoints, and what goes with them.
 */
#include "store/test_webhooks.h"
#include "store/webhook_history.h"
#include "store/webhook_messages.h"

TEST(test_webhook_endpoint_add_knows_how_many_there_may_be)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    const struct webhook_endpoint e = {.provider = 5, .url = S("u")};
    int64_t id = 77;

    for (int i = 0; i < LIMIT_WEBHOOK_ENDPOINTS; i++) {
        (void)t_endpoint(db);
    }
    T_FAIL(FAIL_LIMIT, webhook_endpoint_add(t_cx(), db, &e, &id));
    T_INT(id, 77);
    (void)t_endpoint_of(db, 6, 0);
}

TEST(test_webhook_endpoint_write_changes_what_is_given)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    struct webhook_endpoint e = {
        .id = t_endpoint(db),
        .url = S("https://b.example/"),
        .description = S("d"),
        .types = 3,
        .key_id = 7,
        .sealed = S("\0s"),
        .previous_until_ms = 9};

    T_OK(webhook_endpoint_write(t_cx(), db, &e));
    T_OK(webhook_endpoint_put_secret(t_cx(), db, &e));
    struct webhook_endpoint now = t_endpoint_now(db, e.id);

    T_STR(now.url, e.url);
    T_STR(now.description, e.description);
    T_INT(now.types, 3);
    T_INT(now.version, 2);
    T_INT(now.key_id, 7);
    T_STR(now.sealed, e.sealed);
    T_INT(now.previous_until_ms, 9);
    T_INT(now.provider, 5);
    T_INT(now.state, WEBHOOK_ENABLED);
    T_INT(now.created_ms, NOW_MS);
    e.id = 99;
    T_FAIL(FAIL_NOT_FOUND, webhook_endpoint_write(t_cx(), db, &e));
    T_FAIL(FAIL_NOT_FOUND, webhook_endpoint_put_secret(t_cx(), db, &e));
    T_FAIL(FAIL_NOT_FOUND, webhook_endpoint_enable(t_cx(), db, 99));
    T_FAIL(FAIL_NOT_FOUND, webhook_endpoint_disable(t_cx(), db, 99, WEBHOOK_GONE));
    T_FAIL(FAIL_NOT_FOUND, webhook_endpoint_remove(t_cx(), db, 99));
}

TEST(test_webhook_endpoint_list_is_of_one_provider_or_all)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    int64_t first = t_endpoint(db);
    int64_t other = t_endpoint_of(db, 6, 0);
    struct webhook_endpoint_page page;

    T_OK(webhook_endpoint_list(t_cx(), db, 0, 0, &page));
    T_INT(page.n, 2);
    T_INT(page.last, other);
    T_OK(webhook_endpoint_list(t_cx(), db, 0, page.last, &page));
    T_INT(page.n + (size_t)page.last, 0);
    T_OK(webhook_endpoint_list(t_cx(), db, 5, 0, &page));
    T_INT(page.n, 1);
    T_INT(page.at[0].id, first);
}

TEST(test_webhook_endpoint_enable_waits_for_the_queue_to_end)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    int64_t id = t_endpoint(db);
    struct webhook_queue queue;
    bool more = true;
    int64_t n;

    t_tell(db);
    T_OK(webhook_deliveries_end(t_cx(), db, id, &more)); /* it is not disabled */
    T_OK(webhook_deliveries_queue(t_cx(), db, id, &queue));
    T_INT(queue.waiting, 1);
    T_INT(queue.oldest_due_ms, NOW_MS);
    T_OK(webhook_endpoint_disable(t_cx(), db, id, WEBHOOK_GONE));
    T_OK(webhook_endpoint_disable(t_cx(), db, id, WEBHOOK_BY_OPERATOR));
    T_INT(t_endpoint_now(db, id).reason, WEBHOOK_GONE); /* the first reason stays */
    T_OK(webhook_endpoint_count_disabled(t_cx(), db, &n));
    T_INT(n, 1);
    T_FAIL(FAIL_CONFLICT, webhook_endpoint_enable(t_cx(), db, id));
    T_OK(webhook_deliveries_end(t_cx(), db, id, &more));
    T_TRUE(!more);
    T_OK(webhook_deliveries_queue(t_cx(), db, id, &queue));
    T_INT(queue.waiting + queue.oldest_due_ms, 0);
    T_OK(webhook_endpoint_enable(t_cx(), db, id));
    T_INT(t_endpoint_now(db, id).state, WEBHOOK_ENABLED);
    T_INT(t_endpoint_now(db, id).reason, WEBHOOK_NO_REASON);
    T_OK(webhook_endpoint_enable(t_cx(), db, id)); /* twice is once */
}

static struct webhook_history history_of(struct db *db, int64_t endpoint, int64_t ms)
{
    struct webhook_history h = {.endpoint = endpoint, .after_ms = ms};

    T_OK(webhook_history_read(t_cx(), db, &h));
    return h;
}

TEST(test_webhook_history_goes_page_by_page)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    int64_t id = t_endpoint(db);

    for (int i = 0; i < LIMIT_STEP_ROWS + 1; i++) {
        db_stop_clock(db, NOW_MS + i / 10); /* several have one time */
        t_tell(db);
    }
    struct webhook_history h = history_of(db, id, 0);
    Str last = h.at[h.n - 1].message;

    T_INT(h.n, LIMIT_STEP_ROWS);
    T_TRUE(h.more);
    T_STR(h.at[0].type, S("account.connected"));
    T_INT(h.at[0].state, WEBHOOK_WAITING);
    T_OK(webhook_history_read(t_cx(), db, &h));
    T_INT(h.n, 1);
    T_TRUE(!h.more && !str_eq(h.at[0].message, last));
    T_INT(history_of(db, id, NOW_MS + 10).n, 1);
    T_INT(history_of(db, id, NOW_MS + 11).n, 0);
    T_INT(history_of(db, 99, 0).n, 0);
}

TEST(test_webhook_history_replays_what_is_over)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    int64_t id = t_endpoint(db);
    bool did = true;

    t_tell(db);
    Str message = history_of(db, id, 0).at[0].message;

    T_OK(webhook_history_replay(t_cx(), db, id, message, &did));
    T_TRUE(!did);
    T_OK(db_script(
        t_cx(), db,
        "update webhook_deliveries set state = 3, attempts = 10, last_status = 500"));
    db_stop_clock(db, NOW_MS + 60);
    T_OK(webhook_history_replay(t_cx(), db, id, message, &did));
    T_TRUE(did);
    struct webhook_delivery d = history_of(db, id, 0).at[0];

    T_INT(d.state, WEBHOOK_WAITING);
    T_INT(d.attempts, 0);
    T_INT(d.due_ms, NOW_MS + 60);
    T_INT(d.status, 500);
    T_FAIL(FAIL_NOT_FOUND, webhook_history_replay(t_cx(), db, 99, message, &did));
    T_FAIL(FAIL_NOT_FOUND, webhook_history_replay(t_cx(), db, id, S("msg_"), &did));
}

TEST(test_webhook_history_is_forgotten_in_steps)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    int64_t id = t_endpoint(db);
    int64_t other = t_endpoint(db);
    bool more = false;

    for (int i = 0; i < LIMIT_STEP_ROWS; i++) {
        t_tell(db);
    }
    T_OK(webhook_history_forget(t_cx(), db, id, &more));
    T_TRUE(more);
    T_OK(webhook_history_forget(t_cx(), db, id, &more));
    T_TRUE(!more);
    T_INT(history_of(db, id, 0).n, 0);
    T_INT(history_of(db, other, 0).n, LIMIT_STEP_ROWS);
    T_OK(webhook_endpoint_remove(t_cx(), db, other));
    T_INT(t_count(db, "select count(*) from webhook_deliveries"), 0);
    T_TRUE(t_endpoint(db) > other); /* no id is given again */
}

enum { KEEP_MS = 1000 };

TEST(test_webhook_message_sweep_keeps_what_is_waited_for)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    bool more = true;

    (void)t_endpoint(db);
    t_tell(db);
    db_stop_clock(db, NOW_MS + KEEP_MS);
    T_OK(webhook_message_sweep(t_cx(), db, KEEP_MS, &more));
    T_INT(t_count(db, "select count(*) from webhook_messages"), 1);
    T_OK(db_script(t_cx(), db, "update webhook_deliveries set state = 2"));
    db_stop_clock(db, NOW_MS + KEEP_MS - 1);
    T_OK(webhook_message_sweep(t_cx(), db, KEEP_MS, &more));
    T_INT(t_count(db, "select count(*) from webhook_messages"), 1);
    db_stop_clock(db, NOW_MS + KEEP_MS);
    T_OK(webhook_message_sweep(t_cx(), db, KEEP_MS, &more));
    T_TRUE(!more);
    T_INT(t_count(db, "select count(*) from webhook_messages"), 0);
    T_INT(t_count(db, "select count(*) from webhook_deliveries"), 0);
}

TEST(test_webhook_message_forget_is_of_one_provider)
{
    CLEANUP(db_close) struct db *db = t_hooks_db();
    bool more = true;

    (void)t_endpoint(db);
    t_tell(db);
    T_OK(webhook_message_forget(t_cx(), db, 6, &more));
    T_INT(t_count(db, "select count(*) from webhook_messages"), 1);
    T_OK(webhook_message_forget(t_cx(), db, 5, &more));
    T_TRUE(!more);
    T_INT(t_count(db, "select count(*) from webhook_messages"), 0);
}

TEST(test_webhook_types_are_found_by_name)
{
    enum webhook_type found = WEBHOOK_TYPES;

    for (int type = 0; type < WEBHOOK_TYPES; type++) {
        T_TRUE(webhook_type_find(webhook_type_name((enum webhook_type)type), &found));
        T_INT(found, type);
        T_TRUE(webhook_type_is_in(found, 0));
        T_TRUE(webhook_type_is_in(found, INT64_C(1) << type));
        T_TRUE(!webhook_type_is_in(found, INT64_C(1) << (type + 1)));
    }
    T_TRUE(!webhook_type_find(S("webhook.ping"), &found));
    T_TRUE(!webhook_type_find(S("pushed_event.lost"), &found));
    T_TRUE(!webhook_type_find(S(""), &found));
}

TS_MAIN(
    TS(test_webhook_endpoint_add_knows_how_many_there_may_be),
    TS(test_webhook_endpoint_write_changes_what_is_given),
    TS(test_webhook_endpoint_list_is_of_one_provider_or_all),
    TS(test_webhook_endpoint_enable_waits_for_the_queue_to_end),
    TS(test_webhook_history_goes_page_by_page),
    TS(test_webhook_history_replays_what_is_over),
    TS(test_webhook_history_is_forgotten_in_steps),
    TS(test_webhook_message_sweep_keeps_what_is_waited_for),
    TS(test_webhook_message_forget_is_of_one_provider),
    TS(test_webhook_types_are_found_by_name))
