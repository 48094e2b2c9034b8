/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/cached.h"
#include "auth/load.h"
#include "auth/testissuer.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "store/providers.h"
#include "store/store.h"
#include "store/test_store.h"
#include "store/tokens.h"

static const Str patterns[] = {SI("https://a.example/x"), SI("https://b.example/*")};
static const struct feature on[] = {{SI(FEATURE_CALENDARS), true}};

/* The store is filled with two providers and a token, in one transaction. */
struct rows {
    struct api_token token;
    bool is_revoked;
    unsigned char hash[AUTH_TOKEN_HASH_BYTES];
};

static Res write_rows(struct cx *cx, struct db *db, void *arg)
{
    const struct rows *r = arg;
    int64_t id;

    TRY(provider_add(
        cx, db,
        &(struct provider){
            .id = 3,
            .name = S("three"),
            .patterns = patterns,
            .n_patterns = COUNT(patterns),
            .features = on,
            .n_features = COUNT(on)}));
    TRY(provider_add(cx, db, &(struct provider){.id = 5, .name = S("five")}));
    TRY(token_add(cx, db, &r->token, (Str){(const char *)r->hash, sizeof(r->hash)}, &id));
    return r->is_revoked ? token_revoke(cx, db, id, 1) : OK;
}

static struct store *t_store_with(struct rows *r)
{
    struct store *s = t_migrated_store(2);

    T_TRUE(seal_start());
    (void)api_token_new(&t_cx()->mem, r->hash);
    T_OK(store_write(t_cx(), s, write_rows, r));
    return s;
}

static struct auth_gap t_gap(const struct rows *r, int64_t provider)
{
    struct auth_gap gap = {.credential = true, .provider = true, .provider_id = provider};

    memcpy(gap.hash, r->hash, sizeof(gap.hash));
    return gap;
}

static const int64_t both[] = {3, 5};

TEST(test_auth_load_reads_token_and_provider_at_once)
{
    struct rows r = {
        .token = {.user = S("amy"), .modes = 3, .providers = both, .n_providers = 2}};
    CLEANUP(store_close) struct store *s = t_store_with(&r);
    CLEANUP(auth_loaded_close) struct auth_loaded *l = NULL;
    struct auth_settings settings = {0};
    struct auth_gap gap = t_gap(&r, 3);
    int64_t before_ms = clock_mono_ms();

    gap.is_counted = true;
    T_OK(auth_load(t_cx(), s, NULL, &settings, &gap, &l));
    cx_done(t_cx()); /* facts outlive the request */
    T_TRUE(l->is_counted);
    T_TRUE(!l->credential->base.is_negative && !l->provider->base.is_negative);
    T_INT(l->credential->kind, CREDENTIAL_TOKEN);
    T_STR(l->credential->user, S("amy"));
    T_INT(l->credential->modes, 3);
    T_INT(l->credential->n_providers, 2);
    T_INT(l->provider->id, 3);
    T_TRUE(l->provider->has_feature);
    T_INT(l->provider->n_patterns, 2);
    T_STR(l->provider->patterns[1], patterns[1]);

    const struct cached *f = &l->credential->base;

    T_TRUE(f->read_ms >= before_ms && f->read_ms <= clock_mono_ms());
    T_INT(f->ends_ms - f->read_ms, LIMIT_CACHE_MS);
    T_INT(f->renew_ms - f->read_ms, LIMIT_CACHE_RENEW_MS);
    T_INT(l->provider->base.ends_ms - f->read_ms, LIMIT_CACHE_MS);
}

