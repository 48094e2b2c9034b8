/* SPDX-License-Identifier: Apache-2.0 */
#include "api/response.h"
#include "base/limits.h"
#include "base/testing.h"

#define GOOGLE_ISS    "https://accounts.google.com"
#define MICROSOFT_ISS "https://login.microsoftonline.com/{tenantid}/v2.0"
#define TID           "11111111-2222-3333-4444-555555555555"

static Res read_query(enum source_id source, Str query, Str *code)
{
    struct source_settings s = {
        .id = source,
        .issuer = source == SOURCE_GOOGLE ? S(GOOGLE_ISS) : S(MICROSOFT_ISS)};
    struct param *params = NULL;
    size_t n = 0;

    url_query_parse_each(&t_cx()->mem, query, &params, &n);
    return response_read(t_cx(), params, n, &s, code);
}

/* docs/api.md §9, "Callback"; SECURITY 21, 22, 23, 25. */
TEST(test_response_read_says_how_it_ended)
{
    static const struct {
        const char *name;
        Str query;
        enum fail want;
    } rows[] = {
        {"a code", SI("state=s&code=4%2F0A"), FAIL_NONE},
        {"with what else Google sends",
         SI("state=s&code=c&scope=a+b&authuser=0&prompt=consent&hd=x"), FAIL_NONE},
        {"code twice", SI("state=s&code=c&code=c"), FAIL_SOURCE_ERROR},
        {"anything twice", SI("state=s&code=c&x=1&x=2"), FAIL_SOURCE_ERROR},
        {"twice, encoded", SI("state=s&code=c&%63ode=d"), FAIL_SOURCE_ERROR},
        {"error twice", SI("state=s&error=access_denied&error=x"), FAIL_SOURCE_ERROR},
        {"iss twice", SI("code=c&iss=" GOOGLE_ISS "&iss=" GOOGLE_ISS), FAIL_SOURCE_ERROR},
        {"code and error", SI("state=s&code=c&error=access_denied"), FAIL_SOURCE_ERROR},
        {"code and an empty error", SI("state=s&code=c&error="), FAIL_SOURCE_ERROR},
        {"a code that can't be decoded", SI("state=s&code=c%"), FAIL_SOURCE_ERROR},
        {"an error that can't be decoded", SI("error=access_%zz"), FAIL_SOURCE_ERROR},
        {"both can't be decoded", SI("code=%&error=%"), FAIL_SOURCE_ERROR},
        {"a code that can't be decoded, and another issuer",
         SI("code=%&iss=https://evil.example"), FAIL_IDENTITY_INVALID},
        {"one of two codes can't be decoded", SI("code=c&code=%"), FAIL_SOURCE_ERROR},
        {"a description that can't be decoded",
         SI("error=access_denied&error_description=50%+off"), FAIL_ACCESS_DENIED},
        {"a subcode that can't be decoded",
         SI("error=access_denied&error_subcode=%u0421"), FAIL_ACCESS_DENIED},
        {"an unknown one that can't be decoded", SI("code=c&hint=100%"), FAIL_NONE},
        {"a name that can't be decoded", SI("code=c&%zz=1&%zz=2"), FAIL_NONE},
        {"an issuer that can't be decoded", SI("code=c&iss=%"), FAIL_NONE},
        {"neither", SI("state=s"), FAIL_SOURCE_ERROR},
        {"an empty code", SI("state=s&code="), FAIL_SOURCE_ERROR},
        {"an empty error", SI("state=s&error="), FAIL_SOURCE_ERROR},
        {"our issuer", SI("code=c&iss=" GOOGLE_ISS), FAIL_NONE},
        {"another issuer", SI("code=c&iss=https://evil.example"), FAIL_IDENTITY_INVALID},
        {"a slash too many", SI("code=c&iss=" GOOGLE_ISS "/"), FAIL_IDENTITY_INVALID},
        {"an empty issuer", SI("code=c&iss="), FAIL_IDENTITY_INVALID},
        {"another issuer's error", SI("error=access_denied&iss=https://evil.example"),
         FAIL_IDENTITY_INVALID},
        {"no", SI("error=access_denied"), FAIL_ACCESS_DENIED},
        {"interaction", SI("error=interaction_required"), FAIL_ACCESS_DENIED},
        {"login", SI("error=login_required"), FAIL_ACCESS_DENIED},
        {"policy", SI("error=admin_policy_enforced"), FAIL_ADMIN_CONSENT_REQUIRED},
        {"internal", SI("error=org_internal"), FAIL_ADMIN_CONSENT_REQUIRED},
        {"unauthorized client", SI("error=unauthorized_client"),
         FAIL_ADMIN_CONSENT_REQUIRED},
        {"consent", SI("error=consent_required"), FAIL_ADMIN_CONSENT_REQUIRED},
        {"their fault", SI("error=server_error"), FAIL_SOURCE_UNAVAILABLE},
        {"later", SI("error=temporarily_unavailable"), FAIL_SOURCE_UNAVAILABLE},
        {"client", SI("error=invalid_client"), FAIL_SOURCE_MISCONFIGURED},
        {"scope", SI("error=invalid_scope"), FAIL_SOURCE_MISCONFIGURED},
        {"resource", SI("error=invalid_resource"), FAIL_SOURCE_MISCONFIGURED},
        {"request", SI("error=invalid_request"), FAIL_SOURCE_MISCONFIGURED},
        {"response type", SI("error=unsupported_response_type"),
         FAIL_SOURCE_MISCONFIGURED},
        {"redirect URI", SI("error=redirect_uri_mismatch"), FAIL_SOURCE_MISCONFIGURED},
        {"unknown", SI("error=brand_new"), FAIL_SOURCE_ERROR},
        {"in capitals", SI("error=ACCESS_DENIED"), FAIL_SOURCE_ERROR},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str code = S("kept");

        print_message("  %s\n", rows[i].name);
        T_FAIL(rows[i].want, read_query(SOURCE_GOOGLE, rows[i].query, &code));
        T_INT(str_eq(code, S("kept")), rows[i].want != FAIL_NONE);
    }
}

