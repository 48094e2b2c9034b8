/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "base/limits.h"
#include "store/accounts.h"
#include "store/grants.h"
#include "store/keys.h"
#include "store/providers.h"
#include "store/tasks.h"
#include "store/test_store.h"

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

static int64_t add_task(struct db *db, Str subject, uint32_t key_id)
{
    const struct task t = {
        .source = SOURCE_MICROSOFT,
        .subject = subject,
        .key_id = key_id,
        .sealed = S("y")};
    int64_t id;

    T_OK(task_add(t_cx(), db, &t, &id));
    return id;
}

static uint32_t report(struct db *db, const struct node *n, int64_t now_ms)
{
    uint32_t sealing = 0;

    T_OK(node_report(t_cx(), db, n, now_ms, FLOW_MS, &sealing));
    return sealing;
}

static size_t count_nodes(struct db *db, int64_t now_ms)
{
    struct node *list;
    size_t n = 77;

    T_OK(node_list(t_cx(), db, now_ms, &list, &n));
    return n;
}

static bool why_has(const char *part)
{
    return str_contains(str_from_z(t_cx()->why.text), str_from_z(part));
}

static void test_keys_in_use_names_each_key_once(void **state)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    static const uint32_t want[] = {0, 7, B, UINT32_MAX};
    uint32_t *ids;
    size_t n = 77;

    (void)state;
    T_OK(keys_in_use(t_cx(), db, &ids, &n));
    T_INT(n, 0);
    (void)add_task(db, S("s"), B);
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
    T_OK(key_choose(t_cx(), db, 7, NOW));
    T_OK(keys_in_use(t_cx(), db, &ids, &n));
    T_INT(n, COUNT(want));
    T_OK(key_choose(t_cx(), db, 8, NOW));
    T_OK(keys_in_use(t_cx(), db, &ids, &n));
    T_INT(n, COUNT(want) + 1);
    T_TRUE(ids[n - 1] == 8);
}

static void test_report_of_the_first_node_chooses_the_key(void **state)
{
    CLEANUP(db_close) struct db *db = t_db();
    static const uint32_t b_and_a[] = {B, A};
    uint32_t id = 77;

    (void)state;
    T_FAIL(FAIL_NOT_FOUND, key_sealing(t_cx(), db, &id));
    T_INT(id, 77);
    T_TRUE(report(db, NODE("one", a_and_b, B), NOW) == B);
    T_TRUE(report(db, NODE("two", a_and_b, A), NOW) == B); /* it shall seal as all do */
    T_TRUE(report(db, NODE("three", b_and_a, B), NOW) == B);
    T_OK(key_sealing(t_cx(), db, &id));
    T_TRUE(id == B);
}

static void test_report_refuses_a_node_without_the_sealing_key(void **state)
{
    CLEANUP(db_close) struct db *db = t_db();
    uint32_t sealing = 77;

    (void)state;
    T_INT(report(db, NODE("one", only_a, A), NOW), A);
    T_OK(node_leave(t_cx(), db, S("one")));
    T_OK(key_choose(t_cx(), db, B, NOW));
    T_FAIL(
        FAIL_CONFIG,
        node_report(t_cx(), db, NODE("one", only_a, A), NOW, FLOW_MS, &sealing));
    T_TRUE(why_has("fedcba98"));
    T_INT(sealing, 77);
    T_INT(count_nodes(db, NOW), 0);
}

