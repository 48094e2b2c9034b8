/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/cached.h"
#include "auth/check.h"
#include "base/limits.h"
#include "base/testing.h"
#include "seal/seal.h"

#define TOKEN "cdk_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_abcde"
#define JWT   "aaaa.bbbb.cccc"

enum { NOW_MS = 5000000 };

static const int64_t ids[] = {3, 5};
static const Str patterns[] = {SI("https://app.example/*"), SI("https://b.example/x")};

/* A credential as the store would have it, and the headers of a request. */
struct asked {
    size_t n_providers; /* the first of `ids` */
    unsigned modes;
    Str bound;
    bool subject_is_refused;
    bool provider_is_gone;
    bool feature_is_off;
    Str provider;
    Str mode;
    Str user;
};

static struct auth_loaded *t_load_credential(
    const struct asked *a, Str text, const struct auth_settings *settings)
{
    struct auth_loaded *l = heap_alloc(sizeof(*l));
    struct cached_credential c = {
        .base =
            {.read_ms = NOW_MS,
             .renew_ms = NOW_MS + LIMIT_CACHE_RENEW_MS,
             .ends_ms = NOW_MS + LIMIT_CACHE_MS},
        .kind = text.p[0] == 'c' ? CREDENTIAL_TOKEN : CREDENTIAL_JWT,
        .settings = settings,
        .token_id = 11,
        .issuer = S("shop"),
        .user = a->bound,
        .user_is_refused = a->subject_is_refused,
        .modes = a->modes,
        .providers = ids,
        .n_providers = a->n_providers,
    };

    seal_sha256(text, c.hash);
    l->credential = cached_credential_new(&c);
    return l;
}

static void t_load_provider(struct auth_loaded *l, const struct asked *a, int64_t id)
{
    l->provider = cached_provider_new(&(struct cached_provider){
        .base =
            {.read_ms = NOW_MS,
             .renew_ms = NOW_MS + LIMIT_CACHE_RENEW_MS,
             .ends_ms = NOW_MS + LIMIT_CACHE_MS,
             .is_negative = a->provider_is_gone},
        .id = id,
        .has_feature = !a->feature_is_off,
        .patterns = patterns,
        .n_patterns = COUNT(patterns)});
}

/* auth_loaded_close is load.c's, which wants a store. */
static void t_unload(struct auth_loaded *l)
{
    cached_unref(l->credential == NULL ? NULL : &l->credential->base);
    cached_unref(l->provider == NULL ? NULL : &l->provider->base);
    heap_free(l);
}

static struct http_request t_request(const struct asked *a, Str authorization)
{
    struct http_header *h = NEW_N(&t_cx()->mem, struct http_header, 4);

    h[0] = (struct http_header){S("Authorization"), authorization};
    h[1] = (struct http_header){S("TeamUp-Provider-ID"), a->provider};
    h[2] = (struct http_header){S("Teamup-Request-Mode"), a->mode};
    h[3] = (struct http_header){S("Caldock-User"), a->user};
    return (struct http_request){.headers = h, .n_headers = 4};
}

