/* SPDX-License-Identifier: Apache-2.0 */
#include "store/accounts.h"
#include "store/grants.h"
#include "store/providers.h"
#include "store/test_store.h"

static int64_t add_studio_account(struct db *db, Str subject)
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

static struct db *db_with_studio(void)
{
    struct db *db = t_db();

    T_OK(provider_add(t_cx(), db, &(struct provider){.id = 5, .name = S("studio")}));
    return db;
}

static bool lease_grant(
    struct db *db, int64_t id, int64_t version, Str owner, int64_t now_ms,
    int64_t until_ms)
{
    bool got;

    T_OK(
        grant_lease(t_cx(), db, id, version, t_lease(db, owner, now_ms, until_ms), &got));
    return got;
}

static struct grant_record get_grant(struct db *db, int64_t id)
{
    struct grant_record g;

    T_OK(grant_get(t_cx(), db, id, &g));
    return g;
}

static size_t count_due(struct db *db, int64_t now_ms, int64_t limit, int64_t *first)
{
    const struct due_page page = {
        .source = SOURCE_GOOGLE, .parts = 1, .limit = limit, .after = DUE_FIRST};
    struct due_grant *due = NULL;
    size_t n;

    db_stop_clock(db, now_ms);
    T_OK(grant_due(t_cx(), db, &page, &due, &n));
    *first = n > 0 ? due[0].account : 0;
    return n;
}

static struct db *db_with_due(int n)
{
    struct db *db = db_with_studio();

    for (int64_t i = 1; i <= n; i++) {
        T_INT(add_studio_account(db, str_int(&t_cx()->mem, i)), i);
    }
    db_stop_clock(db, 1000);
    return db;
}

TEST(test_due_is_of_one_source)
{
    CLEANUP(db_close) struct db *db = db_with_due(3);
    struct due_page page = {
        .source = SOURCE_MICROSOFT, .parts = 1, .limit = 9, .after = DUE_FIRST};
    struct due_grant *due;
    size_t n;

    T_OK(grant_due(t_cx(), db, &page, &due, &n));
    T_INT(n, 0);
    T_OK(db_script(t_cx(), db, "update grants set source = 2 where account = 2"));
    T_OK(grant_due(t_cx(), db, &page, &due, &n));
    T_INT(n, 1);
    T_INT(due[0].account, 2);
}

TEST(test_due_gives_each_part_its_own)
{
    CLEANUP(db_close) struct db *db = db_with_due(7);
    struct due_page page = {.source = SOURCE_GOOGLE, .parts = 3, .limit = 9};
    struct due_grant *due;
    size_t n;
    size_t all = 0;

    page.after = DUE_FIRST;
    for (page.part = 0; page.part < page.parts; page.part++) {
        T_OK(grant_due(t_cx(), db, &page, &due, &n));
        for (size_t i = 0; i < n; i++) {
            T_INT(due[i].account % 3, page.part);
        }
        all += n;
    }
    T_INT(all, 7);
}

TEST(test_due_goes_on_behind_the_page_before)
{
    CLEANUP(db_close) struct db *db = db_with_due(5);
    struct due_page page = {
        .source = SOURCE_GOOGLE, .parts = 1, .limit = 2, .after = DUE_FIRST};
    struct due_grant *due;
    int64_t seen = 0;
    size_t n = 2;

    T_OK(db_script(t_cx(), db, "update grants set due_at = -1 where account = 5"));
    while (n == 2) {
        T_OK(grant_due(t_cx(), db, &page, &due, &n));
        for (size_t i = 0; i < n; i++) {
            seen = 10 * seen + due[i].account;
            page.after = due[i];
        }
    }
    T_INT(seen, 51234);
}

TEST(test_sources_that_an_older_release_left_out_are_named)
{
    CLEANUP(db_close) struct db *db = db_with_due(2);
    int64_t first;

    T_OK(db_script(t_cx(), db, "update grants set source = 0 where account = 1"));
    T_INT(count_due(db, 1000, 9, &first), 1);
    T_OK(grant_name_sources(t_cx(), db));
    T_INT(count_due(db, 1000, 9, &first), 2);
    T_INT(first, 1);
}

/* A store as it was before the upkeep of grants, with one in it. */
static Res make_version_1(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    TRY(db_script(cx, db, migration_file(db_driver_of(db)->dialect, 1)->text.p));
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

TEST(test_migrate_keeps_grants_and_lets_them_be_due)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    struct grant_record g;

    T_OK(store_create(t_cx(), s));
    T_OK(store_write(t_cx(), s, make_version_1, NULL));
    T_FAIL(FAIL_UNAVAILABLE, t_check(s));
    T_OK(store_migrate(t_cx(), s));
    T_OK(store_read(t_cx(), s, look_at_version_2, &g));
    T_INT(g.version, 4);
    T_STR(g.sealed, S("old"));
    T_INT(g.leased_until_ms, 0);
    T_INT(g.failures, 0);
    T_INT(g.retry_ms, 0);
}

