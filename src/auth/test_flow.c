/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/flow.h"
#include "base/clock.h"
#include "store/providers.h"
#include "store/test_store.h"
#include "store/tokens.h"

static const int64_t both[] = {3, 5};
static const Str patterns[] = {SI("https://a.example/x"), SI("https://b.example/*")};
static const struct feature on[] = {{SI(FEATURE_CALENDARS), true}};

static int64_t token_id;
static struct jwt_issuer issuer;

static struct db *t_flow_db(void)
{
    struct db *db = t_db();
    struct provider p = {
        .id = 3,
        .name = S("three"),
        .patterns = patterns,
        .n_patterns = COUNT(patterns),
        .features = on,
        .n_features = COUNT(on)};
    struct api_token t = {
        .modes = 2,
        .providers = both,
        .n_providers = COUNT(both),
        .expires_ms = 1}; /* long over: doesn't count */

    issuer = (struct jwt_issuer){
        .name = S("shop"), .providers = both, .n_providers = COUNT(both)};
    T_OK(provider_add(t_cx(), db, &p));
    p.id = 5;
    T_OK(provider_add(t_cx(), db, &p));
    T_OK(token_add(t_cx(), db, &t, S("0123456789abcdef0123456789abcdef"), &token_id));
    return db;
}

static Res t_flow_check(struct db *db, enum credential_kind kind, Str redirect_uri)
{
    struct auth_settings settings = {.issuers = {&issuer, 1}};
    struct flow flow = {
        .credential = kind,
        .token_id = kind == CREDENTIAL_TOKEN ? token_id : 0,
        .issuer = kind == CREDENTIAL_JWT ? S("shop") : S(""),
        .provider = 3,
        .mode = MODE_PROVIDER,
        .redirect_uri = redirect_uri,
    };

    return auth_flow_check(t_cx(), db, &settings, &flow);
}

static const Str good = SI("https://b.example/done?nonce=1");

TEST(test_auth_flow_check_lets_pass_what_stands)
{
    CLEANUP(db_close) struct db *db = t_flow_db();

    T_OK(t_flow_check(db, CREDENTIAL_TOKEN, good));
    T_OK(t_flow_check(db, CREDENTIAL_TOKEN, S("https://a.example/x?y=z")));
    T_OK(t_flow_check(db, CREDENTIAL_JWT, good));
}

TEST(test_auth_flow_check_of_a_revoked_token_is_withdrawn)
{
    CLEANUP(db_close) struct db *db = t_flow_db();

    T_OK(token_revoke(t_cx(), db, token_id, clock_now_ms()));
    T_FAIL(FAIL_AUTHORIZATION_WITHDRAWN, t_flow_check(db, CREDENTIAL_TOKEN, good));
    T_OK(t_flow_check(db, CREDENTIAL_JWT, good));
    token_id = 999;
    T_FAIL(FAIL_AUTHORIZATION_WITHDRAWN, t_flow_check(db, CREDENTIAL_TOKEN, good));
}

TEST(test_auth_flow_check_of_an_issuer_that_left_is_withdrawn)
{
    CLEANUP(db_close) struct db *db = t_flow_db();

    issuer.providers = both + 1; /* it speaks for 5 alone now */
    issuer.n_providers = 1;
    T_FAIL(FAIL_AUTHORIZATION_WITHDRAWN, t_flow_check(db, CREDENTIAL_JWT, good));
    issuer.all_providers = true;
    T_OK(t_flow_check(db, CREDENTIAL_JWT, good));
    issuer.name = S("renamed");
    T_FAIL(FAIL_AUTHORIZATION_WITHDRAWN, t_flow_check(db, CREDENTIAL_JWT, good));
    T_OK(t_flow_check(db, CREDENTIAL_TOKEN, good));
}

TEST(test_auth_flow_check_without_the_feature_is_not_enabled)
{
    CLEANUP(db_close) struct db *db = t_flow_db();

    T_OK(provider_feature_set(t_cx(), db, 3, S(FEATURE_CALENDARS), false));
    T_FAIL(FAIL_FEATURE_NOT_ENABLED, t_flow_check(db, CREDENTIAL_TOKEN, good));
}

/* Without a safe place to redirect to, nothing else that is wrong matters. */
TEST(test_auth_flow_check_without_a_place_is_the_page)
{
    CLEANUP(db_close) struct db *db = t_flow_db();

    T_FAIL(
        FAIL_STATE_INVALID,
        t_flow_check(db, CREDENTIAL_TOKEN, S("https://evil.example/")));
    T_OK(provider_pattern_remove(t_cx(), db, 3, patterns[1]));
    T_FAIL(FAIL_STATE_INVALID, t_flow_check(db, CREDENTIAL_TOKEN, good));
    T_OK(token_revoke(t_cx(), db, token_id, clock_now_ms()));
    T_OK(provider_feature_set(t_cx(), db, 3, S(FEATURE_CALENDARS), false));
    T_FAIL(FAIL_STATE_INVALID, t_flow_check(db, CREDENTIAL_TOKEN, good));
    T_OK(provider_remove(t_cx(), db, 3));
    T_FAIL(
        FAIL_STATE_INVALID, t_flow_check(db, CREDENTIAL_TOKEN, S("https://a.example/x")));
}

/* The browser may be told how a flow ended, whatever has become of the credential. */
TEST(test_auth_flow_place_asks_for_a_place_only)
{
    CLEANUP(db_close) struct db *db = t_flow_db();

    T_OK(token_revoke(t_cx(), db, token_id, clock_now_ms()));
    T_OK(provider_feature_set(t_cx(), db, 3, S(FEATURE_CALENDARS), false));
    T_OK(
        auth_flow_place(t_cx(), db, &(struct flow){.provider = 3, .redirect_uri = good}));
    T_FAIL(
        FAIL_STATE_INVALID,
        auth_flow_place(t_cx(), db, &(struct flow){.provider = 9, .redirect_uri = good}));
    T_OK(provider_pattern_remove(t_cx(), db, 3, patterns[1]));
    T_FAIL(
        FAIL_STATE_INVALID,
        auth_flow_place(t_cx(), db, &(struct flow){.provider = 3, .redirect_uri = good}));
}

T_MAIN(
    TS(test_auth_flow_check_lets_pass_what_stands),
    TS(test_auth_flow_check_of_a_revoked_token_is_withdrawn),
    TS(test_auth_flow_check_of_an_issuer_that_left_is_withdrawn),
    TS(test_auth_flow_check_without_the_feature_is_not_enabled),
    TS(test_auth_flow_check_without_a_place_is_the_page),
    TS(test_auth_flow_place_asks_for_a_place_only))
