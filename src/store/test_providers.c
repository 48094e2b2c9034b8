/* SPDX-License-Identifier: Apache-2.0 */
#include "base/kinds.h"
#include "base/limits.h"
#include "store/accounts.h"
#include "store/providers.h"
#include "store/test_store.h"
#include "store/tokens.h"

static void provider_new(struct db *db, int64_t id)
{
    static const Str patterns[] = {SI("https://b.example/*"), SI("https://a.example/cb")};
    static const struct feature features[] = {
        {SI("zz"), false}, {SI(FEATURE_CALENDARS), true}};
    struct provider p = {
        .id = id,
        .name = S("studio"),
        .created_ms = 100 + id % 1000,
        .patterns = patterns,
        .n_patterns = COUNT(patterns),
        .features = features,
        .n_features = COUNT(features),
    };

    T_OK(provider_add(t_cx(), db, &p));
}

static void provider_is(const struct provider *p, int64_t id)
{
    T_INT(p->id, id);
    T_STR(p->name, S("studio"));
    T_INT(p->created_ms, 100 + id % 1000);
    T_INT(p->n_patterns, 2);
    T_STR(p->patterns[0], S("https://a.example/cb"));
    T_STR(p->patterns[1], S("https://b.example/*"));
    T_INT(p->n_features, 2);
    T_TRUE(provider_has_feature(p, S(FEATURE_CALENDARS)));
    T_TRUE(!provider_has_feature(p, S("zz")));
    T_TRUE(!provider_has_feature(p, S("unheard of")));
}

TEST(test_get_gives_what_was_added)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct provider p = {.id = 77};

    T_FAIL(FAIL_NOT_FOUND, provider_get(t_cx(), db, 5, &p));
    T_INT(p.id, 77);
    provider_new(db, 5);
    provider_new(db, INT64_MAX - 100);
    T_OK(provider_get(t_cx(), db, 5, &p));
    provider_is(&p, 5);
    T_OK(provider_get(t_cx(), db, INT64_MAX - 100, &p));
    provider_is(&p, INT64_MAX - 100);
}

TEST(test_add_refuses_an_id_that_is_there)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct provider p = {.id = 5, .name = S("other")};

    provider_new(db, 5);
    T_FAIL(FAIL_CONFLICT, provider_add(t_cx(), db, &p));
    T_OK(provider_get(t_cx(), db, 5, &p));
    provider_is(&p, 5);
}

TEST(test_list_gives_each_its_own)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct provider_page page = {.n = 77};

    T_OK(provider_list(t_cx(), db, 0, &page));
    T_INT(page.n, 0);
    T_INT(page.last, 0);
    for (int64_t id = 20; id > 0; id--) {
        if (id % 3 == 0) {
            T_OK(provider_add(
                t_cx(), db, &(struct provider){.id = id, .name = S("bare")}));
        } else {
            provider_new(db, id);
        }
    }
    T_OK(provider_list(t_cx(), db, 0, &page));
    T_INT(page.n, 20);
    for (int64_t id = 1; id <= 20; id++) {
        const struct provider *p = &page.at[id - 1];

        T_INT(p->id, id);
        if (id % 3 == 0) {
            T_INT(p->n_patterns + p->n_features, 0);
        } else {
            provider_is(p, id);
        }
    }
    T_OK(provider_list(t_cx(), db, 18, &page));
    T_INT(page.n, 2);
    provider_is(&page.at[1], 20);
}

TEST(test_list_goes_on_behind_a_page)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct provider_page page;

    T_OK(db_script(t_cx(), db, "begin"));
    for (int64_t id = 1; id <= LIMIT_STEP_ROWS + 1; id++) {
        provider_new(db, id);
    }
    T_OK(db_script(t_cx(), db, "commit"));
    T_OK(provider_list(t_cx(), db, 0, &page));
    T_INT(page.n, LIMIT_STEP_ROWS);
    provider_is(&page.at[LIMIT_STEP_ROWS - 1], LIMIT_STEP_ROWS);
    T_OK(provider_list(t_cx(), db, page.last, &page));
    T_INT(page.n, 1);
    provider_is(&page.at[0], LIMIT_STEP_ROWS + 1);
    T_OK(provider_list(t_cx(), db, page.last, &page));
    T_INT(page.last, 0);
}

/* Gone for a service, there for the command that goes on with it. */
TEST(test_a_marked_provider_is_found_by_commands_only)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct provider p;
    struct provider_page page;

    T_FAIL(FAIL_NOT_FOUND, provider_mark_removed(t_cx(), db, 5));
    provider_new(db, 5);
    db_stop_clock(db, 1000);
    T_OK(provider_mark_removed(t_cx(), db, 5));
    db_stop_clock(db, 2000);
    T_OK(provider_mark_removed(t_cx(), db, 5)); /* the first time stays */
    T_FAIL(FAIL_NOT_FOUND, provider_get(t_cx(), db, 5, &p));
    T_OK(provider_find(t_cx(), db, 5, &p));
    provider_is(&p, 5);
    T_INT(p.removed_ms, 1000);
    T_OK(provider_list(t_cx(), db, 0, &page));
    T_INT(page.at[0].removed_ms, 1000);
    T_FAIL(
        FAIL_CONFLICT,
        provider_add(t_cx(), db, &(struct provider){.id = 5, .name = S("x")}));
    T_OK(provider_remove(t_cx(), db, 5));
    provider_new(db, 5);
    T_OK(provider_get(t_cx(), db, 5, &p));
    T_INT(p.removed_ms, 0);
}

