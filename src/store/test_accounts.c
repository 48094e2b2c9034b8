/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "store/accounts.h"
#include "store/grants.h"
#include "store/providers.h"
#include "store/test_store.h"

static void add_provider_row(struct db *db, int64_t id)
{
    T_OK(provider_add(
        t_cx(), db, &(struct provider){.id = id, .name = S("studio"), .created_ms = 1}));
}

static struct db *db_with_providers(void)
{
    struct db *db = t_db();

    add_provider_row(db, 5);
    add_provider_row(db, 6);
    return db;
}

static struct account account_sample(int64_t provider, Str user, Str subject)
{
    return (struct account){
        .provider = provider,
        .mode = MODE_CUSTOMER,
        .user = user,
        .source = SOURCE_GOOGLE,
        .subject = subject,
        .username = S("ana@example.com"),
        .status = ACCOUNT_CONNECTED,
        .status_since_ms = 100,
        .connected_ms = 100,
    };
}

static int64_t insert_account(struct db *db, struct account a)
{
    int64_t id = 0;

    T_OK(account_insert(t_cx(), db, &a, &id));
    return id;
}

TEST(test_get_and_find_give_what_was_inserted)
{
    CLEANUP(db_close) struct db *db = db_with_providers();
    struct account a = account_sample(5, S("u1"), S("sub\xc3\xa9"));
    struct account got;

    a.status = ACCOUNT_NEEDS_RECONNECT;
    a.status_reason = S("grant_revoked");
    a.status_since_ms = 200;
    int64_t id = insert_account(db, a);

    for (int i = 0; i < 2; i++) {
        if (i == 0) {
            T_OK(account_get(t_cx(), db, id, &got));
        } else {
            T_OK(account_find(t_cx(), db, 5, SOURCE_GOOGLE, a.subject, &got));
        }
        T_INT(got.id, id);
        T_INT(got.provider, 5);
        T_INT(got.mode, MODE_CUSTOMER);
        T_STR(got.user, S("u1"));
        T_INT(got.source, SOURCE_GOOGLE);
        T_STR(got.subject, a.subject);
        T_STR(got.username, S("ana@example.com"));
        T_INT(got.status, ACCOUNT_NEEDS_RECONNECT);
        T_STR(got.status_reason, S("grant_revoked"));
        T_INT(got.status_since_ms, 200);
        T_INT(got.connected_ms, 100);
    }
}

TEST(test_find_looks_at_all_three_parts_of_the_key)
{
    CLEANUP(db_close) struct db *db = db_with_providers();
    struct account got = {.id = 77};

    (void)insert_account(db, account_sample(5, S("u1"), S("s")));
    T_FAIL(FAIL_NOT_FOUND, account_get(t_cx(), db, 99, &got));
    T_FAIL(FAIL_NOT_FOUND, account_find(t_cx(), db, 6, SOURCE_GOOGLE, S("s"), &got));
    T_FAIL(FAIL_NOT_FOUND, account_find(t_cx(), db, 5, SOURCE_MICROSOFT, S("s"), &got));
    T_FAIL(FAIL_NOT_FOUND, account_find(t_cx(), db, 5, SOURCE_GOOGLE, S("S"), &got));
    T_INT(got.id, 77);
}

TEST(test_insert_refuses_the_same_account_of_any_user)
{
    CLEANUP(db_close) struct db *db = db_with_providers();
    struct account a = account_sample(5, S("u1"), S("s"));
    int64_t id = 77;

    (void)insert_account(db, a);
    a.user = S("u2");
    a.mode = MODE_PROVIDER;
    T_FAIL(FAIL_CONFLICT, account_insert(t_cx(), db, &a, &id));
    T_INT(id, 77);
    a.provider = 6;
    T_OK(account_insert(t_cx(), db, &a, &id));
    a.source = SOURCE_MICROSOFT;
    T_OK(account_insert(t_cx(), db, &a, &id));
    a.provider = 7; /* isn't there */
    T_FAIL(FAIL_CONFLICT, account_insert(t_cx(), db, &a, &id));
}

