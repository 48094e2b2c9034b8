/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "base/limits.h"
#include "store/accounts.h"
#include "store/calendar_settings.h"
#include "store/grants.h"
#include "store/keys.h"
#include "store/nodes.h"
#include "store/providers.h"
#include "store/revocations.h"
#include "store/sealed.h"
#include "store/test_store.h"
#include "store/webhook_endpoints.h"

enum { NOW = 100000000, FLOW_MS = 600000, A = 0x0a, C = 0x0c };

#define B 0xfedcba98U

static const uint32_t only_a[] = {A};
static const uint32_t a_and_b[] = {A, B};

#define NODE(name, list, seals)                                                          \
    (&(struct node){S(name), S("host"), (list), COUNT(list), (seals)})

static struct db *db_with_provider(void)
{
    struct db *db = t_db();

    T_OK(provider_add(t_cx(), db, &(struct provider){.id = 5, .name = S("studio")}));
    return db;
}

static int64_t add_grant(struct db *db, int64_t subject, uint32_t key_id)
{
    struct account a = {
        .provider = 5,
        .mode = MODE_PROVIDER,
        .source = SOURCE_GOOGLE,
        .subject = str_int(&t_cx()->mem, subject),
        .status = ACCOUNT_CONNECTED,
    };
    int64_t id;

    T_OK(account_insert(t_cx(), db, &a, &id));
    T_OK(grant_put(
        t_cx(), db, id, &(struct grant_record){.key_id = key_id, .sealed = S("x")}));
    return id;
}

static int64_t add_revocation(struct db *db, Str subject, uint32_t key_id)
{
    const struct revocation t = {
        .source = SOURCE_MICROSOFT,
        .subject = subject,
        .key_id = key_id,
        .sealed = S("y")};
    int64_t id;

    T_OK(revocation_insert(t_cx(), db, &t, &id));
    return id;
}

static uint32_t report_node(struct db *db, const struct node *n, int64_t now_ms)
{
    uint32_t sealing = 0;

    db_stop_clock(db, now_ms);
    T_OK(keys_report(t_cx(), db, n, FLOW_MS, &sealing));
    return sealing;
}

static Res key_choose_at(struct db *db, uint32_t id, int64_t now_ms)
{
    db_stop_clock(db, now_ms);
    return key_choose(t_cx(), db, id);
}

static Res key_drop_at(struct db *db, uint32_t id, int64_t now_ms)
{
    db_stop_clock(db, now_ms);
    return key_drop(t_cx(), db, id);
}

static Res node_sweep_at(struct db *db, int64_t now_ms)
{
    db_stop_clock(db, now_ms);
    return node_sweep(t_cx(), db);
}

static size_t count_nodes(struct db *db, int64_t now_ms)
{
    struct node *list;
    size_t n = 77;

    db_stop_clock(db, now_ms);
    T_OK(node_list(t_cx(), db, &list, &n));
    return n;
}

static bool why_has(const char *part)
{
    return str_contains(str_from_z(t_cx()->why.text), str_from_z(part));
}

TEST(test_keys_in_use_names_each_key_once)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    static const uint32_t want[] = {0, 7, B, UINT32_MAX};
    uint32_t *ids;
    size_t n = 77;

    T_OK(keys_in_use(t_cx(), db, &ids, &n));
    T_INT(n, 0);
    (void)add_revocation(db, S("s"), B);
    T_OK(keys_in_use(t_cx(), db, &ids, &n));
    T_INT(n, 1);
    for (int64_t i = 0; i < 30; i++) {
        static const uint32_t of[] = {UINT32_MAX, 7, 0};

        (void)add_grant(db, i, of[i % 3]);
    }
    T_OK(keys_in_use(t_cx(), db, &ids, &n));
    T_INT(n, COUNT(want));
    for (size_t i = 0; i < n; i++) {
        T_TRUE(ids[i] == want[i]);
    }
    T_OK(key_choose_at(db, 7, NOW));
    T_OK(keys_in_use(t_cx(), db, &ids, &n));
    T_INT(n, COUNT(want));
    T_OK(key_choose_at(db, 8, NOW));
    T_OK(keys_in_use(t_cx(), db, &ids, &n));
    T_INT(n, COUNT(want) + 1);
    T_TRUE(ids[n - 1] == 8);
}

