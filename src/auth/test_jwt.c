/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/testissuer.h"
#include "base/buf.h"
#include "base/kinds.h"
#include "base/limits.h"
#include "base/testing.h"
#include "oauth/testjwt.h"

enum { NOW_S = 1800000000 };

#define ISS   "\"iss\":\"https://shop.example\","
#define AUD   "\"aud\":\"caldock\","
#define EXP   "\"exp\":1800000600,"
#define SUB   "\"sub\":\"amy\""
#define BASIC ISS AUD EXP SUB

/* The result points to the issuer, which therefore lives as long as the test; its keys
 * don't. */
static Res t_verify_jwt(struct jwt_issuer issuer, Str token, struct jwt_facts *ret)
{
    struct jwt_issuer *kept = NEW(&t_cx()->mem, struct jwt_issuer);
    struct jwt_issuers all = {kept, 1};

    *kept = issuer;
    Res res = jwt_verify(t_cx(), &all, NULL, token, NOW_S, ret);

    jws_keys_free(&kept->keys);
    return res;
}

static const struct jwt_row {
    const char *name;
    Str payload;
    enum fail want;
    unsigned modes;
    size_t n_providers;
} rows[] = {
    {"all that is required", SI("{" BASIC "}"), FAIL_NONE, MODE_PROVIDER, 0},
    {"its providers", SI("{" BASIC ",\"providers\":[5,3]}"), FAIL_NONE, MODE_PROVIDER, 2},
    {"only those that are the issuer's, each once",
     SI("{" BASIC ",\"providers\":[4,3,3,-3,0]}"), FAIL_NONE, MODE_PROVIDER, 1},
    {"none of the issuer's", SI("{" BASIC ",\"providers\":[4]}"), FAIL_NONE,
     MODE_PROVIDER, 0},
    {"both modes", SI("{" BASIC ",\"modes\":[\"customer\",\"provider\"]}"), FAIL_NONE, 3,
     0},
    {"customer mode", SI("{" BASIC ",\"modes\":[\"customer\"]}"), FAIL_NONE,
     MODE_CUSTOMER, 0},
    {"modes that are not ours", SI("{" BASIC ",\"modes\":[\"boss\",1]}"), FAIL_NONE, 0,
     0},
    {"no modes", SI("{" BASIC ",\"modes\":[]}"), FAIL_NONE, 0, 0},
    {"several audiences", SI("{" ISS EXP SUB ",\"aud\":[\"other\",\"caldock\"]}"),
     FAIL_NONE, MODE_PROVIDER, 0},
    {"a fraction of a second", SI("{" ISS AUD SUB ",\"exp\":1800000600.5}"), FAIL_NONE,
     MODE_PROVIDER, 0},
    {"ended just within the leeway", SI("{" ISS AUD SUB ",\"exp\":1799999941}"),
     FAIL_NONE, MODE_PROVIDER, 0},
    {"ended past the leeway", SI("{" ISS AUD SUB ",\"exp\":1799999940}"),
     FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"begins within the leeway", SI("{" BASIC ",\"nbf\":1800000060,\"iat\":1800000060}"),
     FAIL_NONE, MODE_PROVIDER, 0},
    {"begins later (nbf)", SI("{" BASIC ",\"nbf\":1800000061}"),
     FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"issued later (iat)", SI("{" BASIC ",\"iat\":1800000061}"),
     FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"nbf is no number", SI("{" BASIC ",\"nbf\":\"now\"}"), FAIL_AUTHENTICATION_FAILED, 0,
     0},
    {"claims that are null are absent",
     SI("{" BASIC ",\"nbf\":null,\"iat\":null,\"providers\":null,\"modes\":null}"),
     FAIL_NONE, MODE_PROVIDER, 0},
    {"iat is true", SI("{" BASIC ",\"iat\":true}"), FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"no exp", SI("{" ISS AUD SUB "}"), FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"times in texts", SI("{" ISS AUD SUB ",\"exp\":\"1800000600.5\",\"nbf\":\"1.8e9\"}"),
     FAIL_NONE, MODE_PROVIDER, 0},
    {"exp is another text", SI("{" ISS AUD SUB ",\"exp\":\"1800000600s\"}"),
     FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"exp is null", SI("{" ISS AUD SUB ",\"exp\":null}"), FAIL_AUTHENTICATION_FAILED, 0,
     0},
    {"an integer past 64 bits",
     SI("{" BASIC ",\"providers\":[3],\"x\":123456789012345678901234567890}"), FAIL_NONE,
     MODE_PROVIDER, 1},
    {"exp is past all numbers", SI("{" ISS AUD SUB ",\"exp\":1e300}"),
     FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"exp is before all numbers", SI("{" ISS AUD SUB ",\"exp\":-9223372036854775808}"),
     FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"no iss", SI("{" AUD EXP SUB "}"), FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"another iss", SI("{" AUD EXP SUB ",\"iss\":\"https://shop.example/\"}"),
     FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"no aud", SI("{" ISS EXP SUB "}"), FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"another aud", SI("{" ISS EXP SUB ",\"aud\":\"Caldock\"}"),
     FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"no audience of several",
     SI("{" ISS EXP SUB ",\"aud\":[\"a\",[\"caldock\"],{\"caldock\":1}]}"),
     FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"no sub", SI("{" ISS AUD EXP "\"x\":1}"), FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"an empty sub", SI("{" ISS AUD EXP "\"sub\":\"\"}"), FAIL_AUTHENTICATION_FAILED, 0,
     0},
    {"sub is a number", SI("{" ISS AUD EXP "\"sub\":7}"), FAIL_AUTHENTICATION_FAILED, 0,
     0},
    {"providers is a number", SI("{" BASIC ",\"providers\":3}"),
     FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"providers are texts", SI("{" BASIC ",\"providers\":[\"3\"]}"),
     FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"providers are fractions", SI("{" BASIC ",\"providers\":[3.5]}"),
     FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"providers are whole reals", SI("{" BASIC ",\"providers\":[3.0]}"), FAIL_NONE,
     MODE_PROVIDER, 1},
    {"modes is a text", SI("{" BASIC ",\"modes\":\"customer\"}"),
     FAIL_AUTHENTICATION_FAILED, 0, 0},
    {"a member twice", SI("{" BASIC ",\"sub\":\"eve\"}"), FAIL_AUTHENTICATION_FAILED, 0,
     0},
    {"no object", SI("[1]"), FAIL_AUTHENTICATION_FAILED, 0, 0},
};