static const struct check_row {
    const char *name;
    struct asked asked;
    enum fail want;
    int64_t provider;
    enum mode mode;
    Str user;
    Str field;
} rows[] = {
    {"one provider and one mode are implied",
     {.n_providers = 1, .modes = MODE_PROVIDER},
     FAIL_NONE,
     3,
     MODE_PROVIDER,
     SI(""),
     SI("")},
    {"they may be named all the same",
     {.n_providers = 1,
      .modes = MODE_PROVIDER,
      .provider = SI("3"),
      .mode = SI("provider")},
     FAIL_NONE,
     3,
     MODE_PROVIDER,
     SI(""),
     SI("")},
    {"several providers: one has to be named",
     {.n_providers = 2, .modes = MODE_PROVIDER},
     FAIL_PROVIDER_REQUIRED,
     0,
     0,
     SI(""),
     SI("")},
    {"the second of two",
     {.n_providers = 2, .modes = MODE_PROVIDER, .provider = SI("5")},
     FAIL_NONE,
     5,
     MODE_PROVIDER,
     SI(""),
     SI("")},
    {"no access",
     {.n_providers = 1, .modes = MODE_PROVIDER, .provider = SI("5")},
     FAIL_PROVIDER_INVALID,
     0,
     0,
     SI(""),
     SI("")},
    {"no provider at all",
     {.n_providers = 0, .modes = MODE_PROVIDER},
     FAIL_PROVIDER_INVALID,
     0,
     0,
     SI(""),
     SI("")},
    {"no provider at all, and one named",
     {.n_providers = 0, .modes = MODE_PROVIDER, .provider = SI("3")},
     FAIL_PROVIDER_INVALID,
     0,
     0,
     SI(""),
     SI("")},
    {"the provider is gone",
     {.n_providers = 1, .modes = MODE_PROVIDER, .provider_is_gone = true},
     FAIL_PROVIDER_INVALID,
     0,
     0,
     SI(""),
     SI("")},
    {"malformed provider before everything after it",
     {.n_providers = 2,
      .modes = 3,
      .provider = SI("x"),
      .mode = SI("y"),
      .user = SI("?")},
     FAIL_PARAMETER_INVALID,
     0,
     0,
     SI(""),
     SI("TeamUp-Provider-ID")},
    {"both modes: one has to be named",
     {.n_providers = 1, .modes = 3},
     FAIL_MODE_REQUIRED,
     0,
     0,
     SI(""),
     SI("")},
    {"both modes: provider",
     {.n_providers = 1, .modes = 3, .mode = SI("provider")},
     FAIL_NONE,
     3,
     MODE_PROVIDER,
     SI(""),
     SI("")},
    {"both modes: customer",
     {.n_providers = 1, .modes = 3, .mode = SI("customer"), .user = SI("amy")},
     FAIL_NONE,
     3,
     MODE_CUSTOMER,
     SI("amy"),
     SI("")},
    {"a mode that it does not have",
     {.n_providers = 1, .modes = MODE_PROVIDER, .mode = SI("customer")},
     FAIL_MODE_NOT_ALLOWED,
     0,
     0,
     SI(""),
     SI("")},
    {"no mode at all",
     {.n_providers = 1, .modes = 0},
     FAIL_MODE_NOT_ALLOWED,
     0,
     0,
     SI(""),
     SI("")},
    {"malformed mode before the user",
     {.n_providers = 1, .modes = 1, .mode = SI("boss"), .user = SI("?")},
     FAIL_PARAMETER_INVALID,
     0,
     0,
     SI(""),
     SI("Teamup-Request-Mode")},
    {"the provider's stage comes before the mode's",
     {.n_providers = 2, .modes = 3, .mode = SI("boss")},
     FAIL_PROVIDER_REQUIRED,
     0,
     0,
     SI(""),
     SI("")},
    {"provider mode for a user",
     {.n_providers = 1, .modes = MODE_PROVIDER, .user = SI("amy")},
     FAIL_NONE,
     3,
     MODE_PROVIDER,
     SI("amy"),
     SI("")},
    {"customer mode without a user",
     {.n_providers = 1, .modes = MODE_CUSTOMER},
     FAIL_PARAMETER_INVALID,
     0,
     0,
     SI(""),
     SI("Caldock-User")},
    {"customer mode, bound",
     {.n_providers = 1, .modes = MODE_CUSTOMER, .bound = SI("amy")},
     FAIL_NONE,
     3,
     MODE_CUSTOMER,
     SI("amy"),
     SI("")},
    {"bound, and the same user named",
     {.n_providers = 1, .modes = MODE_PROVIDER, .bound = SI("amy"), .user = SI("amy")},
     FAIL_NONE,
     3,
     MODE_PROVIDER,
     SI("amy"),
     SI("")},
    {"bound, and another user named",
     {.n_providers = 1, .modes = MODE_PROVIDER, .bound = SI("amy"), .user = SI("Amy")},
     FAIL_PERMISSION_DENIED,
     0,
     0,
     SI(""),
     SI("")},
    {"malformed user",
     {.n_providers = 1, .modes = MODE_PROVIDER, .bound = SI("amy"), .user = SI("a my")},
     FAIL_PARAMETER_INVALID,
     0,
     0,
     SI(""),
     SI("Caldock-User")},
    {"a subject outside the alphabet",
     {.n_providers = 1, .modes = MODE_PROVIDER, .subject_is_refused = true},
     FAIL_PERMISSION_DENIED,
     0,
     0,
     SI(""),
     SI("")},
    {"a subject outside the alphabet, but the mode's stage comes first",
     {.n_providers = 1, .modes = 3, .subject_is_refused = true},
     FAIL_MODE_REQUIRED,
     0,
     0,
     SI(""),
     SI("")},
    {"the feature is off",
     {.n_providers = 1, .modes = MODE_PROVIDER, .feature_is_off = true},
     FAIL_FEATURE_NOT_ENABLED,
     0,
     0,
     SI(""),
     SI("")},
    {"the feature is off, but the user's stage comes first",
     {.n_providers = 1, .modes = MODE_CUSTOMER, .feature_is_off = true},
     FAIL_PARAMETER_INVALID,
     0,
     0,
     SI(""),
     SI("Caldock-User")},
};

