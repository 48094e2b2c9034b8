/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "store/providers.h"
#include "store/test_store.h"
#include "store/tokens.h"

static const Str hash = SI("\0\xff of 32 bytes");

static struct db *db_with_two_providers(int64_t n)
{
    struct db *db = t_db();

    T_OK(db_script(t_cx(), db, "begin"));
    for (int64_t id = 1; id <= n; id++) {
        T_OK(provider_add(t_cx(), db, &(struct provider){.id = id, .name = S("studio")}));
    }
    T_OK(db_script(t_cx(), db, "commit"));
    return db;
}

static int64_t token_new(struct db *db, Str its_hash, const int64_t *providers, size_t n)
{
    struct api_token t = {
        .name = S("ci"),
        .user = S("u1"),
        .modes = 3,
        .created_ms = 100,
        .expires_ms = 900,
        .providers = providers,
        .n_providers = n,
    };
    int64_t id = 0;

    T_OK(token_add(t_cx(), db, &t, its_hash, &id));
    return id;
}

static void token_is(const struct api_token *t, int64_t id)
{
    T_INT(t->id, id);
    T_STR(t->name, S("ci"));
    T_STR(t->user, S("u1"));
    T_INT(t->modes, 3);
    T_INT(t->created_ms, 100);
    T_INT(t->expires_ms, 900);
    T_INT(t->revoked_ms, 0);
    T_INT(t->n_providers, 2);
    T_INT(t->providers[0], 2);
    T_INT(t->providers[1], 3);
}

TEST(test_token_is_found_by_hash_and_by_id)
{
    CLEANUP(db_close) struct db *db = db_with_two_providers(3);
    int64_t id = token_new(db, hash, (const int64_t[]){3, 2}, 2);
    struct api_token t = {.id = 77};

    T_FAIL(FAIL_NOT_FOUND, token_by_hash(t_cx(), db, S("another"), &t));
    T_FAIL(FAIL_NOT_FOUND, token_by_id(t_cx(), db, id + 1, &t));
    T_INT(t.id, 77);
    T_OK(token_by_hash(t_cx(), db, hash, &t));
    token_is(&t, id);
    T_OK(token_by_id(t_cx(), db, id, &t));
    token_is(&t, id);
}

TEST(test_add_names_the_provider_that_is_missing)
{
    static const int64_t providers[] = {1, 987654};
    CLEANUP(db_close) struct db *db = db_with_two_providers(1);
    struct api_token t = {.providers = providers, .n_providers = 2};
    int64_t id = 77;

    T_FAIL(FAIL_NOT_FOUND, token_add(t_cx(), db, &t, hash, &id));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("987654")));
    T_INT(id, 77);
}

TEST(test_add_refuses_the_same_hash)
{
    static const int64_t one[] = {1};
    CLEANUP(db_close) struct db *db = db_with_two_providers(1);
    struct api_token t = {.providers = one, .n_providers = 1};
    int64_t id = token_new(db, hash, one, 1);

    T_FAIL(FAIL_CONFLICT, token_add(t_cx(), db, &t, hash, &id));
    T_OK(token_add(t_cx(), db, &t, S("other hash"), &id));
}

TEST(test_add_takes_so_many_providers_and_no_more)
{
    CLEANUP(db_close) struct db *db = db_with_two_providers(LIMIT_TOKEN_PROVIDERS + 1);
    int64_t *all = NEW_N(&t_cx()->mem, int64_t, LIMIT_TOKEN_PROVIDERS + 1);
    struct api_token t = {.providers = all, .n_providers = LIMIT_TOKEN_PROVIDERS + 1};
    int64_t id = 77;

    for (int64_t i = 0; i <= LIMIT_TOKEN_PROVIDERS; i++) {
        all[i] = i + 1;
    }
    T_FAIL(FAIL_LIMIT, token_add(t_cx(), db, &t, hash, &id));
    T_INT(id, 77);
    T_OK(db_script(t_cx(), db, "begin"));
    t.n_providers = LIMIT_TOKEN_PROVIDERS;
    T_OK(token_add(t_cx(), db, &t, hash, &id));
    T_OK(db_script(t_cx(), db, "commit"));
    T_OK(token_by_id(t_cx(), db, id, &t));
    T_INT(t.n_providers, LIMIT_TOKEN_PROVIDERS);
    T_INT(t.providers[LIMIT_TOKEN_PROVIDERS - 1], LIMIT_TOKEN_PROVIDERS);
}