TEST(test_auth_load_picks_the_provider_as_the_check_does)
{
    static const struct {
        size_t n;
        int64_t wish, want; /* 0: none is read */
    } cases[] = {
        {1, 0, 3}, {1, 3, 3}, {1, 5, 0}, {2, 0, 0}, {2, 5, 5}, {2, 9, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rows r = {
            .token = {.modes = 2, .providers = both, .n_providers = cases[i].n}};

        (void)t_store_start(NULL);
        {
            CLEANUP(store_close) struct store *s = t_store_with(&r);
            CLEANUP(auth_loaded_close) struct auth_loaded *l = NULL;
            struct auth_settings settings = {0};
            struct auth_gap gap = t_gap(&r, cases[i].wish);

            T_OK(auth_load(t_cx(), s, NULL, &settings, &gap, &l));
            T_INT(l->provider == NULL ? 0 : l->provider->id, cases[i].want);
        }
        (void)t_store_end(NULL);
    }
}

TEST(test_auth_load_tells_dead_tokens_from_live_ones)
{
    int64_t now_ms = clock_now_ms();

    const struct {
        bool is_revoked;
        int64_t expires_ms;
        Str reason; /* empty: it counts */
    } cases[] = {
        {false, 0, S("")},
        {true, 0, S("a revoked API token")},
        {false, now_ms - 1, S("an expired API token")},
        {true, now_ms + 1000000, S("a revoked API token")},
        {false, now_ms + 1000000, S("")},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rows r = {
            .is_revoked = cases[i].is_revoked,
            .token = {
                .modes = 2,
                .providers = both,
                .n_providers = 1,
                .expires_ms = cases[i].expires_ms}};

        (void)t_store_start(NULL);
        {
            CLEANUP(store_close) struct store *s = t_store_with(&r);
            CLEANUP(auth_loaded_close) struct auth_loaded *l = NULL;
            struct auth_settings settings = {0};
            struct auth_gap gap = t_gap(&r, 3);

            T_OK(auth_load(t_cx(), s, NULL, &settings, &gap, &l));
            bool is_negative = cases[i].reason.n > 0;

            T_STR(l->credential->reason, cases[i].reason);
            T_INT(l->credential->base.is_negative, is_negative);
            T_INT(l->provider == NULL, is_negative);
            T_INT(
                l->credential->base.ends_ms - l->credential->base.read_ms,
                is_negative ? LIMIT_CACHE_NEGATIVE_MS : LIMIT_CACHE_MS);
        }
        (void)t_store_end(NULL);
    }
}

/* A token never counts past its own end. */
TEST(test_auth_load_ends_a_fact_with_its_token)
{
    struct rows r = {
        .token = {
            .modes = 2,
            .providers = both,
            .n_providers = 1,
            .expires_ms = clock_now_ms() + LIMIT_CACHE_MS - 500}};
    CLEANUP(store_close) struct store *s = t_store_with(&r);
    CLEANUP(auth_loaded_close) struct auth_loaded *l = NULL;
    struct auth_settings settings = {0};
    struct auth_gap gap = t_gap(&r, 0);

    T_OK(auth_load(t_cx(), s, NULL, &settings, &gap, &l));
    T_TRUE(
        l->credential->base.ends_ms - l->credential->base.read_ms
        <= LIMIT_CACHE_MS - 500);
}

TEST(test_auth_load_of_the_unknown_is_a_fact)
{
    struct rows r = {.token = {.modes = 2, .providers = both, .n_providers = 1}};
    CLEANUP(store_close) struct store *s = t_store_with(&r);
    CLEANUP(auth_loaded_close) struct auth_loaded *l = NULL;
    CLEANUP(auth_loaded_close) struct auth_loaded *gone = NULL;
    struct auth_settings settings = {0};
    struct auth_gap gap = t_gap(&r, 0);
    struct auth_gap renewal = {.provider = true, .provider_id = 9, .is_renewal = true};

    gap.hash[0] ^= 1;
    T_OK(auth_load(t_cx(), s, NULL, &settings, &gap, &l));
    T_TRUE(l->credential->base.is_negative && l->provider == NULL);
    T_STR(l->credential->reason, S("no such API token"));
    T_OK(auth_load(t_cx(), s, NULL, &settings, &renewal, &gone));
    T_TRUE(gone->credential == NULL && gone->provider->base.is_negative);
    T_INT(gone->provider->id, 9);
}

static Str jwt_until(int64_t exp_s, Str rest)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 1000};

    buf_add(&b, S("{\"iss\":\"https://shop.example\",\"aud\":\"caldock\",\"exp\":"));
    buf_add_int(&b, exp_s);
    buf_add(&b, rest);
    return t_jwt(t_cx(), buf_text(&b));
}

static struct auth_gap t_gap_of_jwt(Str jwt)
{
    struct auth_gap gap = {.credential = true, .provider = true, .jwt = jwt};