static void check_row(const struct check_row *row, Str authorization, Str text)
{
    struct auth_settings settings = {0};
    struct auth_cache *cache = auth_cache_open();
    struct auth_loaded *l = t_load_credential(&row->asked, text, &settings);
    struct http_request req = t_request(&row->asked, authorization);
    struct auth_gap gap;
    struct auth_error error = {0};
    struct identity who = {.provider = 77};
    struct auth_ask ask = {cache, &settings, &req, l, NOW_MS};

    print_message("%s\n", row->name);
    t_load_provider(l, &row->asked, row->provider == 0 ? 3 : row->provider);
    T_FAIL(row->want, auth_check(t_cx(), &ask, &gap, &who, &error));
    T_INT(who.provider, row->want == FAIL_NONE ? row->provider : 77);
    T_INT(who.mode, row->mode);
    T_STR(who.user, row->user);
    T_STR(error.field, row->field);
    T_TRUE(!gap.credential && !gap.provider && !gap.is_renewal);
    if (row->want == FAIL_NONE) {
        T_INT(who.n_patterns, 2);
        T_STR(who.patterns[1], patterns[1]);
        T_INT(who.token_id, 11);
        T_STR(who.issuer, S("shop"));
    }
    t_unload(l);
    auth_cache_close(&cache);
}

TEST(test_auth_check_follows_the_stages)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(&rows[i], S("Token " TOKEN), S(TOKEN));
        check_row(&rows[i], S("JWT " JWT), S(JWT));
    }
}

/* A thread's cache and one good request of it. */
struct check_scene {
    struct auth_settings settings;
    struct auth_cache *cache;
    struct http_request req;
    struct auth_gap gap;
    struct auth_error error;
    struct identity who;
};

static const struct asked good = {.n_providers = 1, .modes = MODE_PROVIDER};

static void scene_open(struct check_scene *s, Str authorization)
{
    *s = (struct check_scene){
        .cache = auth_cache_open(), .req = t_request(&good, authorization)};
}

static Res scene_check(struct check_scene *s, const struct auth_loaded *l, int64_t now_ms)
{
    struct auth_ask ask = {s->cache, &s->settings, &s->req, l, now_ms};

    s->who = (struct identity){0};
    return auth_check(t_cx(), &ask, &s->gap, &s->who, &s->error);
}

static struct auth_loaded *scene_load(struct check_scene *s, Str text)
{
    struct auth_loaded *l = t_load_credential(&good, text, &s->settings);

    t_load_provider(l, &good, 3);
    return l;
}

static void scene_keep(struct check_scene *s, Str text)
{
    struct auth_loaded *l = scene_load(s, text);

    auth_keep(s->cache, l);
    t_unload(l);
}

TEST(test_auth_check_of_a_cold_credential_asks_for_all)
{
    struct check_scene s;
    unsigned char hash[AUTH_TOKEN_HASH_BYTES];

    scene_open(&s, S("Token " TOKEN));
    T_OK(scene_check(&s, NULL, NOW_MS));
    T_TRUE(s.gap.credential && s.gap.provider && !s.gap.is_renewal);
    T_INT(s.gap.provider_id, 0);
    T_INT(s.gap.jwt.n, 0);
    api_token_hash(S(TOKEN), hash);
    assert_memory_equal(s.gap.hash, hash, sizeof(hash));
    auth_cache_close(&s.cache);

    struct asked named = {.provider = S("5")};

    scene_open(&s, S("JWT " JWT));
    s.req = t_request(&named, S("JWT " JWT));
    T_OK(scene_check(&s, NULL, NOW_MS));
    T_TRUE(s.gap.credential && s.gap.provider && !s.gap.is_renewal);
    T_INT(s.gap.provider_id, 5);
    T_STR(s.gap.jwt, S(JWT));
    auth_cache_close(&s.cache);
}

