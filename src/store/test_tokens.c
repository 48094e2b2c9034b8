/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "store/providers.h"
#include "store/test_store.h"
#include "store/tokens.h"

static const Str hash = SI("\0\xff of 32 bytes");

static struct db *db_with_providers(int64_t n)
{
    struct db *db = t_db();

    T_OK(db_script(t_cx(), db, "begin"));
    for (int64_t id = 1; id <= n; id++) {
        T_OK(provider_add(t_cx(), db, &(struct provider){.id = id, .name = S("studio")}));
    }
    T_OK(db_script(t_cx(), db, "commit"));
    return db;
}

static int64_t add(struct db *db, Str its_hash, const int64_t *providers, size_t n)
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

static void check(const struct api_token *t, int64_t id)
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

static void test_token_is_found_by_hash_and_by_id(void **state)
{
    CLEANUP(db_close) struct db *db = db_with_providers(3);
    int64_t id = add(db, hash, (const int64_t[]){3, 2}, 2);
    struct api_token t = {.id = 77};

    (void)state;
    T_FAIL(FAIL_NOT_FOUND, token_by_hash(t_cx(), db, S("another"), &t));
    T_FAIL(FAIL_NOT_FOUND, token_by_id(t_cx(), db, id + 1, &t));
    T_INT(t.id, 77);
    T_OK(token_by_hash(t_cx(), db, hash, &t));
    check(&t, id);
    T_OK(token_by_id(t_cx(), db, id, &t));
    check(&t, id);
}

static void test_add_names_the_provider_that_is_missing(void **state)
{
    static const int64_t providers[] = {1, 987654};
    CLEANUP(db_close) struct db *db = db_with_providers(1);
    struct api_token t = {.providers = providers, .n_providers = 2};
    int64_t id = 77;

    (void)state;
    T_FAIL(FAIL_NOT_FOUND, token_add(t_cx(), db, &t, hash, &id));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("987654")));
    T_INT(id, 77);
}

static void test_add_refuses_the_same_hash(void **state)
{
    static const int64_t one[] = {1};
    CLEANUP(db_close) struct db *db = db_with_providers(1);
    struct api_token t = {.providers = one, .n_providers = 1};
    int64_t id = add(db, hash, one, 1);

    (void)state;
    T_FAIL(FAIL_CONFLICT, token_add(t_cx(), db, &t, hash, &id));
    T_OK(token_add(t_cx(), db, &t, S("other hash"), &id));
}

static void test_add_takes_so_many_providers_and_no_more(void **state)
{
    CLEANUP(db_close) struct db *db = db_with_providers(LIMIT_TOKEN_PROVIDERS + 1);
    int64_t *all = NEW_N(&t_cx()->mem, int64_t, LIMIT_TOKEN_PROVIDERS + 1);
    struct api_token t = {.providers = all, .n_providers = LIMIT_TOKEN_PROVIDERS + 1};
    int64_t id = 77;

    (void)state;
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

static void test_revoke_keeps_the_token_and_the_first_time(void **state)
{
    CLEANUP(db_close) struct db *db = db_with_providers(3);
    int64_t id = add(db, hash, (const int64_t[]){2, 3}, 2);
    struct api_token t;

    (void)state;
    T_FAIL(FAIL_NOT_FOUND, token_revoke(t_cx(), db, id + 1, 500));
    T_OK(token_revoke(t_cx(), db, id, 500));
    T_OK(token_revoke(t_cx(), db, id, 600));
    T_OK(token_by_hash(t_cx(), db, hash, &t));
    T_INT(t.revoked_ms, 500);
    t.revoked_ms = 0;
    check(&t, id);
}

static void test_list_gives_each_its_own_providers(void **state)
{
    CLEANUP(db_close) struct db *db = db_with_providers(3);
    struct api_token *list;
    size_t n = 77;

    (void)state;
    T_OK(token_list(t_cx(), db, &list, &n));
    T_INT(n, 0);
    for (int64_t i = 0; i < 20; i++) {
        Str its_hash = str_int(&t_cx()->mem, i);

        (void)add(db, its_hash, (const int64_t[]){3, 2}, i % 4 == 0 ? 0 : 2);
    }
    T_OK(token_list(t_cx(), db, &list, &n));
    T_INT(n, 20);
    for (size_t i = 0; i < n; i++) {
        if (i % 4 == 0) {
            T_INT(list[i].n_providers, 0);
        } else {
            check(&list[i], (int64_t)i + 1);
        }
    }
}

TS_MAIN(
    TS(test_token_is_found_by_hash_and_by_id),
    TS(test_add_names_the_provider_that_is_missing), TS(test_add_refuses_the_same_hash),
    TS(test_add_takes_so_many_providers_and_no_more),
    TS(test_revoke_keeps_the_token_and_the_first_time),
    TS(test_list_gives_each_its_own_providers))