TEST(test_changes_need_a_provider)
{
    CLEANUP(db_close) struct db *db = t_db();

    T_FAIL(FAIL_NOT_FOUND, provider_rename(t_cx(), db, 5, S("x")));
    T_FAIL(FAIL_NOT_FOUND, provider_pattern_add(t_cx(), db, 5, S("x")));
    T_FAIL(FAIL_NOT_FOUND, provider_pattern_remove(t_cx(), db, 5, S("x")));
    T_FAIL(FAIL_NOT_FOUND, provider_feature_set(t_cx(), db, 5, S("x"), true));
    T_FAIL(FAIL_NOT_FOUND, provider_remove(t_cx(), db, 5));
}

TEST(test_changes_touch_only_what_they_name)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct provider p;

    provider_new(db, 5);
    provider_new(db, 6);
    T_OK(provider_rename(t_cx(), db, 5, S("new name")));
    T_OK(provider_pattern_add(t_cx(), db, 5, S("https://c.example/")));
    T_OK(provider_pattern_add(t_cx(), db, 5, S("https://c.example/"))); /* once */
    T_OK(provider_pattern_remove(t_cx(), db, 5, S("https://b.example/*")));
    T_FAIL(
        FAIL_NOT_FOUND, provider_pattern_remove(t_cx(), db, 5, S("https://b.example/*")));
    T_OK(provider_feature_set(t_cx(), db, 5, S(FEATURE_CALENDARS), false));
    T_OK(provider_feature_set(t_cx(), db, 5, S("new"), true));
    T_OK(provider_get(t_cx(), db, 5, &p));
    T_STR(p.name, S("new name"));
    T_INT(p.n_patterns, 2);
    T_STR(p.patterns[0], S("https://a.example/cb"));
    T_STR(p.patterns[1], S("https://c.example/"));
    T_TRUE(!provider_has_feature(&p, S(FEATURE_CALENDARS)));
    T_TRUE(provider_has_feature(&p, S("new")));
    T_OK(provider_get(t_cx(), db, 6, &p));
    provider_is(&p, 6);
}

TEST(test_pattern_add_stops_at_the_limit)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct provider p;

    T_OK(provider_add(t_cx(), db, &(struct provider){.id = 5, .name = S("many")}));
    T_OK(db_script(t_cx(), db, "begin"));
    for (int i = 0; i < LIMIT_PATTERNS_PER_PROVIDER; i++) {
        T_OK(provider_pattern_add(t_cx(), db, 5, str_int(&t_cx()->mem, i)));
    }
    T_OK(provider_pattern_add(t_cx(), db, 5, S("0")));
    T_OK(provider_get(t_cx(), db, 5, &p));
    T_INT(p.n_patterns, LIMIT_PATTERNS_PER_PROVIDER);
    T_FAIL(FAIL_LIMIT, provider_pattern_add(t_cx(), db, 5, S("one past")));
    T_OK(db_script(t_cx(), db, "rollback"));
}

TEST(test_remove_takes_all_but_accounts_along)
{
    CLEANUP(db_close) struct db *db = t_db();
    int64_t both[] = {5, 6};
    struct api_token token = {.name = S("t"), .providers = both, .n_providers = 2};
    struct account a = {
        .provider = 5,
        .mode = MODE_PROVIDER,
        .source = SOURCE_GOOGLE,
        .status = ACCOUNT_CONNECTED};
    struct provider p;
    int64_t id;

    provider_new(db, 5);
    provider_new(db, 6);
    T_OK(token_add(t_cx(), db, &token, S("hash"), &token.id));
    T_OK(account_insert(t_cx(), db, &a, &id));
    T_FAIL(FAIL_CONFLICT, provider_remove(t_cx(), db, 5));
    T_OK(account_delete(t_cx(), db, id));
    T_OK(provider_remove(t_cx(), db, 5));
    T_FAIL(FAIL_NOT_FOUND, provider_get(t_cx(), db, 5, &p));
    T_OK(token_by_id(t_cx(), db, token.id, &token));
    T_INT(token.n_providers, 1);
    T_INT(token.providers[0], 6);
    /* nothing of the old one comes back with its id */
    T_OK(provider_add(t_cx(), db, &(struct provider){.id = 5, .name = S("again")}));
    T_OK(provider_get(t_cx(), db, 5, &p));
    T_INT(p.n_patterns + p.n_features, 0);
    T_OK(token_by_id(t_cx(), db, token.id, &token));
    T_INT(token.n_providers, 1);
}

TS_MAIN(
    TS(test_get_gives_what_was_added), TS(test_add_refuses_an_id_that_is_there),
    TS(test_list_gives_each_its_own), TS(test_list_goes_on_behind_a_page),
    TS(test_a_marked_provider_is_found_by_commands_only),
    TS(test_changes_need_a_provider), TS(test_changes_touch_only_what_they_name),
    TS(test_pattern_add_stops_at_the_limit), TS(test_remove_takes_all_but_accounts_along))