TEST(test_auth_check_answers_from_what_was_kept)
{
    struct check_scene s;

    scene_open(&s, S("Token " TOKEN));
    scene_keep(&s, S(TOKEN));
    T_OK(scene_check(&s, NULL, NOW_MS + LIMIT_CACHE_RENEW_MS - 1));
    T_TRUE(!s.gap.credential && !s.gap.provider);
    T_INT(s.who.provider, 3);
    T_OK(scene_check(&s, NULL, NOW_MS + LIMIT_CACHE_MS)); /* one past its time */
    T_TRUE(s.gap.credential && s.gap.provider && !s.gap.is_renewal);
    T_INT(s.who.provider, 0);
    auth_cache_close(&s.cache);
}

/* A renewal may come while a worker has the request. */
TEST(test_auth_detach_outlives_the_cache)
{
    struct check_scene s;

    scene_open(&s, S("Token " TOKEN));
    scene_keep(&s, S(TOKEN));
    T_OK(scene_check(&s, NULL, NOW_MS));
    const Str *borrowed = s.who.patterns;

    auth_detach(&t_cx()->mem, &s.who);
    auth_cache_close(&s.cache);
    T_TRUE(s.who.patterns != borrowed);
    T_INT(s.who.n_patterns, COUNT(patterns));
    T_STR(s.who.patterns[0], patterns[0]);
    T_STR(s.who.patterns[1], patterns[1]);
}

TEST(test_auth_check_asks_for_one_renewal)
{
    struct check_scene s;

    scene_open(&s, S("Token " TOKEN));
    scene_keep(&s, S(TOKEN));
    T_OK(scene_check(&s, NULL, NOW_MS + LIMIT_CACHE_RENEW_MS));
    T_TRUE(s.gap.is_renewal && s.gap.credential && s.gap.provider);
    T_INT(s.gap.provider_id, 3);
    T_INT(s.who.provider, 3); /* and the request goes on */
    T_OK(scene_check(&s, NULL, NOW_MS + LIMIT_CACHE_RENEW_MS + 1));
    T_TRUE(!s.gap.is_renewal && !s.gap.credential && !s.gap.provider);
    T_OK(scene_check(&s, NULL, NOW_MS + LIMIT_CACHE_MS - 1));
    T_TRUE(!s.gap.is_renewal);
    T_INT(s.who.provider, 3);
    auth_cache_close(&s.cache);
}

/* A queue that takes long never makes a request go round in circles. */
TEST(test_auth_check_believes_what_was_just_loaded)
{
    struct check_scene s;

    scene_open(&s, S("Token " TOKEN));
    struct auth_loaded *l = scene_load(&s, S(TOKEN));

    T_OK(scene_check(&s, l, NOW_MS + 10 * LIMIT_CACHE_MS));
    T_TRUE(!s.gap.credential && !s.gap.provider && !s.gap.is_renewal);
    T_INT(s.who.provider, 3);
    t_unload(l);
    auth_cache_close(&s.cache);
}

TEST(test_auth_check_refuses_what_is_known_to_be_unknown)
{
    struct check_scene s;

    scene_open(&s, S("Token " TOKEN));
    struct auth_loaded *l = scene_load(&s, S(TOKEN));

    l->credential->base.is_negative = true;
    l->credential->base.ends_ms = NOW_MS + LIMIT_CACHE_NEGATIVE_MS;
    l->credential->reason = S("JWT: exp is absent or past");
    auth_keep(s.cache, l);
    T_FAIL(FAIL_AUTHENTICATION_FAILED, scene_check(&s, l, NOW_MS));
    T_STR(str_from_z(t_cx()->why.text), l->credential->reason); /* for the log */
    T_TRUE(s.error.message.n == 0 && s.error.hint.n == 0);      /* not for the caller */
    T_FAIL(
        FAIL_AUTHENTICATION_FAILED,
        scene_check(&s, NULL, NOW_MS + LIMIT_CACHE_NEGATIVE_MS - 1));
    T_OK(scene_check(&s, NULL, NOW_MS + LIMIT_CACHE_NEGATIVE_MS));
    T_TRUE(s.gap.credential && !s.gap.is_renewal);
    t_unload(l);
    auth_cache_close(&s.cache);
}

/* An entry of another credential is never used, even should the cache's keys collide. */
TEST(test_auth_check_compares_the_whole_hash)
{
    struct check_scene s;

    scene_open(&s, S("Token " TOKEN));
    struct auth_loaded *l = scene_load(&s, S(TOKEN));

    l->credential->hash[AUTH_TOKEN_HASH_BYTES - 1] ^= 1;
    auth_keep(s.cache, l);
    T_OK(scene_check(&s, l, NOW_MS));
    T_TRUE(s.gap.credential && s.who.provider == 0);
    T_OK(scene_check(&s, NULL, NOW_MS));
    T_TRUE(s.gap.credential && s.who.provider == 0);
    t_unload(l);
    auth_cache_close(&s.cache);
}