TEST(test_lease_is_of_one_for_its_time)
{
    CLEANUP(db_close) struct db *db = db_with_studio();
    int64_t id = add_studio_account(db, S("a"));

    T_TRUE(!lease_grant(db, id, 2, S("x"), 10, 20)); /* another version */
    T_TRUE(!lease_grant(db, 99, 1, S("x"), 10, 20));
    T_TRUE(lease_grant(db, id, 1, S("x"), 10, 20));
    T_INT(get_grant(db, id).leased_until_ms, 20);
    T_INT(get_grant(db, id).version, 1);
    T_TRUE(!lease_grant(db, id, 1, S("y"), 19, 30));
    T_TRUE(!lease_grant(db, id, 1, S("x"), 19, 30)); /* not even the same */
    T_TRUE(lease_grant(db, id, 1, S("y"), 20, 30));
}

TEST(test_refreshed_replaces_the_grant_and_ends_the_lease)
{
    CLEANUP(db_close) struct db *db = db_with_studio();
    int64_t id = add_studio_account(db, S("a"));
    const struct grant_record two = {.key_id = 2, .sealed = S("two"), .due_ms = 2000};

    T_FAIL(FAIL_CONFLICT, grant_refreshed(t_cx(), db, id, S("x"), &two));
    T_TRUE(lease_grant(db, id, 1, S("x"), 10, 20));
    T_FAIL(FAIL_CONFLICT, grant_refreshed(t_cx(), db, id, S("y"), &two));
    T_STR(get_grant(db, id).sealed, S("one"));
    T_OK(grant_refreshed(t_cx(), db, id, S("x"), &two));
    struct grant_record g = get_grant(db, id);

    T_STR(g.sealed, S("two"));
    T_INT(g.key_id, 2);
    T_INT(g.version, 2);
    T_INT(g.leased_until_ms, 0);
    T_FAIL(FAIL_CONFLICT, grant_refreshed(t_cx(), db, id, S("x"), &two));
}

/* SECURITY 62: what a stale holder brings is thrown away. */
TEST(test_a_lost_lease_writes_nothing)
{
    CLEANUP(db_close) struct db *db = db_with_studio();
    const struct grant_record late = {.key_id = 2, .sealed = S("late")};

    for (int how = 0; how < 3; how++) {
        int64_t id = add_studio_account(
            db, how == 0   ? S("a")
                : how == 1 ? S("b")
                           : S("c"));

        T_TRUE(lease_grant(db, id, 1, S("x"), 10, 20));
        if (how == 0) { /* its time was over, and another came */
            T_TRUE(lease_grant(db, id, 1, S("y"), 20, 30));
        } else if (how == 1) { /* the account was connected again */
            T_OK(grant_put(
                t_cx(), db, id,
                &(struct grant_record){.version = 1, .sealed = S("new")}));
        } else {
            T_OK(account_delete(t_cx(), db, id));
        }
        T_FAIL(FAIL_CONFLICT, grant_refreshed(t_cx(), db, id, S("x"), &late));
        T_FAIL(FAIL_CONFLICT, grant_failed(t_cx(), db, id, S("x"), 99));
        T_FAIL(FAIL_CONFLICT, grant_refused(t_cx(), db, id, S("x"), 99));
        T_FAIL(FAIL_CONFLICT, grant_ended(t_cx(), db, id, S("x")));
        if (how < 2) {
            T_STR(get_grant(db, id).sealed, how == 0 ? S("one") : S("new"));
            T_INT(get_grant(db, id).failures, 0);
        }
    }
}

TEST(test_failed_keeps_others_waiting)
{
    CLEANUP(db_close) struct db *db = db_with_studio();
    int64_t id = add_studio_account(db, S("a"));

    for (int64_t i = 1; i <= 2; i++) {
        T_TRUE(lease_grant(db, id, 1, S("x"), 100 * i, 100 * i + 10));
        T_OK(grant_failed(t_cx(), db, id, S("x"), 50));
        struct grant_record g = get_grant(db, id);

        T_INT(g.failures, i);
        T_INT(g.retry_ms, 100 * i + 50);
        T_INT(g.leased_until_ms, 0);
        T_STR(g.sealed, S("one"));
        T_TRUE(!lease_grant(db, id, 1, S("y"), 100 * i + 49, 999));
    }
    T_TRUE(lease_grant(db, id, 1, S("x"), 250, 260));
    T_OK(grant_refreshed(t_cx(), db, id, S("x"), &(struct grant_record){.key_id = 1}));
    T_INT(get_grant(db, id).failures, 0);
    T_INT(get_grant(db, id).retry_ms, 0);
}