TEST(test_list_shows_the_owner_only_his_own)
{
    CLEANUP(db_close) struct db *db = db_with_providers();
    struct account business = account_sample(5, S(""), S("1"));
    struct account_page page;

    business.mode = MODE_PROVIDER;
    int64_t b = insert_account(db, business);
    int64_t c = insert_account(db, account_sample(5, S("u1"), S("2")));
    int64_t d = insert_account(db, account_sample(5, S("u2"), S("3")));
    int64_t e = insert_account(db, account_sample(6, S("u1"), S("4")));

    const struct {
        struct account_filter filter;
        int64_t want[2];
        int64_t count;
    } rows[] = {
        {{5, MODE_PROVIDER, true, S("")}, {b}, 1},
        {{5, MODE_PROVIDER, false, S("")}, {b}, 1},
        {{5, MODE_PROVIDER, false, S("u1")}, {0}, 0},
        {{5, MODE_CUSTOMER, false, S("u1")}, {c}, 1},
        {{5, MODE_CUSTOMER, false, S("u2")}, {d}, 1},
        {{5, MODE_CUSTOMER, false, S("")}, {0}, 0},
        {{5, MODE_CUSTOMER, true, S("")}, {c, d}, 2},
        {{6, MODE_CUSTOMER, false, S("u1")}, {e}, 1},
        {{7, MODE_CUSTOMER, true, S("")}, {0}, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_OK(account_list(t_cx(), db, &rows[i].filter, 0, 100, &page));
        T_INT(page.count, rows[i].count);
        T_INT(page.n, rows[i].count);
        for (size_t at = 0; at < page.n; at++) {
            T_INT(page.at[at].id, rows[i].want[at]);
        }
    }
}

TEST(test_list_filters)
{
    CLEANUP(db_close) struct db *db = db_with_providers();
    struct account other = account_sample(5, S("u1"), S("2"));
    bool marked;

    other.source = SOURCE_MICROSOFT;
    other.username = S("Other@example.com");
    int64_t a = insert_account(db, account_sample(5, S("u1"), S("1")));
    int64_t b = insert_account(db, other);
    Str name = account_sample(5, S("u1"), S("1")).username;

    T_OK(account_needs_reconnect(t_cx(), db, b, S("why"), 1, &marked));

    const struct {
        enum source_id source;
        enum account_status status;
        Str username;
        int64_t want[2];
        int64_t count;
    } rows[] = {
        {SOURCE_GOOGLE, 0, S(""), {a}, 1},
        {SOURCE_MICROSOFT, 0, S(""), {b}, 1},
        {0, ACCOUNT_CONNECTED, S(""), {a}, 1},
        {0, ACCOUNT_NEEDS_RECONNECT, S(""), {b}, 1},
        {0, 0, S("Other@example.com"), {b}, 1},
        {0, 0, S("other@example.com"), {0}, 0},
        {0, 0, name, {a}, 1},
        {SOURCE_GOOGLE, ACCOUNT_NEEDS_RECONNECT, S(""), {0}, 0},
        {SOURCE_MICROSOFT, ACCOUNT_NEEDS_RECONNECT, S("Other@example.com"), {b}, 1},
    };

    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        struct account_filter filter = {5, MODE_CUSTOMER, i % 2 == 0, S("u1")};
        struct account_page page;

        filter.source = rows[i / 2].source;
        filter.status = rows[i / 2].status;
        filter.username = rows[i / 2].username;
        T_OK(account_list(t_cx(), db, &filter, 0, 1, &page));
        T_INT(page.count, rows[i / 2].count);
        T_INT(page.n, rows[i / 2].count);
        if (page.n > 0) {
            T_INT(page.at[0].id, rows[i / 2].want[0]);
        }
    }
}

/* All of 25 in pages of 10, each id greater than the one before. */
static void check_pages(struct db *db, const struct account_filter *filter)
{
    struct account_page page;
    int64_t before = 0;

    for (int64_t offset = 0; offset < 30; offset += 10) {
        T_OK(account_list(t_cx(), db, filter, offset, 10, &page));
        T_INT(page.count, 25);
        T_INT(page.n, offset < 20 ? 10 : 5);
        for (size_t i = 0; i < page.n; i++) {
            T_TRUE(page.at[i].id > before);
            before = page.at[i].id;
        }
    }
    T_OK(account_list(t_cx(), db, filter, 25, 10, &page));
    T_INT(page.n, 0);
    T_INT(page.count, 25);
}

TEST(test_list_pages_in_the_order_of_ids)
{
    CLEANUP(db_close) struct db *db = db_with_providers();

    for (int i = 0; i < 25; i++) {
        (void)insert_account(
            db, account_sample(5, S("u1"), str_int(&t_cx()->mem, 1000 - i)));
    }
    check_pages(db, &(struct account_filter){5, MODE_CUSTOMER, false, S("u1")});
    check_pages(db, &(struct account_filter){5, MODE_CUSTOMER, true, S("")});
}