/* An account with a calendar, whose image and cursor are sealed with `key`. */
static int64_t add_image(struct db *db, int64_t account, uint32_t key)
{
    const struct calendar_setting s = {.account = account, .calendar_id = S("c")};
    int64_t id;

    T_OK(calendar_settings_insert(t_cx(), db, &s, &id));
    T_OK(calendar_image_put(t_cx(), db, id, 1, key, S("image")));
    T_OK(db_exec(
        t_cx(), db,
        "update calendar_sync set cursor = $2, key_id = $3, synced_at = 9"
        " where settings = $1",
        DB_ARGS(db_int(id), db_blob(S("cursor")), db_int(key)), NULL));
    return id;
}

TEST(test_keys_in_use_names_those_of_calendars)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    uint32_t *ids;
    struct key_use use;
    size_t n;

    (void)add_image(db, add_grant(db, 1, A), B);
    T_OK(setting_put_sealed(t_cx(), db, S("instance_secret"), C, S("secret")));
    T_OK(keys_in_use(t_cx(), db, &ids, &n));
    T_INT(n, 3);
    T_TRUE(ids[0] == A && ids[1] == B && ids[2] == C);
    T_OK(key_use_get(t_cx(), db, B, &use));
    T_INT(use.calendars, 2);
    T_OK(key_use_get(t_cx(), db, C, &use));
    T_INT(use.calendars, 1);
}

TEST(test_drop_is_refused_while_calendars_need_the_key)
{
    CLEANUP(db_close) struct db *db = db_with_provider();

    (void)add_image(db, add_grant(db, 1, B), A);
    (void)report_node(db, NODE("one", a_and_b, B), NOW);
    T_FAIL(FAIL_CONFLICT, key_drop_at(db, A, NOW));
    T_TRUE(why_has("0 grants and 0 revocations and 2 records of calendars"));
}

/* An endpoint whose secret is sealed with `key`. */
static int64_t add_endpoint(struct db *db, uint32_t key)
{
    struct webhook_endpoint e = {
        .provider = 5, .url = S("u"), .key_id = key, .sealed = S("endpoint")};

    T_OK(webhook_endpoint_add(t_cx(), db, &e, &e.id));
    T_OK(webhook_endpoint_put_secret(t_cx(), db, &e));
    return e.id;
}

TEST(test_keys_of_endpoints_are_in_use)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    uint32_t *ids;
    struct key_use use;
    size_t n;

    (void)add_endpoint(db, A);
    T_OK(keys_in_use(t_cx(), db, &ids, &n));
    T_INT(n, 1);
    T_TRUE(ids[0] == A);
    T_OK(key_use_get(t_cx(), db, A, &use));
    T_INT(use.webhooks, 1);
    (void)report_node(db, NODE("one", a_and_b, B), NOW);
    T_FAIL(FAIL_CONFLICT, key_drop_at(db, A, NOW));
    T_TRUE(why_has("0 records of calendars and 1 secrets of webhooks"));
}

TEST(test_report_of_the_first_node_chooses_the_key)
{
    CLEANUP(db_close) struct db *db = t_db();
    static const uint32_t b_and_a[] = {B, A};
    uint32_t id = 77;

    T_FAIL(FAIL_NOT_FOUND, key_sealing(t_cx(), db, &id));
    T_INT(id, 77);
    T_TRUE(report_node(db, NODE("one", a_and_b, B), NOW) == B);
    T_TRUE(
        report_node(db, NODE("two", a_and_b, A), NOW) == B); /* it shall seal as all do */
    T_TRUE(report_node(db, NODE("three", b_and_a, B), NOW) == B);
    T_OK(key_sealing(t_cx(), db, &id));
    T_TRUE(id == B);
}

TEST(test_report_refuses_a_node_without_the_sealing_key)
{
    CLEANUP(db_close) struct db *db = t_db();
    uint32_t sealing = 77;

    T_INT(report_node(db, NODE("one", only_a, A), NOW), A);
    T_OK(node_leave(t_cx(), db, S("one")));
    T_OK(key_choose_at(db, B, NOW));
    T_FAIL(
        FAIL_CONFIG, keys_report(t_cx(), db, NODE("one", only_a, A), FLOW_MS, &sealing));
    T_TRUE(why_has("fedcba98"));
    T_INT(sealing, 77);
    T_INT(count_nodes(db, NOW), 0);
}