TEST(test_jwt_verify_judges_the_claims)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jwt_facts facts = {.modes = 77, .n_providers = 78};
        bool ok = rows[i].want == FAIL_NONE;

        print_message("%s\n", rows[i].name);
        T_FAIL(
            rows[i].want,
            t_verify_jwt(t_issuer(t_cx()), t_jwt(t_cx(), rows[i].payload), &facts));
        T_INT(facts.modes, ok ? rows[i].modes : 77);
        T_INT(facts.n_providers, ok ? rows[i].n_providers : 78);
        if (ok) {
            T_STR(facts.user, S("amy"));
            T_STR(facts.issuer->name, S("shop"));
            T_TRUE(facts.n_providers == 0 || facts.providers[0] == 3);
            T_TRUE(facts.n_providers < 2 || facts.providers[1] == 5);
        }
    }
}

TEST(test_jwt_verify_judges_the_signature)
{
    static const char other[] = "0123456789abcdef0123456789abcdeX";
    const Str payload = S("{" BASIC "}");
    const Str header = S("{\"alg\":\"HS256\"}");
    Str good = t_jwt(t_cx(), payload);
    char *cut = NEW_N(&t_cx()->mem, char, good.n);

    const struct {
        Str token;
        enum fail want;
    } cases[] = {
        {good, FAIL_NONE},
        {t_jwt_with(t_cx(), header, payload, T_SECRET), FAIL_NONE},
        {t_jwt_with(t_cx(), header, payload, other), FAIL_AUTHENTICATION_FAILED},
        {t_jwt_with(t_cx(), S("{\"alg\":\"none\"}"), payload, T_SECRET),
         FAIL_AUTHENTICATION_FAILED},
        {t_jwt_with(t_cx(), S("{\"alg\":\"HS512\"}"), payload, T_SECRET),
         FAIL_AUTHENTICATION_FAILED},
        {t_jwt_with(t_cx(), S("{\"alg\":\"RS256\"}"), payload, T_SECRET),
         FAIL_AUTHENTICATION_FAILED},
        {t_jwt_with(t_cx(), S("{\"alg\":\"HS256\",\"crit\":[\"x\"]}"), payload, T_SECRET),
         FAIL_AUTHENTICATION_FAILED},
        {{cut, good.n}, FAIL_AUTHENTICATION_FAILED},
        {str_sub(good, 0, good.n - 1), FAIL_AUTHENTICATION_FAILED},
        {str_cat(&t_cx()->mem, good, S("=")), FAIL_AUTHENTICATION_FAILED},
        {S("a.b.c"), FAIL_AUTHENTICATION_FAILED},
    };

    for (size_t i = 0; i < good.n; i++) { /* one bit of the payload is altered */
        cut[i] = i == 60 ? (char)(good.p[i] ^ 1) : good.p[i];
    }
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jwt_facts facts;

        T_FAIL(cases[i].want, t_verify_jwt(t_issuer(t_cx()), cases[i].token, &facts));
    }
}