    seal_sha256(jwt, gap.hash);
    return gap;
}

TEST(test_auth_load_verifies_a_jwt_and_reads_its_provider)
{
    struct rows r = {.token = {.modes = 2, .providers = both, .n_providers = 1}};
    CLEANUP(store_close) struct store *s = t_store_with(&r);
    struct jwt_issuer issuer = t_issuer(t_cx());
    struct auth_settings settings = {.issuers = {&issuer, 1}};
    int64_t now_s = clock_now_s();

    const struct {
        int64_t exp_s;
        Str rest;
        bool is_negative, is_refused;
        int64_t provider;
        int64_t most_ms;
    } cases[] = {
        {now_s + 86400, S(",\"sub\":\"amy\",\"providers\":[3]}"), false, false, 3,
         LIMIT_CACHE_JWT_MS},
        {now_s + 10, S(",\"sub\":\"amy\",\"providers\":[3]}"), false, false, 3,
         (10 + LIMIT_JWT_LEEWAY_S) * 1000},
        {INT64_C(999999999999999), S(",\"sub\":\"amy\",\"providers\":[3]}"), false, false,
         3, LIMIT_CACHE_JWT_MS},
        {now_s + 86400, S(",\"sub\":\"a my\",\"providers\":[3]}"), false, true, 3,
         LIMIT_CACHE_JWT_MS},
        {now_s + 86400, S(",\"sub\":\"amy\"}"), false, false, 0, LIMIT_CACHE_JWT_MS},
        {now_s + 86400, S(",\"sub\":\"amy\",\"providers\":[3,5]}"), false, false, 0,
         LIMIT_CACHE_JWT_MS},
        {now_s - 86400, S(",\"sub\":\"amy\",\"providers\":[3]}"), true, false, 0,
         LIMIT_CACHE_NEGATIVE_MS},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(auth_loaded_close) struct auth_loaded *l = NULL;
        struct auth_gap gap = t_gap_of_jwt(jwt_until(cases[i].exp_s, cases[i].rest));

        T_OK(auth_load(t_cx(), s, NULL, &settings, &gap, &l));
        const struct cached_credential *c = l->credential;

        T_INT(c->kind, CREDENTIAL_JWT);
        T_TRUE(c->settings == &settings);
        T_INT(c->base.is_negative, cases[i].is_negative);
        T_INT(c->user_is_refused, cases[i].is_refused);
        T_STR(c->user, c->base.is_negative || c->user_is_refused ? S("") : S("amy"));
        T_STR(c->issuer, c->base.is_negative ? S("") : S("shop"));
        T_STR(c->reason, c->base.is_negative ? S("JWT: exp is absent or past") : S(""));
        T_INT(l->provider == NULL ? 0 : l->provider->id, cases[i].provider);
        T_TRUE(c->base.ends_ms - c->base.read_ms <= cases[i].most_ms);
        T_TRUE(c->base.ends_ms > c->base.read_ms);
        T_TRUE(c->base.renew_ms == INT64_MAX);
    }
    jws_keys_free(&issuer.keys);
}

TEST(test_auth_load_without_a_store_is_unavailable)
{
    struct store_options options = {
        .url = S("sqlite:/nonexistent/folder/x.db"), .pool = 1};
    CLEANUP(store_close) struct store *s = NULL;
    CLEANUP(auth_loaded_close) struct auth_loaded *l = NULL;
    struct auth_settings settings = {0};
    struct auth_gap gap = {.credential = true};

    T_OK(store_open(t_cx(), &options, &s));
    T_FAIL(FAIL_UNAVAILABLE, auth_load(t_cx(), s, NULL, &settings, &gap, &l));
    T_TRUE(l == NULL);
}

TS_MAIN(
    TS(test_auth_load_reads_token_and_provider_at_once),
    T(test_auth_load_picks_the_provider_as_the_check_does),
    T(test_auth_load_tells_dead_tokens_from_live_ones),
    TS(test_auth_load_ends_a_fact_with_its_token),
    TS(test_auth_load_of_the_unknown_is_a_fact),
    TS(test_auth_load_verifies_a_jwt_and_reads_its_provider),
    T(test_auth_load_without_a_store_is_unavailable))