TEST(test_list_all_is_of_one_provider_or_of_all)
{
    CLEANUP(db_close) struct db *db = db_with_providers();
    struct account_page page;
    int64_t *ids;
    int64_t n_all;
    size_t n;

    T_OK(account_list_all(t_cx(), db, 0, 0, &page));
    T_INT(page.n, 0);
    T_INT(page.last, 0);
    for (int i = 0; i < 20; i++) {
        (void)insert_account(
            db, account_sample(5 + i % 2, S(""), str_int(&t_cx()->mem, i)));
    }
    T_OK(account_list_all(t_cx(), db, 0, 0, &page));
    T_INT(page.n, 20);
    for (size_t i = 0; i < page.n; i++) {
        T_STR(page.at[i].subject, str_int(&t_cx()->mem, (int64_t)i));
    }
    T_OK(account_list_all(t_cx(), db, 6, 0, &page));
    T_INT(page.n, 10);
    T_STR(page.at[9].subject, S("19"));
    T_OK(account_list_ids(t_cx(), db, 6, page.at[7].id, &ids, &n));
    T_INT(n, 2);
    T_INT(ids[1], page.at[9].id);
    T_OK(account_count_provider(t_cx(), db, 6, &n_all));
    T_INT(n_all, 10);
}

/* A page is full at the limit, and the next one has what is past it. */
TEST(test_list_all_goes_on_behind_a_page)
{
    CLEANUP(db_close) struct db *db = db_with_providers();
    struct account_page page;
    int64_t *ids;
    size_t n;

    T_OK(db_script(t_cx(), db, "begin"));
    for (int i = 0; i < LIMIT_STEP_ROWS + 1; i++) {
        (void)insert_account(db, account_sample(5, S(""), str_int(&t_cx()->mem, i)));
    }
    T_OK(db_script(t_cx(), db, "commit"));
    T_OK(account_list_ids(t_cx(), db, 5, 0, &ids, &n));
    T_INT(n, LIMIT_STEP_ROWS);
    for (int64_t provider = 0; provider <= 5; provider += 5) {
        T_OK(account_list_all(t_cx(), db, provider, 0, &page));
        T_INT(page.n, LIMIT_STEP_ROWS);
        T_OK(account_list_all(t_cx(), db, provider, page.last, &page));
        T_INT(page.n, 1);
        T_STR(page.at[0].subject, str_int(&t_cx()->mem, LIMIT_STEP_ROWS));
        T_OK(account_list_all(t_cx(), db, provider, page.last, &page));
        T_INT(page.n + (size_t)page.last, 0);
    }
}

static Res renew(struct db *db, int64_t id, Str username, int64_t now_ms)
{
    return account_renew(
        t_cx(), db,
        &(struct account){
            .id = id, .username = username, .connected_ms = now_ms, .flow = S("second")});
}

TEST(test_renew_leaves_the_owner_and_the_key)
{
    CLEANUP(db_close) struct db *db = db_with_providers();
    struct account a = account_sample(5, S("u1"), S("s"));
    struct account got;

    a.status = ACCOUNT_NEEDS_RECONNECT;
    a.status_reason = S("grant_revoked");
    int64_t id = insert_account(db, a);

    T_OK(renew(db, id, S("new@example.com"), 500));
    T_OK(account_get(t_cx(), db, id, &got));
    T_STR(got.username, S("new@example.com"));
    T_INT(got.status, ACCOUNT_CONNECTED);
    T_STR(got.status_reason, S(""));
    T_INT(got.status_since_ms, 500);
    T_INT(got.connected_ms, 500);
    T_STR(got.flow, S("second"));
    T_STR(got.user, S("u1"));
    T_STR(got.subject, S("s"));
    T_OK(renew(db, id, S("new@example.com"), 600));
    T_OK(account_get(t_cx(), db, id, &got));
    T_INT(got.status_since_ms, 500); /* the status is as it was */
    T_INT(got.connected_ms, 600);
    T_FAIL(FAIL_NOT_FOUND, renew(db, id + 1, S("x"), 700));
}