TEST(test_jwt_verify_obeys_the_issuer_s_configuration)
{
    Str token = t_jwt(
        t_cx(), S("{" ISS EXP "\"uid\":\"u1\",\"studios\":[9,1],\"as\":[\"customer\"]}"));
    struct jwt_issuer issuer = t_issuer(t_cx());
    struct jwt_facts facts;

    issuer.audience = S("*");
    issuer.all_providers = true;
    issuer.claim_user = S("uid");
    issuer.claim_providers = S("studios");
    issuer.claim_modes = S("as");
    T_OK(t_verify_jwt(issuer, token, &facts));
    T_STR(facts.user, S("u1"));
    T_INT(facts.modes, MODE_CUSTOMER);
    T_INT(facts.n_providers, 2);
    T_INT(facts.providers[0], 1);
    T_INT(facts.providers[1], 9);
    issuer = t_issuer(t_cx());
    issuer.audience = S("*");
    issuer.claim_user = S("uid");
    issuer.algs = JWS_RS256 | JWS_ES256;
    T_FAIL(FAIL_AUTHENTICATION_FAILED, t_verify_jwt(issuer, token, &facts));
}

TEST(test_jwt_verify_takes_each_audience_of_the_list)
{
    static const struct {
        Str accepted;
        bool fits;
    } lists[] = {
        {SI("other, caldock"), true},
        {SI("caldock other"), true},
        {SI("other,*"), true},
        {SI("other, caldockx"), false},
        {SI(","), false},
    };

    Str token = t_jwt(t_cx(), S("{" BASIC "}"));

    for (size_t i = 0; i < COUNT(lists); i++) {
        struct jwt_issuer issuer = t_issuer(t_cx());
        struct jwt_facts facts;

        issuer.audience = lists[i].accepted;
        T_INT(t_verify_jwt(issuer, token, &facts).code == FAIL_NONE, lists[i].fits);
    }
}

/* Two sections of one issuer are told apart by their audience. */
TEST(test_jwt_verify_finds_the_section_by_issuer_and_audience)
{
    struct jwt_issuer two[] = {t_issuer(t_cx()), t_issuer(t_cx())};
    struct jwt_issuers all = {two, COUNT(two)};
    struct jwt_facts facts;

    two[0].audience = S("other");
    two[1].name = S("second");
    T_OK(jwt_verify(t_cx(), &all, NULL, t_jwt(t_cx(), S("{" BASIC "}")), NOW_S, &facts));
    T_STR(facts.issuer->name, S("second"));
    T_TRUE(jwt_issuer_find(&all, S("second")) == &two[1]);
    T_TRUE(jwt_issuer_find(&all, S("third")) == NULL);
    jws_keys_free(&two[0].keys);
    jws_keys_free(&two[1].keys);
}

static Str with_providers(size_t n)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_CREDENTIAL_BYTES};

    buf_add(&b, S("{" BASIC ",\"providers\":[3"));
    for (size_t i = 1; i < n; i++) {
        buf_add(&b, S(",3"));
    }
    buf_add(&b, S("]}"));
    return t_jwt(t_cx(), buf_text(&b));
}

