/* SPDX-License-Identifier: Apache-2.0 */
#include "store/accounts.h"
#include "store/grants.h"
#include "store/providers.h"
#include "store/test_store.h"

static int64_t add_account(struct db *db, Str subject)
{
    int64_t id = 0;

    T_OK(account_insert(
        t_cx(), db,
        &(struct account){
            .provider = 5,
            .mode = MODE_PROVIDER,
            .source = SOURCE_GOOGLE,
            .subject = subject,
            .status = ACCOUNT_CONNECTED,
            .status_since_ms = 100,
            .connected_ms = 100},
        &id));
    T_OK(grant_put(
        t_cx(), db, id,
        &(struct grant_record){.key_id = 1, .sealed = S("one"), .due_ms = 1000}));
    return id;
}

static struct db *db_with_provider(void)
{
    struct db *db = t_db();

    T_OK(provider_add(t_cx(), db, &(struct provider){.id = 5, .name = S("studio")}));
    return db;
}

static bool lease(struct db *db, int64_t id, int64_t version, struct hold hold)
{
    bool got;

    T_OK(grant_lease(t_cx(), db, id, version, &hold, &got));
    return got;
}

static struct grant_record get(struct db *db, int64_t id)
{
    struct grant_record g;

    T_OK(grant_get(t_cx(), db, id, &g));
    return g;
}

static size_t count_due(struct db *db, int64_t now_ms, int64_t limit, int64_t *first)
{
    int64_t *ids = NULL;
    size_t n;

    T_OK(grant_due(t_cx(), db, now_ms, limit, &ids, &n));
    *first = n > 0 ? ids[0] : 0;
    return n;
}

/* A store as it was before the upkeep of grants, with one in it. */
static Res make_version_1(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    TRY(db_script(cx, db, db_driver_of(db)->migrations[0].text.p));
    TRY(db_script(
        cx, db,
        "insert into schema_version values (1, 0);"
        "insert into providers values (5, 'studio', 0);"
        "insert into accounts values (3, 5, 2, '', 1, 'a', 'n', 1, '', 100, 100)"));
    return db_exec(
        cx, db,
        "insert into grants (account, version, key_id, sealed) values (3, 4, 1, $1)",
        DB_ARGS(db_blob(S("old"))), NULL);
}

static Res look_at_version_2(struct cx *cx, struct db *db, void *arg)
{
    struct grant_record *g = arg;
    int64_t first;

    T_INT(count_due(db, 1, 9, &first), 1);
    T_INT(first, 3);
    return grant_get(cx, db, 3, g);
}

static void test_migrate_keeps_grants_and_lets_them_be_due(void **state)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    struct grant_record g;

    (void)state;
    T_OK(store_create(t_cx(), s));
    T_OK(store_write(t_cx(), s, make_version_1, NULL));
    T_FAIL(FAIL_UNAVAILABLE, store_check(t_cx(), s));
    T_OK(store_migrate(t_cx(), s));
    T_OK(store_read(t_cx(), s, look_at_version_2, &g));
    T_INT(g.version, 4);
    T_STR(g.sealed, S("old"));
    T_INT(g.leased_until_ms, 0);
    T_INT(g.failures, 0);
    T_INT(g.retry_ms, 0);
}

static void test_lease_is_of_one_for_its_time(void **state)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t id = add_account(db, S("a"));

    (void)state;
    T_TRUE(!lease(db, id, 2, (struct hold){S("x"), 10, 20})); /* another version */
    T_TRUE(!lease(db, 99, 1, (struct hold){S("x"), 10, 20}));
    T_TRUE(lease(db, id, 1, (struct hold){S("x"), 10, 20}));
    T_INT(get(db, id).leased_until_ms, 20);
    T_INT(get(db, id).version, 1);
    T_TRUE(!lease(db, id, 1, (struct hold){S("y"), 19, 30}));
    T_TRUE(!lease(db, id, 1, (struct hold){S("x"), 19, 30})); /* not even the same */
    T_TRUE(lease(db, id, 1, (struct hold){S("y"), 20, 30}));
}

static void test_refreshed_replaces_the_grant_and_ends_the_lease(void **state)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t id = add_account(db, S("a"));
    const struct grant_record two = {.key_id = 2, .sealed = S("two"), .due_ms = 2000};

    (void)state;
    T_FAIL(FAIL_CONFLICT, grant_refreshed(t_cx(), db, id, S("x"), &two));
    T_TRUE(lease(db, id, 1, (struct hold){S("x"), 10, 20}));
    T_FAIL(FAIL_CONFLICT, grant_refreshed(t_cx(), db, id, S("y"), &two));
    T_STR(get(db, id).sealed, S("one"));
    T_OK(grant_refreshed(t_cx(), db, id, S("x"), &two));
    struct grant_record g = get(db, id);

    T_STR(g.sealed, S("two"));
    T_INT(g.key_id, 2);
    T_INT(g.version, 2);
    T_INT(g.leased_until_ms, 0);
    T_FAIL(FAIL_CONFLICT, grant_refreshed(t_cx(), db, id, S("x"), &two));
}