TEST(test_node_lives_as_long_as_it_reports)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct node *list;
    size_t n;

    (void)report_node(db, NODE("two", a_and_b, A), NOW);
    (void)report_node(db, NODE("one", only_a, A), NOW + 1);
    T_OK(node_list(t_cx(), db, &list, &n));
    T_INT(n, 2);
    T_STR(list[0].id, S("one"));
    T_STR(list[0].host, S("host"));
    T_INT(list[0].n_keys, 1);
    T_INT(list[0].sealing, A);
    T_TRUE(node_has(&list[1], A) && node_has(&list[1], B) && !node_has(&list[1], C));
    T_INT(count_nodes(db, NOW + LIMIT_NODE_LIVE_MS - 1), 2);
    T_INT(count_nodes(db, NOW + LIMIT_NODE_LIVE_MS), 1);
    T_INT(count_nodes(db, NOW + LIMIT_NODE_LIVE_MS + 1), 0);
    (void)report_node(db, NODE("two", only_a, A), NOW + 10);
    T_INT(count_nodes(db, NOW + LIMIT_NODE_LIVE_MS + 9), 1);
    T_OK(node_leave(t_cx(), db, S("two")));
    T_INT(count_nodes(db, NOW), 1);
    T_OK(node_sweep_at(db, NOW + LIMIT_NODE_LIVE_MS));
    T_INT(count_nodes(db, NOW), 1);
    T_OK(node_sweep_at(db, NOW + 1 + LIMIT_NODE_LIVE_MS));
    T_INT(count_nodes(db, NOW), 0);
}

TEST(test_confirm_needs_to_be_alone_with_the_key_that_seals)
{
    CLEANUP(db_close) struct db *db = t_db();
    bool is_alone = db_driver_of(db)->has_one_writer;
    enum fail want = is_alone ? FAIL_NONE : FAIL_UNAVAILABLE;

    (void)report_node(db, NODE("one", a_and_b, A), NOW);
    T_FAIL(want, keys_confirm(t_cx(), db, A));
    T_FAIL(FAIL_UNAVAILABLE, keys_confirm(t_cx(), db, B));
    T_OK(key_choose_at(db, B, NOW));
    T_FAIL(FAIL_UNAVAILABLE, keys_confirm(t_cx(), db, A));
    T_FAIL(want, keys_confirm(t_cx(), db, B));
}

TEST(test_choose_wants_every_live_node_to_have_it)
{
    CLEANUP(db_close) struct db *db = t_db();
    uint32_t id;

    (void)report_node(db, NODE("one", a_and_b, A), NOW);
    (void)report_node(db, NODE("two", only_a, A), NOW);
    T_FAIL(FAIL_CONFLICT, key_choose_at(db, B, NOW + LIMIT_NODE_LIVE_MS - 1));
    T_TRUE(why_has("host/two") && why_has("fedcba98") && why_has("copy the key file"));
    T_OK(key_sealing(t_cx(), db, &id));
    T_INT(id, A);
    T_OK(key_choose_at(db, A, NOW)); /* it is already */
    (void)report_node(db, NODE("two", a_and_b, A), NOW);
    T_OK(key_choose_at(db, B, NOW));
    T_OK(key_sealing(t_cx(), db, &id));
    T_TRUE(id == B);
    T_TRUE(report_node(db, NODE("one", a_and_b, A), NOW) == B);
}

static void add_flow_with_tokens(struct db *db, uint32_t key)
{
    T_OK(db_exec(
        t_cx(), db,
        "insert into flows (id, owner, claimed_until, made_at, key_id, sealed)"
        " values ($1, 'n', 0, 0, $2, $1)",
        DB_ARGS(db_blob(S("f")), db_int(key)), NULL));
}