TEST(test_jwt_verify_stops_at_its_limits)
{
    struct jwt_facts facts;

    T_OK(t_verify_jwt(t_issuer(t_cx()), with_providers(LIMIT_TOKEN_PROVIDERS), &facts));
    T_INT(facts.n_providers, 1);
    T_FAIL(
        FAIL_AUTHENTICATION_FAILED,
        t_verify_jwt(
            t_issuer(t_cx()), with_providers(LIMIT_TOKEN_PROVIDERS + 1), &facts));
    T_FAIL(
        FAIL_AUTHENTICATION_FAILED,
        t_verify_jwt(
            t_issuer(t_cx()), with_providers(LIMIT_CREDENTIAL_BYTES / 3), &facts));
}

/* The keys are behind a URL at which nobody answers: not the caller's fault. */
TEST(test_jwt_verify_without_keys_is_unavailable)
{
    struct net_options options = {.connect_timeout_ms = 1000, .timeout_ms = 1000};
    struct jwt_issuer issuer = t_issuer(t_cx());
    struct jwt_issuers all = {&issuer, 1};
    struct jwt_facts facts;
    Str rs256 = S("{\"alg\":\"RS256\",\"kid\":\"1\"}");
    Str token = test_forged(&t_cx()->mem, rs256, S("{" BASIC "}"));

    T_TRUE(net_start());
    struct net *net = net_open();

    jws_keys_free(&issuer.keys);
    issuer.algs = JWS_RS256;
    issuer.jwks = jwks_open(S("http://127.0.0.1:1/jwks"), &options);
    T_TRUE(jwt_needs_fetch(t_cx(), &all, token));
    T_FAIL(FAIL_UNAVAILABLE, jwt_verify(t_cx(), &all, NULL, token, NOW_S, &facts));
    T_TRUE(jwt_needs_fetch(t_cx(), &all, token));
    T_FAIL(FAIL_UNAVAILABLE, jwt_verify(t_cx(), &all, net, token, NOW_S, &facts));
    T_TRUE(!jwt_needs_fetch(t_cx(), &all, token)); /* it failed a moment ago */
    T_FAIL(FAIL_UNAVAILABLE, jwt_verify(t_cx(), &all, NULL, token, NOW_S, &facts));
    jwks_unref(&issuer.jwks);
    net_close(&net);
    net_stop();
}

/* Only a well-formed token of an issuer with a URL may cause a fetch. */
TEST(test_jwt_needs_fetch_for_few)
{
    struct net_options options = {.connect_timeout_ms = 1000, .timeout_ms = 1000};
    struct jwt_issuer issuer = t_issuer(t_cx());
    struct jwt_issuers all = {&issuer, 1};
    struct arena *mem = &t_cx()->mem;
    Str rs256 = S("{\"alg\":\"RS256\",\"kid\":\"1\"}");

    T_TRUE(!jwt_needs_fetch(t_cx(), &all, test_forged(mem, rs256, S("{" BASIC "}"))));
    jws_keys_free(&issuer.keys);
    issuer.algs = JWS_RS256;
    issuer.jwks = jwks_open(S("http://127.0.0.1:1/jwks"), &options);
    T_TRUE(jwt_needs_fetch(t_cx(), &all, test_forged(mem, rs256, S("{" BASIC "}"))));
    T_TRUE(
        !jwt_needs_fetch(t_cx(), &all, test_forged(mem, rs256, S("{" ISS "\"a\":1}"))));
    T_TRUE(!jwt_needs_fetch(t_cx(), &all, t_jwt(t_cx(), S("{" BASIC "}"))));
    T_TRUE(!jwt_needs_fetch(t_cx(), &all, S("a.b.c")));
    jwks_unref(&issuer.jwks);
}

T_MAIN(
    T(test_jwt_verify_judges_the_claims), T(test_jwt_verify_judges_the_signature),
    T(test_jwt_verify_obeys_the_issuer_s_configuration),
    T(test_jwt_verify_takes_each_audience_of_the_list),
    T(test_jwt_verify_finds_the_section_by_issuer_and_audience),
    T(test_jwt_verify_stops_at_its_limits),
    T(test_jwt_verify_without_keys_is_unavailable), T(test_jwt_needs_fetch_for_few))