/* oauth-security 62: what a stale holder brings is thrown away. */
static void test_a_lost_lease_writes_nothing(void **state)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    const struct grant_record late = {.key_id = 2, .sealed = S("late")};

    (void)state;
    for (int how = 0; how < 3; how++) {
        int64_t id = add_account(db, how == 0 ? S("a") : how == 1 ? S("b") : S("c"));

        T_TRUE(lease(db, id, 1, (struct hold){S("x"), 10, 20}));
        if (how == 0) { /* its time was over, and another came */
            T_TRUE(lease(db, id, 1, (struct hold){S("y"), 20, 30}));
        } else if (how == 1) { /* the account was connected again */
            T_OK(grant_put(
                t_cx(), db, id,
                &(struct grant_record){.version = 1, .sealed = S("new")}));
        } else {
            T_OK(account_delete(t_cx(), db, id));
        }
        T_FAIL(FAIL_CONFLICT, grant_refreshed(t_cx(), db, id, S("x"), &late));
        T_FAIL(FAIL_CONFLICT, grant_failed(t_cx(), db, id, S("x"), 99));
        T_FAIL(FAIL_CONFLICT, grant_ended(t_cx(), db, id, S("x")));
        if (how < 2) {
            T_STR(get(db, id).sealed, how == 0 ? S("one") : S("new"));
            T_INT(get(db, id).failures, 0);
        }
    }
}

static void test_failed_keeps_others_waiting(void **state)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t id = add_account(db, S("a"));

    (void)state;
    for (int64_t i = 1; i <= 2; i++) {
        T_TRUE(lease(db, id, 1, (struct hold){S("x"), 100 * i, 100 * i + 10}));
        T_OK(grant_failed(t_cx(), db, id, S("x"), 100 * i + 50));
        struct grant_record g = get(db, id);

        T_INT(g.failures, i);
        T_INT(g.retry_ms, 100 * i + 50);
        T_INT(g.leased_until_ms, 0);
        T_STR(g.sealed, S("one"));
        T_TRUE(!lease(db, id, 1, (struct hold){S("y"), 100 * i + 49, 999}));
    }
    T_TRUE(lease(db, id, 1, (struct hold){S("x"), 250, 260}));
    T_OK(grant_refreshed(t_cx(), db, id, S("x"), &(struct grant_record){.key_id = 1}));
    T_INT(get(db, id).failures, 0);
    T_INT(get(db, id).retry_ms, 0);
}

static void test_due_gives_the_longest_due_first(void **state)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t a = add_account(db, S("a"));
    int64_t b = add_account(db, S("b"));
    int64_t first;

    (void)state;
    T_INT(count_due(db, 999, 9, &first), 0);
    T_INT(count_due(db, 1000, 9, &first), 2);
    T_INT(count_due(db, 1000, 1, &first), 1);
    T_INT(first, a);
    T_TRUE(lease(db, a, 1, (struct hold){S("x"), 1000, 1010}));
    T_INT(count_due(db, 1000, 9, &first), 1);
    T_INT(first, b);
    T_OK(grant_failed(t_cx(), db, a, S("x"), 1500)); /* due again when it may be tried */
    T_INT(count_due(db, 1499, 9, &first), 1);
    T_INT(count_due(db, 1500, 9, &first), 2);
    T_INT(first, b);
    T_TRUE(lease(db, a, 1, (struct hold){S("x"), 1500, 1510}));
    T_OK(grant_ended(t_cx(), db, a, S("x")));
    T_INT(count_due(db, INT64_MAX - 1, 9, &first), 1);
    T_FAIL(FAIL_CONFLICT, grant_stop(t_cx(), db, b, 2));
    T_OK(grant_stop(t_cx(), db, b, 1));
    T_INT(count_due(db, INT64_MAX - 1, 9, &first), 0);
}

static void test_needs_reconnect_keeps_the_first_reason(void **state)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t id = add_account(db, S("a"));
    struct account a;

    (void)state;
    T_OK(account_needs_reconnect(t_cx(), db, id, S("grant_revoked"), 200));
    T_OK(account_needs_reconnect(t_cx(), db, id, S("missing_scopes"), 300));
    T_OK(account_get(t_cx(), db, id, &a));
    T_INT(a.status, ACCOUNT_NEEDS_RECONNECT);
    T_STR(a.status_reason, S("grant_revoked"));
    T_INT(a.status_since_ms, 200);
    T_OK(account_renew(t_cx(), db, id, S("n"), 400));
    T_OK(account_get(t_cx(), db, id, &a));
    T_INT(a.status, ACCOUNT_CONNECTED);
    T_INT(a.status_reason.n, 0);
    T_INT(a.status_since_ms, 400);
    T_OK(account_needs_reconnect(t_cx(), db, 99, S("grant_revoked"), 200));
}

TS_MAIN(
    TS(test_migrate_keeps_grants_and_lets_them_be_due),
    TS(test_lease_is_of_one_for_its_time),
    TS(test_refreshed_replaces_the_grant_and_ends_the_lease),
    TS(test_a_lost_lease_writes_nothing), TS(test_failed_keeps_others_waiting),
    TS(test_due_gives_the_longest_due_first),
    TS(test_needs_reconnect_keeps_the_first_reason))