TEST(test_revoke_keeps_the_token_and_the_first_time)
{
    CLEANUP(db_close) struct db *db = db_with_two_providers(3);
    int64_t id = token_new(db, hash, (const int64_t[]){2, 3}, 2);
    struct api_token t;

    T_FAIL(FAIL_NOT_FOUND, token_revoke(t_cx(), db, id + 1, 500));
    T_OK(token_revoke(t_cx(), db, id, 500));
    T_OK(token_revoke(t_cx(), db, id, 600));
    T_OK(token_by_hash(t_cx(), db, hash, &t));
    T_INT(t.revoked_ms, 500);
    t.revoked_ms = 0;
    token_is(&t, id);
}

TEST(test_list_gives_each_its_own_providers)
{
    CLEANUP(db_close) struct db *db = db_with_two_providers(3);
    struct token_page page = {.n = 77};

    T_OK(token_list(t_cx(), db, 0, &page));
    T_INT(page.n, 0);
    T_INT(page.last, 0);
    for (int64_t i = 0; i < 20; i++) {
        Str its_hash = str_int(&t_cx()->mem, i);

        (void)token_new(db, its_hash, (const int64_t[]){3, 2}, i % 4 == 0 ? 0 : 2);
    }
    T_OK(token_list(t_cx(), db, 0, &page));
    T_INT(page.n, 20);
    for (size_t i = 0; i < page.n; i++) {
        if (i % 4 == 0) {
            T_INT(page.at[i].n_providers, 0);
        } else {
            token_is(&page.at[i], (int64_t)i + 1);
        }
    }
    T_OK(token_list(t_cx(), db, page.at[17].id, &page));
    T_INT(page.n, 2);
    token_is(&page.at[1], 20);
}

TEST(test_list_goes_on_behind_a_page)
{
    CLEANUP(db_close) struct db *db = db_with_two_providers(3);
    struct token_page page;

    T_OK(db_script(t_cx(), db, "begin"));
    for (int64_t i = 0; i < LIMIT_STEP_ROWS + 1; i++) {
        (void)token_new(db, str_int(&t_cx()->mem, i), (const int64_t[]){3, 2}, 2);
    }
    T_OK(db_script(t_cx(), db, "commit"));
    T_OK(token_list(t_cx(), db, 0, &page));
    T_INT(page.n, LIMIT_STEP_ROWS);
    T_OK(token_list(t_cx(), db, page.last, &page));
    T_INT(page.n, 1);
    token_is(&page.at[0], LIMIT_STEP_ROWS + 1);
    T_OK(token_list(t_cx(), db, page.last, &page));
    T_INT(page.last, 0);
}

static bool token_is_there(struct db *db, int64_t id)
{
    struct api_token t;
    Res found = token_by_id(t_cx(), db, id, &t);

    T_TRUE(found.code == FAIL_NONE || found.code == FAIL_NOT_FOUND);
    return found.code == FAIL_NONE;
}

static int64_t sweep_at(struct db *db, int64_t now_ms)
{
    int64_t last = 77;

    db_stop_clock(db, now_ms);
    T_OK(token_sweep(t_cx(), db, 0, &last));
    return last;
}