TEST(test_response_read_gives_the_code_decoded)
{
    Str code = S("");

    T_OK(read_query(SOURCE_GOOGLE, S("state=s&code=4%2F0A"), &code));
    T_STR(code, S("4/0A"));
}

TEST(test_response_read_takes_any_tenant_of_microsoft)
{
    Str code = S("");

    T_OK(read_query(
        SOURCE_MICROSOFT,
        S("code=c&session_state=x&iss=https://login.microsoftonline.com/" TID "/v2.0"),
        &code));
    T_FAIL(
        FAIL_IDENTITY_INVALID,
        read_query(
            SOURCE_MICROSOFT,
            S("code=c&iss=https://login.microsoftonline.com/common/v2.0"), &code));
    T_FAIL(
        FAIL_IDENTITY_INVALID,
        read_query(SOURCE_MICROSOFT, S("code=c&iss=" GOOGLE_ISS), &code));
}

TEST(test_response_read_refines_by_subcode_and_number)
{
    static const struct {
        Str query;
        enum fail want;
    } rows[] = {
        {SI("error=access_denied&error_subcode=cancel"), FAIL_ACCESS_DENIED},
        {SI("error=access_denied&error_description=AADSTS65004%3A+declined"),
         FAIL_ACCESS_DENIED},
        {SI("error=access_denied&error_description=AADSTS90094%3A+admin"),
         FAIL_ADMIN_CONSENT_REQUIRED},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str code = S("");

        T_FAIL(rows[i].want, read_query(SOURCE_MICROSOFT, rows[i].query, &code));
    }
}

TEST(test_response_read_limits_the_code)
{
    static char bytes[LIMIT_CODE_BYTES + 1];
    struct param param = {.name = SI("code"), .value = {bytes, LIMIT_CODE_BYTES}};
    struct source_settings s = {.id = SOURCE_GOOGLE};
    Str code = S("kept");

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = 'c';
    }
    T_OK(response_read(t_cx(), &param, 1, &s, &code));
    T_INT(code.n, LIMIT_CODE_BYTES);
    param.value.n++;
    T_FAIL(FAIL_SOURCE_ERROR, response_read(t_cx(), &param, 1, &s, &code));
}

/* SECURITY 25 and 60 */
TEST(test_response_read_keeps_foreign_words_out_of_the_log)
{
    Str code = S("");

    T_FAIL(
        FAIL_SOURCE_ERROR,
        read_query(
            SOURCE_GOOGLE, S("error=x%0Ay%3Dz&error_description=my+secret"), &code));
    T_TRUE(!str_contains(str_from_z(t_cx()->why.text), S("y=z")));
    T_TRUE(!str_contains(str_from_z(t_cx()->why.text), S("secret")));
}

T_MAIN(
    T(test_response_read_says_how_it_ended), T(test_response_read_gives_the_code_decoded),
    T(test_response_read_takes_any_tenant_of_microsoft),
    T(test_response_read_refines_by_subcode_and_number),
    T(test_response_read_limits_the_code),
    T(test_response_read_keeps_foreign_words_out_of_the_log))