static void test_node_lives_as_long_as_it_reports(void **state)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct node *list;
    size_t n;

    (void)state;
    (void)report(db, NODE("two", a_and_b, A), NOW);
    (void)report(db, NODE("one", only_a, A), NOW + 1);
    T_OK(node_list(t_cx(), db, NOW, &list, &n));
    T_INT(n, 2);
    T_STR(list[0].id, S("one"));
    T_STR(list[0].host, S("host"));
    T_INT(list[0].n_keys, 1);
    T_INT(list[0].sealing, A);
    T_TRUE(node_has(&list[1], A) && node_has(&list[1], B) && !node_has(&list[1], C));
    T_INT(count_nodes(db, NOW + LIMIT_NODE_LIVE_MS - 1), 2);
    T_INT(count_nodes(db, NOW + LIMIT_NODE_LIVE_MS), 1);
    T_INT(count_nodes(db, NOW + LIMIT_NODE_LIVE_MS + 1), 0);
    (void)report(db, NODE("two", only_a, A), NOW + 10);
    T_INT(count_nodes(db, NOW + LIMIT_NODE_LIVE_MS + 9), 1);
    T_OK(node_leave(t_cx(), db, S("two")));
    T_INT(count_nodes(db, NOW), 1);
    T_OK(node_sweep(t_cx(), db, NOW + LIMIT_NODE_LIVE_MS));
    T_INT(count_nodes(db, NOW), 1);
    T_OK(node_sweep(t_cx(), db, NOW + 1 + LIMIT_NODE_LIVE_MS));
    T_INT(count_nodes(db, NOW), 0);
}

static void test_choose_wants_every_live_node_to_have_it(void **state)
{
    CLEANUP(db_close) struct db *db = t_db();
    uint32_t id;

    (void)state;
    (void)report(db, NODE("one", a_and_b, A), NOW);
    (void)report(db, NODE("two", only_a, A), NOW);
    T_FAIL(FAIL_CONFLICT, key_choose(t_cx(), db, B, NOW + LIMIT_NODE_LIVE_MS - 1));
    T_TRUE(why_has("host/two") && why_has("fedcba98") && why_has("copy the key file"));
    T_OK(key_sealing(t_cx(), db, &id));
    T_INT(id, A);
    T_OK(key_choose(t_cx(), db, A, NOW)); /* it is already */
    (void)report(db, NODE("two", a_and_b, A), NOW);
    T_OK(key_choose(t_cx(), db, B, NOW));
    T_OK(key_sealing(t_cx(), db, &id));
    T_TRUE(id == B);
    T_TRUE(report(db, NODE("one", a_and_b, A), NOW) == B);
}

static void test_drop_is_refused_while_the_key_is_needed(void **state)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t over = (int64_t)NOW + LIMIT_NODE_LIVE_MS + FLOW_MS;
    struct key_use use;

    (void)state;
    int64_t account = add_grant(db, 1, A);
    int64_t task = add_task(db, S("s"), A);

    (void)report(db, NODE("one", a_and_b, A), NOW);
    (void)report(db, NODE("one", a_and_b, A), NOW - 5); /* of a clock that is slow */
    T_FAIL(FAIL_CONFLICT, key_drop(t_cx(), db, A, over));
    T_TRUE(why_has("caldock keys use"));
    T_OK(key_choose(t_cx(), db, B, NOW));
    T_FAIL(FAIL_CONFLICT, key_drop(t_cx(), db, A, over));
    T_TRUE(why_has("1 grants and 1 revocations") && why_has("caldock keys rotate"));
    T_OK(account_delete(t_cx(), db, account));
    T_FAIL(FAIL_CONFLICT, key_drop(t_cx(), db, A, over));
    T_TRUE(why_has("0 grants and 1 revocations"));
    T_OK(task_cancel(t_cx(), db, SOURCE_MICROSOFT, S("s")));
    T_TRUE(task > 0);
    T_FAIL(FAIL_CONFLICT, key_drop(t_cx(), db, A, over - 1));
    T_TRUE(why_has("may be open until 1970-01-02T"));
    T_OK(key_use_get(t_cx(), db, A, &use));
    T_INT(use.flows_until_ms, over);
    T_TRUE(!use.is_dropped);
    T_OK(key_drop(t_cx(), db, A, over));
    T_OK(key_drop(t_cx(), db, A, over + 1)); /* as by one that ended in between */
    T_FAIL(FAIL_CONFLICT, key_choose(t_cx(), db, A, over));
    T_TRUE(why_has("caldock keys add"));
    T_OK(key_drop(t_cx(), db, C, NOW)); /* one that was never used */
    T_OK(key_use_get(t_cx(), db, C, &use));
    T_TRUE(use.is_dropped && use.grants == 0 && use.tasks == 0);
}