TEST(test_drop_is_refused_while_the_key_is_needed)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t over = (int64_t)NOW + LIMIT_NODE_LIVE_MS + FLOW_MS;
    struct key_use use;

    int64_t account = add_grant(db, 1, A);
    int64_t id = add_revocation(db, S("s"), A);

    (void)report_node(db, NODE("one", a_and_b, A), NOW);
    (void)report_node(db, NODE("one", a_and_b, A), NOW - 5); /* of a clock that is slow */
    T_FAIL(FAIL_CONFLICT, key_drop_at(db, A, over));
    T_TRUE(why_has("caldock keys use"));
    T_OK(key_choose_at(db, B, NOW));
    T_FAIL(FAIL_CONFLICT, key_drop_at(db, A, over));
    T_TRUE(
        why_has("1 grants and 1 revocations and 0 records")
        && why_has("caldock keys rotate"));
    T_OK(account_delete(t_cx(), db, account));
    T_FAIL(FAIL_CONFLICT, key_drop_at(db, A, over));
    T_TRUE(why_has("0 grants and 1 revocations"));
    T_OK(revocation_cancel(t_cx(), db, SOURCE_MICROSOFT, S("s")));
    T_TRUE(id > 0);
    add_flow_with_tokens(db, A);
    T_FAIL(FAIL_CONFLICT, key_drop_at(db, A, over));
    T_TRUE(why_has("1 flows that were cut short"));
    T_OK(db_script(t_cx(), db, "delete from flows"));
    T_FAIL(FAIL_CONFLICT, key_drop_at(db, A, over - 1));
    T_TRUE(why_has("may be open until 1970-01-02T"));
    T_OK(key_use_get(t_cx(), db, A, &use));
    T_INT(use.flows_until_ms, over);
    T_TRUE(!use.is_dropped);
    T_OK(key_drop_at(db, A, over));
    T_OK(key_drop_at(db, A, over + 1)); /* as by one that ended in between */
    T_FAIL(FAIL_CONFLICT, key_choose_at(db, A, over));
    T_TRUE(why_has("caldock keys add"));
    T_OK(key_drop_at(db, C, NOW)); /* one that was never used */
    T_OK(key_use_get(t_cx(), db, C, &use));
    T_TRUE(use.is_dropped && use.grants == 0 && use.revocations == 0);
}

/* A node whose clock was ahead said that flows last longer than any can. */
TEST(test_drop_waits_no_longer_than_a_flow_can_last)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t most = (int64_t)LIMIT_FLOW_KEPT_S * 1000 + LIMIT_NODE_LIVE_MS;

    (void)report_node(db, NODE("one", a_and_b, A), NOW);
    T_OK(key_choose_at(db, B, NOW));
    T_OK(db_script(t_cx(), db, "update keys set flows_until = 9000000000"));
    T_FAIL(FAIL_CONFLICT, key_drop_at(db, A, 9000000000 - most));
    T_OK(key_drop_at(db, A, 9000000000 - most - 1));
}

TEST(test_sealed_list_gives_what_others_sealed)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    struct sealed_page page = {.kind = SEALED_GRANT, .key = B, .limit = 3};
    int64_t ids[5];
    int64_t left;

    for (int64_t i = 0; i < 5; i++) {
        ids[i] = add_grant(db, i, i == 2 ? B : A);
    }
    int64_t id = add_revocation(db, S("s"), A);

    T_OK(sealed_list(t_cx(), db, &page));
    T_INT(page.n, 3);
    T_INT(page.at[0].id, ids[0]);
    T_INT(page.at[0].where, 5);
    T_INT(page.at[0].stamp, 1);
    T_STR(page.at[0].record, S("x"));
    T_INT(page.at[2].id, ids[3]);
    page.after = ids[3];
    T_OK(sealed_list(t_cx(), db, &page));
    T_INT(page.n, 1);
    T_INT(page.at[0].id, ids[4]);
    T_OK(sealed_count(t_cx(), db, SEALED_GRANT, B, &left));
    T_INT(left, 4);
    page = (struct sealed_page){.kind = SEALED_REVOCATION, .key = B, .limit = 3};
    T_OK(sealed_list(t_cx(), db, &page));
    T_INT(page.n, 1);
    T_INT(page.at[0].id, id);
    T_INT(page.at[0].where, SOURCE_MICROSOFT);
    T_STR(page.at[0].whom, S("s"));
    T_STR(page.at[0].record, S("y"));
    T_OK(sealed_count(t_cx(), db, SEALED_REVOCATION, A, &left));
    T_INT(left, 0);
}