/* token_new's expire at 900. */
TEST(test_sweep_keeps_a_token_for_so_long_after_its_end)
{
    static const int64_t two[] = {2, 3};
    const int64_t kept_ms = (int64_t)LIMIT_TOKEN_KEPT_S * 1000;
    CLEANUP(db_close) struct db *db = db_with_two_providers(3);
    struct api_token endless = {.providers = two, .n_providers = 2};
    int64_t never = 0;
    int64_t n;

    T_OK(token_add(t_cx(), db, &endless, S("1"), &never));
    int64_t expired = token_new(db, S("2"), two, 2);
    int64_t revoked = token_new(db, S("3"), two, 2);
    int64_t late = token_new(db, S("4"), two, 2);

    T_OK(token_revoke(t_cx(), db, revoked, 500));
    T_OK(token_revoke(t_cx(), db, late, 950)); /* it had expired before */
    T_INT(sweep_at(db, 499 + kept_ms), late);
    T_TRUE(token_is_there(db, revoked));
    T_INT(sweep_at(db, 500 + kept_ms), late);
    T_TRUE(!token_is_there(db, revoked));
    T_INT(sweep_at(db, 899 + kept_ms), late);
    T_TRUE(token_is_there(db, expired) && token_is_there(db, late));
    T_INT(sweep_at(db, 900 + kept_ms), late);
    T_TRUE(!token_is_there(db, expired) && !token_is_there(db, late));
    T_INT(sweep_at(db, CLOCK_MOST_MS), never);
    T_TRUE(token_is_there(db, never));
    T_OK(db_query_int(t_cx(), db, "select count(*) from token_providers", DB_NONE, &n));
    T_INT(n, 2);                                  /* those that stay */
    T_TRUE(token_new(db, S("5"), two, 2) > late); /* the log and flows name them */
}

TEST(test_sweep_goes_on_behind_a_page)
{
    CLEANUP(db_close) struct db *db = db_with_two_providers(3);
    int64_t last;

    T_OK(db_script(t_cx(), db, "begin"));
    for (int64_t i = 0; i < LIMIT_STEP_ROWS + 1; i++) {
        (void)token_new(db, str_int(&t_cx()->mem, i), (const int64_t[]){3, 2}, 2);
    }
    T_OK(db_script(t_cx(), db, "commit"));
    T_INT(sweep_at(db, CLOCK_MOST_MS), LIMIT_STEP_ROWS);
    T_TRUE(!token_is_there(db, LIMIT_STEP_ROWS));
    T_TRUE(token_is_there(db, LIMIT_STEP_ROWS + 1));
    T_OK(token_sweep(t_cx(), db, LIMIT_STEP_ROWS, &last));
    T_INT(last, LIMIT_STEP_ROWS + 1);
    T_TRUE(!token_is_there(db, LIMIT_STEP_ROWS + 1));
    T_OK(token_sweep(t_cx(), db, last, &last));
    T_INT(last, 0);
}

/* Nothing is added to one that is going. */
TEST(test_a_provider_that_is_going_has_no_tokens)
{
    CLEANUP(db_close) struct db *db = db_with_two_providers(3);
    int64_t id = token_new(db, hash, (const int64_t[]){3, 2}, 2);
    struct api_token t = {.name = S("t")};
    bool more;

    T_OK(provider_mark_removed(t_cx(), db, 3));
    T_OK(token_by_id(t_cx(), db, id, &t));
    T_INT(t.n_providers, 1);
    T_INT(t.providers[0], 2);
    t.providers = (const int64_t[]){3};
    T_FAIL(FAIL_NOT_FOUND, token_add(t_cx(), db, &t, S("another"), &id));
    T_OK(db_script(t_cx(), db, "begin"));
    for (int64_t i = 0; i < LIMIT_STEP_ROWS; i++) {
        (void)token_new(db, str_int(&t_cx()->mem, i), (const int64_t[]){2}, 1);
    }
    T_OK(db_script(t_cx(), db, "commit"));
    T_OK(provider_mark_removed(t_cx(), db, 2));
    T_OK(provider_remove_tokens(t_cx(), db, 2, &more));
    T_TRUE(more); /* one is left */
    T_OK(provider_remove_tokens(t_cx(), db, 2, &more));
    T_TRUE(!more);
    T_OK(db_query_int(t_cx(), db, "select count(*) from token_providers", DB_NONE, &id));
    T_INT(id, 1); /* of the other */
}

TS_MAIN(
    TS(test_token_is_found_by_hash_and_by_id),
    TS(test_add_names_the_provider_that_is_missing), TS(test_add_refuses_the_same_hash),
    TS(test_add_takes_so_many_providers_and_no_more),
    TS(test_revoke_keeps_the_token_and_the_first_time),
    TS(test_list_gives_each_its_own_providers), TS(test_list_goes_on_behind_a_page),
    TS(test_sweep_keeps_a_token_for_so_long_after_its_end),
    TS(test_sweep_goes_on_behind_a_page), TS(test_a_provider_that_is_going_has_no_tokens))