static void test_sealed_list_gives_what_others_sealed(void **state)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    struct sealed_page page = {.kind = SEALED_GRANT, .key = B, .limit = 3};
    int64_t ids[5];
    int64_t left;

    (void)state;
    for (int64_t i = 0; i < 5; i++) {
        ids[i] = add_grant(db, i, i == 2 ? B : A);
    }
    int64_t task = add_task(db, S("s"), A);

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
    page = (struct sealed_page){.kind = SEALED_TASK, .key = B, .limit = 3};
    T_OK(sealed_list(t_cx(), db, &page));
    T_INT(page.n, 1);
    T_INT(page.at[0].id, task);
    T_INT(page.at[0].where, SOURCE_MICROSOFT);
    T_STR(page.at[0].whom, S("s"));
    T_STR(page.at[0].record, S("y"));
    T_OK(sealed_count(t_cx(), db, SEALED_TASK, A, &left));
    T_INT(left, 0);
}

/* What one read and seals anew while another writes the row. */
static void test_sealed_replace_never_overwrites_a_newer_one(void **state)
{
    CLEANUP(db_close) struct db *db = db_with_provider();
    int64_t id = add_grant(db, 1, A);
    int64_t task = add_task(db, S("s"), A);
    const struct sealed grant = {.id = id, .stamp = 1, .record = S("anew")};
    const struct sealed revocation = {.id = task, .stamp = A, .record = S("anew")};
    const struct grant_record newer = {.key_id = A, .sealed = S("newer")};
    struct grant_record got;
    bool done;

    (void)state;
    T_OK(grant_lease(t_cx(), db, id, 1, &(struct hold){S("w"), NOW, NOW + 60}, &done));
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
    T_OK(sealed_replace(t_cx(), db, SEALED_TASK, &revocation, B, &done));
    T_TRUE(done);
    T_OK(sealed_replace(t_cx(), db, SEALED_TASK, &revocation, C, &done));
    T_TRUE(!done);
}

/* A node that begins with an old key file, and a command that chooses a newer key. */
struct contest {
    struct store *store;
    Res reported;
    struct cx cx;
};

static Res work_report(struct cx *cx, struct db *db, void *arg)
{
    uint32_t sealing;

    (void)arg;
    return node_report(cx, db, NODE("one", only_a, A), NOW, FLOW_MS, &sealing);
}

static Res work_choose(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return key_choose(cx, db, B, NOW);
}

static Res work_reset(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    TRY(node_leave(cx, db, S("one")));
    return key_choose(cx, db, A, NOW);
}

static void *run_report(void *arg)
{
    struct contest *c = arg;

    c->reported = store_write(&c->cx, c->store, work_report, NULL);
    return NULL;
}

static void test_of_a_node_without_the_key_and_its_choice_one_fails(void **state)
{
    CLEANUP(store_close) struct store *s = t_store(2);

    enum { TURNS = 40 };

    (void)state;
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

TS_MAIN(
    TS(test_keys_in_use_names_each_key_once),
    TS(test_report_of_the_first_node_chooses_the_key),
    TS(test_report_refuses_a_node_without_the_sealing_key),
    TS(test_node_lives_as_long_as_it_reports),
    TS(test_choose_wants_every_live_node_to_have_it),
    TS(test_drop_is_refused_while_the_key_is_needed),
    TS(test_sealed_list_gives_what_others_sealed),
    TS(test_sealed_replace_never_overwrites_a_newer_one),
    TS(test_of_a_node_without_the_key_and_its_choice_one_fails))