TEST(test_sealed_list_gives_records_of_calendars)
{
    static const struct {
        enum sealed_kind kind;
        Str record;
        int64_t stamp;
    } rows[] = {
        {SEALED_IMAGE, SI("image"), 1},
        {SEALED_CURSOR, SI("cursor"), 9},
        {SEALED_INSTANCE, SI("secret"), A},
        {SEALED_WEBHOOK, SI("endpoint"), 2},
    };

    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t id = add_image(db, add_grant(db, 1, A), A);

    T_INT(add_endpoint(db, A), id);
    T_OK(setting_put_sealed(t_cx(), db, S("instance_secret"), A, S("secret")));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sealed_page page = {.kind = rows[i].kind, .key = B, .limit = 3};
        int64_t left;
        bool done;

        T_OK(sealed_list(t_cx(), db, &page));
        T_INT(page.n, 1);
        T_INT(page.at[0].id, rows[i].kind == SEALED_INSTANCE ? 1 : id);
        T_INT(page.at[0].stamp, rows[i].stamp);
        T_STR(page.at[0].record, rows[i].record);
        struct sealed stale = page.at[0];

        stale.stamp++;
        stale.record = S("anew");
        T_OK(sealed_replace(t_cx(), db, rows[i].kind, &stale, B, &done));
        T_TRUE(!done);
        stale.stamp--;
        T_OK(sealed_replace(t_cx(), db, rows[i].kind, &stale, B, &done));
        T_TRUE(done);
        T_OK(sealed_count(t_cx(), db, rows[i].kind, B, &left));
        T_INT(left, 0);
        T_OK(sealed_count(t_cx(), db, rows[i].kind, A, &left));
        T_INT(left, 1);
        page.after = page.at[0].id;
        page.key = A;
        T_OK(sealed_list(t_cx(), db, &page));
        T_INT(page.n, 0);
    }
}

/* One seals a record anew while another writes the row. */
TEST(test_sealed_replace_never_overwrites_a_newer_one)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t id = add_grant(db, 1, A);
    int64_t due = add_revocation(db, S("s"), A);
    const struct sealed grant = {.id = id, .stamp = 1, .record = S("anew")};
    const struct sealed revocation = {.id = due, .stamp = A, .record = S("anew")};
    const struct grant_record newer = {.key_id = A, .sealed = S("newer")};
    struct grant_record got;
    bool done;

    T_OK(grant_lease(t_cx(), db, id, 1, t_lease(db, S("w"), NOW, NOW + 60), &done));
    T_TRUE(done);
    T_OK(sealed_replace(t_cx(), db, SEALED_GRANT, &grant, B, &done));
    T_TRUE(done);
    T_OK(grant_get(t_cx(), db, id, &got));
    T_STR(got.sealed, S("anew"));
    T_TRUE(got.key_id == B);
    T_INT(got.version, 1);
    T_INT(got.leased_until_ms, NOW + 60); /* who refreshes it isn't disturbed */
    T_OK(grant_refreshed(t_cx(), db, id, S("w"), &newer));
    T_OK(sealed_replace(t_cx(), db, SEALED_GRANT, &grant, B, &done));
    T_TRUE(!done);
    T_OK(grant_get(t_cx(), db, id, &got));
    T_STR(got.sealed, S("newer"));
    T_OK(sealed_replace(t_cx(), db, SEALED_REVOCATION, &revocation, B, &done));
    T_TRUE(done);
    T_OK(sealed_replace(t_cx(), db, SEALED_REVOCATION, &revocation, C, &done));
    T_TRUE(!done);
}

/* A node that begins with an old key file, and a command that chooses a newer key. */
struct contest {
    struct store *store;
    Res reported;
    struct cx cx;
};

static Res report_work(struct cx *cx, struct db *db, void *arg)
{
    uint32_t sealing;

    (void)arg;
    return keys_report(cx, db, NODE("one", only_a, A), FLOW_MS, &sealing);
}

