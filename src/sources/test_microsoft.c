/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "sources/sources_private.h"

#define TID      "11111111-2222-3333-4444-555555555555"
#define OTHER    "99999999-2222-3333-4444-555555555555"
#define PERSONAL "9188040d-6c67-4c5b-b112-36a304b66dad"
#define OID      "00000000-0000-0000-66f3-3332eca7ea81"
#define HOST     "https://login.microsoftonline.com/"

TEST(test_defaults_have_the_tenant_in_them)
{
    static const struct {
        Str tenant;
        Str authorize;
        Str issuer;
    } rows[] = {
        {SI(""), SI(HOST "common/oauth2/v2.0/authorize"), SI(HOST "{tenantid}/v2.0")},
        {SI("common"), SI(HOST "common/oauth2/v2.0/authorize"),
         SI(HOST "{tenantid}/v2.0")},
        {SI("organizations"), SI(HOST "organizations/oauth2/v2.0/authorize"),
         SI(HOST "{tenantid}/v2.0")},
        {SI("contoso.com"), SI(HOST "contoso.com/oauth2/v2.0/authorize"),
         SI(HOST "{tenantid}/v2.0")},
        {SI("consumers"), SI(HOST "consumers/oauth2/v2.0/authorize"),
         SI(HOST "{tenantid}/v2.0")},
        {SI(TID), SI(HOST TID "/oauth2/v2.0/authorize"), SI(HOST "{tenantid}/v2.0")},
        {SI("9188040D-6C67-4C5B-B112-36A304B66DAD"),
         SI(HOST PERSONAL "/oauth2/v2.0/authorize"), SI(HOST "{tenantid}/v2.0")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct source_settings s = {0};

        source_microsoft.defaults(&t_cx()->mem, rows[i].tenant, &s);
        T_STR(s.client.authorize_url, rows[i].authorize);
        T_STR(s.issuer, rows[i].issuer);
        T_STR(s.client.revoke_url, S(""));
        T_STR(s.client.scopes, source_microsoft.default_scopes);
    }
}

TEST(test_defaults_leave_what_is_configured)
{
    struct source_settings s = {
        .issuer = S("http://localhost:9/{tenantid}/v2.0"),
        .jwks_url = S("http://localhost:9/keys"),
        .client = {.token_url = S("http://localhost:9/token")}};

    source_microsoft.defaults(&t_cx()->mem, S(TID), &s);
    T_STR(s.jwks_url, S("http://localhost:9/keys"));
    T_STR(s.client.token_url, S("http://localhost:9/token"));
    T_STR(s.issuer, S("http://localhost:9/{tenantid}/v2.0"));
    T_STR(s.api_url, S("https://graph.microsoft.com/v1.0"));
}

/* SECURITY 44 */
TEST(test_issuer_fits_ties_token_key_and_tenant)
{
    static const struct {
        const char *name;
        Str tid;
        Str iss;
        Str key_issuer;
        Str configured;
        bool want;
    } rows[] = {
        {"any tenant", SI(TID), SI(HOST TID "/v2.0"), SI(HOST "{tenantid}/v2.0"),
         SI(HOST "{tenantid}/v2.0"), true},
        {"the key says nothing", SI(TID), SI(HOST TID "/v2.0"), SI(""),
         SI(HOST "{tenantid}/v2.0"), true},
        {"a key of this tenant", SI(TID), SI(HOST TID "/v2.0"), SI(HOST TID "/v2.0"),
         SI(HOST "{tenantid}/v2.0"), true},
        {"a key of another tenant", SI(TID), SI(HOST TID "/v2.0"), SI(HOST OTHER "/v2.0"),
         SI(HOST "{tenantid}/v2.0"), false},
        {"the consumers' key", SI(TID), SI(HOST TID "/v2.0"), SI(HOST PERSONAL "/v2.0"),
         SI(HOST "{tenantid}/v2.0"), false},
        {"iss of another tenant", SI(TID), SI(HOST OTHER "/v2.0"),
         SI(HOST "{tenantid}/v2.0"), SI(HOST "{tenantid}/v2.0"), false},
        {"no tid", SI(""), SI(HOST TID "/v2.0"), SI(""), SI(HOST "{tenantid}/v2.0"),
         false},
        {"tid is no GUID", SI("common"), SI(HOST "common/v2.0"), SI(""),
         SI(HOST "{tenantid}/v2.0"), false},
        {"a template as iss", SI(TID), SI(HOST "{tenantid}/v2.0"), SI(""),
         SI(HOST "{tenantid}/v2.0"), false},
        {"another host", SI(TID), SI("https://login.example.com/" TID "/v2.0"), SI(""),
         SI(HOST "{tenantid}/v2.0"), false},
        {"v1.0", SI(TID), SI("https://sts.windows.net/" TID "/"), SI(""),
         SI(HOST "{tenantid}/v2.0"), false},
        {"something behind it", SI(TID), SI(HOST TID "/v2.0/"), SI(""),
         SI(HOST "{tenantid}/v2.0"), false},
        {"the one tenant", SI(TID), SI(HOST TID "/v2.0"), SI(HOST "{tenantid}/v2.0"),
         SI(HOST TID "/v2.0"), true},
        {"not the one tenant", SI(OTHER), SI(HOST OTHER "/v2.0"),
         SI(HOST "{tenantid}/v2.0"), SI(HOST TID "/v2.0"), false},
        {"tid beside its own iss", SI(OTHER), SI(HOST TID "/v2.0"), SI(""),
         SI(HOST TID "/v2.0"), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct id_claims claims = {.iss = rows[i].iss, .tid = rows[i].tid};

        print_message("  %s\n", rows[i].name);
        T_INT(
            source_microsoft.issuer_fits(&claims, rows[i].key_issuer, rows[i].configured),
            rows[i].want);
    }
}

TEST(test_response_issuer_fits_is_any_tenant_of_the_template)
{
    static const struct {
        Str iss;
        Str configured;
        bool want;
    } rows[] = {
        {SI(HOST TID "/v2.0"), SI(HOST "{tenantid}/v2.0"), true},
        {SI(HOST TID "/v2.0"), SI(HOST TID "/v2.0"), true},
        {SI(HOST OTHER "/v2.0"), SI(HOST TID "/v2.0"), false},
        {SI(HOST "common/v2.0"), SI(HOST "{tenantid}/v2.0"), false},
        {SI(HOST "/v2.0"), SI(HOST "{tenantid}/v2.0"), false},
        {SI(HOST), SI(HOST "{tenantid}/v2.0"), false},
        {SI(""), SI(HOST "{tenantid}/v2.0"), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(
            source_microsoft.response_issuer_fits(rows[i].iss, rows[i].configured),
            rows[i].want);
    }
}

/* docs/api.md §9, "Microsoft's tenant" */
TEST(test_tenant_says_who_may_come)
{
    static const struct {
        Str tenant;
        enum fail work, other_work, personal;
    } rows[] = {
        {SI(""), FAIL_NONE, FAIL_NONE, FAIL_NONE},
        {SI("common"), FAIL_NONE, FAIL_NONE, FAIL_NONE},
        {SI("contoso.com"), FAIL_NONE, FAIL_NONE, FAIL_NONE},
        {SI("organizations"), FAIL_NONE, FAIL_NONE, FAIL_ACCOUNT_TYPE_NOT_ALLOWED},
        {SI("Organizations"), FAIL_NONE, FAIL_NONE, FAIL_ACCOUNT_TYPE_NOT_ALLOWED},
        {SI("consumers"), FAIL_ACCOUNT_TYPE_NOT_ALLOWED, FAIL_ACCOUNT_TYPE_NOT_ALLOWED,
         FAIL_NONE},
        {SI(TID), FAIL_NONE, FAIL_ACCOUNT_TYPE_NOT_ALLOWED,
         FAIL_ACCOUNT_TYPE_NOT_ALLOWED},
        {SI("AAAAAAAA-2222-3333-4444-555555555555"), FAIL_ACCOUNT_TYPE_NOT_ALLOWED,
         FAIL_NONE, FAIL_ACCOUNT_TYPE_NOT_ALLOWED},
        {SI(PERSONAL), FAIL_ACCOUNT_TYPE_NOT_ALLOWED, FAIL_ACCOUNT_TYPE_NOT_ALLOWED,
         FAIL_NONE},
    };

    static const Str tids[] = {
        SI(TID), SI("aaaaaaaa-2222-3333-4444-555555555555"), SI(PERSONAL)};

    for (size_t i = 0; i < COUNT(rows); i++) {
        const enum fail want[] = {rows[i].work, rows[i].other_work, rows[i].personal};
        struct source_settings s = {.id = SOURCE_MICROSOFT};

        source_microsoft.defaults(&t_cx()->mem, rows[i].tenant, &s);
        for (size_t k = 0; k < COUNT(tids); k++) {
            struct id_claims claims = {.tid = tids[k], .oid = S(OID)};
            struct person p;

            print_message("  %.*s in %.*s\n", STR_ARG(tids[k]), STR_ARG(rows[i].tenant));
            T_OK(source_microsoft.person(t_cx(), &claims, &p));
            T_FAIL(want[k], source_person_check(t_cx(), &s, &p));
        }
    }
}

/* SECURITY 52 */
TEST(test_person_is_tenant_and_object)
{
    struct id_claims claims = {
        .tid = S("11111111-2222-3333-4444-AAAAAAAAAAAA"),
        .oid = S(OID),
        .sub = S("pairwise"),
        .email = S("c@contoso.com"),
        .preferred_username = S("carol@contoso.com")};
    struct person p;

    T_OK(source_microsoft.person(t_cx(), &claims, &p));
    T_STR(p.subject, S("11111111-2222-3333-4444-aaaaaaaaaaaa." OID));
    T_STR(p.username, S("carol@contoso.com"));
    T_TRUE(p.is_work);

    claims.tid = S(PERSONAL);
    claims.preferred_username = S("");
    T_OK(source_microsoft.person(t_cx(), &claims, &p));
    T_STR(p.username, S("c@contoso.com"));
    T_TRUE(!p.is_work);
}

TEST(test_person_refuses_what_is_no_guid)
{
    static const struct id_claims bad[] = {
        {.tid = SI(TID)},
        {.oid = SI(OID)},
        {.tid = SI(TID), .oid = SI("x")},
        {.tid = SI("x"), .oid = SI(OID)},
    };

    for (size_t i = 0; i < COUNT(bad); i++) {
        struct person p = {.subject = S("kept")};

        T_FAIL(FAIL_IDENTITY_INVALID, source_microsoft.person(t_cx(), &bad[i], &p));
        T_STR(p.subject, S("kept"));
    }
}

T_MAIN(
    T(test_defaults_have_the_tenant_in_them), T(test_defaults_leave_what_is_configured),
    T(test_issuer_fits_ties_token_key_and_tenant),
    T(test_response_issuer_fits_is_any_tenant_of_the_template),
    T(test_tenant_says_who_may_come), T(test_person_is_tenant_and_object),
    T(test_person_refuses_what_is_no_guid))