TEST(test_due_gives_the_longest_due_first)
{
    CLEANUP(db_close) struct db *db = db_with_studio();
    int64_t a = add_studio_account(db, S("a"));
    int64_t b = add_studio_account(db, S("b"));
    int64_t first;

    T_INT(count_due(db, 999, 9, &first), 0);
    T_INT(count_due(db, 1000, 9, &first), 2);
    T_INT(count_due(db, 1000, 1, &first), 1);
    T_INT(first, a);
    T_TRUE(lease_grant(db, a, 1, S("x"), 1000, 1010));
    T_INT(count_due(db, 1000, 9, &first), 1);
    T_INT(first, b);
    T_OK(grant_failed(t_cx(), db, a, S("x"), 500)); /* due again when it may be tried */
    T_INT(count_due(db, 1499, 9, &first), 1);
    T_INT(count_due(db, 1500, 9, &first), 2);
    T_INT(first, b);
    T_TRUE(lease_grant(db, a, 1, S("x"), 1500, 1510));
    T_OK(grant_ended(t_cx(), db, a, S("x")));
    T_INT(count_due(db, CLOCK_MOST_MS, 9, &first), 1);
    T_FAIL(FAIL_CONFLICT, grant_stop(t_cx(), db, b, 2));
    T_OK(grant_stop(t_cx(), db, b, 1));
    T_INT(count_due(db, CLOCK_MOST_MS, 9, &first), 0);
}

TEST(test_refused_is_due_after_its_pause_and_counted)
{
    CLEANUP(db_close) struct db *db = db_with_studio();
    int64_t id = add_studio_account(db, S("a"));
    int64_t first;

    T_TRUE(lease_grant(db, id, 1, S("x"), 1000, 1010));
    T_OK(grant_failed(t_cx(), db, id, S("x"), 50));
    T_TRUE(lease_grant(db, id, 1, S("x"), 1050, 1060));
    T_OK(grant_refused(t_cx(), db, id, S("x"), 500));
    T_INT(get_grant(db, id).refusals, 1);
    T_INT(get_grant(db, id).failures, 0);
    T_INT(get_grant(db, id).leased_until_ms, 0);
    T_INT(count_due(db, 1549, 9, &first), 0);
    T_INT(count_due(db, 1550, 9, &first), 1);
    T_TRUE(lease_grant(db, id, 1, S("x"), 1550, 1560));
    T_OK(grant_refused(t_cx(), db, id, S("x"), GRANT_NEVER));
    T_INT(get_grant(db, id).refusals, 2);
    T_INT(count_due(db, CLOCK_MOST_MS, 9, &first), 0);
    T_OK(grant_put(t_cx(), db, id, &(struct grant_record){.version = 1}));
    T_INT(get_grant(db, id).refusals, 0);
}

TEST(test_heal_is_for_one_reason)
{
    CLEANUP(db_close) struct db *db = db_with_studio();
    int64_t id = add_studio_account(db, S("a"));
    struct account a;
    bool healed = true;
    bool marked;

    T_OK(account_heal(t_cx(), db, id, S("grant_revoked"), 200, &healed));
    T_TRUE(!healed); /* it is connected */
    T_OK(account_needs_reconnect(t_cx(), db, id, S("missing_scopes"), 200, &marked));
    T_TRUE(marked);
    T_OK(account_heal(t_cx(), db, id, S("grant_revoked"), 300, &healed));
    T_TRUE(!healed);
    T_OK(account_heal(t_cx(), db, id, S("missing_scopes"), 300, &healed));
    T_TRUE(healed);
    T_OK(account_get(t_cx(), db, id, &a));
    T_INT(a.status, ACCOUNT_CONNECTED);
    T_STR(a.status_reason, S(""));
    T_INT(a.status_since_ms, 300);
}

TEST(test_needs_reconnect_keeps_the_first_reason)
{
    CLEANUP(db_close) struct db *db = db_with_studio();
    int64_t id = add_studio_account(db, S("a"));
    struct account a;
    bool marked;

    T_OK(account_needs_reconnect(t_cx(), db, id, S("grant_revoked"), 200, &marked));
    T_TRUE(marked);
    T_OK(account_needs_reconnect(t_cx(), db, id, S("missing_scopes"), 300, &marked));
    T_TRUE(!marked);
    T_OK(account_get(t_cx(), db, id, &a));
    T_INT(a.status, ACCOUNT_NEEDS_RECONNECT);
    T_STR(a.status_reason, S("grant_revoked"));
    T_INT(a.status_since_ms, 200);
    a.id = id;
    a.connected_ms = 400;
    T_OK(account_renew(t_cx(), db, &a));
    T_OK(account_get(t_cx(), db, id, &a));
    T_INT(a.status, ACCOUNT_CONNECTED);
    T_INT(a.status_reason.n, 0);
    T_INT(a.status_since_ms, 400);
    T_OK(account_needs_reconnect(t_cx(), db, 99, S("grant_revoked"), 200, &marked));
    T_TRUE(!marked);
}

TS_MAIN(
    TS(test_migrate_keeps_grants_and_lets_them_be_due), TS(test_due_is_of_one_source),
    TS(test_due_gives_each_part_its_own), TS(test_due_goes_on_behind_the_page_before),
    TS(test_sources_that_an_older_release_left_out_are_named),
    TS(test_lease_is_of_one_for_its_time),
    TS(test_refreshed_replaces_the_grant_and_ends_the_lease),
    TS(test_a_lost_lease_writes_nothing), TS(test_failed_keeps_others_waiting),
    TS(test_due_gives_the_longest_due_first),
    TS(test_refused_is_due_after_its_pause_and_counted), TS(test_heal_is_for_one_reason),
    TS(test_needs_reconnect_keeps_the_first_reason))