static Res work_choose(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return key_choose(cx, db, B);
}

static Res work_reset(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    TRY(node_leave(cx, db, S("one")));
    return key_choose(cx, db, A);
}

static void *run_report(void *arg)
{
    struct contest *c = arg;

    c->reported = store_write(&c->cx, c->store, report_work, NULL);
    return NULL;
}

TEST(test_of_a_node_without_the_key_and_its_choice_one_fails)
{
    CLEANUP(store_close) struct store *s = t_store(2);

    enum { TURNS = 40 };

    T_OK(store_migrate(t_cx(), s));
    for (int i = 0; i < TURNS; i++) {
        struct contest c = {.store = s};
        pthread_t node;

        T_OK(store_write(t_cx(), s, work_reset, NULL));
        T_INT(pthread_create(&node, NULL, run_report, &c), 0);
        Res chosen = store_write(t_cx(), s, work_choose, NULL);

        T_INT(pthread_join(node, NULL), 0);
        cx_done(&c.cx);
        T_TRUE(
            (chosen.code == FAIL_NONE && c.reported.code == FAIL_CONFIG)
            || (chosen.code == FAIL_CONFLICT && c.reported.code == FAIL_NONE));
    }
}

/* A node that died an hour ahead of the others. */
TEST(test_a_report_of_the_far_future_counts_as_over)
{
    CLEANUP(db_close) struct db *db = t_db();

    (void)report_node(db, NODE("one", only_a, A), NOW + LIMIT_NODE_LIVE_MS);
    T_INT(count_nodes(db, NOW), 1);
    T_INT(count_nodes(db, NOW - 1), 0);
    T_OK(key_choose_at(db, B, NOW - 1));
    T_OK(node_sweep_at(db, NOW));
    T_INT(count_nodes(db, NOW), 1);
    T_OK(node_sweep_at(db, NOW - 1));
    T_INT(count_nodes(db, NOW), 0);
}

TEST(test_a_clock_may_differ_by_so_much)
{
    CLEANUP(db_close) struct db *db = t_db();

    static const struct {
        int64_t ahead_ms;
        enum fail want;
        Str word;
    } rows[] = {
        {0, FAIL_NONE, SI("")},
        {LIMIT_CLOCK_SKEW_MS - 200, FAIL_NONE, SI("")},
        {LIMIT_CLOCK_SKEW_MS + 200, FAIL_CONFIG, SI("behind")},
        {-LIMIT_CLOCK_SKEW_MS + 200, FAIL_NONE, SI("")},
        {-LIMIT_CLOCK_SKEW_MS - 200, FAIL_CONFIG, SI("ahead of")},
    };

    T_OK(node_check_clock(t_cx(), db)); /* the database is on this machine */
    for (size_t i = 0; i < COUNT(rows); i++) {
        db_stop_clock(db, clock_now_ms() + rows[i].ahead_ms);
        T_FAIL(rows[i].want, node_check_clock(t_cx(), db));
        T_TRUE(str_contains(str_from_z(t_cx()->why.text), rows[i].word));
    }
}

TS_MAIN(
    TS(test_a_report_of_the_far_future_counts_as_over),
    TS(test_a_clock_may_differ_by_so_much), TS(test_keys_in_use_names_each_key_once),
    TS(test_keys_in_use_names_those_of_calendars),
    TS(test_drop_is_refused_while_calendars_need_the_key),
    TS(test_keys_of_endpoints_are_in_use),
    TS(test_sealed_list_gives_records_of_calendars),
    TS(test_report_of_the_first_node_chooses_the_key),
    TS(test_report_refuses_a_node_without_the_sealing_key),
    TS(test_node_lives_as_long_as_it_reports),
    TS(test_confirm_needs_to_be_alone_with_the_key_that_seals),
    TS(test_choose_wants_every_live_node_to_have_it),
    TS(test_drop_is_refused_while_the_key_is_needed),
    TS(test_drop_waits_no_longer_than_a_flow_can_last),
    TS(test_sealed_list_gives_what_others_sealed),
    TS(test_sealed_replace_never_overwrites_a_newer_one),
    TS(test_of_a_node_without_the_key_and_its_choice_one_fails))