TEST(test_delete_takes_the_grant_and_never_frees_the_id)
{
    CLEANUP(db_close) struct db *db = db_with_providers();
    struct grant_record g = {.key_id = 1, .sealed = S("sealed")};
    struct account got;
    int64_t last = 0;

    for (int i = 0; i < 3; i++) {
        int64_t id = insert_account(db, account_sample(5, S("u1"), S("s")));

        T_TRUE(id > last);
        last = id;
        T_OK(grant_put(t_cx(), db, id, &g));
        T_OK(account_delete(t_cx(), db, id));
        T_FAIL(FAIL_NOT_FOUND, account_get(t_cx(), db, id, &got));
        T_FAIL(FAIL_NOT_FOUND, grant_get(t_cx(), db, id, &g));
        T_FAIL(FAIL_NOT_FOUND, account_delete(t_cx(), db, id));
    }
}

TEST(test_count_subject_counts_across_providers)
{
    CLEANUP(db_close) struct db *db = db_with_providers();
    struct account broken = account_sample(6, S("u2"), S("s"));
    int64_t n;

    T_OK(account_count_subject(t_cx(), db, SOURCE_GOOGLE, S("s"), &n));
    T_INT(n, 0);
    broken.status = ACCOUNT_NEEDS_RECONNECT;
    int64_t id = insert_account(db, account_sample(5, S("u1"), S("s")));

    (void)insert_account(db, broken);
    T_OK(account_count_subject(t_cx(), db, SOURCE_GOOGLE, S("s"), &n));
    T_INT(n, 2);
    T_OK(account_count_subject(t_cx(), db, SOURCE_MICROSOFT, S("s"), &n));
    T_INT(n, 0);
    T_OK(account_delete(t_cx(), db, id));
    T_OK(account_count_subject(t_cx(), db, SOURCE_GOOGLE, S("s"), &n));
    T_INT(n, 1);
}

TEST(test_grant_put_replaces_only_the_version_it_names)
{
    CLEANUP(db_close) struct db *a = db_with_providers();
    CLEANUP(db_close) struct db *b = t_db();
    struct grant_record g = {.key_id = UINT32_MAX, .sealed = S("one\0\xff")};
    struct grant_record got = {.version = 77};

    int64_t id = insert_account(a, account_sample(5, S("u1"), S("s")));

    T_FAIL(FAIL_NOT_FOUND, grant_get(t_cx(), a, id, &got));
    T_FAIL(FAIL_CONFLICT, grant_put(t_cx(), a, id, &(struct grant_record){.version = 1}));
    T_INT(got.version, 77);
    T_OK(grant_put(t_cx(), a, id, &g));
    T_FAIL(FAIL_CONFLICT, grant_put(t_cx(), b, id, &g)); /* the first, twice */
    T_OK(grant_get(t_cx(), b, id, &got));
    T_INT(got.version, 1);
    T_TRUE(got.key_id == UINT32_MAX);
    T_STR(got.sealed, S("one\0\xff"));

    struct grant_record two = {.version = got.version, .key_id = 2, .sealed = S("two")};

    T_OK(grant_put(t_cx(), b, id, &two));
    two.sealed = S("stale");
    T_FAIL(FAIL_CONFLICT, grant_put(t_cx(), a, id, &two));
    T_OK(grant_get(t_cx(), a, id, &got));
    T_INT(got.version, 2);
    T_INT(got.key_id, 2);
    T_STR(got.sealed, S("two"));
}

TEST(test_grant_put_needs_an_account)
{
    CLEANUP(db_close) struct db *db = db_with_providers();

    T_FAIL(
        FAIL_CONFLICT,
        grant_put(t_cx(), db, 99, &(struct grant_record){.sealed = S("x")}));
}

TS_MAIN(
    TS(test_get_and_find_give_what_was_inserted),
    TS(test_find_looks_at_all_three_parts_of_the_key),
    TS(test_insert_refuses_the_same_account_of_any_user),
    TS(test_list_shows_the_owner_only_his_own), TS(test_list_filters),
    TS(test_list_pages_in_the_order_of_ids),
    TS(test_list_all_is_of_one_provider_or_of_all),
    TS(test_list_all_goes_on_behind_a_page), TS(test_renew_leaves_the_owner_and_the_key),
    TS(test_delete_takes_the_grant_and_never_frees_the_id),
    TS(test_count_subject_counts_across_providers),
    TS(test_grant_put_replaces_only_the_version_it_names),
    TS(test_grant_put_needs_an_account))