TEST(test_auth_check_forgets_jwts_with_their_configuration)
{
    struct auth_settings reloaded = {0};
    struct check_scene s;

    scene_open(&s, S("JWT " JWT));
    scene_keep(&s, S(JWT));
    scene_keep(&s, S(TOKEN));
    T_OK(scene_check(&s, NULL, NOW_MS));
    T_INT(s.who.provider, 3);

    struct auth_ask ask = {s.cache, &reloaded, &s.req, NULL, NOW_MS};

    T_OK(auth_check(t_cx(), &ask, &s.gap, &s.who, &s.error));
    T_TRUE(s.gap.credential); /* another snapshot: verified anew */
    auth_cache_clear(s.cache);
    T_OK(scene_check(&s, NULL, NOW_MS));
    T_TRUE(s.gap.credential);
    s.req = t_request(&good, S("Bearer " TOKEN));
    T_OK(scene_check(&s, NULL, NOW_MS));
    T_TRUE(!s.gap.credential); /* tokens stay */
    auth_cache_close(&s.cache);
}

TEST(test_auth_check_counts_right_after_the_credential)
{
    struct asked wrong = {.n_providers = 1, .modes = 2, .provider = S("x")};
    struct check_scene s;

    scene_open(&s, S("Token " TOKEN));
    s.settings =
        (struct auth_settings){.rate = 1, .burst = 2, .rates = rate_table_open()};
    scene_keep(&s, S(TOKEN));
    T_OK(scene_check(&s, NULL, NOW_MS));
    s.req = t_request(&wrong, S("Token " TOKEN)); /* a wrong header counts as well … */
    T_FAIL(FAIL_PARAMETER_INVALID, scene_check(&s, NULL, NOW_MS));
    T_FAIL(FAIL_THROTTLED, scene_check(&s, NULL, NOW_MS)); /* … and comes after */
    T_INT(s.error.retry_after_s, 1);
    s.req = t_request(&wrong, S("Token nonsense"));
    T_FAIL(FAIL_AUTHENTICATION_FAILED, scene_check(&s, NULL, NOW_MS));
    s.req = t_request(&good, S("Token " TOKEN));
    T_FAIL(FAIL_THROTTLED, scene_check(&s, NULL, NOW_MS + 999));
    T_OK(scene_check(&s, NULL, NOW_MS + 1000));
    rate_table_unref(&s.settings.rates);
    auth_cache_close(&s.cache);
}

/* A request that had to wait for its provider is one request. */
TEST(test_auth_check_counts_a_request_once)
{
    struct check_scene s;

    scene_open(&s, S("Token " TOKEN));
    s.settings =
        (struct auth_settings){.rate = 1, .burst = 1, .rates = rate_table_open()};
    struct auth_loaded *l = t_load_credential(&good, S(TOKEN), &s.settings);

    auth_keep(s.cache, l); /* the credential is warm, the provider cold */
    t_unload(l);
    T_OK(scene_check(&s, NULL, NOW_MS));
    T_TRUE(s.gap.provider && !s.gap.is_renewal && s.gap.is_counted);
    l = scene_load(&s, S(TOKEN));
    l->is_counted = s.gap.is_counted;
    T_OK(scene_check(&s, l, NOW_MS));
    T_INT(s.who.provider, 3);
    l->is_counted = false; /* the next one, cold altogether */
    T_FAIL(FAIL_THROTTLED, scene_check(&s, l, NOW_MS));
    t_unload(l);
    rate_table_unref(&s.settings.rates);
    auth_cache_close(&s.cache);
}

T_MAIN(
    T(test_auth_check_follows_the_stages),
    T(test_auth_check_of_a_cold_credential_asks_for_all),
    T(test_auth_check_answers_from_what_was_kept), T(test_auth_detach_outlives_the_cache),
    T(test_auth_check_asks_for_one_renewal),
    T(test_auth_check_believes_what_was_just_loaded),
    T(test_auth_check_refuses_what_is_known_to_be_unknown),
    T(test_auth_check_compares_the_whole_hash),
    T(test_auth_check_forgets_jwts_with_their_configuration),
    T(test_auth_check_counts_right_after_the_credential),
    T(test_auth_check_counts_a_request_once))
